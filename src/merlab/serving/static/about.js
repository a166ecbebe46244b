// What is said about a result as a whole: the video, where the model's words come from, the limits, the files.
import { counted, element, formatBytes, pathOf } from "./basics.js";

const SYNTHETIC = "SYNTHETIC";
const MOVEMENTS = "events/";
// What the files of a result have; a name that ends in a slash is that of a folder.
const MEANINGS = [
  ["report.html", "everything on one page, without this service"],
  ["overlay.mp4", "the video with the results drawn in; of a video larger than 1080 lines, scaled down to them"],
  ["events.csv", "one row per movement"],
  ["weak.csv", "weak candidates, which are not counted"],
  ["regions.csv", "how far each part of the face moved, one row per movement and part"],
  ["action_units.csv", "one row per movement and action unit"],
  ["frames.csv", "one row per frame and face: time, head pose, scores, eye closure, evidence of action units"],
  ["coding.csv", "the decisions of all coders"],
  ["events.eaf", "the movements for ELAN"],
  ["events_tsconf.xml", "how ELAN draws the curves"],
  ["curves/", "the motion score over time, a curve in ELAN"],
  ["metadata.json", "video, recognizer, settings, versions"],
];

export function summary({ video, model }) {
  const database = model.trained_on?.database;
  const trained = database ? `, trained on ${database === "synthetic" ? "synthetic faces" : database}` : "";
  return `${durationText(video.seconds)} at ${Number(video.fps.toFixed(3))} frames per second, ${video.width}x${video.height} pixels; `
    + `recognizer ${model.method} (${model.preset})${trained}`;
}

/** 19.7 s, 3 min 00 s, 1 h 02 min: as in the report. */
function durationText(seconds) {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60].map(String);
  if (whole < 60) return `${seconds.toFixed(seconds < 0.05 ? 3 : 1)} s`;
  return whole < 3600 ? `${minutes} min ${rest.padStart(2, "0")} s` : `${hours} h ${minutes.padStart(2, "0")} min`;
}

/** One sentence about the model's words, the meaning of each stamp, and the limits of the result. */
export function notes(shown) {
  const { stamps, meanings, warnings, model } = shown;
  const source = stamps.includes(SYNTHETIC)
    ? `The model's words for a movement, such as “${model.classes[0]}”, come from a recognizer that was trained on synthetic faces; how often they are right on the people in your video is not known; the command “merlab weights” prints what was measured. The movements themselves are measured in your video.`
    : `The model's words for a movement come from the recognizer ${model.method} (${model.preset}).`;
  const [explained, others] = [true, false].map((known) => stamps.filter((stamp) => Boolean(meanings[stamp]) === known));
  const marks = (of) => of.flatMap((stamp) => [element("span", { class: "stamp" }, stamp), " "]);
  const banners = [
    element("p", { class: others.length ? "banner words" : "quiet words" }, ...marks(others), source),
    ...explained.map((stamp) => element("p", { class: "banner" }, ...marks([stamp]), meanings[stamp])),
  ];
  if (warnings.length) {
    const lines = warnings.map((warning) => element("li", {}, warning));
    banners.push(element("div", { class: "banner" }, element("strong", {}, "Limits of this result"), element("ul", {}, ...lines)));
  }
  return banners;
}

/** The files of a result, each with what it has; those of the single movements are folded away. */
export function downloads(job) {
  const [inner, outer] = [true, false].map((deep) => job.files.filter((file) => file.name.startsWith(MOVEMENTS) === deep));
  return [
    element("h3", {}, "Files"),
    element("p", { class: "row" }, ...report(job),
      element("a", { class: "button plain", href: pathOf("api/jobs", job.id, "zip"), download: "" }, "Download all (zip)")),
    element("ul", { class: "named files" }, ...outer.map((file) => fileLine(job, file))),
    outer.some((file) => file.name === "events.eaf")
      ? element("p", { class: "quiet" }, "For ELAN, put events.eaf, events_tsconf.xml and the folder curves into the folder of your video "
        + `${job.name}, or unpack the zip there. ELAN then finds the video by its name.`)
      : "",
    inner.length ? folded(job, inner) : "",
  ];
}

/** The files of the movements. An hour has ten thousands: their list is made when it is opened. */
function folded(job, files) {
  const list = element("ul", { class: "files" });
  const fill = () => list.childElementCount || list.append(...files.map((file) => fileLine(job, file)));
  return element("details", { ontoggle: fill }, element("summary", {}, `${counted(files.length, "file")} of the movements`), list);
}

function fileLine(job, { name, bytes }) {
  const words = MEANINGS.find(([of]) => name === of || (of.endsWith("/") && name.startsWith(of)))?.[1];
  return element(
    "li", {},
    element("a", { href: pathOf("api/jobs", job.id, "files", name), ...opening(name) }, name),
    element("span", { class: "quiet" }, ` ${formatBytes(bytes)}${words ? `: ${words}` : ""}`),
  );
}

function report(job) {
  return job.files.some((file) => file.name === "report.html")
    ? [element("a", { class: "button", href: pathOf("api/jobs", job.id, "files", "report.html"), ...opening(".html") }, "Open the report")]
    : [];
}

function opening(name) {
  return name.endsWith(".html") ? { target: "_blank", rel: "noopener" } : { download: "" };
}
