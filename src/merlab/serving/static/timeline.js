// The timeline: one panel per face with its motion score over time, the threshold, and a band for each movement.
import { drawing, element, formatSeconds } from "./basics.js";

const PANEL = 120;
const MARGIN = { left: 34, right: 10, top: 24, bottom: 4 };
const AXIS = 24;
const LEAST_HIT = 16;

/** Draw into a container, again whenever its width changes. ``open`` is called with the clicked event. Returns a function that marks a time. */
export function drawTimeline(container, view, open) {
  let drawnWidth = 0;
  let moment = null;
  const draw = () => {
    const width = Math.max(280, Math.round(container.clientWidth));
    if (width === drawnWidth) return;
    drawnWidth = width;
    const marked = container.querySelector(".current")?.dataset.event;
    container.replaceChildren(picture(view, width, open));
    mark(container, marked);
    point(container, view, moment);
  };
  new ResizeObserver(draw).observe(container);
  draw();
  return (seconds) => {
    moment = seconds;
    point(container, view, moment);
  };
}

/** Move the line that marks the current time of the video; null hides it. */
function point(container, view, seconds) {
  const line = container.querySelector(".now");
  line.toggleAttribute("hidden", seconds === null);
  if (seconds === null) return;
  const x = scale(view, container.querySelector("svg").viewBox.baseVal.width)(seconds);
  line.setAttribute("x1", x);
  line.setAttribute("x2", x);
}

/** Converts seconds of the video to the x coordinate of the picture. */
function scale(view, width) {
  const { start_s: start, seconds } = view.video;
  return (time) => MARGIN.left + ((time - start) / (seconds || 1)) * (width - MARGIN.left - MARGIN.right);
}

/** Highlight an event. */
export function mark(container, event) {
  for (const group of container.querySelectorAll("[data-event]")) {
    group.classList.toggle("current", group.dataset.event === event);
  }
}

function picture(view, width, open) {
  const height = view.faces.length * PANEL + AXIS;
  const seconds = view.video.seconds || 1;
  const x = scale(view, width);
  const panels = view.faces.map((face, index) => panel(face, index * PANEL, width, x, eventsOf(view, face), open));
  const now = drawing("line", { class: "now", hidden: "", y1: 0, y2: height - AXIS });
  const label = `Motion score of ${view.faces.length} face(s) over ${seconds.toFixed(1)} s with ${view.events.length} movement(s); the list below contains the same movements`;
  return drawing("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, ...panels, axis(view.video.start_s, seconds, x, width, height), now);
}

function eventsOf(view, face) {
  return view.events.filter((event) => event.face_id === face.face_id);
}

function panel(face, top, width, x, events, open) {
  const values = [...face.score, ...face.threshold].filter((value) => value !== null);
  const most = Math.max(...values, 1) * 1.05;
  const bottom = top + PANEL - MARGIN.bottom;
  const y = (value) => bottom - (value / most) * (PANEL - MARGIN.top - MARGIN.bottom);
  const marks = [0, most / 1.05].map((value) =>
    drawing("text", { x: MARGIN.left - 5, y: y(value) + (value ? 9 : 0), "text-anchor": "end" }, value.toFixed(value > 0 && value < 10 ? 1 : 0)));
  return drawing(
    "g", {},
    ...events.map((event) => band(event, top, bottom, x)),
    drawing("path", { class: "threshold", d: path(face.time_s, face.threshold, x, y) }),
    drawing("path", { class: "curve", d: path(face.time_s, face.score, x, y) }),
    drawing("line", { class: "axis", x1: MARGIN.left, x2: width - MARGIN.right, y1: bottom, y2: bottom }),
    drawing("text", { class: "face", x: MARGIN.left, y: top + 15 }, `Face ${face.face_id}`),
    ...marks,
    ...events.map((event) => hit(event, top, bottom, x, open)),
  );
}

function band(event, top, bottom, x) {
  const left = x(event.onset_s);
  const wide = Math.max(3, x(event.offset_s) - left);
  const box = { x: left, y: top + MARGIN.top - 4, width: wide, height: bottom - top - MARGIN.top + 4 };
  const apex = x(event.apex_s);
  return drawing(
    "g", { class: "event-band", "data-event": event.event },
    drawing("rect", { class: "event", ...box }),
    drawing("line", { class: "apex", x1: apex, x2: apex, y1: box.y, y2: box.y + 7 }),
    drawing("rect", { class: "frame", ...box }),
  );
}

/** The area in which an event can be clicked or touched; it can be wider than the band. */
function hit(event, top, bottom, x, open) {
  const middle = (x(event.onset_s) + x(event.offset_s)) / 2;
  const wide = Math.max(LEAST_HIT, x(event.offset_s) - x(event.onset_s));
  const area = { x: middle - wide / 2, y: top + MARGIN.top - 4, width: wide, height: bottom - top - MARGIN.top + 4 };
  const title = drawing("title", {}, `${formatSeconds(event.apex_s, 2)}, ${event.part}`);
  return drawing("rect", { class: "hit", ...area, onclick: () => open(event.event) }, title);
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

function axis(start, seconds, x, width, height) {
  const most = Math.max(2, Math.floor(width / 90));
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800].find((size) => seconds / size <= most) ?? 3600;
  const decimals = step < 1 ? 1 : 0;
  const labels = [];
  for (let index = Math.ceil(start / step); index * step <= start + seconds; index += 1) {
    const at = x(index * step);
    const anchor = at < MARGIN.left + 30 ? "start" : at > width - 30 ? "end" : "middle";
    labels.push(drawing("line", { class: "axis", x1: at, x2: at, y1: height - AXIS, y2: height - AXIS + 5 }));
    labels.push(drawing("text", { x: at, y: height - 5, "text-anchor": anchor }, formatSeconds(index * step, decimals)));
  }
  return drawing("g", {}, ...labels);
}

/** The meaning of the lines and bands. */
export function legend() {
  const sample = (...parts) => drawing("svg", { viewBox: "0 0 28 10", "aria-hidden": "true" }, ...parts);
  const line = (name) => sample(drawing("path", { class: name, d: "M1 5L27 5" }));
  const item = (picture, text) => element("span", {}, picture, text);
  return element(
    "div", { class: "legend timeline" },
    item(line("curve"), "motion score: how far the face moves and returns, in units of noise"),
    item(line("threshold"), "threshold"),
    item(sample(drawing("rect", { class: "event", x: 4, y: 0, width: 20, height: 10 })), "movement, from onset to offset"),
  );
}
