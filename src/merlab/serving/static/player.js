// The video with the results drawn in: it stops at a movement, plays it slowly on request, and shows its position in the timeline.
// All times outside of this file are real seconds; the video itself plays ``slowed`` times slower than it was recorded.
import { element } from "./basics.js";

const AROUND = 0.5;
const SLOWLY = 0.25;
const SLOWEST = 0.0625;

/** A player of a video. ``moved`` is called with the current time (s); ``watch`` plays an interval slowly. */
export function makePlayer(source, slowed, moved) {
  let until = Infinity;
  const video = element("video", {
    controls: "", playsinline: "", preload: "metadata", src: source, "aria-label": "The video with the results drawn in",
    ontimeupdate: follow, onseeking: follow, onerror: () => video.replaceWith(fault()),
  });
  video.muted = true;
  return { video, show, watch };

  function show(seconds) {
    stop();
    video.currentTime = seconds * slowed;
  }

  function watch(from, to) {
    video.currentTime = Math.max(0, from - AROUND) * slowed;
    until = to + AROUND;
    video.playbackRate = Math.min(1, Math.max(SLOWEST, SLOWLY * slowed));
    video.scrollIntoView({ block: "center" });
    video.play().catch((error) => {
      // Another movement was opened before this one started to play.
      if (error.name !== "AbortError") throw error;
    });
  }

  function follow() {
    const now = video.currentTime / slowed;
    moved(now);
    if (now >= until) stop();
  }

  function stop() {
    until = Infinity;
    video.pause();
    video.playbackRate = 1;
  }

  function fault() {
    return element("p", { class: "quiet" }, "This browser cannot play H.264 video. Download overlay.mp4 from the files below.");
  }
}
