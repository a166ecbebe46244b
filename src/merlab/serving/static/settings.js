// The settings of the next videos: what is not given stays at the service's default.
import { element } from "./basics.js";

const find = (id) => document.getElementById(id);
const NUMBERS = ["fps", "threshold", "faces"];
// Three digits after a comma may be thousands.
const NUMBER = /^\d+(\.\d*|,\d{1,2})?$/;

/** Show the defaults and the weights of the service in the form. */
export function prepareSettings({ defaults, weights }) {
  for (const name of ["threshold", "faces"]) find(name).placeholder = `${defaults[name]}, the default`;
  find("weights").replaceChildren(...weights.map((name) => element("option", { value: name }, named(name))));
  find("weights-line").hidden = weights.length < 2;
  find("settings").addEventListener("input", summarize);
  find("defaults").addEventListener("click", () => {
    for (const name of NUMBERS) find(name).value = "";
    find("aligned").checked = false;
    find("weights").selectedIndex = 0;
    summarize();
  });
  summarize();
}

/** The settings that differ from the defaults; throws an error if a number is out of range, or is not one. */
export function chosenSettings() {
  const given = NUMBERS.filter((name) => find(name).value.trim());
  const numbers = given.map((name) => [name, numberIn(find(name))]);
  return {
    ...Object.fromEntries(numbers),
    ...(find("aligned").checked ? { aligned: true } : {}),
    ...(find("weights").selectedIndex > 0 ? { weights: find("weights").value } : {}),
  };
}

/** The line above the form states what differs from the defaults, because the form is usually closed. */
function summarize() {
  const numbers = NUMBERS.map(find).filter((input) => input.value).map((input) => `${labelOf(input).toLowerCase()} ${input.value}`);
  const changed = [
    ...numbers,
    ...(find("weights").selectedIndex > 0 ? [`weights ${find("weights").value}`] : []),
    ...(find("aligned").checked ? ["aligned faces"] : []),
  ];
  find("changed").textContent = changed.length ? changed.join(", ") : "the defaults";
  find("defaults").hidden = !changed.length;
}

/** The number in a field. Browsers read 29,97 in a field for numbers as 2997, so that these are fields for text. */
function numberIn(input) {
  const { min, max, remedy } = input.dataset;
  const text = input.value.trim();
  const number = NUMBER.test(text) ? Number(text.replace(",", ".")) : NaN;
  const whole = input.inputMode !== "numeric" || Number.isInteger(number);
  if (!(number >= Number(min) && number <= Number(max) && whole)) {
    throw new Error(`${labelOf(input)} must be a ${input.inputMode === "numeric" ? "whole " : ""}number from ${min} to ${max}; ${remedy}`);
  }
  return number;
}

function labelOf(input) {
  return input.labels[0].textContent.trim();
}

function named(name) {
  return name === "merlab" ? "those that ship with merlab" : name;
}
