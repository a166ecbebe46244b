// The decision about the open movement: verdict, frames, action units, label and comment. Every change is saved at once.
import { button, element } from "./basics.js";
import { wordOf } from "./coding.js";

const FRAMES = ["onset", "apex", "offset"];
const TYPING_MS = 800;
const HINT = "Accept, reject or move it first.";

/** The form about a movement. ``here`` is the frame that is shown, or null; ``seek`` shows the time (s) of a frame. */
export function decisionForm(movement, coding, { here, seek }) {
  const verdict = element("p", { class: "verdict" });
  const accept = button("Accept", () => act("accept"), { title: "Accept (A)" });
  const reject = button("Reject", () => act("reject"), { title: "Reject (R)" });
  const back = button(movement.own ? "Remove" : "Take back", () => act("take-back"), { title: "Take the decision back (Delete)" });
  const fields = FRAMES.map((frame) => frameField(frame));
  const units = textField("units", "Action units", "input", { placeholder: "such as L12+6", autocomplete: "off" }, "action_units");
  const label = textField("label", "Your label", "input", { autocomplete: "off" }, "label", true);
  const comment = textField("comment", "Comment", "textarea", { rows: 2 }, "comment", true);
  const named = element("p", { class: "quiet" });
  const take = button(`Use the units found: ${unitsOf(movement)}`, () => coding.decide(movement, { action_units: unitsOf(movement) }));
  const hint = element("p", { class: "quiet" }, HINT);
  const node = element(
    "section", { class: "deciding", "aria-label": "Your decision" },
    element("h4", {}, "Your decision"), verdict,
    element("div", { class: "row" }, ...(movement.own ? [] : [accept, reject]), back),
    element("div", { class: "frames" }, ...fields.map((field) => field.node)),
    hint, units.node, ...(movement.units?.length ? [take] : []), named, label.node, comment.node,
  );
  show();
  return { node, act, show, save, isSaved };

  /** Save what is typed, such as after the service did not answer. */
  function save() {
    return Promise.all([units, label, comment].map((field) => field.save()));
  }

  /** Whether everything that is typed is saved. */
  function isSaved() {
    return [units, label, comment].every((field) => field.isSaved());
  }

  function decided() {
    return coding.of(movement.event);
  }

  /** Show what is saved; a field that is being edited keeps its text, and so do all if a change has failed. */
  function show(failed = false) {
    const decision = decided();
    verdict.textContent = decision ? `${wordOf(decision)}${decision.coder ? ` by ${decision.coder}` : ""}, saved` : "not decided";
    node.dataset.verdict = decision?.decision ?? "";
    accept.setAttribute("aria-pressed", String(["accept", "move"].includes(decision?.decision)));
    reject.setAttribute("aria-pressed", String(decision?.decision === "reject"));
    back.disabled = !decision;
    hint.hidden = Boolean(decision);
    take.disabled = !decision;
    fields.forEach((field) => field.show(decision ?? movement));
    [units, label, comment].forEach((field) => field.show(decision, failed));
    named.textContent = unitWords(decision?.action_units ?? "", coding.unitNames);
  }

  /** Do what a key or button means; returns whether it belongs to this form. */
  function act(action) {
    const field = { units, label, comment }[action];
    if (field) return field.focus();
    if (FRAMES.includes(action)) return here() !== null && setFrame(action, here());
    if (action === "accept" && !movement.own) {
      // What was moved is accepted already, in its frames.
      if (decided()?.decision !== "move") coding.decide(movement, { decision: "accept" });
    } else if (action === "reject" && !movement.own) coding.decide(movement, { decision: "reject" });
    else if (action === "take-back") coding.takeBack(movement);
    else return false;
    return true;
  }

  /** Set a frame and show it; only an apex may be unknown (null). */
  function setFrame(frame, value) {
    if (Number.isNaN(value) || (value === null && frame !== "apex")) return false;
    const frames = inOrder({ ...framesOf(decided() ?? movement), [frame]: value }, frame);
    coding.decide(movement, { decision: "accept", ...frames }).then((saved) => saved && value !== null && seek(saved[`${frame}_s`]));
    return true;
  }

  function frameField(frame) {
    const input = element("input", {
      type: "number", min: 0, step: 1, id: `frame-${frame}`, onchange: () => setFrame(frame, input.value ? input.valueAsNumber : null) || show(),
    });
    const seconds = element("span", { class: "quiet" });
    const shift = (by) => setFrame(frame, input.valueAsNumber + by);
    const name = frame[0].toUpperCase() + frame.slice(1);
    const field = element(
      "div", { class: "row" }, element("label", { for: input.id }, name),
      button("−", () => shift(-1), { "aria-label": `${frame} one frame earlier` }), input,
      button("+", () => shift(1), { "aria-label": `${frame} one frame later` }),
      button("Here", () => act(frame), { title: `${name}: the frame that is shown (${{ onset: "I", apex: "X", offset: "O" }[frame]})` }),
      button("Show", () => seek(decided()?.[`${frame}_s`] ?? movement[`${frame}_s`]), { "aria-label": `show the ${frame}` }), seconds,
    );
    return { node: field, show: (source) => {
      input.value = source[frame] ?? "";
      const time = source[`${frame}_s`];
      seconds.textContent = time === null || time === undefined ? "" : `${time.toFixed(3)} s`;
    } };
  }

  /** A field for a column of the decision. What cannot be saved stays in it. ``typed``: it is saved while one types. */
  function textField(action, title, tag, attributes, column, typed) {
    let timer = null;
    let sent = null;
    // What was saved when it was last shown here.
    let base = "";
    const input = element(tag, {
      id: `decide-${action}`, ...attributes, onchange: save, onblur: save,
      oninput: () => { clearTimeout(timer); timer = typed ? setTimeout(save, TYPING_MS) : null; },
    });
    const field = element("label", { class: "field", for: input.id }, title, " ", input);
    return { node: field, focus: () => { input.focus(); return !input.disabled; }, show: shown, save, isSaved };

    function isSaved() {
      const decision = decided();
      return !decision || [base, decision[column]].includes(input.value.trim());
    }

    async function save() {
      clearTimeout(timer);
      const value = input.value.trim();
      if (isSaved() || value === sent) return;
      sent = value;
      const saved = await coding.decide(movement, { [column]: value });
      sent = null;
      if (saved) base = saved[column];
      // The service writes action units its own way.
      if (saved && input.value.trim() === value && !typed) input.value = saved[column];
    }

    function shown(decision, failed) {
      input.disabled = !decision;
      const saved = decision?.[column] ?? "";
      const changedElsewhere = sent === null && saved !== base && input.value.trim() === base;
      if (failed || (document.activeElement === input && !changedElsewhere)) return;
      input.value = base = saved;
    }
  }
}

