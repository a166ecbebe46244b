// Between the frames of the source, by their numbers, and the real seconds at which they were recorded.
import { pathOf, request } from "./basics.js";

/** The clock of a result. Long videos are read in parts: wait for ``near`` a time before asking for frames there. */
export function makeClock(job, fps) {
  const step = 1 / fps;
  let frames = [];
  let times = [];
  return { step, near, frameAt, secondsOf, moved };

  async function near(seconds) {
    if (times.length && times[0] - step <= seconds && seconds <= times.at(-1) + step) return;
    const answer = await request(`${pathOf("api/jobs", job, "clock")}?at_s=${seconds}`);
    [frames, times] = [answer.frame, answer.time_s];
  }

  /** The frame that is shown at this time; null where the clock is not read yet. */
  function frameAt(seconds) {
    return times.length ? frames[indexAt(seconds)] : null;
  }

  /** When a frame was recorded; null where that is not known. */
  function secondsOf(frame) {
    const index = last(frames, frame);
    return frames[index] === frame ? times[index] : null;
  }

  /** The time of the frame so many frames later, or earlier. */
  async function moved(seconds, by) {
    await near(seconds + by * step);
    const index = Math.min(times.length - 1, Math.max(0, indexAt(seconds) + by));
    return times[index];
  }

  function indexAt(seconds) {
    return Math.max(0, last(times, seconds + step / 20));
  }
}

/** The position of the last value that is at most ``limit``, in ascending values; -1 if there is none. */
function last(values, limit) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
