// One movement in detail: what moved comes first, the model's word follows, what the network looked at is folded away.
import { button, element, formatSeconds, pathOf } from "./basics.js";
import { makeComparison } from "./compare.js";

const MAPS = {
  attention: "Attention: where the network gives its features a high weight.",
  "Grad-CAM": "Grad-CAM: where the score of the most probable class depends on the features.",
};

/** The view of a movement, with the ``video`` and ``deciding`` beside it. Returns the node, and the comparison of its pictures or null. */
export function movementView(shown, movement, video, deciding, film, { watch, close }) {
  const title = element("h3", { tabindex: "-1" }, headingOf(movement));
  const sources = sourcesOf(shown, movement);
  const comparison = sources ? makeComparison(shown, movement, sources, film) : null;
  const node = element(
    "article", { class: "event-view", "aria-label": "The open movement" },
    element("div", { class: "row" }, title, element("span", { class: "row" },
      ...(film ? [button("Watch it slowly", watch, { class: "plain watch" })] : []), button("Close", close))),
    ...kind(movement), ...(movement.moved ? [leading(movement)] : []),
    element("div", { class: "two" },
      ...(movement.moved ? [element("div", {}, ...(comparison ? [comparison.node] : []), ...details(shown, movement)), element("div", {}, video, deciding)]
        : [element("div", {}, video, ...(movement.weak ? [facts(movement)] : [])), deciding])),
  );
  return { node, comparison };
}

/** The title of the view of a movement. */
export function headingOf(movement) {
  const what = movement.own ? "your movement" : movement.part;
  return `${formatSeconds(movement.apex_s ?? movement.onset_s, 2)}: ${what}, face ${movement.face_id}`;
}

/** The addresses of the three pictures; null where one is missing. */
function sourcesOf(shown, movement) {
  const file = (name) => movement.pictures?.find((picture) => picture.file.endsWith(`/${name}.png`))?.file;
  const files = Object.fromEntries(["onset", "apex", "flow"].map((name) => [name, file(name)]));
  if (Object.values(files).some((each) => !each)) return null;
  return Object.fromEntries(Object.entries(files).map(([name, each]) => [name, pathOf("api/jobs", shown.id, "files", each)]));
}

/** A sentence about a movement that is not a micro-expression. */
function kind(movement) {
  const sentence = {
    macro: "A macro-expression: it lasts longer than a micro-expression.",
    other: `Maybe not an expression: ${movement.why_other}.`,
  }[movement.kind];
  return sentence ? [element("p", { class: "kind" }, sentence)] : [];
}

/** What moved, in px and in action units. */
function leading(movement) {
  const parts = movement.moved.map(({ part, px, direction }) => element("li", {}, element("strong", {}, part), ` ${px.toFixed(2)} px ${direction}`));
  return element(
    "div", { class: "two leading" },
    element("div", {}, element("h4", {}, "What moved"), parts.length ? element("ul", {}, ...parts) : element("p", {}, "No part moved by more than the noise.")),
    element("div", {}, element("h4", {}, "Consistent with"), ...units(movement)),
  );
}

function units({ units: found }) {
  if (!found.length) return [element("p", {}, "No action unit explains the movement.")];
  const items = found.map(({ number, name, side, px }) => element(
    "li", {}, element("strong", {}, `AU${number}`), ` ${name}${side ? `, ${side === "both" ? "both sides" : side}` : ""}: ${px.toFixed(2)} px`,
  ));
  return [
    element("ul", { class: "units" }, ...items),
    element("p", { class: "quiet" },
      "The number is the largest movement in the aligned face that this unit explains, in px. It is not an intensity of FACS."),
  ];
}

/** The frames and the score; the model's word; the maps. */
function details(shown, movement) {
  return [
    facts(movement), ...modelWord(shown, movement),
    element("details", {}, element("summary", {}, "Probability of each class"), chances(movement)),
    ...looked(shown, movement),
  ];
}

function facts(movement) {
  const moment = (name) => `${movement[`${name}_s`].toFixed(3)} s (frame ${movement[name]})`;
  const rows = {
    "Found at": `${moment("onset")} to ${moment("offset")}, apex ${moment("apex")}`,
    Duration: `${movement.duration_s.toFixed(2)} s`,
    Score: `${movement.score.toFixed(1)} in units of noise (of a brief movement times its likeness to that of a face)`,
  };
  return element("dl", {}, ...Object.entries(rows).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

/** The class in gray, or why none is named. */
function modelWord(shown, movement) {
  const stamps = shown.stamps.flatMap((stamp) => [" ", element("span", { class: "stamp" }, stamp)]);
  if (movement.class) {
    return [element("p", { class: "quiet model-word" }, `The model's word: “${movement.class}”, probability ${probabilityText(movement.probability)}`, ...stamps)];
  }
  return [
    element("p", { class: "quiet model-word" }, "The model's word is withheld:", ...stamps),
    element("ul", { class: "quiet withheld" }, ...movement.withheld.map((sentence) => element("li", {}, sentence))),
  ];
}

/** As in the report: a probability is never shown as 0 or 1. */
export function probabilityText(value) {
  return value < 0.01 ? "below 0.01" : Math.min(value, 0.99).toFixed(2);
}

function chances(movement) {
  const sorted = Object.entries(movement.probabilities).sort((one, other) => other[1] - one[1]);
  const rows = sorted.map(([name, value]) => {
    const bar = element("div");
    bar.style.width = `${(100 * value).toFixed(1)}%`;
    return element(
      "li", {}, element("span", {}, name), element("div", { class: "bar", "aria-hidden": "true" }, bar),
      element("span", { class: "value" }, probabilityText(value)),
    );
  });
  return element("ul", { class: "chances", "aria-label": "Probability of each class" }, ...rows);
}

/** The maps of the network, folded away, with a sentence for each kind. */
function looked(shown, movement) {
  const maps = movement.pictures.filter((picture) => /\/map-\d+\.png$/.test(picture.file));
  if (!maps.length) return [];
  const kinds = Object.keys(MAPS).filter((kind) => maps.some(({ title }) => title.startsWith(kind)));
  const figures = maps.map(({ title, file }) => element(
    "figure", {},
    element("img", { src: pathOf("api/jobs", shown.id, "files", file), alt: title, loading: "lazy" }), element("figcaption", {}, title),
  ));
  return [element(
    "details", { class: "looked" }, element("summary", {}, "What the network looked at"),
    ...kinds.map((kind) => element("p", { class: "quiet" }, MAPS[kind])),
    element("p", { class: "quiet" }, "Bright is high. A map gives no reason, and a wrong class has maps as well."),
    element("div", { class: "pictures" }, ...figures),
  )];
}
