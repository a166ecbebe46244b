// The list of movements: one of them is reached by the tab key, the others by the arrow keys.
import { element, formatSeconds } from "./basics.js";
import { wordOf } from "./coding.js";
import { probabilityText } from "./movement.js";

/** A list whose ``show`` takes the movements. ``open`` is called with a name, ``mark`` with that of the one in focus. */
export function eventList({ open, mark }) {
  const node = element("ol", { id: "events", "aria-labelledby": "events-title", onkeydown: walk, onfocusin: follow });
  let reached = "";
  return { node, show };

  function show(items, opened) {
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.event : null;
    const shown = items.filter((item) => !item.below || item.verdict);
    if (!shown.some((item) => item.event === reached)) reached = shown[0]?.event ?? "";
    node.replaceChildren(...shown.map((item) => element("li", {}, entry(item, opened))));
    if (focused) node.querySelector(`[data-event="${CSS.escape(focused)}"]`)?.focus();
  }

  function entry(item, opened) {
    return element(
      "button", {
        type: "button", "data-event": item.event, tabindex: item.event === reached ? "0" : "-1", "aria-current": String(item.event === opened),
        class: `${item.verdict} ${item.weak ? "weak" : ""}`, onclick: () => open(item.event),
      },
      element("span", { class: "when" }, `${formatSeconds(item.apex_s ?? item.onset_s, 2)} · face ${item.face_id}`),
      element("span", {}, item.own ? item.label || "your movement" : item.part),
      element("span", { class: "quiet" }, item.own || item.weak ? "" : classText(item)),
      element("span", { class: "verdict" }, item.verdict ? wordOf({ decision: item.verdict }) : item.weak ? "weak candidate" : ""),
    );
  }

  function walk(pressed) {
    const buttons = [...node.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    const next = {
      ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1,
    }[pressed.key];
    if (next === undefined) return;
    pressed.preventDefault();
    buttons[Math.min(buttons.length - 1, Math.max(0, next))].focus();
  }

  function follow({ target }) {
    reached = target.dataset.event;
    for (const button of node.querySelectorAll("button")) button.tabIndex = button === target ? 0 : -1;
    mark(reached);
  }
}

function classText(item) {
  if (item.kind && item.kind !== "micro") return item.kind === "macro" ? "macro-expression" : item.why_other || "other";
  return item.class ? `${item.class} ${probabilityText(item.probability)}` : "no class";
}
