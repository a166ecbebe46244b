// The face of a movement, cut out of the video, again and again at a quarter of the speed.
import { element } from "./basics.js";

const SPEED = 0.25;
const AROUND = 0.3;
const SLOWEST = 0.0625;

/** A loop of an event, with a button that stops it; who asked the system for less motion starts it by hand. */
export function faceLoop(source, { slowed, width: recorded }, event) {
  const [from, to] = [Math.max(0, event.onset_s - AROUND) * slowed, (event.offset_s + AROUND) * slowed];
  const video = element("video", {
    src: source, playsinline: "", preload: "auto", "aria-label": "the face at a quarter of the speed",
    onloadedmetadata: begin, onplay: tick, onclick: toggle,
  });
  video.muted = true;
  const press = element("button", { type: "button", class: "plain", onclick: toggle }, "Play");
  const window = element("div", { class: "face-loop" }, video);
  return element("div", {}, window, press);

  function begin() {
    cut(window, video, event.face_box, video.videoWidth / recorded);
    video.currentTime = from;
    video.playbackRate = Math.max(SLOWEST, SPEED * slowed);
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) toggle();
  }

  function toggle() {
    if (video.paused) video.play().catch(() => {});
    else video.pause();
    press.textContent = video.paused ? "Play" : "Pause";
  }

  function tick() {
    if (video.paused || !video.isConnected) return;
    if (video.currentTime >= to || video.ended) video.currentTime = from;
    requestAnimationFrame(tick);
  }
}

/** Show only the box of the face: left, top, width and height in px of the recording. */
function cut(window, video, box, scale) {
  if (!box) return;
  const [left, top, width, height] = box.map((value) => value * scale);
  window.style.aspectRatio = `${width} / ${height}`;
  video.style.width = `${(100 * video.videoWidth) / width}%`;
  video.style.left = `${(-100 * left) / width}%`;
  video.style.top = `${(-100 * top) / height}%`;
}
