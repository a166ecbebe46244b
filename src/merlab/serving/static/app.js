// The page. Text from outside (names, errors, results) is only used in text nodes; it is never parsed as markup.
import { counted, element, formatBytes, pathOf, request, UnansweredError } from "./basics.js";
import { describe, showJob, showRows } from "./job.js";
import { arrivedKeys, forget, heldRows, hold, isSending, kindsOf, listenToQueue, sendNext } from "./queue.js";
import { showResult } from "./result.js";
import { chosenSettings, prepareSettings } from "./settings.js";

const POLL_MS = 1000;
// A service, or a network, that is silent for so long does not answer.
const SILENT_MS = 15_000;
// Where a row is in the list; those with a result, and those that failed, are last.
const ORDER = ["not sent", "running", "queued", "uploading", "unsent"];
const find = (id) => document.getElementById(id);
const announced = new Map();
// What screen readers are to hear with the next changes.
const heard = [];
// What the service accepts.
const service = request("api");
let jobs = [];
// The looks at the jobs are counted, because their answers may come in another order.
let [asked, answered] = [0, 0];
// The job whose page is open, and whether its result is shown.
let opened = { id: null, done: false };

/** What was sent and found is shown also while the service still looks for its local files, or cannot. */
async function start() {
  listen();
  await Promise.all([route(), watch(), showOffer()]);
}

/** Show what the service accepts. */
async function showOffer() {
  const { limits, suffixes, ...offer } = await service;
  find("takes").textContent = `${kindsOf(suffixes)}, up to ${formatBytes(limits.bytes)} and ${counted(Math.floor(limits.seconds / 6) / 10, "minute")}`;
  find("file").accept = suffixes.join(",");
  prepareSettings(offer);
  find("local").hidden = !offer.local;
  find("paths").replaceChildren(...offer.local_files.map((path) => element("option", { value: path })));
}

function listen() {
  listenToQueue((what) => (what?.rowsOnly ? showAll() : refresh()), (message) => heard.push(message));
  find("file").addEventListener("change", (event) => add(event.target.files));
  find("send").addEventListener("submit", (event) => event.preventDefault());
  // A file that is dropped beside the field would replace the page, and all files that wait on it.
  for (const type of ["dragenter", "dragover"]) document.addEventListener(type, (event) => hover(event, true));
  for (const type of ["dragleave", "drop"]) document.addEventListener(type, (event) => hover(event, false));
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    location.hash = "";
    add(event.dataTransfer.files);
  });
  find("local").addEventListener("submit", (event) => {
    event.preventDefault();
    act(() => {
      const body = JSON.stringify({ path: find("path").value, ...chosenSettings() });
      return request("api/jobs/local", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    });
  });
  window.addEventListener("hashchange", () => route());
  window.addEventListener("beforeunload", (event) => isSending() && event.preventDefault());
}

function hover(event, over) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  find("drop").classList.toggle("over", over);
}

function add(files) {
  // The list of a field is emptied with the field.
  const chosen = [...files];
  act(async () => hold(chosen, chosenSettings(), await service));
  find("file").value = "";
}

/** Do something with the service, and show its error. */
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

function announce(...messages) {
  if (messages.length) find("status").textContent = messages.join(". ");
}

async function watch() {
  if (!document.hidden || isSending()) await refresh();
  setTimeout(watch, POLL_MS);
}

// A change that could not be saved shows it before the next look at the jobs does.
document.addEventListener("unanswered", () => { find("offline").hidden = false; });

async function refresh() {
  const turn = ++asked;
  const arrived = arrivedKeys();
  try {
    const listed = await request("api/jobs", { signal: AbortSignal.timeout(SILENT_MS) });
    if (turn < answered) return;
    [jobs, answered] = [listed, turn];
  } catch {
    find("offline").hidden = false;
    showAll();
    return;
  }
  forget(arrived);
  if (!find("offline").hidden) document.dispatchEvent(new Event("answering"));
  find("offline").hidden = true;
  sendNext(jobs);
  showAll();
  announce(...heard.splice(0), ...[...heldRows(), ...jobs].flatMap(changeOf));
  if (!opened.id || opened.done) return;
  // A job that was canceled on its own page is gone.
  if (jobs.some((job) => job.id === opened.id)) await showOpened(opened.id);
  else location.hash = "";
}

/** Show the jobs of the service and the files that it does not have yet: what needs attention, the queue, then the rest. */
function showAll() {
  const [queued, others] = [true, false].map((waits) => jobs.filter((job) => (job.state === "queued") === waits));
  const rows = [...others, ...queued.reverse(), ...heldRows()];
  const place = ({ state }) => (ORDER.includes(state) ? ORDER.indexOf(state) : ORDER.length);
  rows.sort((one, other) => place(one) - place(other));
  find("no-jobs").hidden = rows.length > 0;
  showRows(find("jobs"), rows, act);
}

/** What screen readers hear of a job: its changes, and every quarter of a stage. */
function changeOf(job) {
  const step = `${job.state} ${job.stage} ${Math.floor(job.progress * 4)}`;
  const isNew = announced.has(job.id) || job.state === "not sent" ? announced.get(job.id) !== step : false;
  announced.set(job.id, step);
  return isNew ? [`${job.name}: ${describe(job)} ${job.error ?? ""}`] : [];
}

/** Show the page of the address: the list of videos, the progress of one, a result, or one event of a result. */
async function route() {
  const id = addressed("job");
  const before = opened.id;
  find("home").hidden = Boolean(id);
  find("result").hidden = !id;
  if (id) {
    await showOpened(id);
    if (id !== before) focusTitle();
    return;
  }
  opened = { id: null, done: false };
  document.title = "merlab";
  find("result").replaceChildren();
  if (before) (find("jobs").querySelector(`[data-id="${CSS.escape(before)}"] a`) ?? find("jobs-title")).focus();
}

/** The job, or the event, of the address; null if it has none. */
function addressed(what) {
  return new URLSearchParams(location.hash.slice(1)).get(what);
}

/** Show the result of a job, or its progress until it has one. */
async function showOpened(id) {
  const section = find("result");
  if (opened.id !== id) section.replaceChildren();
  try {
    const job = await request(pathOf("api/jobs", id));
    if (addressed("job") !== id) return;
    const done = job.state === "done";
    const becameDone = done && opened.id === id && !opened.done;
    opened = { id, done };
    document.title = `${job.name} – merlab`;
    if (becameDone) section.replaceChildren();
    if (!done) showJob(section, job, act);
    else await showResult(section, job, addressed("event"));
    if (becameDone) focusTitle();
  } catch (error) {
    if (addressed("job") !== id) return;
    // Where the service did not answer, the next look at the jobs tries it again.
    opened = { id, done: !(error instanceof UnansweredError) };
    section.replaceChildren(
      element("p", {}, element("a", { href: "#" }, "← All videos")),
      element("h2", { id: "result-title", tabindex: "-1" }, "No result"),
      element("p", { class: "alert" }, error.message),
    );
  }
}

/** Move the focus to the title of what is opened, unless a movement in it has the focus already. */
function focusTitle() {
  if (!find("result").contains(document.activeElement)) find("result-title")?.focus();
}

start().catch((error) => showError(error.message));
