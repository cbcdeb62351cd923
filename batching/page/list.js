// The list: what is shown of it, in which order, and a card for each picture of a page.

const PER_PAGE = 60;
const FILTERS = [
  ["All", () => true],
  ["Done", (entry) => entry.state === "done"],
  ["Gates unmet", (entry) => entry.unmet.length > 0],
  ["Refused", (entry) => entry.state === "refused"],
  ["Failed", (entry) => entry.state === "failed"],
];
const name = new Intl.Collator("en", { numeric: true });
const time = (entry) => entry.seconds.total ?? 0;
const SORTS = [
  ["Name", (a, b) => name.compare(a.picture, b.picture)],
  ["Newest first", (a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0)],
  ["Most faces", (a, b) => (b.figures?.faces ?? -1) - (a.figures?.faces ?? -1)],
  ["Most faults", (a, b) => (b.faults?.length ?? -1) - (a.faults?.length ?? -1)],
  ["Longest time", (a, b) => time(b) - time(a)],
];
const shown = { filter: 0, sort: 0, words: [], page: 0, entries: [] };

function text(entry) {
  const said = [entry.picture, entry.state, entry.error, entry.what, ...entry.unmet, ...entry.notes, ...(entry.faults ?? [])];
  return said.filter(Boolean).join("\n").toLowerCase();
}

/** Work out what is to be shown, and show its first page. */
function refresh() {
  const fits = FILTERS[shown.filter][1];
  shown.entries = DATA.entries.filter((entry) => {
    if (!fits(entry)) return false;
    entry.text ??= text(entry);
    return shown.words.every((word) => entry.text.includes(word));
  });
  shown.entries.sort(SORTS[shown.sort][1]);
  showPage(0);
}

function showPage(page) {
  shown.page = page;
  const first = page * PER_PAGE;
  const entries = shown.entries.slice(first, first + PER_PAGE);
  byId("cards").replaceChildren(...entries.map((entry, place) => card(entry, first + place)));
  const all = `${number(shown.entries.length)} of ${number(DATA.entries.length)} pictures`;
  const part = shown.entries.length > PER_PAGE ? `, ${number(first + 1)} to ${number(first + entries.length)} shown` : "";
  byId("found").textContent = shown.entries.length ? all + part : "No picture fits: choose another filter or other words.";
  showPages();
}

function showPages() {
  const count = Math.ceil(shown.entries.length / PER_PAGE);
  const go = (page) => () => {
    showPage(page);
    byId("cards").focus();
    window.scrollTo(0, 0);
  };
  const button = (label, page) =>
    make("button", { type: "button", disabled: page < 0 || page >= count, onclick: go(page) }, label);
  const where = make("span", {}, `Page ${number(shown.page + 1)} of ${number(count)}`);
  const parts = [button("Back", shown.page - 1), where, button("Next", shown.page + 1)];
  byId("pages").replaceChildren(...(count > 1 ? parts : []));
}

function picture(address, alt) {
  return make("img", { src: address, alt, loading: "lazy", decoding: "async" });
}

/** The turntable: a strip of square views, moved on by one view at a time. */
function strip(address, alt) {
  const image = make("img", { className: "strip", alt, loading: "lazy", decoding: "async" });
  image.onload = () => {
    const views = Math.round(image.naturalWidth / image.naturalHeight);
    image.style.width = `${views * 100}%`;
    image.style.animationTimingFunction = `steps(${views})`;
  };
  image.src = address;
  return image;
}

function meshTile(entry, place) {
  const alt = `Mesh of ${entry.picture}`;
  const image = entry.turntable ? strip(entry.turntable, alt) : entry.preview ? picture(entry.preview, alt) : null;
  if (entry.state !== "done" && !image) return make("div", { className: "tile" }, make("span", {}, "No mesh"));
  const cue = entry.mesh && DATA.viewer ? make("span", { className: "cue" }, "3D") : null;
  const label = `${cue ? "3D view" : "Details"} of ${entry.picture}`;
  const properties = { type: "button", className: "tile turn", label, onclick: () => openViewer(place, "3D") };
  return make("button", properties, image ?? make("span", {}, "No preview"), cue);
}

function card(entry, place) {
  const source = entry.thumbnail
    ? picture(entry.thumbnail, `Picture ${entry.picture}`)
    : make("span", {}, entry.state === "failed" ? "The picture is not opened again" : "The picture cannot be shown");
  const note = entry.notes.length ? make("p", { className: "note clip" }, entry.notes.join(" ")) : null;
  const more = make("button", { type: "button", label: `Details of ${entry.picture}` }, "Details");
  more.onclick = () => openViewer(place, entry.preview ? "Preview" : "Picture");
  return make("li", { className: "card" }, make("article", { label: entry.picture },
    make("div", { className: "pair" }, make("div", { className: "tile" }, source), meshTile(entry, place)),
    make("div", { className: "text" },
      make("div", { className: "title" }, make("h2", {}, entry.picture), badge(entry)),
      entry.error ? make("p", { className: "error" }, entry.error) : null,
      entry.what ? make("p", { className: "what" }, sized(entry.what)) : null,
      tags(entry),
      note,
      make("div", { className: "foot" }, more, make("span", { className: "time" }, time(entry) ? seconds(time(entry)) : "")),
    )));
}

function summary() {
  const done = DATA.entries.filter((entry) => entry.state === "done");
  const times = done.map(time).sort((a, b) => a - b);
  const faces = done.reduce((sum, entry) => sum + (entry.figures?.faces ?? 0), 0);
  const said = [`${number(DATA.entries.length)} pictures`, `${number(done.length)} meshes with ${number(faces)} faces`];
  if (times.length) said.push(`${seconds(times[times.length >> 1])} a mesh (median)`);
  return `${said.join(" · ")} · Maquette ${DATA.version}`;
}

function start() {
  document.title = `${DATA.name} · Maquette gallery`;
  byId("name").textContent = DATA.name;
  byId("summary").textContent = summary();
  const buttons = FILTERS.map(([label, fits], index) => {
    const count = make("b", {}, number(DATA.entries.filter(fits).length));
    const button = make("button", { type: "button", pressed: index === 0 }, label, count);
    button.onclick = () => {
      buttons.forEach((other) => other.setAttribute("aria-pressed", other === button));
      shown.filter = index;
      refresh();
    };
    return button;
  });
  byId("filters").append(...buttons);
  byId("sort").append(...SORTS.map(([label], index) => make("option", { value: index }, label)));
  byId("sort").onchange = (event) => {
    shown.sort = Number(event.target.value);
    refresh();
  };
  byId("search").oninput = (event) => {
    shown.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    refresh();
  };
  byId("tools").onsubmit = (event) => event.preventDefault();
  if (!DATA.viewer) {
    byId("notice").textContent = NO_VIEWER;
    byId("notice").hidden = false;
  }
  refresh();
}
