// The timeline: click to seek or open, zoom, drag; curves of the parts of the face; a threshold that redraws at once.
import { button, counted, drawing, element, formatSeconds, pathOf, request } from "./basics.js";
import { chart, MARGIN, scale, unseenSpans } from "./chart.js";
import { furtherPeaks, highest, usual } from "./peaks.js";
import { heightOf, scoreAt } from "./score_scale.js";

const CLOSER = 2;
const SHORTEST = 0.2;
const DRAG_PX = 5;
const DETAIL_MS = 150;
// The curve of the whole video has at most 1500 points for each face.
const FINE_POINTS = 1000;
// Of the slider, up to a score of 5 times the noise.
const STEPS = 50;

/** A timeline. ``items`` returns the movements; ``open``, ``seek`` and ``step`` are called on clicks and keys, ``chosen`` on a threshold. */
export function makeTimeline(shown, { items, open, seek, step, chosen }) {
  const { start_s: start, seconds, fps } = shown.video;
  const whole = { from: start, to: start + (seconds || 1) };
  const state = { window: whole, detail: null, parts: false, weak: false, threshold: null, moment: null, current: "", width: 0, asked: 0, timer: null };
  const plot = element("div", {
    class: "timeline", role: "slider", tabindex: "0", "aria-label": "Position in the video; arrow keys go by frames, plus and minus change the zoom",
    "aria-valuemin": whole.from, "aria-valuemax": whole.to, "aria-valuenow": whole.from,
  });
  const panels = element("div", { class: "panels" }, plot);
  const shownWindow = element("span", { class: "quiet timeline-window" });
  const { node: slider, report } = thresholdSlider(shown.faces, (value) => { state.threshold = value; chosen(); redraw(); });
  const parts = element("input", { type: "checkbox", onchange: () => { state.parts = parts.checked; fetchDetail(); } });
  const node = element(
    "div", {},
    element("div", { class: "row" },
      button("Closer", () => zoom(CLOSER), { title: "Zoom in (+)" }), button("Farther", () => zoom(1 / CLOSER), { title: "Zoom out (-)" }),
      button("Whole video", () => look(whole), { title: "The whole video (0)" }), shownWindow,
      element("label", {}, parts, "Curve of each part"), ...weakBox(shown.weak, (on) => { state.weak = on; chosen(); redraw(); })),
    panels, legend(shown), slider,
  );
  listen();
  new ResizeObserver(() => { if (plot.clientWidth !== state.width) redraw(); }).observe(plot);
  return { node, point, mark, redraw, zoom, whole: () => look(whole), get threshold() { return state.threshold; }, get weak() { return state.weak; } };

  function redraw() {
    state.width = plot.clientWidth;
    const faces = state.detail ?? shown.faces;
    const all = items();
    const peaks = state.threshold === null ? [] : furtherPeaks(faces, all, state.threshold);
    plot.replaceChildren(chart({
      window: state.window, width: Math.max(280, state.width), faces: faces.length ? faces : shown.faces, items: all,
      gaps: shown.video.gaps, peaks, threshold: state.threshold, step: 1 / fps,
    }));
    report(state.threshold, count(all.filter((item) => !item.below)), count(all), peaks.length);
    const { from, to } = state.window;
    shownWindow.textContent = state.window === whole ? "" : `${formatSeconds(from, 2)} to ${formatSeconds(to, 2)}`;
    mark(state.current);
    drawNow();
  }

  /** Highlight a movement, and show its panel where it is another one. */
  function mark(event) {
    const isOther = event !== state.current;
    state.current = event;
    for (const group of plot.querySelectorAll("[data-event]")) group.classList.toggle("current", group.dataset.event === event);
    const band = plot.querySelector(".current .event")?.getBoundingClientRect();
    const area = panels.getBoundingClientRect();
    if (isOther && band && (band.top < area.top || band.bottom > area.bottom)) panels.scrollTop += band.top - area.top - area.height / 2;
  }

  /** Move the line that marks the current time of the video; the window follows it. */
  function point(time) {
    state.moment = time;
    const { from, to } = state.window;
    if (time < from || time > to) look(shifted(state.window, time - (from + to) / 2));
    drawNow();
  }

  function drawNow() {
    const line = plot.querySelector(".now");
    if (!line || state.moment === null) return;
    line.removeAttribute("hidden");
    const x = scale(state.window, Math.max(280, state.width))(state.moment);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    plot.setAttribute("aria-valuenow", state.moment.toFixed(3));
    // As exact as the steps of the fastest cameras.
    plot.setAttribute("aria-valuetext", formatSeconds(state.moment, 3));
  }

  /** Show a window of time, inside the video. */
  function look({ from, to }) {
    const long = Math.min(whole.to - whole.from, Math.max(SHORTEST, to - from));
    const first = Math.min(whole.to - long, Math.max(whole.from, from));
    state.window = long >= whole.to - whole.from ? whole : { from: first, to: first + long };
    state.detail = state.parts || fine() ? state.detail : null;
    redraw();
    clearTimeout(state.timer);
    state.timer = setTimeout(fetchDetail, DETAIL_MS);
  }

  function zoom(times, at = state.moment ?? (state.window.from + state.window.to) / 2) {
    const { from, to } = state.window;
    const inside = at >= from && at <= to ? at : (from + to) / 2;
    look({ from: inside - (inside - from) / times, to: inside + (to - inside) / times });
  }

  function fine() {
    return state.window !== whole && shown.faces.some((face) => face.time_s.length > FINE_POINTS || state.parts);
  }

  /** Read the curves of the window in full detail, where the page does not have them. */
  async function fetchDetail() {
    const asked = (state.asked += 1);
    let detail = null;
    if (state.parts || fine()) {
      // A little more, so that the lines reach the edges.
      const more = (state.window.to - state.window.from) / 10;
      const [from, to] = [state.window.from - more, state.window.to + more];
      const found = await request(`${pathOf("api/jobs", shown.id, "curves")}?start_s=${from}&end_s=${to}`).catch(() => []);
      const kept = new Map(found.map((face) => [face.face_id, state.parts ? face : { ...face, parts: {} }]));
      const empty = { time_s: [], score: [], threshold: [], parts: {} };
      detail = shown.faces.map(({ face_id }) => kept.get(face_id) ?? { face_id, ...empty });
    }
    if (asked !== state.asked) return;
    state.detail = detail;
    redraw();
    showParts(node, state.parts ? Object.keys(detail?.find((face) => Object.keys(face.parts).length)?.parts ?? {}) : null);
  }

  function timeAt(event) {
    const area = plot.getBoundingClientRect();
    const inner = area.width - MARGIN.left - MARGIN.right;
    const share = Math.min(1, Math.max(0, (event.clientX - area.left - MARGIN.left) / inner));
    return state.window.from + share * (state.window.to - state.window.from);
  }

  function listen() {
    let drag = null;
    plot.addEventListener("pointerdown", (event) => { drag = { x: event.clientX, window: state.window, moved: false, target: event.target }; });
    plot.addEventListener("pointermove", (event) => {
      if (!drag || !event.buttons) return;
      const by = event.clientX - drag.x;
      if (!drag.moved && Math.abs(by) < DRAG_PX) return;
      drag.moved = true;
      plot.setPointerCapture(event.pointerId);
      look(shifted(drag.window, (-by / plot.clientWidth) * (drag.window.to - drag.window.from)));
    });
    plot.addEventListener("pointerup", (event) => {
      if (drag && !drag.moved) {
        const name = drag.target.dataset?.hit;
        if (name) open(name);
        else seek(timeAt(event));
      }
      drag = null;
    });
    plot.addEventListener("dblclick", (event) => zoom(2 * CLOSER, timeAt(event)));
    plot.addEventListener("wheel", (event) => {
      // The wheel alone scrolls the page.
      if (!event.ctrlKey && !event.shiftKey) return;
      event.preventDefault();
      if (event.ctrlKey) zoom(event.deltaY < 0 ? 1.25 : 0.8, timeAt(event));
      else look(shifted(state.window, Math.sign(event.deltaY || event.deltaX) * (state.window.to - state.window.from) / 8));
    }, { passive: false });
    plot.addEventListener("keydown", (event) => {
      const moment = state.moment ?? whole.from;
      const second = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const to = { Home: whole.from, End: whole.to, PageUp: moment - 10, PageDown: moment + 10 }[event.key];
      if (second && event.shiftKey) seek(Math.min(whole.to, Math.max(whole.from, moment + second)));
      else if (second) step(second);
      else if (to !== undefined) seek(Math.min(whole.to, Math.max(whole.from, to)));
      else return;
      event.preventDefault();
    });
  }
}

