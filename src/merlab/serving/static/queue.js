// The files that the service does not have yet: they are held on this page and sent one after the other, as places free up.
import { counted, formatBytes } from "./basics.js";

const RETRY_MS = 5000;
const MOST_KINDS = 5;
// The service is full, because others send videos too.
const FULL = [429, 503];
// The files by the key of their row: those that wait, are being sent, or were not taken.
const held = new Map();
let changed = () => {};
let announce = () => {};

/** ``whenChanged`` is called when a file is sent or not taken, and ``say`` with what screen readers are to hear. */
export function listenToQueue(whenChanged, say) {
  [changed, announce] = [whenChanged, say];
}

/** Take files; each has a row at once, and is sent when its turn comes, unless the service would refuse it. */
export function hold(files, settings, service) {
  for (const file of files) {
    const id = `upload-${crypto.randomUUID?.() ?? Math.random()}`;
    const problem = problemOf(file, service);
    const row = { id, name: file.name, state: problem ? "not sent" : "unsent", progress: 0, bytes: file.size, error: problem };
    held.set(id, { file, settings, row, service, sending: null, arrived: false, notBefore: 0 });
  }
  changed();
}

export function heldRows() {
  return [...held.values()].map(({ row }) => row);
}

/** The keys of the files that the service has by now; a list of jobs that is asked for from now on has their jobs. */
export function arrivedKeys() {
  return [...held].filter(([, { arrived }]) => arrived).map(([id]) => id);
}

/** Drop the rows of files whose jobs are listed. */
export function forget(ids) {
  for (const id of ids) held.delete(id);
}

export function isSending() {
  return heldRows().some(({ state }) => ["unsent", "uploading"].includes(state));
}

/** The kinds of files that the service takes, in words; the file chooser knows all of them. */
export function kindsOf(suffixes) {
  return `${suffixes.slice(0, MOST_KINDS).map((suffix) => suffix.slice(1).toUpperCase()).join(", ")} or another video file`;
}

/** Why the service would refuse a file; null if it would take it. */
function problemOf(file, { limits, suffixes }) {
  const name = file.name.toLowerCase();
  if (!suffixes.some((suffix) => name.endsWith(suffix))) {
    return `${file.name} is not named like a video; choose ${kindsOf(suffixes)}`;
  }
  if (file.size > limits.bytes) {
    return `${file.name} is larger than the ${formatBytes(limits.bytes)} that this service accepts; cut the video`;
  }
  return null;
}

/** Send the next file, if none is being sent and the service has room beside its jobs. */
export function sendNext(jobs) {
  const all = [...held.values()];
  if (all.some(({ row }) => row.state === "uploading")) return;
  const next = all.find(({ row, notBefore }) => row.state === "unsent" && notBefore <= performance.now());
  if (!next) return;
  const { limits } = next.service;
  const full = jobs.length >= limits.kept;
  for (const { row } of all) row.waits = full ? `the service keeps at most ${counted(limits.kept, "video")}; delete some` : "";
  const queued = jobs.filter((job) => job.state === "queued").length;
  if (!full && queued < limits.queue) send(next);
}

/** Send a file; its row shows the progress and a button to cancel. */
function send(upload) {
  const { file, settings, row } = upload;
  const sending = new XMLHttpRequest();
  upload.sending = sending;
  change(row, "uploading");
  sending.upload.addEventListener("progress", (event) => {
    row.progress = event.total ? event.loaded / event.total : 0;
    changed({ rowsOnly: true });
  });
  sending.addEventListener("load", () => answered(upload, sending));
  sending.addEventListener("error", async () => fail(upload, await interruptionOf(file)));
  sending.addEventListener("abort", () => remove(upload, `${file.name}: canceled`));
  const form = new FormData();
  form.append("file", file);
  sending.open("POST", `api/jobs?${new URLSearchParams(settings)}`);
  sending.send(form);
}

function answered(upload, sending) {
  if (sending.status === 201) {
    upload.arrived = true;
    announce(`${upload.row.name} was sent`);
    changed();
  } else if (FULL.includes(sending.status)) {
    upload.notBefore = performance.now() + RETRY_MS;
    change(upload.row, "unsent");
    changed();
  } else fail(upload, errorOf(sending));
}

/** A file that was not taken keeps its row, with the reason, until it is sent again or removed. */
function fail(upload, problem) {
  upload.row.error = problem;
  change(upload.row, "not sent");
  changed();
}

/** A browser that chose a file does not send it any more once it was changed. */
function interruptionOf(file) {
  return file.slice(0, 1).arrayBuffer().then(
    () => "the upload was interrupted; send it again when the service answers",
    () => `${file.name} was changed, moved or removed after it was chosen; choose it again`,
  );
}

export function sendAgain(id) {
  const { file, row, service } = held.get(id);
  row.error = problemOf(file, service);
  if (!row.error) change(row, "unsent");
  changed();
}

/** Stop sending a file, or give up one that waits or was not taken. */
export function giveUp(id) {
  const upload = held.get(id);
  if (upload.row.state === "uploading") upload.sending.abort();
  else remove(upload, `${upload.row.name}: not sent`);
}

function remove(upload, message) {
  held.delete(upload.row.id);
  announce(message);
  changed();
}

function change(row, state) {
  Object.assign(row, { state, progress: 0, waits: "" });
}

/** What the service says, or what the answer of a proxy in its place means. */
function errorOf({ status, responseText }) {
  try {
    return JSON.parse(responseText).error;
  } catch {
    return status === 413 ? "a proxy before the service takes no file as large as this one; ask who runs it to raise its limit"
      : `the service did not answer (status ${status}); send it again when it does`;
  }
}
