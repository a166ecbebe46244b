// What is shown of a video that has no result yet: its state in words, its buttons, its row in the list, and its own page.
import { element, formatBytes, pathOf, request } from "./basics.js";
import { giveUp, sendAgain } from "./queue.js";

/** The state of a job, or of a file that is not sent yet, in words. */
export function describe(job) {
  if (job.state === "unsent") return `waits to be sent, ${formatBytes(job.bytes)}${job.waits ? `: ${job.waits}` : ""}`;
  if (job.state === "not sent") return `not sent, ${formatBytes(job.bytes)}`;
  // Rounded down: what is not finished does not read 100 %.
  const share = `${Math.floor(job.progress * 100)} %`;
  if (job.state === "uploading") return `uploading, ${share} of ${formatBytes(job.bytes)}`;
  if (job.state === "running") {
    // A stage with one step, such as checking the file, has nothing to count.
    const count = job.total > 1 ? `, ${job.done} of ${job.total} frames (${share})` : "";
    return `${job.stage}${count}${job.left ? `, ${job.left} left for this step` : ""}`;
  }
  const sent = new Date(job.created).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const size = job.bytes ? `, ${formatBytes(job.bytes)}` : "";
  return `${job.state === "queued" ? "waiting for its turn" : job.state}${size}, sent ${sent}`;
}

/** The buttons of a job, or of a file that is not sent yet; ``act`` does something with the service and shows its error. */
function actionsOf(job, act) {
  const button = (text, doing) =>
    element("button", { type: "button", class: "plain", "aria-label": `${text} ${job.name}`, onclick: doing }, text);
  const address = pathOf("api/jobs", job.id);
  const remove = () => act(() => request(address, { method: "DELETE" }));
  if (["unsent", "uploading"].includes(job.state)) return [button("Cancel", () => giveUp(job.id))];
  if (job.state === "not sent") return [button("Send again", () => sendAgain(job.id)), button("Remove", () => giveUp(job.id))];
  if (["queued", "running"].includes(job.state)) return [button("Cancel", remove)];
  const files = job.state === "done" ? "all its files, with the decisions of all coders" : "all its files";
  const removal = button("Delete", () => confirm(`Delete ${job.name} and ${files}?`) && remove());
  if (job.state === "done") return [element("a", { class: "button", href: `#job=${job.id}` }, "Open"), removal];
  return [button("Run again", () => act(() => request(`${address}/retry`, { method: "POST" }))), removal];
}

/** Show these jobs and files in the list; existing rows are changed in place, so that they keep the focus. */
export function showRows(list, jobs, act) {
  const focused = document.activeElement;
  const at = [...list.children].findIndex((row) => row.contains(focused));
  const own = list.children[at];
  const present = new Map([...list.children].map((row) => [row.dataset.id, row]));
  const rows = jobs.map((job) => {
    const row = present.get(job.id) ?? element("li", { "data-id": job.id });
    update(row, job, () => partsOf(job, act));
    return row;
  });
  if (rows.length !== list.children.length || rows.some((row, index) => row !== list.children[index])) {
    list.replaceChildren(...rows);
  }
  if (own) keepFocus(focused, own.isConnected ? own : rows[Math.min(at, rows.length - 1)]);
}

/** Focus an element again that was moved; where it is gone, its row, or the one in its place, takes the focus. */
function keepFocus(focused, row) {
  const next = focused.isConnected ? focused : (row?.querySelector("a, button") ?? document.getElementById("jobs-title"));
  if (next !== document.activeElement) next.focus({ preventScroll: true });
}

function partsOf(job, act) {
  const name = job.created ? element("a", { href: `#job=${job.id}` }, job.name) : job.name;
  return [
    element("div", {}, element("div", { class: "name" }, name), element("div", { class: "state quiet" })),
    element("div", { class: "actions" }, ...actionsOf(job, act)),
    ...progressOf(job),
  ];
}

function progressOf(job) {
  const bar = ["uploading", "running"].includes(job.state)
    ? [element("progress", { max: 1, value: job.progress, "aria-label": `progress of ${job.name}` })]
    : [];
  return job.error ? [...bar, element("p", { class: "alert" }, job.error)] : bar;
}

/** Make an element anew where the state of its job has changed; else change its text and progress in place. */
function update(node, job, make) {
  const state = `${job.id} ${job.state} ${job.error ?? ""}`;
  if (node.dataset.state !== state) node.replaceChildren(...make());
  node.dataset.state = state;
  const text = node.querySelector(".state");
  if (text.textContent !== describe(job)) text.textContent = describe(job);
  const bar = node.querySelector("progress");
  // A step of unknown length has no share; an upload has no steps.
  if (job.total === 0) bar?.removeAttribute("value");
  else if (bar) bar.value = job.progress;
}

/** The page of a job that has no result: how far it is, why it failed, and what can be done. */
export function showJob(section, job, act) {
  const view = section.querySelector(".unfinished") ?? element("div", { class: "unfinished" });
  const focused = view.contains(document.activeElement);
  update(view, job, () => [
    element("p", {}, element("a", { href: "#" }, "← All videos")),
    element("h2", { id: "result-title", tabindex: "-1" }, job.name),
    element("p", { class: "state" }),
    ...progressOf(job),
    element("div", { class: "row" }, ...actionsOf(job, act)),
  ]);
  if (!view.isConnected) section.replaceChildren(view);
  else if (focused && !view.contains(document.activeElement)) view.querySelector("h2").focus();
}