/** How many of these movements are the machine's. */
function count(items) {
  return items.filter((item) => !item.own && !item.weak).length;
}

/** A box that shows weak candidates, where there are some. */
function weakBox(weak, changed) {
  const box = element("input", { type: "checkbox", onchange: () => changed(box.checked) });
  return weak.length ? [element("label", {}, box, `Weak candidates (${weak.length})`)] : [];
}

function shifted({ from, to }, by) {
  return { from: from + by, to: to + by };
}

/** A slider for a threshold of the user's own; ``chosen`` is called with it, or with null for that of the machine. */
function thresholdSlider(faces, chosen) {
  const found = usual(faces);
  const steps = (score) => STEPS * heightOf(score);
  const output = element("output", { for: "least-score" });
  const input = element("input", { id: "least-score", type: "range", min: 0, max: Math.ceil(steps(highest(faces))), value: steps(found), oninput: () => chosen(scoreAt(Number(input.value) / STEPS)) });
  const reset = button("As found", () => { input.value = steps(found); chosen(null); });
  const node = element("div", { class: "row slider" }, element("label", { for: "least-score" }, "Threshold "), input, output, reset);
  return { node, report: (value, above, all, peaks) => {
    reset.hidden = value === null;
    output.textContent = value === null ? "as found" : `${value.toFixed(1)} times the noise: ${above} of ${counted(all, "movement")}, and ${counted(peaks, "further peak")}`;
    input.setAttribute("aria-valuetext", output.textContent);
  } };
}

