// Who codes, how far it is, undo, the keys, and the coded events as files for other programs.
import { button, element, pathOf } from "./basics.js";

const EXPORTS = [["coded.csv", "CSV"], ["coded.eaf", "ELAN (put it beside the video)"], ["boris.csv", "BORIS (events)"], ["boris.xlsx", "BORIS (import)"]];

/** The bar above the movements. ``message`` shows what was saved, or why it was not. */
export function codingBar(job, coding, { add, help, decided }) {
  const coder = element("input", { id: "coder", list: "coders", maxlength: 12, autocomplete: "off", onchange: () => coding.name(coder.value) });
  const coders = element("datalist", { id: "coders" });
  const progress = element("span", { class: "decided" });
  const undo = button("Undo", () => coding.undo(), { title: "Undo the last change (Ctrl+Z)" });
  const said = element("span", { class: "saved quiet", role: "status" });
  const problem = element("p", { class: "alert", role: "alert", hidden: "" });
  const files = element("span", { class: "row exports" });
  const node = element(
    "section", { class: "coding-bar", "aria-label": "Coding" },
    element("div", { class: "row" },
      element("label", { for: "coder" }, "Your initials ", coder), coders, progress, undo,
      button("Add a movement here", add, { title: "At the frame that is shown (W)" }), button("Keys", help, { title: "All keys (?)" }), said),
    problem, files,
  );
  coder.value = coding.coder;
  return { node, show, message };

  function show() {
    progress.textContent = decided();
    undo.disabled = !coding.canUndo;
    coders.replaceChildren(...[...new Set(coding.decisions.map((each) => each.coder))].map((value) => element("option", { value })));
    const any = coding.decisions.some((each) => each.coder === coding.coder);
    files.replaceChildren(...(any ? ["Your decisions:", ...links()] : []));
  }

  function links() {
    const query = `?${new URLSearchParams({ coder: coding.coder })}`;
    const link = (path, text) => element("a", { href: path, download: "" }, text);
    return [
      ...EXPORTS.map(([name, text]) => link(pathOf("api/jobs", job.id, "coding", name) + query, text)),
      link(pathOf("api/jobs", job.id, "files", "coding.csv"), "coding.csv (all coders)"),
    ];
  }

  function message(text, failed) {
    problem.hidden = !failed;
    if (failed) problem.textContent = text;
    said.textContent = failed ? "" : text;
  }
}
