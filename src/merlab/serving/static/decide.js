// The decision about the open movement: verdict, frames, action units, label and comment. Every change is saved at once.
import { button, element } from "./basics.js";
import { wordOf } from "./coding.js";

const FRAMES = ["onset", "apex", "offset"];
const TYPING_MS = 800;
const HINT = "Accept, reject or move it first.";
// In coding.csv, a text is one line.
const BREAKS = /[\u0000-\u001f\u007f\u2028\u2029]+/g;

/**
 * The form about a movement. ``here`` is the frame that is shown, or null; ``seek`` shows the time (s) of a frame; ``faces`` are
 * the numbers of all faces, of which one's own movement can be of any.
 */
export function decisionForm(movement, coding, { here, seek, faces }) {
  // How many changes are on their way; what is typed meanwhile is saved after them.
  let pending = 0;
  const hint = element("p", { id: "decide-hint", class: "quiet" }, HINT);
  const verdict = element("p", { class: "verdict" });
  const accept = button("Accept", () => act("accept"), { title: "Accept (A)" });
  const reject = button("Reject", () => act("reject"), { title: "Reject (R)" });
  const back = button(movement.own ? "Remove" : "Take back", () => act("take-back"), { title: "Take the decision back (Delete)" });
  const fields = FRAMES.map((frame) => frameField(frame));
  const face = faceField();
  const units = textField("units", "Action units", "input", { placeholder: "such as L12+6", autocomplete: "off" }, "action_units");
  const label = textField("label", "Your label", "input", { autocomplete: "off" }, "label", true);
  const comment = textField("comment", "Comment", "textarea", { rows: 2 }, "comment", true);
  const named = element("p", { class: "quiet" });
  const take = button(`Use the units found: ${unitsOf(movement)}`, () => decide(() => ({ action_units: unitsOf(movement) })));
  const node = element(
    "section", { class: "deciding", "aria-label": "Your decision" },
    element("h4", {}, "Your decision"), verdict,
    element("div", { class: "row" }, ...(movement.own ? [] : [accept, reject]), back, face.node),
    element("div", { class: "frames" }, ...fields.map((field) => field.node)),
    hint, units.node, ...(movement.units?.length ? [take] : []), named, label.node, comment.node,
  );
  show();
  return { node, act, show, save, isSaved };

  /** Save what is typed, such as after the service did not answer. */
  function save() {
    return Promise.all([units, label, comment].map((field) => field.save()));
  }

  function decide(changes) {
    const count = (by) => {
      pending += by;
      for (const field of [units, label, comment]) field.settle();
    };
    count(1);
    return coding.decide(movement, changes).finally(() => count(-1));
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
    face.show();
    [units, label, comment].forEach((field) => field.show(decision, failed));
    named.textContent = unitWords(decision?.action_units ?? "", coding.unitNames);
  }

  /** Do what a key or button means; returns whether it belongs to this form. */
  function act(action) {
    const field = { units, label, comment }[action];
    if (field) return field.focus();
    if (FRAMES.includes(action)) return here() !== null && Boolean(setFrame(action, here()));
    if (action === "accept" && !movement.own) {
      // What was moved is accepted already, in its frames.
      if (decided()?.decision !== "move") decide(() => ({ decision: "accept" }));
    } else if (action === "reject" && !movement.own) decide(() => ({ decision: "reject" }));
    else if (action === "take-back") coding.takeBack(movement);
    else return false;
    return true;
  }

  /** Set a frame to a number, or to that of a function of the present one; only an apex may be unknown (null). */
  function setFrame(frame, value) {
    return decide((before) => {
      const set = typeof value === "function" ? value(before[frame]) : value;
      return { decision: "accept", ...inOrder({ ...framesOf(before), [frame]: set }, frame) };
    });
  }

  function faceField() {
    const select = element("select", { id: "decide-face", onchange: () => decide(() => ({ face_id: Number(select.value) })) },
      ...faces.map((number) => element("option", { value: number }, number)));
    const node = movement.own && faces.length > 1 ? element("label", { for: select.id }, "Face ", select) : "";
    return { node, show: () => { select.value = movement.face_id; } };
  }

  function frameField(frame) {
    const input = element("input", { type: "number", min: 0, step: 1, id: `frame-${frame}`, onchange: typed });
    const seconds = element("span", { class: "quiet" });
    const name = frame[0].toUpperCase() + frame.slice(1);
    const shift = (by) => setFrame(frame, (at) => (at === null ? null : at + by)).then(seekTo);
    const field = element(
      "div", { class: "row" }, element("label", { for: input.id }, name),
      button("−", () => shift(-1), { "aria-label": `${frame} one frame earlier` }), input,
      button("+", () => shift(1), { "aria-label": `${frame} one frame later` }),
      button("Here", () => act(frame), { "aria-label": `here is the ${frame}`, title: `${name}: the frame that is shown (${{ onset: "I", apex: "X", offset: "O" }[frame]})` }),
      button("Show", () => seekTo(decided() ?? movement), { "aria-label": `show the ${frame}` }), seconds,
    );
    return { node: field, show: (source) => {
      // Who goes on with the arrow keys is ahead of what is saved.
      if (pending < 2 || document.activeElement !== input) input.value = source[frame] ?? "";
      const time = source[`${frame}_s`];
      seconds.textContent = time === null || time === undefined ? "" : `${time.toFixed(3)} s`;
    } };

    function typed() {
      const isFrame = input.validity.valid && (input.value || frame === "apex");
      if (!isFrame) {
        show();
        return;
      }
      const set = input.value ? input.valueAsNumber : null;
      input.value = set ?? "";
      setFrame(frame, set).then(seekTo);
    }

    function seekTo(source) {
      const time = source?.[`${frame}_s`] ?? null;
      if (time !== null) seek(time);
    }
  }

  /** A field for a column of the decision. What cannot be saved stays in it. ``typed``: it is saved while one types. */
  function textField(action, title, tag, attributes, column, typed) {
    let timer = null;
    let sent = null;
    // What was saved when it was last shown here, and whose it is.
    let base = "";
    let owner = coding.coder;
    const input = element(tag, {
      id: `decide-${action}`, "aria-describedby": hint.id, ...attributes, onchange: save, onblur: save,
      oninput: () => { clearTimeout(timer); timer = typed ? setTimeout(save, TYPING_MS) : null; },
    });
    const field = element("label", { class: "field", for: input.id }, title, " ", input);
    return { node: field, focus: () => { input.focus(); return true; }, show: shown, save, settle, isSaved };

    function text() {
      return input.value.replace(BREAKS, " ").trim();
    }

    function isSaved() {
      return sent === null && [base, decided()?.[column]].includes(text());
    }

    async function save() {
      clearTimeout(timer);
      const value = text();
      if (!decided() || value === sent || isSaved()) return;
      sent = value;
      const saved = await coding.decide(movement, () => ({ [column]: value }));
      sent = null;
      if (!saved) return;
      base = saved[column];
      // The service writes action units its own way.
      if (text() === value && (!typed || document.activeElement !== input)) input.value = base;
    }

    /** No text can be written before there is a decision; what was typed while it was on its way is saved now. */
    function settle() {
      input.readOnly = !decided() && !pending;
      if (document.activeElement !== input) save();
    }

    function shown(decision, failed) {
      input.readOnly = !decision && !pending;
      const saved = decision?.[column] ?? "";
      // While another text is on its way, one may return to what was saved before.
      const isTyped = text() !== saved && (text() !== base || sent !== null) && owner === coding.coder;
      if (failed || isTyped || (document.activeElement === input && saved === base)) return;
      owner = coding.coder;
      base = saved;
      if (text() !== saved) input.value = saved;
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
