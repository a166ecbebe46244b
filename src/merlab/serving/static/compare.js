// One movement in one picture: onset and apex in turn, their difference amplified, the movement in colors, the face in a slow loop.
import { button, element } from "./basics.js";
import { drawArrows, drawScale, flowLegend, movementField } from "./flow.js";
import { faceLoop } from "./face_loop.js";

const [WIDTH, HEIGHT] = [231, 282];
const SCALE = 2;
// At most three flashes per second are safe (WCAG 2.3.1), which is six changes.
const RATE = { least: 1, most: 6, first: 2 };
const MOST_AMPLIFIED = 20;
const LENGTHENED = { least: 5, most: 40, first: 15 };
const ZOOM_MARGIN = 0.25;
const MODES = {
  turn: ["Onset and apex", "The same face at the onset and at the apex. Only what differs moves."],
  difference: ["Difference", "Where the apex is brighter or darker than the onset. A change of the light on the whole face is left out."],
  arrows: ["Arrows", "How far each place moves from onset to apex, without the movement of the head."],
  flow: ["Colors", "How far each place moves from onset to apex, without the movement of the head."],
  loop: ["Face, slowly", "The face from before the onset to after the offset, at a quarter of the speed."],
};

/** A view of an event with pictures. ``film`` is the address of the video, or null. */
export function makeComparison(shown, event, sources, film) {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const canvas = element("canvas", { width: WIDTH * SCALE, height: HEIGHT * SCALE, role: "img" });
  const buffer = element("canvas", { width: WIDTH, height: HEIGHT });
  const stage = element("div", { class: "stage" }, canvas);
  const caption = element("p", { class: "quiet" });
  const state = { mode: "turn", side: "onset", zoomed: false, rate: RATE.first, amplified: 1, lengthened: LENGTHENED.first, timer: null, pictures: null };
  const flicker = button("Flicker", toggle, { title: "Show onset and apex in turn (F)", "aria-pressed": "false" });
  const swapping = button("Show the apex", swap, { title: "Show the other picture (S)" });
  const zooming = button(`Zoom to: ${event.part}`, zoom, { title: "Zoom to the part that moved (Z)", "aria-pressed": "false" });
  const rate = slider("Changes per second", RATE.least, RATE.most, RATE.first, (value) => { state.rate = value; if (state.timer) restart(); });
  const amplify = slider("Amplify", 1, MOST_AMPLIFIED, 1, (value) => { state.amplified = value; paint(); }, (value) => (value === 1 ? "as it is" : `${value} times`));
  const lengthen = slider("Length of arrows", LENGTHENED.least, LENGTHENED.most, LENGTHENED.first, (value) => { state.lengthened = value; paint(); },
    (value) => `${value} times the movement`);
  const legend = flowLegend(shown.flow_scale);
  const modes = chooser(["turn", "difference", ...(shown.flow_scale ? ["arrows"] : []), "flow", ...(film ? ["loop"] : [])], setMode);
  const turning = element("span", { class: "row" }, flicker, swapping);
  const node = element("div", { class: "compare" }, modes, stage, element("div", { class: "row" }, zooming, turning), rate, amplify, lengthen, legend, caption);
  load();
  setMode("turn");
  return { node, toggle, swap, zoom };

  async function load() {
    try {
      state.pictures = await readPictures(sources);
      paint();
    } catch {
      stage.replaceChildren(element("p", { class: "quiet" }, "The pictures of this movement cannot be shown."));
    }
  }

  function setMode(mode) {
    stop();
    state.mode = mode;
    turning.hidden = rate.hidden = mode !== "turn";
    amplify.hidden = mode !== "turn" && mode !== "difference";
    lengthen.hidden = mode !== "arrows";
    zooming.hidden = mode === "loop";
    legend.hidden = mode !== "flow";
    const most = shown.flow_scale?.full_px;
    caption.textContent = MODES[mode][1] + (mode === "arrows" ? ` A movement of more than ${most} px is shown as ${most} px.` : "");
    stage.replaceChildren(mode === "loop" ? faceLoop(film, shown.video, event) : canvas);
    paint();
  }

  function toggle() {
    if (state.mode !== "turn") modes.querySelector("input").click();
    // Who asked the system for less motion changes the picture by hand.
    if (still.matches) swap();
    else if (state.timer) stop();
    else restart();
  }

  function restart() {
    clearInterval(state.timer);
    state.timer = setInterval(() => (canvas.isConnected ? turn() : stop()), 1000 / state.rate);
    flicker.setAttribute("aria-pressed", "true");
  }

  function stop() {
    clearInterval(state.timer);
    state.timer = null;
    flicker.setAttribute("aria-pressed", "false");
  }

  function swap() {
    if (state.mode !== "turn") modes.querySelector("input").click();
    stop();
    turn();
  }

  function turn() {
    state.side = state.side === "onset" ? "apex" : "onset";
    paint();
  }

  function zoom() {
    state.zoomed = !state.zoomed;
    zooming.setAttribute("aria-pressed", String(state.zoomed));
    paint();
  }

  function paint() {
    if (!state.pictures || state.mode === "loop") return;
    const view = state.zoomed ? zoomBox(shown.part_boxes[event.part]) : { x: 0, y: 0, width: WIDTH, height: HEIGHT };
    const context = canvas.getContext("2d");
    const picture = state.mode === "flow" ? state.pictures.flow : computed();
    context.drawImage(picture, view.x, view.y, view.width, view.height, 0, 0, canvas.width, canvas.height);
    if (state.mode === "arrows") {
      drawArrows(context, movementField(pixels(state.pictures.flow), shown.flow_scale), view, state.lengthened);
      drawScale(context, view, state.lengthened);
    }
    if (state.mode === "flow" && shown.flow_scale) drawScale(context, view, shown.flow_scale.arrow_length);
    const moved = "movement from onset to apex";
    const words = { turn: state.side, difference: "difference of onset and apex", arrows: `${moved}, arrows`, flow: `${moved}, colors` }[state.mode];
    canvas.setAttribute("aria-label", state.zoomed ? `${words}, ${event.part}` : words);
    if (state.mode === "turn") drawWord(context, state.side);
    swapping.textContent = `Show the ${state.side === "onset" ? "apex" : "onset"}`;
  }

  function computed() {
    const { onset, apex } = state.pictures;
    const amplified = state.mode === "difference" ? difference(onset, apex, state.amplified)
      : state.mode === "turn" && state.side === "apex" ? amplifiedApex(onset, apex, state.amplified) : onset;
    buffer.getContext("2d").putImageData(amplified, 0, 0);
    return buffer;
  }
}

