// All text goes into the page as text, never as markup: names of files may be anything.

const DATA = JSON.parse(document.getElementById("data").textContent);

/** Make an element: properties by name, then its children, of which empty ones are left out. */
function make(tag, properties, ...children) {
  const { label, pressed, ...others } = properties ?? {};
  const element = Object.assign(document.createElement(tag), others);
  if (label !== undefined) element.setAttribute("aria-label", label);
  if (pressed !== undefined) element.setAttribute("aria-pressed", pressed);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const byId = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString("en");
const plain = (name) => name[0].toUpperCase() + name.slice(1).replaceAll("_", " ");

/** A size stays on one line. */
const sized = (what) => what.replaceAll(" x ", "\u00a0×\u00a0").replace(/ m$/, "\u00a0m");

function seconds(value) {
  if (value < 100) return `${value.toFixed(value < 10 ? 1 : 0)} s`;
  return value < 6000 ? `${Math.round(value / 60)} min` : `${(value / 3600).toFixed(1)} h`;
}

/** Any value of a setting or a figure in words. */
function words(value) {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (value === null || value === undefined || value === "") return "none";
  if (typeof value === "number") return Number.isInteger(value) ? number(value) : String(Number(value.toPrecision(4)));
  if (Array.isArray(value)) return value.length ? value.map(words).join(", ") : "none";
  return typeof value === "object" ? JSON.stringify(value) : value;
}

/** What became of a picture: a class for its colour, and a word. */
function standing(entry) {
  if (entry.state === "done" && entry.unmet.length) return ["unmet", "Gate unmet"];
  return [entry.state, plain(entry.state)];
}

const badge = (entry) => make("span", { className: `badge ${standing(entry)[0]}` }, standing(entry)[1]);

/** A row of short facts; nothing where there are none. */
function tags(entry) {
  const all = [...entry.unmet.map((text) => ["gate", `not met: ${text}`]), ...(entry.faults ?? []).map((text) => ["fault", text])];
  return all.length ? make("ul", { className: "tags" }, all.map(([kind, text]) => make("li", { className: kind }, text))) : null;
}
