// The picture of the timeline: one panel per face with its scores over time, the threshold, and a band for each movement.
import { drawing, formatSeconds } from "./basics.js";
import { heightOf, roundScores, scoreText } from "./score_scale.js";

const PANEL = 120;
export const MARGIN = { left: 34, right: 10, top: 24, bottom: 4 };
const AXIS = 24;
const LEAST_HIT = 16;
const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800];
// px between two frames from which each frame is a point.
const FRAME_DISTANCE = 7;
const SIGNS = { accept: "✓", reject: "✗", move: "↔", add: "+" };

/** Converts seconds of the video to the x coordinate of the picture. */
export function scale({ from, to }, width) {
  return (time) => MARGIN.left + ((time - from) / (to - from || 1)) * (width - MARGIN.left - MARGIN.right);
}

/** The picture. ``faces`` has the curves of the window; ``peaks`` are further peaks above a threshold of the user. */
export function chart({ window, width, faces, items, gaps, peaks, threshold, step }) {
  const x = scale(window, width);
  const height = faces.length * PANEL + AXIS;
  const panels = faces.map((face, index) => panel({
    face, top: index * PANEL, x, width, threshold, window, gaps, step,
    items: items.filter((item) => item.face_id === face.face_id && item.offset_s >= window.from && item.onset_s <= window.to),
    peaks: peaks.filter((peak) => peak.face_id === face.face_id),
  }));
  const clip = drawing("clipPath", { id: "plot" }, drawing("rect", { x: MARGIN.left, y: 0, width: width - MARGIN.left - MARGIN.right, height }));
  const hatch = drawing("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    drawing("line", { class: "hatch", x1: 0, y1: 0, x2: 0, y2: 6 }));
  const now = drawing("line", { class: "now", hidden: "", y1: 0, y2: height - AXIS, "clip-path": "url(#plot)" });
  return drawing("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, drawing("defs", {}, clip, hatch), ...panels, axis(window, x, width, height), now);
}

function panel({ face, top, x, width, threshold, window, gaps, step, items, peaks }) {
  const bottom = top + PANEL - MARGIN.bottom;
  const lines = [face.score, face.threshold, ...Object.values(face.parts ?? {})];
  const values = lines.flat().filter((value) => value !== null);
  const most = Math.max(...values.map(Number), threshold ?? 1, 1) * 1.05;
  const y = (value) => bottom - (heightOf(value) / heightOf(most)) * (PANEL - MARGIN.top - MARGIN.bottom);
  const line = (name, series) => drawing("path", { class: name, d: path(face.time_s, series, x, y) });
  const level = threshold === null ? line("threshold", face.threshold)
    : drawing("line", { class: "threshold chosen", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(threshold), y2: y(threshold) });
  const unseen = [...unseenSpans(face, window, step), ...gaps.map((gap) => [gap.time_s - gap.missing_s, gap.time_s])];
  const inside = drawing(
    "g", { "clip-path": "url(#plot)" },
    ...unseen.map(([from, to]) => drawing("rect", { class: "unseen-span", x: x(from), y: top + MARGIN.top - 4, width: Math.max(1, x(to) - x(from)), height: PANEL - MARGIN.top - MARGIN.bottom + 4 })),
    ...items.map((item) => band(item, top, bottom, x)),
    level,
    ...Object.values(face.parts ?? {}).map((series, index) => line(`curve part part-${index}`, series)),
    line("curve", face.score), ...points(face, x, y, step),
    ...peaks.map((peak) => peakMark(peak, x, y)),
    ...items.map((item) => hit(item, top, bottom, x)),
  );
  const scores = roundScores(most);
  const levels = scores.slice(1).map((value) => drawing("line", { class: "axis", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }));
  const marks = scores.map((value) => drawing("text", { x: MARGIN.left - 5, y: y(value) + 4, "text-anchor": "end" }, scoreText(value)));
  return drawing(
    "g", {}, ...levels, inside,
    drawing("line", { class: "axis", x1: MARGIN.left, x2: width - MARGIN.right, y1: bottom, y2: bottom }),
    drawing("text", { class: "face", x: MARGIN.left, y: top + 15 }, `Face ${face.face_id}`), ...marks,
  );
}

function box(item, top, bottom, x, least) {
  const [left, right] = [x(item.onset_s), x(item.offset_s)];
  const wide = Math.max(least, right - left);
  return { x: (left + right - wide) / 2, y: top + MARGIN.top - 4, width: wide, height: bottom - top - MARGIN.top + 4 };
}

function band(item, top, bottom, x) {
  const area = box(item, top, bottom, x, 3);
  const apex = item.apex_s === null ? [] : [drawing("line", { class: "apex", x1: x(item.apex_s), x2: x(item.apex_s), y1: area.y, y2: area.y + 7 })];
  const sign = SIGNS[item.verdict];
  return drawing(
    "g", { class: `event-band ${item.kind || "micro"} ${item.verdict || "undecided"} ${item.below ? "below" : ""} ${item.weak ? "weak" : ""}`, "data-event": item.event },
    drawing("rect", { class: "event", ...area }), ...apex, drawing("rect", { class: "frame", ...area }),
    ...(sign ? [drawing("text", { class: "sign", x: area.x + area.width / 2, y: area.y - 3, "text-anchor": "middle" }, sign)] : []),
  );
}

/** The area in which a movement can be clicked or touched; it can be wider than the band. */
function hit(item, top, bottom, x) {
  const title = drawing("title", {}, `${formatSeconds(item.apex_s ?? item.onset_s, 2)}, ${item.part ?? "your movement"}`);
  return drawing("rect", { class: "hit", "data-hit": item.event, ...box(item, top, bottom, x, LEAST_HIT) }, title);
}

function peakMark(peak, x, y) {
  const [across, down] = [x(peak.time_s), y(peak.score)];
  const title = drawing("title", {}, `peak of ${peak.score.toFixed(1)} at ${formatSeconds(peak.time_s, 2)}`);
  return drawing("path", { class: "peak", d: `M${across} ${down - 3}l-5 -8h10z` }, title);
}

/** Each frame as a point, where there is room. */
function points(face, x, y, step) {
  if (x(step) - x(0) < FRAME_DISTANCE || !face.frame) return [];
  return face.score.flatMap((value, index) =>
    (value === null ? [] : [drawing("circle", { class: "sample", cx: x(face.time_s[index]), cy: y(value), r: 2 })]));
}

/** A line through the points, with a gap where a value is missing. */
function path(times, values, x, y) {
  let pen = "M";
  const steps = [];
  values.forEach((value, index) => {
    if (value === null) {
      pen = "M";
      return;
    }
    steps.push(`${pen}${x(times[index]).toFixed(1)} ${y(value).toFixed(1)}`);
    pen = "L";
  });
  return steps.join("");
}

/** Where the face is not seen, or was seen too briefly for a score: from and to, in seconds. */
export function unseenSpans(face, { from, to }, step) {
  const known = face.time_s.flatMap((time, index) => (time === null || face.score[index] === null ? [] : [{ time, index }]));
  if (!known.length) return [[from, to]];
  const spans = [];
  // A point can stand for several frames.
  const wide = 3 * Math.max(step, (known.at(-1).time - known[0].time) / known.length);
  if (known[0].time - from > wide) spans.push([from, known[0].time]);
  known.slice(1).forEach((point, place) => {
    if (point.index - known[place].index > 1) spans.push([known[place].time, point.time]);
  });
  if (to - known.at(-1).time > wide) spans.push([known.at(-1).time, to]);
  return spans;
}

function axis({ from, to }, x, width, height) {
  const most = Math.max(2, Math.floor(width / 90));
  const step = STEPS.find((size) => (to - from) / size <= most) ?? 3600;
  const decimals = step < 0.1 ? 2 : step < 1 ? 1 : 0;
  const labels = [];
  for (let index = Math.ceil(from / step); index * step <= to; index += 1) {
    const at = x(index * step);
    const anchor = at < MARGIN.left + 30 ? "start" : at > width - 30 ? "end" : "middle";
    labels.push(drawing("line", { class: "axis", x1: at, x2: at, y1: height - AXIS, y2: height - AXIS + 5 }));
    labels.push(drawing("text", { x: at, y: height - 5, "text-anchor": anchor }, formatSeconds(index * step, decimals)));
  }
  return drawing("g", {}, ...labels);
}
