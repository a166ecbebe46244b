// What is said about a result as a whole: the video, where the model's words come from, the limits, the files.
import { element, formatBytes, formatSeconds, pathOf } from "./basics.js";

const SYNTHETIC = "SYNTHETIC";

export function summary({ video, model }) {
  const trained = model.trained_on?.database ? `, trained on ${model.trained_on.database}` : "";
  return `${formatSeconds(video.seconds, 1)} at ${Number(video.fps.toFixed(3))} frames per second, ${video.width}x${video.height} pixels; `
    + `recognizer ${model.method} (${model.preset})${trained}`;
}

/** One sentence about the model's words, with the stamps, and the limits of the result. */
export function notes(shown) {
  const { stamps, warnings, model } = shown;
  const source = stamps.includes(SYNTHETIC)
    ? "The model's words for a movement, such as “happiness”, come from a recognizer that was trained on synthetic faces; how often they are right on the people in your video is not known; `merlab weights` prints what was measured. The movements themselves are measured in your video."
    : `The model's words for a movement come from the recognizer ${model.method} (${model.preset}).`;
  const marks = stamps.flatMap((stamp) => [element("span", { class: "stamp" }, stamp), " "]);
  const banners = [element("p", { class: stamps.length ? "banner words" : "quiet words" }, ...marks, source)];
  if (warnings.length) {
    const lines = warnings.map((warning) => element("li", {}, warning));
    banners.push(element("div", { class: "banner" }, element("strong", {}, "Limits of this result"), element("ul", {}, ...lines)));
  }
  return banners;
}

export function downloads(job) {
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
