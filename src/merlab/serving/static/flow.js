// The key to the picture of a movement: its colors, and the length of its arrows.
import { element } from "./basics.js";

const SIDE = 88;

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

/** The length of an arrow for 1 px of movement; ``zoom`` is pixels of the canvas per pixel of the face. */
export function drawScale(context, scale, zoom) {
  if (!scale) return;
  const length = scale.arrow_length * zoom;
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
