// The decisions of coders: saved on the service as they are made, with undo. Nothing is changed that this page has not shown.
import { pathOf, request, store, stored, UnansweredError } from "./basics.js";

const STORED = "merlab-coder";
// In this tab, what can be undone outlives a reload.
const UNDOS = "merlab-undo";
// A request that outlives its page may have 64 KiB; a letter has at most three bytes.
const MOST_OUTLIVING = 16_384;
const FRAMES = ["onset", "apex", "offset"];
const FIELDS = ["event", "face_id", "decision", ...FRAMES, "action_units", "label", "comment", "coder"];

/** The decisions about a result. ``changed`` is called after every change, with a message for the user. */
export async function openCoding(job, changed) {
  const path = pathOf("api/jobs", job, "coding");
  let answer = { decisions: [], unit_names: {} };
  // A damaged coding.csv must not hide the result; the service refuses every change until it is mended.
  const problem = await reread().then(() => "", (error) => error.message);
  let coder = stored("localStorage", STORED) ?? "";
  let turn = Promise.resolve();
  let waiting = 0;
  const undos = storedUndos(job, coder);
  let named = { answer: null, coder: "", decisions: new Map() };
  return {
    decide, add, takeBack, undo, name, of, own, reload, problem,
    get coder() { return coder; },
    get decisions() { return answer.decisions; },
    get unitNames() { return answer.unit_names; },
    get canUndo() { return undos.length > 0; },
    // One that is on its way outlives the page; those that wait for it do not.
    get isSent() { return waiting < 2; },
  };

  /** Code under these initials from now on; what was decided before that is saved under the earlier ones. */
  function name(initials) {
    return queued(() => {
      coder = initials.trim();
      store("localStorage", STORED, coder);
      undos.length = 0;
      keepUndos();
      const unnamed = coder && answer.decisions.some((each) => !each.coder);
      changed(unnamed ? "What was decided without initials is kept: empty the field to see it" : "");
    });
  }

  /** The decision of this coder about a movement of the machine, or about an own event by its name on this page. */
  function of(event) {
    // The page asks for each of thousands of movements; to search all decisions for each would take seconds.
    if (named.answer !== answer || named.coder !== coder) {
      const mine = answer.decisions.filter((each) => each.coder === coder);
      named = { answer, coder, decisions: new Map(mine.map((each) => [nameOf(each), each])) };
    }
    return named.decisions.get(event) ?? null;
  }

  /** This coder's own events. */
  function own() {
    return answer.decisions.filter((each) => each.coder === coder && each.decision === "add");
  }

  /**
   * Decide about a movement, or change the decision. ``changes`` gets the decision that this one changes, because others may
   * still be on their way when a key is pressed. Resolves to the saved decision, or null.
   */
  function decide(movement, changes) {
    return queued(() => {
      const seen = of(movement.event);
      // One's own movement that was removed does not return.
      if (movement.own && !seen) return null;
      const before = seen ?? { ...blank(movement), event: movement.event };
      const decision = settled(movement, { ...before, ...changes(before) });
      return seen && FIELDS.every((field) => seen[field] === decision[field]) ? seen : send(seen, decision, { movement });
    });
  }

  /** Add an event of the coder's own. Resolves to it, also if it was added before, or to null. */
  function add(frames) {
    return queued(() => {
      const decision = { ...blank(frames), event: "", decision: "add" };
      const present = own().find((each) => same(each, decision));
      if (present) changed("You added this movement before");
      return present ?? send(null, decision);
    });
  }

  function takeBack(movement) {
    return queued(() => send(of(movement.event), null));
  }

  function undo() {
    return queued(() => {
      const last = undos.at(-1);
      return last ? send(last.after, last.before, { undoing: true }) : null;
    });
  }

  function keepUndos() {
    store("sessionStorage", `${UNDOS} ${job}`, JSON.stringify(undos));
  }

  /** Read what was decided elsewhere. */
  function reload() {
    return queued(() => reread().then(() => changed(""), (error) => changed(error.message, true)));
  }

  async function reread() {
    answer = await request(path);
  }

  /** Changes are sent one after the other, each with what is saved by then. */
  function queued(doing) {
    waiting += 1;
    turn = turn.then(doing, doing).finally(() => { waiting -= 1; });
    return turn;
  }

  async function send(seen, decision, { movement = null, undoing = false } = {}) {
    if (!seen && !decision) return null;
    try {
      const body = JSON.stringify({ seen: seen && picked(seen), decision: decision && picked(decision) });
      const headers = { "Content-Type": "application/json" };
      answer = await request(path, { method: "POST", headers, body, keepalive: body.length <= MOST_OUTLIVING });
    } catch (error) {
      // What others have changed since cannot be undone here.
      const unanswered = error instanceof UnansweredError;
      if (undoing && !unanswered) undos.pop();
      await reread().catch(() => {});
      if (unanswered) document.dispatchEvent(new Event("unanswered"));
      changed(`Not saved: ${error.message}`, true);
      return null;
    }
    const saved = decision && answer.decisions.find((each) => each.coder === decision.coder && same(each, decision));
    if (undoing) undos.pop();
    else undos.push({ before: seen, after: saved });
    keepUndos();
    // Changes that wait find it under its new name.
    if (movement?.own && saved) Object.assign(movement, saved, { event: nameOf(saved) });
    changed(decision ? `${undoing ? "Undone, saved" : "Saved"}: ${wordOf(saved)}` : "Decision taken back");
    return saved;
  }

  function blank({ face_id, onset, apex, offset }) {
    return { face_id, onset, apex, offset, decision: "accept", action_units: "", label: "", comment: "", coder };
  }
}

/** What this coder can undo in this tab. */
function storedUndos(job, coder) {
  try {
    const undos = JSON.parse(stored("sessionStorage", `${UNDOS} ${job}`)) ?? [];
    return undos.filter(({ before, after }) => (after ?? before).coder === coder);
  } catch {
    return [];
  }
}

/** The name of a movement on this page: that of the machine, or one from its frames. */
export function nameOf(decision) {
  return decision.event || `own-${decision.face_id}-${decision.onset}-${decision.offset}`;
}

/** A decision in one word. */
export function wordOf(decision) {
  return { accept: "accepted", reject: "rejected", move: "moved", add: "added" }[decision?.decision] ?? "not decided";
}

/** The decision with the verdict that its frames mean: other frames than those of the machine are a move. */
function settled(movement, decision) {
  if (movement.own) return { ...decision, event: "", decision: "add" };
  const machine = FRAMES.every((frame) => movement[frame] === decision[frame]);
  if (decision.decision === "reject") return { ...decision, ...Object.fromEntries(FRAMES.map((frame) => [frame, movement[frame]])) };
  return { ...decision, decision: machine ? "accept" : "move" };
}

function same(one, other) {
  return ["event", "face_id", "onset", "offset"].every((field) => one[field] === other[field]);
}

function picked(decision) {
  return Object.fromEntries(FIELDS.map((field) => [field, decision[field]]));
}
