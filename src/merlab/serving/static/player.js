// The video with what was found drawn into it: from a movement on, slowly on request, with its moment in the timeline.
import { element } from "./basics.js";

const AROUND = 0.5;
const SLOWLY = 0.25;

/** A player of a video; ``moved`` is called with the moment (s) that it shows. ``watch`` plays a stretch of it, slowly. */
export function makePlayer(source, moved) {
  let until = Infinity;
  const video = element("video", {
    controls: "", playsinline: "", preload: "metadata", src: source, "aria-label": "The video, with what was found drawn into it",
    ontimeupdate: follow, onseeking: follow, onerror: () => video.replaceWith(fault()),
  });
  video.muted = true;
  return { video, show, watch };

  function show(seconds) {
    stop();
    video.currentTime = seconds;
  }

  function watch(from, to) {
    video.currentTime = Math.max(0, from - AROUND);
    until = to + AROUND;
    video.playbackRate = SLOWLY;
    video.scrollIntoView({ block: "center" });
    video.play().catch((error) => {
      // Another movement was opened before this one began to play.
      if (error.name !== "AbortError") throw error;
    });
  }

  function follow() {
    moved(video.currentTime);
    if (video.currentTime >= until) stop();
  }

  function stop() {
    until = Infinity;
    video.pause();
    video.playbackRate = 1;
  }

  function fault() {
    return element("p", { class: "quiet" }, "This browser cannot play H.264; overlay.mp4 among the files can be downloaded.");
  }
}