/** The pixels of onset and apex, and the picture of the movement; ``sources`` has their addresses. */
async function readPictures(sources) {
  const [onset, apex, flow] = await Promise.all(["onset", "apex", "flow"].map(async (name) => {
    const image = new Image();
    image.src = sources[name];
    await image.decode();
    return image;
  }));
  return { onset: pixels(onset), apex: pixels(apex), flow };
}

function pixels(image) {
  const context = element("canvas", { width: WIDTH, height: HEIGHT }).getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0, WIDTH, HEIGHT);
  return context.getImageData(0, 0, WIDTH, HEIGHT);
}

/** The apex with its difference from the onset so many times as large; once is the apex itself. */
function amplifiedApex(onset, apex, times) {
  const light = meanDifference(onset.data, apex.data);
  const made = new ImageData(WIDTH, HEIGHT);
  made.data.set(apex.data.map((after, at) => (at % 4 === 3 ? 255 : after + (times - 1) * (after - onset.data[at] - light))));
  return made;
}

/** Gray where nothing differs. */
function difference(onset, apex, times) {
  const light = meanDifference(onset.data, apex.data);
  const made = new ImageData(WIDTH, HEIGHT);
  for (let at = 0; at < onset.data.length; at += 4) {
    const sum = [0, 1, 2].reduce((total, channel) => total + apex.data[at + channel] - onset.data[at + channel], 0);
    const gray = 128 + times * (sum / 3 - light);
    made.data.set([gray, gray, gray, 255], at);
  }
  return made;
}

function meanDifference(onset, apex) {
  let sum = 0;
  for (let at = 0; at < onset.length; at += 1) sum += apex[at] - onset[at];
  return sum / (onset.length * 0.75);
}

/** A part of the face with a margin, in the proportions of the whole picture and inside it. */
function zoomBox(part) {
  if (!part) return { x: 0, y: 0, width: WIDTH, height: HEIGHT };
  const [left, top, right, bottom] = part.map((share, index) => share * (index % 2 ? HEIGHT : WIDTH));
  const share = Math.min(1, (1 + 2 * ZOOM_MARGIN) * Math.max((right - left) / WIDTH, (bottom - top) / HEIGHT));
  const [width, height] = [share * WIDTH, share * HEIGHT];
  const inside = (middle, size, whole) => Math.min(whole - size, Math.max(0, middle - size / 2));
  return { x: inside((left + right) / 2, width, WIDTH), y: inside((top + bottom) / 2, height, HEIGHT), width, height };
}

function drawWord(context, word) {
  context.font = "600 22px system-ui, sans-serif";
  context.lineWidth = 5;
  context.strokeStyle = "#000c";
  context.fillStyle = "#fff";
  context.strokeText(word, 12, 32);
  context.fillText(word, 12, 32);
}

function slider(title, least, most, first, changed, inWords = (value) => String(value)) {
  const output = element("output", {}, inWords(first));
  const input = element("input", { type: "range", min: least, max: most, step: 1, value: first, oninput: () => {
    output.textContent = inWords(Number(input.value));
    changed(Number(input.value));
  } });
  return element("label", { class: "slider" }, `${title} `, input, output);
}

function chooser(names, changed) {
  const options = names.map((name, index) => {
    const input = element("input", { type: "radio", name: "mode", value: name, onchange: () => changed(name) });
    input.checked = index === 0;
    return element("label", {}, input, MODES[name][0]);
  });
  return element("fieldset", { class: "row modes" }, element("legend", { class: "unseen" }, "What the picture shows"), ...options);
}

