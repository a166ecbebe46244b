// Keys for everything a coder does, and the dialog that lists them.
import { button, element, store, stored } from "./basics.js";

const STORED = "merlab-single-keys";
const EDITABLE = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]";

/** What each key does: its keys, the name of the action, and its words. */
const KEYS = [
  ["Look", [
    [[" "], "play", "play or pause"],
    [[","], "back", "one frame back"],
    [["."], "forward", "one frame forward"],
    [["l"], "loop", "repeat the open movement"],
    [["f"], "flicker", "flicker between onset and apex, or stop"],
    [["s"], "swap", "show the other picture, onset or apex"],
    [["z"], "zoom", "zoom to the part that moved, or to the whole face"],
    [["n"], "next", "next movement"],
    [["p"], "previous", "previous movement"],
    [["j"], "undecided", "next movement that is not decided"],
    [["+", "="], "in", "timeline: closer"],
    [["-"], "out", "timeline: farther"],
    [["0"], "whole", "timeline: the whole video"],
  ]],
  ["Decide", [
    [["a"], "accept", "accept the movement"],
    [["r"], "reject", "reject the movement"],
    [["i"], "onset", "onset: the frame that is shown"],
    [["x"], "apex", "apex: the frame that is shown"],
    [["o"], "offset", "offset: the frame that is shown"],
    [["u"], "units", "write action units"],
    [["t"], "label", "write a label"],
    [["c"], "comment", "write a comment"],
    [["w"], "add", "add a movement of your own at the frame that is shown"],
    [["Delete", "Backspace"], "take-back", "take the decision back"],
    [["Control+z"], "undo", "undo the last change"],
    [["Escape"], "close", "leave a field, or close the movement"],
    [["?", "h"], "help", "show these keys"],
  ]],
];
// What a key that is held does again and again; pictures would flash in turn.
const REPEATED = new Set(["back", "forward", "next", "previous", "undecided", "in", "out"]);
const ACTIONS = new Map(KEYS.flatMap(([, rows]) => rows.flatMap(([keys, action]) => keys.map((key) => [key, action]))));

/** Call ``act`` with the name of the action whenever its key is pressed outside of a field; it returns whether it did it. */
export function listenToKeys(act) {
  document.addEventListener("keydown", (event) => {
    const action = actionOf(event);
    if (action && ((event.repeat && !REPEATED.has(action)) || act(action))) event.preventDefault();
  });
}

function actionOf(event) {
  if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return null;
  if (event.target.matches(EDITABLE)) {
    if (event.key === "Escape") (event.target.closest("article")?.querySelector("[tabindex]") ?? document.activeElement).focus();
    return null;
  }
  const held = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // The space bar and the arrow keys belong to the button or slider in focus.
  if (key === " " && event.target.matches("button, a, summary, [type=checkbox], [type=radio]")) return null;
  const single = key.length === 1 && !held;
  if (single && !areOn()) return null;
  return ACTIONS.get(held ? `Control+${key}` : key) ?? null;
}

function areOn() {
  return stored("localStorage", STORED) !== "off";
}

/** The dialog that lists all keys, with a switch for those that are single letters. */
export function keysDialog() {
  const on = element("input", {
    type: "checkbox", onchange: (event) => store("localStorage", STORED, event.target.checked ? "on" : "off"),
  });
  on.checked = areOn();
  const dialog = element(
    "dialog", { id: "keys", "aria-labelledby": "keys-title" },
    element("div", { class: "row" }, element("h3", { id: "keys-title" }, "Keys"), button("Close", () => dialog.close())),
    ...KEYS.map(([title, rows]) => table(title, rows)),
    element("p", {}, element("label", {}, on, "Single letters are keys (switch this off if you use speech input)")),
  );
  return dialog;
}

function table(title, rows) {
  const shown = (key) => ({ " ": "Space", "Control+z": "Ctrl+Z" }[key] ?? (key.length === 1 ? key.toUpperCase() : key));
  return element(
    "table", { class: "keys" }, element("caption", {}, title),
    element("tbody", {}, ...rows.map(([keys, , words]) => element(
      "tr", {}, element("th", { scope: "row" }, ...keys.flatMap((key, index) => [index ? " or " : "", element("kbd", {}, shown(key))])),
      element("td", {}, words),
    ))),
  );
}
