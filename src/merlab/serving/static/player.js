// The video with the results drawn in, with controls below it: nothing covers the picture. It steps by frames, plays slowly, and
// repeats a movement. All times outside of this file are real seconds; the file itself plays ``slowed`` times slower.
import { element, formatSeconds } from "./basics.js";

const AROUND = 0.5;
const SPEEDS = [["1", "real speed"], ["0.5", "1/2"], ["0.25", "1/4"], ["0.125", "1/8"], ["0.0625", "1/16"]];
const RATES = [0.0625, 16];

/** A player. ``moved`` is called with the current time (s). */
export function makePlayer(source, slowed, clock, moved) {
  let loop = null;
  let position = 0;
  const video = element("video", {
    playsinline: "", preload: "auto", src: source, "aria-label": "The video with the results drawn in",
    ontimeupdate: follow, onseeking: follow, onplay: tick, onplaying: showState, onpause: showState, onclick: toggle,
    onerror: () => video.replaceWith(fault()),
  });
  video.muted = true;
  const caption = element("p", { class: "caption" });
  const press = (text, title, doing) => element("button", { type: "button", class: "plain", title, onclick: doing }, text);
  const play = press("Play", "Play or pause (space)", toggle);
  const repeat = press("Repeat the movement", "Play the open movement again and again (L)", () => repeatOpen());
  const speed = element(
    "select", { id: "speed", onchange: setRate }, ...SPEEDS.map(([value, text]) => element("option", { value }, text)),
  );
  let open = null;
  const controls = element(
    "div", { class: "row controls", role: "group", "aria-label": "Player" }, play,
    press("‹ Frame", "One frame back (,)", () => step(-1)), press("Frame ›", "One frame forward (.)", () => step(1)), repeat,
    element("label", { for: "speed" }, "Speed ", speed),
  );
  const node = element("div", { class: "film" }, video, controls, caption);
  describe();
  return { node, show, step, toggle, watch, repeatOpen, setOpen, change };

  /** Stop at a time. */
  function show(seconds) {
    stop();
    seek(seconds);
  }

  async function step(by) {
    stop();
    seek(await clock.moved(position, by));
  }

  function toggle() {
    if (video.paused) start();
    else stop();
  }

  /** The movement that is open: its interval, and a word about it; null if none is. */
  function setOpen(movement) {
    open = movement;
    if (loop) stop();
    repeat.disabled = !open;
    describe();
  }

  /** The open movement after its frames or its verdict were changed; what is repeated is the new interval. */
  function change(movement) {
    open = movement;
    if (loop) loop = around();
    describe();
  }

  function around() {
    return { from: Math.max(0, open.onset_s - AROUND), to: open.offset_s + AROUND };
  }

  function repeatOpen() {
    if (!open) return;
    if (loop) stop();
    else watch(Number(speed.value));
  }

  /** Repeat the open movement at a share of the real speed. */
  function watch(share = 0.25) {
    if (!open) return;
    speed.value = String(share);
    loop = around();
    seek(loop.from);
    start();
  }

  function start() {
    setRate();
    video.play().catch((error) => {
      // Another movement was opened before this one started to play.
      if (error.name !== "AbortError") throw error;
    });
  }

  function stop() {
    loop = null;
    video.pause();
    showState();
  }

  /** A quarter of a frame later than its time stamp, so that rounding never shows the frame before. */
  function seek(seconds) {
    position = seconds;
    video.currentTime = (seconds + clock.step / 4) * slowed;
    clock.near(seconds).then(describe, () => {});
    moved(seconds);
  }

  function setRate() {
    video.playbackRate = Math.min(RATES[1], Math.max(RATES[0], Number(speed.value) * slowed));
  }

  /** While it plays, the position follows every picture, not only the few events per second of the browser. */
  function tick() {
    if (video.paused || !video.isConnected) return;
    follow();
    requestAnimationFrame(tick);
  }

  function follow() {
    if (video.seeking && video.paused) return;
    position = Math.max(0, video.currentTime / slowed - (video.paused ? clock.step / 4 : 0));
    if (loop && position >= loop.to) video.currentTime = loop.from * slowed;
    moved(position);
    describe();
    clock.near(position).catch(() => {});
  }

  function showState() {
    play.textContent = video.paused ? "Play" : "Pause";
    repeat.setAttribute("aria-pressed", String(Boolean(loop)));
    if (!video.paused) return;
    clock.near(position).then(describe, () => {});
  }

  function describe() {
    const frame = clock.frameAt(position);
    const where = `${formatSeconds(position, 3)}${frame === null ? "" : ` · frame ${frame}`}`;
    const inside = open && position >= open.onset_s - clock.step / 2 && position <= open.offset_s + clock.step / 2;
    caption.textContent = inside ? `${where} · ${open.words}` : where;
  }

  function fault() {
    return element("p", { class: "quiet" }, "This browser cannot play H.264 video. Download overlay.mp4 from the files below.");
  }
}