/** The names of the curves of the parts; null removes them. */
function showParts(node, names) {
  const place = node.querySelector(".part-names");
  const line = (index) => drawing("svg", { viewBox: "0 0 28 10", "aria-hidden": "true" }, drawing("path", { class: `curve part part-${index}`, d: "M1 5L27 5" }));
  place.replaceChildren(...(names?.length === 0 ? ["This result has no scores of the parts."] : (names ?? []).map((name, index) => element("span", {}, line(index), name))));
}

/** The meaning of the lines and bands. */
function legend(shown) {
  const sample = (...parts) => drawing("svg", { viewBox: "0 0 28 10", "aria-hidden": "true" }, ...parts);
  const line = (name) => sample(drawing("path", { class: name, d: "M1 5L27 5" }));
  const block = (name) => sample(drawing("rect", { class: name, x: 4, y: 0, width: 20, height: 10 }));
  const item = (picture, text) => element("span", {}, picture, text);
  const { start_s: from, seconds, fps, gaps } = shown.video;
  const gapped = gaps.length || shown.faces.some((face) => unseenSpans(face, { from, to: from + seconds }, 1 / fps).length);
  return element(
    "div", { class: "legend timeline" },
    item(line("curve"), "motion score: how far the face moves and returns, in units of noise (above 5, the scale is logarithmic)"), item(line("threshold"), "threshold"),
    item(block("event"), "micro-expression, from onset to offset, with a mark at the apex"), item(block("event other"), "other movement"), element("span", {}, "✓ accepted, ✗ rejected, ↔ moved, + added"),
    ...(gapped ? [item(block("unseen-block"), "face not seen, or time missing")] : []), element("span", { class: "part-names" }),
  );
}
