// One result: stamps and warnings, the timeline, the video, the movements, one movement in detail, the files.
import { element, formatBytes, formatSeconds, pathOf, request } from "./basics.js";
import { makePlayer } from "./player.js";
import { drawTimeline, legend, mark } from "./timeline.js";

const OVERLAY = "overlay.mp4";
let shown = null;
let player = null;

/** Show the result of a job in a section, and one of its events if a name is given. */
export async function showResult(section, job, eventName) {
  if (job.state !== "done") {
    shown = null;
    section.replaceChildren(back(), heading(job.name), element("p", {}, `This video is ${job.state}. ${job.error ?? ""}`));
    return;
  }
  if (shown?.id !== job.id || !section.hasChildNodes()) {
    const [about, faces, events] = await Promise.all(
      ["result", "frames", "events"].map((part) => request(pathOf("api/jobs", job.id, part))),
    );
    shown = { id: job.id, ...about, faces, events };
    build(section, job);
  }
  openEvent(section, eventName);
}

function build(section, job) {
  const timeline = element("div", { class: "timeline" });
  let point = () => {};
  const filmed = job.files.some((file) => file.name === OVERLAY);
  player = filmed ? makePlayer(pathOf("api/jobs", job.id, "files", OVERLAY), shown.video.slowed, (moment) => point(moment)) : null;
  section.replaceChildren(
    back(), heading(job.name), element("p", { class: "quiet" }, summary()), ...notes(),
    element("h3", {}, "Timeline"), timeline, legend(),
    ...(player ? [element("div", { class: "film" }, player.video)] : []),
    element("h3", { id: "events-title" }, `Movements (${shown.events.length})`),
    shown.events.length
      ? element("p", { class: "quiet keys" }, "Select a movement with the arrow keys, and open it with Enter.")
      : element("p", {}, "No brief movement was stronger than the usual motion of the face."),
    eventList(), element("div", { class: "opened" }), ...downloads(job),
  );
  if (shown.faces.length) point = drawTimeline(timeline, shown, goTo);
  else timeline.append(element("p", { class: "banner" }, "No face was found in this video."));
}

function back() {
  return element("p", {}, element("a", { href: "#" }, "← All videos"));
}

function heading(name) {
  return element("h2", { id: "result-title", tabindex: "-1" }, name);
}

function summary() {
  const { video, model } = shown;
  const trained = model.trained_on?.database ? `, trained on ${model.trained_on.database}` : "";
  return `${formatSeconds(video.seconds, 1)} at ${Number(video.fps.toFixed(3))} frames per second, ${video.width}x${video.height} pixels; `
    + `recognizer ${model.method} (${model.preset})${trained}`;
}

function notes() {
  const banners = [];
  if (shown.stamps.length) {
    banners.push(element("p", { class: "banner" }, ...stamps(), " The results carry these stamps; the report explains each."));
  }
  if (shown.warnings.length) {
    const lines = shown.warnings.map((warning) => element("li", {}, warning));
    banners.push(element("div", { class: "banner" }, element("strong", {}, "Limits of this result"), element("ul", {}, ...lines)));
  }
  return banners;
}

function stamps() {
  return shown.stamps.map((stamp) => element("span", { class: "stamp" }, stamp));
}

/** The class of an event in words, or that it has none. */
function classOf(event) {
  if (!event.class) return ["no class"];
  return [`consistent with “${event.class}” (${probabilityText(event.probability)}) `, ...stamps()];
}

/** As in the report: a probability is never shown as 0 or 1. */
function probabilityText(value) {
  return value < 0.01 ? "below 0.01" : Math.min(value, 0.99).toFixed(2);
}

/** The class of the selected event, or a sentence for each reason why it has none. */
function verdict(event) {
  if (event.class) return [element("p", {}, "The movement is ", ...classOf(event), ".")];
  return [
    element("p", {}, "No class is named."),
    element("ul", { class: "withheld" }, ...event.withheld.map((sentence) => element("li", {}, sentence))),
    element("p", { class: "quiet" }, "What the recognizer computed, for comparison only:"),
  ];
}

function eventList() {
  const items = shown.events.map((event, index) => {
    const button = element(
      "button", { type: "button", "data-event": event.event, tabindex: index ? "-1" : "0", onclick: () => goTo(event.event) },
      element("span", { class: "when" }, `${formatSeconds(event.apex_s, 2)} · face ${event.face_id}`),
      element("span", {}, event.part),
      element("span", { class: "quiet" }, ...classOf(event)),
    );
    return element("li", {}, button);
  });
  return element("ol", { id: "events", "aria-labelledby": "events-title", onkeydown: walk, onfocusin: follow }, ...items);
}

