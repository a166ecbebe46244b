// One result: the timeline, the video, the movements, one of them in detail with the coder's decision, the files.
import { element, pathOf, request } from "./basics.js";
import { downloads, notes, summary } from "./about.js";
import { makeClock } from "./clock.js";
import { nameOf, openCoding, wordOf } from "./coding.js";
import { codingBar } from "./coding_bar.js";
import { candidateForm, decisionForm } from "./decide.js";
import { eventList } from "./event_list.js";
import { keysDialog, listenToKeys } from "./keys.js";
import { headingOf, movementView } from "./movement.js";
import { makePlayer } from "./player.js";
import { makeTimeline } from "./timeline.js";

const OVERLAY = "overlay.mp4";
// An own movement begins this long before the frame that is shown, and ends as long after it.
const HALF_OWN_S = 0.12;
const REMOVED = "Your movement that was open here was removed in another tab or program";
let room = null;

/** The room, while it is shown. */
function shownRoom() {
  return room?.view.isConnected ? room : null;
}

// What was decided in another tab is shown as soon as one comes back to this one.
document.addEventListener("visibilitychange", () => !document.hidden && shownRoom()?.resume());
// What could not be saved because the service did not answer is saved when it does again.
document.addEventListener("answering", () => shownRoom()?.resume());
// Only some browsers say that a field loses the focus when its page goes.
window.addEventListener("hashchange", () => shownRoom()?.save());
window.addEventListener("beforeunload", (event) => {
  if (shownRoom()?.isSaved() ?? true) return;
  room.save();
  event.preventDefault();
});
listenToKeys((action) => shownRoom()?.act(action) ?? false);

/** Show the result of a done job in a section, and one of its movements if a name is given. */
export async function showResult(section, job, eventName) {
  if (shownRoom()?.shown.id !== job.id) {
    // If something else is opened in the meantime, the result gets into a view that is not shown any more.
    const view = element("div", {}, back(), heading(job.name), element("p", { class: "quiet" }, "Reading the result …"));
    section.replaceChildren(view);
    const [about, faces, events] = await Promise.all(
      ["result", "frames", "events"].map((part) => request(pathOf("api/jobs", job.id, part))),
    );
    const made = await makeRoom(view, job, { id: job.id, ...about, faces, events });
    if (!view.isConnected) return;
    room = made;
    if (!eventName) view.querySelector("h2").focus();
  }
  room.open(eventName);
}

function back() {
  return element("p", {}, element("a", { href: "#" }, "← All videos"));
}

function heading(name) {
  return element("h2", { id: "result-title", tabindex: "-1" }, name);
}

