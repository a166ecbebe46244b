// Functions that all scripts of the page share.
const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. Text among the children becomes text nodes; attributes whose names begin with "on" become listeners. */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function drawing(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** A plain button. */
export function button(text, doing, attributes = {}) {
  return element("button", { type: "button", class: "plain", onclick: doing, ...attributes }, text);
}

/** The service did not answer: nobody did, or a proxy in its place. */
export class UnansweredError extends Error {
  constructor() {
    super("the service does not answer; start it again, then try again");
  }
}

/** The JSON of an answer; throws the error message of the service, or UnansweredError. */
export async function request(path, options = {}) {
  const answer = await fetch(path, options).catch(() => null);
  const content = await answer?.json().catch(() => null);
  if (content && answer.ok) return content;
  if (content?.error) throw new Error(content.error);
  throw new UnansweredError();
}

// What a browser does not store, as where all cookies are blocked, is known until the page is closed.
const notStored = new Map();

/** What is stored under a name, in "localStorage" or "sessionStorage"; null if nothing is. */
export function stored(storage, name) {
  if (notStored.has(name)) return notStored.get(name);
  try {
    return window[storage].getItem(name);
  } catch {
    return null;
  }
}

export function store(storage, name, value) {
  try {
    window[storage].setItem(name, value);
    notStored.delete(name);
  } catch {
    notStored.set(name, value);
  }
}

/** ``1 file``, ``2 files``. */
export function counted(count, word) {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** A path from its parts; all characters but slashes are encoded. */
export function pathOf(...parts) {
  return parts.map((part) => part.split("/").map(encodeURIComponent).join("/")).join("/");
}

export function formatBytes(bytes) {
  const units = ["KiB", "MiB", "GiB"];
  const power = Math.min(units.length, Math.max(1, Math.floor(Math.log2(bytes || 1) / 10)));
  const value = bytes / 1024 ** power;
  return `${(bytes && Math.max(0.1, value)).toFixed(value < 10 ? 1 : 0).replace(".0", "")} ${units[power - 1]}`;
}

/** 75.25 becomes 1:15.25 with two decimals, 1:15 with none. */
export function formatSeconds(seconds, decimals = 0) {
  const rounded = Number(seconds.toFixed(decimals));
  const rest = (rounded % 60).toFixed(decimals).padStart(decimals ? decimals + 3 : 2, "0");
  const minutes = Math.floor(rounded / 60);
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
