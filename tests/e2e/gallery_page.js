// A visitor of a gallery's page: node gallery_page.js PLAYWRIGHT CHROMIUM ADDRESS FOLDER FOREIGN
// prints what was seen as JSON. FOREIGN is an address that the page must not reach; pictures go to FOLDER.
const [playwright, executablePath, address, folder, foreign] = process.argv.slice(2);
const { chromium } = require(playwright);

const args = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];

async function visit() {
  const browser = await chromium.launch({ executablePath, args });
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  page.setDefaultTimeout(60000);
  const seen = { requests: [], errors: [], filters: {}, searches: {} };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("console", (line) => line.type() === "error" && seen.errors.push(line.text()));
  page.on("dialog", (dialog) => seen.errors.push(`alert ${dialog.message()}`) && dialog.dismiss());
  await page.goto(address);

  const names = () => page.locator("#cards h2").allTextContents();
  const found = () => page.locator("#found").textContent();
  seen.title = await page.title();
  seen.first = await names();
  seen.found = await found();
  seen.notice = await page.locator("#notice").isVisible();
  seen.cues = await page.locator(".cue").count();
  for (const button of await page.locator("#filters button").all()) {
    await button.click();
    const label = (await button.textContent()).replace(/[\d,]+$/, "");
    seen.filters[label] = { pressed: await button.getAttribute("aria-pressed"), found: await found(), first: (await names())[0] };
  }
  await page.locator("#filters button").first().click();
  for (const words of ["blank SHOWS", "onerror", "nothing has this"]) {
    await page.fill("#search", words);
    seen.searches[words] = await names();
  }
  await page.fill("#search", "");
  await page.selectOption("#sort", { label: "Most faces" });
  seen.most_faces = (await names())[0];
  await page.selectOption("#sort", { label: "Name" });
  await page.locator("#pages button", { hasText: "Next" }).click();
  seen.second = { count: (await names()).length, found: await found() };
  await page.locator("#pages button", { hasText: "Back" }).click();

  seen.turntable = await page.locator("img.strip").first().evaluate(async (image) => {
    image.scrollIntoView();
    await new Promise((done) => (image.complete && image.style.width ? done() : image.addEventListener("load", done)));
    return [image.style.width, image.style.animationTimingFunction];
  });

  if (seen.cues) {
    seen.early = seen.requests.filter((url) => /model-viewer|\.glb|files\/\w+\.js/.test(url));
    // By keyboard alone: the box's tile, Enter, and Escape at the end.
    await page.fill("#search", "box");
    await page.locator(".turn").first().focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector("model-viewer", { timeout: 60000 });
    await page.waitForFunction(() => document.querySelector("model-viewer").loaded, null, { timeout: 60000 });
    await page.waitForTimeout(1000);
    await page.locator("#stage").screenshot({ path: `${folder}/stage.png` });
    seen.heading = await page.locator("#viewer-name").textContent();
    seen.details = await page.locator("#details").innerText();
    await page.keyboard.press("Escape");
    seen.closed = !(await page.locator("#viewer").evaluate((dialog) => dialog.open));
    await page.locator("model-viewer").waitFor({ state: "detached" }); // nothing of it is left, a moment later
    await page.fill("#search", "onerror");
    await page.locator(".turn").first().click();
    await page.waitForFunction(() => document.querySelector("model-viewer")?.loaded, null, { timeout: 60000 });
    seen.hostile = await page.locator("#viewer-name").textContent();
  }
  const usual = [seen.errors.length, seen.requests.length];
  seen.reached = await page.evaluate(async (url) => {
    const image = new Promise((done) => Object.assign(new Image(), { onload: () => done(true), onerror: () => done(false), src: url }));
    const read = fetch(url, { mode: "no-cors" }).then(() => true, () => false);
    return [await image, await read];
  }, foreign);
  [seen.errors.length, seen.requests.length] = usual;
  await browser.close();
  return seen;
}

visit().then((seen) => console.log(JSON.stringify(seen)), (error) => {
  console.error(error);
  process.exit(1);
});
