// One picture with all that is known of it, and its mesh in three dimensions, loaded when that is asked for.

const NO_VIEWER = "There is no 3D view here: this Maquette was not built, so it has no viewer. Install a built one and make the page again.";
const TOO_LARGE = "This mesh is not among those that can be shown from a file: start a web server in the page's folder, such as “python3 -m http.server”, and open the page through it.";
const opened = { place: 0, tab: "", address: "" };
const scripts = new Map();

/** Load a script beside the page once; another try after a failure. */
function load(address) {
  if (!scripts.has(address)) {
    const loading = new Promise((resolve, reject) => {
      const script = make("script", { src: address, onload: resolve });
      script.onerror = () => reject(new Error(`${decodeURIComponent(address)} is missing beside the page: copy it there.`));
      document.head.append(script);
    });
    scripts.set(address, loading);
    loading.catch(() => scripts.delete(address));
  }
  return scripts.get(address);
}

const meshes = new Map();
/** Called by the scripts that hold a mesh. */
window.maquetteMesh = (key, text) => meshes.set(key, text);

/** An address the viewer can read the mesh from; a page opened as a file cannot read the files beside it. */
async function meshAddress(entry) {
  if (location.protocol !== "file:") return entry.mesh;
  if (!entry.script) throw new Error(TOO_LARGE);
  await load(entry.script);
  scripts.delete(entry.script);
  const key = entry.script.split("/").pop().replace(".js", "");
  const bytes = Uint8Array.from(atob(meshes.get(key)), (letter) => letter.charCodeAt(0));
  meshes.delete(key);
  return URL.createObjectURL(new Blob([bytes], { type: "model/gltf-binary" }));
}

const message = (said) => make("p", { role: "status" }, said);

async function show3D(entry) {
  byId("stage").replaceChildren(message("Loading the mesh …"));
  const current = () => opened.entry === entry && opened.tab === "3D";
  try {
    await load(DATA.viewer);
    const address = await meshAddress(entry);
    if (!current()) return URL.revokeObjectURL(address);
    opened.address = address;
    const viewer = make("model-viewer", { alt: `The mesh of ${entry.picture}; arrow keys turn it` });
    const settings = { "camera-controls": "", "touch-action": "pan-y", "shadow-intensity": "1", "shadow-softness": "0.9",
      "interaction-prompt": "none", "camera-orbit": "35deg 70deg auto", "ar-status": "not-presenting", src: address };
    Object.entries(settings).forEach(([attribute, value]) => viewer.setAttribute(attribute, value));
    viewer.addEventListener("error", () => current() && byId("stage").replaceChildren(message(
      "The mesh cannot be shown: the browser has no WebGL, or the file is damaged.")));
    byId("stage").replaceChildren(viewer);
  } catch (problem) {
    if (current()) byId("stage").replaceChildren(message(problem.message));
  }
}

function clearStage() {
  if (opened.address.startsWith("blob:")) URL.revokeObjectURL(opened.address);
  opened.address = "";
  byId("stage").replaceChildren();
}

function showTab(entry, tab) {
  clearStage();
  opened.tab = tab;
  for (const button of byId("tabs").children) button.setAttribute("aria-pressed", button.textContent === tab);
  if (tab === "3D") show3D(entry);
  else if (tab === "Preview") byId("stage").append(make("img", { src: entry.preview, alt: `Mesh of ${entry.picture}` }));
  else if (tab === "Picture") byId("stage").append(make("img", { src: entry.thumbnail, alt: `Picture ${entry.picture}` }));
  else byId("stage").append(message("There is nothing to look at."));
}

function table(title, values, show) {
  const rows = Object.entries(values ?? {}).filter(([, value]) => value !== undefined);
  if (!rows.length) return [];
  const list = rows.flatMap(([key, value]) => [make("dt", {}, plain(key)), make("dd", {}, show(value))]);
  return [make("h3", {}, title), make("dl", {}, list)];
}

function details(entry) {
  const { total, ...steps } = entry.seconds;
  const files = entry.outputs.map(([path, address]) => make("li", {}, make("a", { href: address, download: "" }, path)));
  const models = (DATA.models[entry.models] ?? []).map((model) => [model.id ?? "network", model.provider ?? ""]);
  return [
    make("div", { className: "title" }, badge(entry), make("span", {}, total ? seconds(total) : "")),
    entry.error ? make("p", { className: "error" }, entry.error) : null,
    entry.what ? make("p", {}, sized(entry.what)) : null,
    tags(entry),
    entry.notes.map((note) => make("p", { className: "note" }, note)),
    files.length ? [make("h3", {}, "Files"), make("ul", {}, files)] : null,
    table("Mesh", entry.figures, words),
    table("Seconds", Object.keys(steps).length ? steps : {}, (value) => value.toFixed(2)),
    table("Run", { picture_file: entry.source, finished: entry.time, attempts: entry.attempts }, words),
    table("Settings", DATA.settings[entry.settings], words),
    table("Networks", Object.fromEntries(models), words),
  ].flat(2).filter(Boolean);
}

/** Open the dialog on an entry of the list as it is filtered and sorted. */
function openViewer(place, wanted) {
  const entry = shown.entries[place];
  Object.assign(opened, { place, entry });
  const tabs = [entry.mesh && DATA.viewer && "3D", entry.preview && "Preview", entry.thumbnail && "Picture"].filter(Boolean);
  byId("viewer-name").textContent = entry.picture;
  byId("details").replaceChildren(...details(entry));
  byId("details").scrollTop = 0;
  byId("tabs").replaceChildren(...tabs.map((tab) =>
    make("button", { type: "button", pressed: false, onclick: () => showTab(entry, tab) }, tab)));
  byId("previous").disabled = place === 0;
  byId("next").disabled = place === shown.entries.length - 1;
  if (!byId("viewer").open) byId("viewer").showModal();
  showTab(entry, tabs.includes(wanted) ? wanted : tabs[0]);
}

byId("previous").onclick = () => openViewer(opened.place - 1, opened.tab);
byId("next").onclick = () => openViewer(opened.place + 1, opened.tab);
byId("close").onclick = () => byId("viewer").close();
byId("viewer").onclose = () => {
  clearStage();
  opened.entry = undefined;
};
byId("viewer").onclick = (event) => event.target === byId("viewer") && byId("viewer").close();

start();