/** What a coder can do with a weak candidate: add it as a movement of the coder's own. */
export function candidateForm(add) {
  const node = element(
    "section", { class: "deciding", "aria-label": "Your decision" },
    element("h4", {}, "Your decision"),
    element("p", {}, "This is a weak candidate: its score is below the threshold. It is not counted, unless you add it."),
    button("Add it as your movement", add, { title: "Add (A)" }),
  );
  const act = (action) => {
    if (action === "accept") add();
    return action === "accept";
  };
  return { node, act, show: () => {} };
}

function framesOf(source) {
  return Object.fromEntries(FRAMES.map((frame) => [frame, source[frame]]));
}

/** The frames in order, after one of them was set: the others give way. */
function inOrder({ onset, apex, offset }, set) {
  if (set === "onset") [apex, offset] = [apex === null ? null : Math.max(apex, onset), Math.max(offset, onset)];
  if (set === "offset") [onset, apex] = [Math.min(onset, offset), apex === null ? null : Math.min(apex, offset)];
  if (set === "apex" && apex !== null) [onset, offset] = [Math.min(onset, apex), Math.max(offset, apex)];
  return { onset, apex, offset };
}

/** The units that the movement is consistent with, as coders write them. */
function unitsOf(movement) {
  return (movement.units ?? []).map(({ number, side }) => `${{ left: "L", right: "R" }[side] ?? ""}${number}`).join("+");
}

/** ``L12+6`` -> ``AU12 lip corner puller, left; AU6 cheek raiser``. */
function unitWords(cell, names) {
  return cell.split("+").filter(Boolean).map((unit) => {
    const [, side, number] = unit.match(/^([LR]?)(\d+)/);
    return `AU${number} ${names[number] ?? ""}${{ L: ", left", R: ", right" }[side] ?? ""}`;
  }).join("; ");
}
