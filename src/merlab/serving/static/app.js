// The page. Text from outside (names, errors, results) is only used in text nodes; it is never parsed as markup.
import { element, formatBytes, pathOf, request } from "./basics.js";
import { showResult } from "./result.js";

const POLL_MS = 1000;
// Files are sent one after the other; the others wait on this page until the service has room.
const RETRY_MS = 5000;
const SENDING = ["unsent", "uploading"];
const find = (id) => document.getElementById(id);
const announced = new Map();
// The files that the service does not have yet, by their key: those that wait, are being sent, or were not taken.
const uploads = new Map();
let service = null;
let jobs = [];
let shownJob = null;

async function start() {
  listen();
  service = await request("api");
  const { limits, suffixes } = service;
  find("takes").textContent =
    `${suffixes.map((suffix) => suffix.slice(1)).join(", ")}; up to ${formatBytes(limits.bytes)} and ${Math.floor(limits.seconds / 6) / 10} minutes`;
  find("file").accept = suffixes.join(",");
  find("local").hidden = !service.local;
  find("paths").replaceChildren(...service.local_files.map((path) => element("option", { value: path })));
  await Promise.all([route(), watch()]);
}

function listen() {
  const drop = find("drop");
  find("file").addEventListener("change", (event) => add(event.target.files));
  find("send").addEventListener("submit", (event) => event.preventDefault());
  for (const type of ["dragenter", "dragover"]) drop.addEventListener(type, (event) => hover(event, true));
  for (const type of ["dragleave", "drop"]) drop.addEventListener(type, (event) => hover(event, false));
  drop.addEventListener("drop", (event) => add(event.dataTransfer.files));
  find("local").addEventListener("submit", (event) => {
    event.preventDefault();
    const options = videoOptions();
    if (!options) return;
    const body = JSON.stringify({ path: find("path").value, ...options });
    act(() => request("api/jobs/local", { method: "POST", headers: { "Content-Type": "application/json" }, body }));
  });
  window.addEventListener("hashchange", route);
  window.addEventListener("beforeunload", (event) => isSending() && event.preventDefault());
}

function isSending() {
  return [...uploads.values()].some(({ row }) => SENDING.includes(row.state));
}

function hover(event, over) {
  event.preventDefault();
  find("drop").classList.toggle("over", over);
}

/** The options for the next videos; null, and the page shows why, if the frame rate cannot be that of a camera. */
function videoOptions() {
  const fps = find("fps");
  if (!fps.checkValidity()) {
    showError(`Frames per second must be a number from ${fps.min} to ${fps.max}; give the frames per second of the camera`);
    return null;
  }
  showError("");
  return { ...(fps.value ? { fps: Number(fps.value) } : {}), aligned: find("aligned").checked };
}

/** Take files; each has a row at once, and is sent when its turn comes. */
function add(files) {
  const options = videoOptions();
  for (const file of options ? files : []) {
    const id = `upload-${crypto.randomUUID?.() ?? Math.random()}`;
    const row = { id, name: file.name, state: "unsent", stage: "", progress: 0, bytes: file.size, error: null };
    uploads.set(id, { file, options, row, sending: null, notBefore: 0 });
  }
  find("file").value = "";
  refresh();
}

/** Send the next file, if none is being sent and the service has room beside its jobs. */
function sendNext() {
  const all = [...uploads.values()];
  if (!service || all.some(({ row }) => row.state === "uploading")) return;
  const queued = jobs.filter((job) => job.state === "queued").length;
  if (queued >= service.limits.queue || jobs.length >= service.limits.kept) return;
  const next = all.find(({ row, notBefore }) => row.state === "unsent" && notBefore <= Date.now());
  if (next) send(next);
}

/** Send a file; its row shows the progress and a button to cancel. */
function send(upload) {
  const { file, options, row } = upload;
  const sending = new XMLHttpRequest();
  upload.sending = sending;
  change(row, "uploading");
  sending.upload.addEventListener("progress", (event) => {
    row.progress = event.total ? event.loaded / event.total : 0;
    showRows();
  });
  sending.addEventListener("load", () => loaded(upload, sending));
  sending.addEventListener("error", () => fail(upload, "the upload was interrupted; it may be too large, or the service has stopped"));
  sending.addEventListener("abort", () => remove(upload, `${file.name}: canceled`));
  const form = new FormData();
  form.append("file", file);
  sending.open("POST", `api/jobs?${new URLSearchParams(options)}`);
  sending.send(form);
}

function loaded(upload, sending) {
  if (sending.status === 201) remove(upload, `${upload.row.name} was sent`);
  else if (sending.status === 429) waitAgain(upload);
  else fail(upload, problemOf(sending.responseText));
}

/** The service is full, because others send videos too: the file waits for its turn again. */
function waitAgain(upload) {
  upload.notBefore = Date.now() + RETRY_MS;
  change(upload.row, "unsent");
  refresh();
}

/** A file that was not taken keeps its row, with the reason, until it is sent again or removed. */
function fail(upload, problem) {
  upload.row.error = problem;
  change(upload.row, "not sent");
  const failed = [...uploads.values()].filter(({ row }) => row.state === "not sent").map(({ row }) => `${row.name}: ${row.error}`);
  showError(failed.join("\n"));
  refresh();
}

function sendAgain(upload) {
  upload.row.error = null;
  change(upload.row, "unsent");
  showError("");
  refresh();
}

function cancel(upload) {
  if (upload.row.state === "uploading") upload.sending.abort();
  else remove(upload, `${upload.row.name}: not sent`);
}