function walk(pressed) {
  const buttons = [...pressed.currentTarget.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  const next = {
    ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1,
  }[pressed.key];
  if (next === undefined) return;
  pressed.preventDefault();
  buttons[Math.min(buttons.length - 1, Math.max(0, next))].focus();
}

/** The tab key reaches only the event that was last in focus; the timeline marks it. */
function follow(focused) {
  for (const button of focused.currentTarget.querySelectorAll("button")) {
    button.tabIndex = button === focused.target ? 0 : -1;
  }
  mark(document.querySelector("#result .timeline"), focused.target.dataset.event);
}

function goTo(event) {
  const address = `#job=${shown.id}&event=${encodeURIComponent(event)}`;
  if (location.hash === address) document.querySelector(".event-view h3")?.focus();
  else location.hash = address;
}

function openEvent(section, name) {
  const event = shown.events.find((candidate) => candidate.event === name);
  const place = section.querySelector(".opened");
  for (const button of section.querySelectorAll("#events button")) {
    button.setAttribute("aria-current", String(button.dataset.event === name));
  }
  mark(section.querySelector(".timeline"), name ?? "");
  if (!event) {
    place.replaceChildren();
    return;
  }
  place.replaceChildren(eventView(event));
  player?.show(event.apex_s + 0.25 / shown.video.fps);
  const title = place.querySelector("h3");
  title.focus({ preventScroll: true });
  place.scrollIntoView({ block: "start", behavior: "auto" });
}

function eventView(event) {
  const title = element("h3", { tabindex: "-1" }, `${formatSeconds(event.apex_s, 2)}: ${event.part}, face ${event.face_id}`);
  const view = element(
    "article", { class: "event-view", "aria-label": "The selected movement" },
    element("div", { class: "row" }, title, element("span", { class: "row" }, ...watching(event),
      element("button", { type: "button", class: "plain", onclick: close }, "Close"))),
    element("div", { class: "pictures" }, ...event.pictures.map(pictureOf)),
    element("div", { class: "facts" }, facts(event), chances(event)),
  );
  view.addEventListener("keydown", (pressed) => pressed.key === "Escape" && close());
  return view;

  function close() {
    location.hash = `#job=${shown.id}`;
    document.querySelector(`#events [data-event="${CSS.escape(event.event)}"]`)?.focus();
  }
}

function watching(event) {
  if (!player) return [];
  const watch = () => player.watch(event.onset_s, event.offset_s);
  return [element("button", { type: "button", class: "plain watch", onclick: watch }, "Watch it slowly")];
}

function pictureOf({ title, file }) {
  const source = pathOf("api/jobs", shown.id, "files", file);
  return element("figure", {}, element("img", { src: source, alt: title, loading: "lazy" }), element("figcaption", {}, title));
}

function facts(event) {
  const moment = (name) => `${event[`${name}_s`].toFixed(2)} s (frame ${event[name]})`;
  const rows = {
    Onset: moment("onset"), Apex: moment("apex"), Offset: moment("offset"),
    Duration: `${event.duration_s.toFixed(2)} s`,
    Score: `${event.score.toFixed(1)} times the noise`,
    Movement: event.regions || "–",
    "Consistent with": event.action_units || "no specific action unit",
  };
  const cells = Object.entries(rows).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
  return element("dl", {}, ...cells);
}

function chances(event) {
  const sorted = Object.entries(event.probabilities).sort((one, other) => other[1] - one[1]);
  const rows = sorted.map(([name, value]) => {
    const bar = element("div");
    bar.style.width = `${(100 * value).toFixed(1)}%`;
    return element(
      "li", {}, element("span", {}, name), element("div", { class: "bar", "aria-hidden": "true" }, bar),
      element("span", { class: "value" }, probabilityText(value)),
    );
  });
  return element(
    "div", {}, ...verdict(event),
    element("ul", { class: "chances", "aria-label": "Probability of each class" }, ...rows),
  );
}

function downloads(job) {
  const link = ({ name, bytes }) => element(
    "li", {},
    element("a", { href: pathOf("api/jobs", job.id, "files", name), ...opening(name) }, name),
    element("span", { class: "quiet" }, ` ${formatBytes(bytes)}`),
  );
  const [inner, outer] = [true, false].map((deep) => job.files.filter((file) => file.name.includes("/") === deep));
  return [
    element("h3", {}, "Files"),
    element("p", { class: "row" }, ...report(job),
      element("a", { class: "button plain", href: pathOf("api/jobs", job.id, "zip"), download: "" }, "Download all (zip)")),
    element("ul", { class: "files" }, ...outer.map(link)),
    inner.length
      ? element("details", {}, element("summary", {}, `${inner.length} files of the movements`), element("ul", { class: "files" }, ...inner.map(link)))
      : "",
  ];
}

function report(job) {
  return job.files.some((file) => file.name === "report.html")
    ? [element("a", { class: "button", href: pathOf("api/jobs", job.id, "files", "report.html"), ...opening(".html") }, "Open the report")]
    : [];
}

function opening(name) {
  return name.endsWith(".html") ? { target: "_blank", rel: "noopener" } : { download: "" };
}