/** Everything about one result, and what connects it. */
async function makeRoom(view, job, shown) {
  const clock = makeClock(job.id, shown.video);
  const film = job.files.some((file) => file.name === OVERLAY) ? pathOf("api/jobs", job.id, "files", OVERLAY) : null;
  let position = shown.video.start_s;
  let opened = null;
  let adding = false;
  const faces = shown.faces.map((face) => face.face_id);
  // The names of this coder's own movements when the page last looked.
  let known = new Set();
  const coding = await openCoding(job.id, changed);
  const timeline = makeTimeline(shown, { items, open: goTo, seek, step, chosen: () => list.show(items(), opened?.name) });
  const player = film ? makePlayer(film, shown.video.slowed, clock, moved) : null;
  const list = eventList({ open: goTo, mark: timeline.mark });
  const dialog = keysDialog();
  const bar = codingBar(job, coding, { add: addHere, help: () => dialog.showModal(), decided });
  const place = element("div", { class: "opened" });
  // Where the video is while no movement is open.
  const home = element("div", {});
  view.replaceChildren(
    back(), heading(job.name), element("p", { class: "quiet" }, summary(shown)), ...notes(shown),
    element("h3", {}, "Timeline"),
    shown.faces.length ? timeline.node : element("p", { class: "banner" }, "No face was found in this video."),
    bar.node,
    element("div", { class: "two" }, home, element("div", {}, element("h3", { id: "events-title" }, `Movements (${shown.events.length})`),
      shown.events.length
        ? element("p", { class: "quiet keys-hint" }, "Select a movement with the arrow keys, and open it with Enter.")
        : element("p", {}, "No brief movement was stronger than the usual motion of the face."),
      list.node)),
    place, ...downloads(job), dialog,
  );
  clock.near(position).catch(() => {});
  known = ownNames(items());
  redraw();
  bar.message(coding.problem, Boolean(coding.problem));
  return { view, shown, open, act, resume, save, isSaved };

  /** All movements as the coder sees them: those of the machine, moved ones in the coder's frames, and the coder's own. */
  function items() {
    const { threshold } = timeline;
    const found = shown.events.map((event) => {
      const decision = coding.of(event.event);
      const { onset_s, apex_s, offset_s } = decision?.decision === "move" ? decision : event;
      const below = threshold !== null && event.score < threshold;
      return { ...event, onset_s, apex_s, offset_s, verdict: decision?.decision ?? "", below };
    });
    const own = coding.own().map((decision) => ({ ...decision, event: nameOf(decision), own: true, verdict: "add" }));
    const weak = shown.weak.map((each, index) => ({ ...each, event: `weak-${index + 1}`, weak: true, verdict: "" }))
      .filter((each) => (threshold === null ? timeline.weak : each.score >= threshold) || each.event === opened?.name)
      .filter((each) => !own.some((mine) => mine.face_id === each.face_id && overlap(mine, each)));
    // The list shows when each is at its apex.
    const when = ({ apex_s, onset_s }) => apex_s ?? onset_s;
    return [...found, ...weak, ...own].sort((one, other) => when(one) - when(other));
  }

  /** Save what is typed. */
  async function save() {
    await opened?.form.save?.();
  }

  function isSaved() {
    return coding.isSent && (opened?.form.isSaved?.() ?? true);
  }

  async function resume() {
    await save();
    await coding.reload();
  }

  function decided() {
    const all = items().filter((item) => !item.own && !item.weak);
    return `${all.filter((item) => item.verdict).length} of ${all.length} decided`;
  }

  function redraw() {
    timeline.redraw();
    list.show(items(), opened?.name);
    bar.show();
  }

  /** Called after each change of the decisions. */
  function changed(message, failed = false) {
    const present = items();
    const gone = opened && !present.some((item) => item.event === opened.name) && !followOwn(present);
    known = ownNames(present);
    const item = opened && present.find((each) => each.event === opened.name);
    if (item) player?.change(worded(item));
    redraw();
    bar.message(message || (gone ? REMOVED : ""), failed);
    opened?.form.show(failed);
  }

  /**
   * A movement is open that is not listed under its name any more: one's own is named by its frames, or it was removed.
   * Returns whether it is still there, or was that of another coder.
   */
  function followOwn(present) {
    const { movement, coder } = opened;
    const isIt = (item) => item.own && !known.has(item.event) && item.face_id === movement.face_id && overlap(item, movement);
    const moved = coder === coding.coder ? present.find(isIt) : undefined;
    const focused = place.contains(document.activeElement);
    history.replaceState(null, "", addressOf(moved?.event));
    if (moved && movement.own) rename(moved);
    else open(moved?.event, true);
    if (!moved && focused) list.node.querySelector("button")?.focus();
    return Boolean(moved) || coder !== coding.coder;
  }

  /** The open movement goes on as it is, with what is typed there. */
  function rename(moved) {
    Object.assign(opened.movement, moved);
    opened.name = moved.event;
    place.querySelector("h3").textContent = headingOf(moved);
    timeline.mark(moved.event);
  }

  function moved(seconds) {
    position = seconds;
    timeline.point(seconds);
  }

  function seek(seconds) {
    if (player) player.show(seconds);
    else moved(seconds);
  }

  async function step(by) {
    if (player) player.step(by);
    else moved(await clock.moved(position, by));
  }

  function addressOf(event) {
    return event ? `#job=${job.id}&event=${encodeURIComponent(event)}` : `#job=${job.id}`;
  }

  /** Open a movement, or close the open one, at once: the next key is meant for what is open then. */
  function goTo(event) {
    const address = addressOf(event);
    if (location.hash === address) {
      place.querySelector("h3")?.focus();
      return;
    }
    save();
    history.pushState(null, "", address);
    open(event);
  }

  /** Open a movement; ``quietly`` leaves focus and video where they are. */
  function open(name, quietly = false) {
    opened = { name };
    const item = items().find((each) => each.event === name);
    opened = null;
    timeline.mark(name ?? "");
    player?.setOpen(item ? worded(item) : null);
    list.show(items(), name);
    home.hidden = Boolean(item) || !player;
    if (!item) {
      home.replaceChildren(player?.node ?? "");
      place.replaceChildren();
      return;
    }
    const movement = shown.events.find((event) => event.event === name) ?? item;
    const form = item.weak ? candidateForm(() => add(item)) : decisionForm(movement, coding, { here: () => clock.frameAt(position), seek, faces });
    const watch = () => { player.watch(); player.node.scrollIntoView({ block: "center" }); };
    const { node, comparison } = movementView(shown, movement, player?.node ?? "", form.node, film, { watch, close });
    opened = { name, movement, form, comparison, coder: coding.coder };
    place.replaceChildren(node);
    if (quietly) return;
    seek(item.apex_s ?? item.onset_s);
    place.querySelector("h3").focus({ preventScroll: true });
    place.scrollIntoView({ block: "start", behavior: "auto" });
  }

  function close() {
    const name = opened?.name;
    goTo(null);
    list.node.querySelector(`[data-event="${CSS.escape(name)}"]`)?.focus();
  }

  async function addHere() {
    await whileAdding(async () => {
      // The part of the clock that is read can end between them.
      const framesAt = [];
      for (const seconds of [position - HALF_OWN_S, position, position + HALF_OWN_S]) {
        await clock.near(seconds);
        framesAt.push(clock.frameAt(seconds));
      }
      const [onset, apex, offset] = framesAt;
      const face_id = opened?.movement.face_id ?? faces[0];
      return face_id === undefined ? null : coding.add({ face_id, onset, apex, offset });
    });
  }

  async function add(frames) {
    await whileAdding(() => coding.add(frames));
  }

  /** Open the movement that is added; keys that are pressed until then do nothing. */
  async function whileAdding(doing) {
    adding = true;
    const saved = await doing().finally(() => { adding = false; });
    if (saved) goTo(nameOf(saved));
  }

  /** Do what a key means; returns whether anything was done. */
  function act(action) {
    // What is pressed now is meant for the movement that is being added, not for the one that is still open.
    if (adding) return true;
    const doing = {
      play: () => player?.toggle(), back: () => step(-1), forward: () => step(1), loop: () => player?.repeatOpen(),
      flicker: () => opened?.comparison?.toggle(), swap: () => opened?.comparison?.swap(), zoom: () => opened?.comparison?.zoom(),
      next: () => walk(1), previous: () => walk(-1), undecided: () => walk(1, (item) => !item.verdict),
      in: () => timeline.zoom(2), out: () => timeline.zoom(0.5), whole: () => timeline.whole(),
      undo: () => coding.undo(), add: addHere, help: () => dialog.showModal(), close: () => opened && close(),
    }[action];
    if (!doing) return opened?.form.act(action) ?? false;
    doing();
    return true;
  }

  function walk(by, wanted = () => true) {
    const names = items().filter((item) => (wanted(item) && !item.below) || item.event === opened?.name).map((item) => item.event);
    const at = names.indexOf(opened?.name);
    const next = names[at < 0 && by < 0 ? names.length - 1 : at + by];
    if (next) goTo(next);
  }
}

function ownNames(items) {
  return new Set(items.filter((item) => item.own).map((item) => item.event));
}

/** A movement with what is written below the video while it is shown. */
function worded(item) {
  const verdict = item.verdict ? `, ${wordOf({ decision: item.verdict })}` : "";
  return { ...item, words: `${item.weak ? "weak candidate, " : ""}${item.part ?? "your movement"}${verdict}` };
}

function overlap(one, other) {
  return one.onset <= other.offset && other.onset <= one.offset;
}
