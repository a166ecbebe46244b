// The list of movements: one of them is reached by the tab key, the others by the arrow keys.
import { element, formatSeconds } from "./basics.js";
import { wordOf } from "./coding.js";
import { probabilityText } from "./movement.js";

// The classes of what is written in a row.
const PARTS = ["when", null, "quiet", "verdict"];

/** A list whose ``show`` takes the movements. ``open`` is called with a name, ``mark`` with that of the one in focus. */
export function eventList({ open, mark }) {
  const node = element("ol", { id: "events", "aria-labelledby": "events-title", onkeydown: walk, onfocusin: follow });
  let reached = "";
  // By the names of the movements: what is written in each row, and the row. Of thousands, only what changes is made anew.
  let rows = new Map();
  return { node, show };

  function show(items, opened) {
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.event : null;
    const shown = items.filter((item) => !item.below || item.verdict);
    const before = rows;
    rows = new Map(shown.map((item) => [item.event, rowOf(item, opened, before.get(item.event))]));
    for (const [event, { row }] of before) if (rows.get(event)?.row !== row) row.remove();
    let next = node.firstChild;
    for (const { row } of rows.values()) {
      if (row === next) next = row.nextSibling;
      else node.insertBefore(row, next);
    }
    reach(rows.has(reached) ? reached : shown[0]?.event ?? "");
    if (focused && document.activeElement?.dataset.event !== focused) buttonOf(focused)?.focus();
  }

  /** The row of a movement: that of before, where it has the same content. */
  function rowOf(item, opened, before) {
    const texts = [
      `${formatSeconds(item.apex_s ?? item.onset_s, 2)} · face ${item.face_id}`,
      item.own ? item.label || "your movement" : item.part,
      item.own || item.weak ? "" : classText(item),
      item.verdict ? wordOf({ decision: item.verdict }) : item.weak ? "weak candidate" : "",
    ];
    const attributes = { "aria-current": String(item.event === opened), class: `${item.verdict} ${item.weak ? "weak" : ""}` };
    const content = JSON.stringify([texts, attributes]);
    return before?.content === content ? before : { content, row: element("li", {}, entry(item.event, texts, attributes)) };
  }

  function entry(event, texts, attributes) {
    return element(
      "button", { type: "button", "data-event": event, tabindex: "-1", onclick: () => open(event), ...attributes },
      ...texts.map((text, place) => element("span", { class: PARTS[place] }, text)),
    );
  }

  function buttonOf(event) {
    return rows.get(event)?.row.firstChild;
  }

  /** From now on, the tab key reaches this movement. */
  function reach(event) {
    buttonOf(reached)?.setAttribute("tabindex", "-1");
    reached = event;
    buttonOf(reached)?.setAttribute("tabindex", "0");
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
    reach(target.dataset.event);
    mark(reached);
  }
}

function classText(item) {
  if (item.kind && item.kind !== "micro") return item.kind === "macro" ? "macro-expression" : item.why_other || "other";
  return item.class ? `${item.class} ${probabilityText(item.probability)}` : "no class";
}
