// Between the frames of the source, by their numbers, and the real seconds at which they were recorded.
import { pathOf, request } from "./basics.js";

/** The clock of a result. Long videos are read in parts: wait for ``near`` a time before asking for frames there. */
export function makeClock(job, { fps, start_s: start, seconds: long }) {
  const step = 1 / fps;
  const inside = (seconds) => Math.min(start + long - step, Math.max(start, seconds));
  let frames = [];
  let times = [];
  let reading = null;
  return { step, near, frameAt, moved };

  async function near(seconds) {
    await reading?.catch(() => {});
    if (has(seconds)) return;
    reading = request(`${pathOf("api/jobs", job, "clock")}?at_s=${inside(seconds)}`);
    const answer = await reading;
    [frames, times] = [answer.frame, answer.time_s];
  }

  function has(seconds) {
    return times.length > 0 && times[0] - step <= inside(seconds) && inside(seconds) <= times.at(-1) + step;
  }

  /** The frame that is shown at this time; null where the clock is not read yet. */
  function frameAt(seconds) {
    return has(seconds) ? frames[indexAt(seconds)] : null;
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
