// The page. Text from outside (names, errors, results) is only used in text nodes; it is never parsed as markup.
import { element, formatBytes, pathOf, request } from "./basics.js";
import { showResult } from "./result.js";

const POLL_MS = 1000;
const find = (id) => document.getElementById(id);
const announced = new Map();
const uploads = new Map();
let service = null;
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
  find("file").addEventListener("change", (event) => [...event.target.files].forEach(upload));
  find("send").addEventListener("submit", (event) => event.preventDefault());
  for (const type of ["dragenter", "dragover"]) drop.addEventListener(type, (event) => hover(event, true));
  for (const type of ["dragleave", "drop"]) drop.addEventListener(type, (event) => hover(event, false));
  drop.addEventListener("drop", (event) => [...event.dataTransfer.files].forEach(upload));
  find("local").addEventListener("submit", (event) => {
    event.preventDefault();
    const body = JSON.stringify({ path: find("path").value, ...videoOptions() });
    act(() => request("api/jobs/local", { method: "POST", headers: { "Content-Type": "application/json" }, body }));
  });
  window.addEventListener("hashchange", route);
}

function hover(event, over) {
  event.preventDefault();
  find("drop").classList.toggle("over", over);
}

/** The options for the next video. */
function videoOptions() {
  const fps = Number(find("fps").value);
  return { ...(fps > 0 ? { fps } : {}), aligned: find("aligned").checked };
}

/** Send a file; its row shows the progress and a button to cancel. */
function upload(file) {
  const sending = new XMLHttpRequest();
  const key = `upload-${crypto.randomUUID?.() ?? Math.random()}`;
  const row = { id: key, name: file.name, state: "uploading", stage: "uploading", progress: 0, bytes: file.size };
  const ended = (problem) => {
    uploads.delete(key);
    problem ? showError(`${file.name}: ${problem}`) : announce(`${file.name} was sent`);
    refresh();
  };
  uploads.set(key, { row, cancel: () => sending.abort() });
  sending.upload.addEventListener("progress", (event) => {
    row.progress = event.total ? event.loaded / event.total : 0;
    refresh();
  });
  sending.addEventListener("load", () => ended(sending.status === 201 ? "" : problemOf(sending.responseText)));
  sending.addEventListener("error", () => ended("the upload was interrupted; it may be too large, or the service has stopped"));
  sending.addEventListener("abort", () => ended("canceled"));
  const form = new FormData();
  form.append("file", file);
  sending.open("POST", `api/jobs?${new URLSearchParams(videoOptions())}`);
  showError("");
  find("file").value = "";
  sending.send(form);
  refresh();
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
  let jobs;
  try {
    jobs = await request("api/jobs");
  } catch {
    announce("The service does not answer.");
    return;
  }
  const rows = [...[...uploads.values()].map((upload) => upload.row), ...jobs];
  find("no-jobs").hidden = rows.length > 0;
  keepRows(find("jobs"), rows);
  jobs.forEach(announceChange);
  const opened = jobs.find((job) => job.id === new URLSearchParams(location.hash.slice(1)).get("job"));
  if (opened?.state === "done" && shownJob !== opened.id) await route();
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
  if (job.state === "uploading") return [button("Cancel", () => uploads.get(job.id)?.cancel())];
  if (["queued", "running"].includes(job.state)) return [button("Cancel", remove)];
  const removal = button("Delete", () => confirm(`Delete ${job.name} and all its files?`) && remove());
  if (job.state === "done") return [element("a", { class: "button", href: `#job=${job.id}` }, "Open"), removal];
  return [button("Run again", () => act(() => request(`api/jobs/${job.id}/retry`, { method: "POST" }))), removal];
}

function describe(job) {
  const share = `${Math.round(job.progress * 100)} %`;
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
