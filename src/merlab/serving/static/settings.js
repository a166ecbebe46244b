// The settings of the next videos: what is not given stays at the service's default.
import { element } from "./basics.js";

const find = (id) => document.getElementById(id);
const NUMBERS = ["fps", "threshold", "faces"];

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

/** The settings that differ from the defaults; throws an error if a number is out of range. */
export function chosenSettings() {
  const wrong = NUMBERS.map(find).find((input) => !input.checkValidity());
  if (wrong) {
    const { min, max, dataset } = wrong;
    throw new Error(`${labelOf(wrong)} must be a number from ${min} to ${max}; ${dataset.remedy}`);
  }
  const numbers = NUMBERS.filter((name) => find(name).value).map((name) => [name, Number(find(name).value)]);
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

function labelOf(input) {
  return input.labels[0].textContent.trim();
}

function named(name) {
  return name === "merlab" ? "those that ship with merlab" : name;
}