function remove(upload, message) {
  uploads.delete(upload.row.id);
  announce(message);
  refresh();
}

function change(row, state) {
  row.state = state;
  row.stage = state;
  row.progress = 0;
}

function problemOf(text) {
  try {
    return JSON.parse(text).error;
  } catch {
    return "the service did not answer as expected";
  }
}

async function act(doing) {
  showError("");
  try {
    await doing();
  } catch (error) {
    showError(error.message);
  }
  await refresh();
}

function showError(problem) {
  find("alert").hidden = !problem;
  find("alert").textContent = problem;
}

function announce(message) {
  find("status").textContent = message;
}

async function watch() {
  if (!document.hidden) await refresh();
  setTimeout(watch, POLL_MS);
}

async function refresh() {
  try {
    jobs = await request("api/jobs");
  } catch {
    announce("The service does not answer.");
    return;
  }
  sendNext();
  showRows();
  jobs.forEach(announceChange);
  const opened = jobs.find((job) => job.id === new URLSearchParams(location.hash.slice(1)).get("job"));
  if (opened?.state === "done" && shownJob !== opened.id) await route();
}

/** Show the files that are not sent yet, then the jobs of the service. */
function showRows() {
  const rows = [...[...uploads.values()].map((upload) => upload.row), ...jobs];
  find("no-jobs").hidden = rows.length > 0;
  keepRows(find("jobs"), rows);
}

/** Show these jobs in the list; existing rows are changed in place, so that they keep the focus. */
function keepRows(list, jobs) {
  const present = new Map([...list.children].map((row) => [row.dataset.id, row]));
  const rows = jobs.map((job) => {
    const row = present.get(job.id) ?? element("li", { "data-id": job.id });
    const looks = `${job.state} ${job.stage} ${job.progress}`;
    if (row.dataset.looks !== looks) {
      if (row.dataset.state !== job.state) row.replaceChildren(...partsOf(job));
      row.dataset.state = job.state;
      row.querySelector(".state").textContent = describe(job);
      const bar = row.querySelector("progress");
      if (bar) bar.value = job.progress;
      row.dataset.looks = looks;
    }
    return row;
  });
  if (rows.length !== list.children.length || rows.some((row, index) => row !== list.children[index])) {
    list.replaceChildren(...rows);
  }
}

function partsOf(job) {
  const name = job.state === "done" ? element("a", { href: `#job=${job.id}` }, job.name) : job.name;
  const parts = [
    element("div", {}, element("div", { class: "name" }, name), element("div", { class: "state quiet" })),
    element("div", { class: "actions" }, ...actionsOf(job)),
  ];
  if (["uploading", "running"].includes(job.state)) {
    parts.push(element("progress", { max: 1, value: job.progress, "aria-label": `progress of ${job.name}` }));
  }
  if (job.error) parts.push(element("p", { class: "alert" }, job.error));
  return parts;
}

function actionsOf(job) {
  const button = (text, doing) =>
    element("button", { type: "button", class: "plain", "aria-label": `${text} ${job.name}`, onclick: doing }, text);
  const remove = () => act(() => request(`api/jobs/${job.id}`, { method: "DELETE" }));
  const upload = uploads.get(job.id);
  if (SENDING.includes(job.state)) return [button("Cancel", () => cancel(upload))];
  if (job.state === "not sent") return [button("Send again", () => sendAgain(upload)), button("Remove", () => cancel(upload))];
  if (["queued", "running"].includes(job.state)) return [button("Cancel", remove)];
  const removal = button("Delete", () => confirm(`Delete ${job.name} and all its files?`) && remove());
  if (job.state === "done") return [element("a", { class: "button", href: `#job=${job.id}` }, "Open"), removal];
  return [button("Run again", () => act(() => request(`api/jobs/${job.id}/retry`, { method: "POST" }))), removal];
}

function describe(job) {
  const share = `${Math.round(job.progress * 100)} %`;
  if (job.state === "unsent") return `waits to be sent, ${formatBytes(job.bytes)}`;
  if (job.state === "not sent") return `not sent, ${formatBytes(job.bytes)}`;
  if (job.state === "uploading") return `uploading, ${share} of ${formatBytes(job.bytes)}`;
  if (job.state === "running") return `${job.stage}, ${share}`;
  const sent = new Date(job.created).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const size = job.bytes ? `, ${formatBytes(job.bytes)}` : "";
  return `${job.state === "queued" ? "waiting" : job.state}${size}, sent ${sent}`;
}

/** Announce changes of a job, and every quarter of a stage, to screen readers. */
function announceChange(job) {
  const step = `${job.state} ${job.stage} ${Math.floor(job.progress * 4)}`;
  if (announced.has(job.id) && announced.get(job.id) !== step) announce(`${job.name}: ${describe(job)} ${job.error ?? ""}`);
  announced.set(job.id, step);
}

/** Show the page of the address: the list of videos, a result, or one event of a result. */
async function route() {
  const address = new URLSearchParams(location.hash.slice(1));
  const id = address.get("job");
  find("home").hidden = Boolean(id);
  find("result").hidden = !id;
  if (!id) {
    shownJob = null;
    document.title = "merlab";
    find("result").replaceChildren();
    return;
  }
  try {
    const job = await request(pathOf("api/jobs", id));
    shownJob = job.state === "done" ? id : null;
    await showResult(find("result"), job, address.get("event"));
    document.title = `${job.name} – merlab`;
  } catch (error) {
    find("result").replaceChildren(element("p", { class: "alert" }, error.message), element("a", { href: "#" }, "All videos"));
  }
}

start().catch((error) => showError(error.message));
