// The key to the picture of a movement: its colors, and the length of its arrows.
import { element } from "./basics.js";

const SIDE = 88;
const CELL = 15;
// px of the face; less is noise.
const LEAST = 0.3;
// In the picture, arrows are darker than every color.
const DARKEST = 150;

/** The color wheel with words, and what the arrows mean; empty where the scale is not known. */
export function flowLegend(scale) {
  if (!scale) return element("div", {});
  const wheel = element("canvas", { width: SIDE, height: SIDE, class: "wheel", role: "img", "aria-label": "color wheel: the color of each direction" });
  drawWheel(wheel);
  const place = (name, text) => element("span", { class: name }, text);
  return element(
    "div", { class: "row flow-legend" },
    element("div", { class: "compass" }, place("up", "up"), place("left", "left"), wheel, place("right", "right"), place("down", "down")),
    element("p", { class: "quiet" },
      `The color is the direction in the picture; the subject's right is on the left. It is full from ${scale.full_px} px on. `
      + `Arrows are ${scale.arrow_length} times as long as the movement. Pixels are those of the aligned face (231x282).`),
  );
}

/** The mean movement of each cell of the face, px, read from the colors of the picture of the movement (ImageData). */
export function movementField({ data, width, height }, { full_px: full }) {
  const field = [];
  for (let top = 0; top + CELL <= height; top += CELL) {
    for (let left = 0; left + CELL <= width; left += CELL) {
      const sum = { right: 0, down: 0, count: 0 };
      for (let place = 0; place < CELL * CELL; place += 1) {
        addPixel(sum, data, 4 * ((top + Math.floor(place / CELL)) * width + left + (place % CELL)), full);
      }
      const [right, down] = [sum.right / (sum.count || 1), sum.down / (sum.count || 1)];
      if (Math.hypot(right, down) >= LEAST) field.push({ x: left + CELL / 2, y: top + CELL / 2, right, down });
    }
  }
  return field;
}

/** The hue is the direction, the saturation the length. */
function addPixel(sum, data, at, full) {
  const [red, green, blue] = data.slice(at, at + 3);
  const most = Math.max(red, green, blue);
  const span = most - Math.min(red, green, blue);
  if (most < DARKEST) return;
  sum.count += 1;
  if (!span) return;
  const sixth = most === red ? (green - blue) / span : most === green ? 2 + (blue - red) / span : 4 + (red - green) / span;
  const [angle, length] = [(sixth * Math.PI) / 3, (full * span) / most];
  sum.right += length * Math.cos(angle);
  sum.down += length * Math.sin(angle);
}

/** Draw a field as arrows so many ``times`` as long; ``view`` is the part of the face that is shown. */
export function drawArrows(context, field, view, times) {
  const zoom = context.canvas.width / view.width;
  for (const [color, wide] of [["#fffc", 5], ["#a3003c", 2.5]]) {
    context.strokeStyle = color;
    context.lineWidth = wide;
    context.beginPath();
    for (const { x, y, right, down } of field) {
      addArrow(context, [(x - view.x) * zoom, (y - view.y) * zoom], [right * times * zoom, down * times * zoom]);
    }
    context.stroke();
  }
}

function addArrow(context, [x, y], [right, down]) {
  const [endX, endY] = [x + right, y + down];
  const [angle, tip] = [Math.atan2(down, right), Math.min(12, 4 + 0.3 * Math.hypot(right, down))];
  context.moveTo(x, y);
  context.lineTo(endX, endY);
  for (const turn of [2.6, -2.6]) {
    context.moveTo(endX, endY);
    context.lineTo(endX + tip * Math.cos(angle + turn), endY + tip * Math.sin(angle + turn));
  }
}

/** The length of an arrow for 1 px of movement, where arrows are so many ``times`` as long. */
export function drawScale(context, view, times) {
  const length = (times * context.canvas.width) / view.width;
  const [x, y] = [14, context.canvas.height - 16];
  context.fillStyle = "#fffd";
  context.fillRect(4, y - 34, Math.max(length, 50) + 22, 46);
  context.strokeStyle = "#111";
  context.fillStyle = "#111";
  context.lineWidth = 3;
  context.beginPath();
  for (const [fromX, fromY, toX, toY] of [[x, y, x + length, y], [x, y - 6, x, y + 6], [x + length, y - 6, x + length, y + 6]]) {
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
  }
  context.stroke();
  context.font = "18px system-ui, sans-serif";
  context.fillText("1 px", x, y - 12);
}

/** As the pictures are colored: red is a movement to the right, then follow down, left and up. */
function drawWheel(canvas) {
  const context = canvas.getContext("2d");
  const picture = new ImageData(SIDE, SIDE);
  const middle = (SIDE - 1) / 2;
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      const [right, down] = [(x - middle) / middle, (y - middle) / middle];
      const length = Math.hypot(right, down);
      const color = hueColor((Math.atan2(down, right) / (2 * Math.PI) + 1) % 1, length);
      picture.data.set([...color, length <= 1 ? 255 : 0], 4 * (y * SIDE + x));
    }
  }
  context.putImageData(picture, 0, 0);
}

/** Red, green and blue of a hue (0..1) with full value and this saturation. */
function hueColor(hue, saturation) {
  return [5, 3, 1].map((offset) => {
    const place = (offset + hue * 6) % 6;
    return 255 * (1 - saturation * Math.max(0, Math.min(place, 4 - place, 1)));
  });
}
