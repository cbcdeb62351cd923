"""Makes ``docs/gallery.jpg`` and ``docs/gallery-view.jpg``: the page of a small batch, and a mesh on it in 3D.

Run from the repository's root, with Node.js and a Chromium: ``.venv/bin/python bootstrap.py docs.examples.gallery``.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from ... import cli
from ...devtools.node import node_package, node_program
from ...devtools.requirements import PLAYWRIGHT
from ...devtools.viewer import vendor_viewer
from ...training.kind_pictures import draw_kind

__all__ = ["main"]

EXAMPLES = Path(__file__).resolve().parent
OBJECTS = {"toys/car.png": "car.png", "kitchen/teapot.png": "teapot.png", "toys/mushroom house.png": "toy.png"}
DRAWN = {
    "plans/ground floor.png": ("floor_plan", 3),
    "signs/orbit.png": ("logo", 2),
    "signs/ring.png": ("logo", 5),
    "reliefs/hills.png": ("relief", 4),
}
GATES = "watertight,loose_parts==1,faces<=20000"
SCRIPT = """
const [playwright, executablePath, address, folder] = process.argv.slice(1);
require(playwright).chromium.launch({executablePath, args: ["--no-sandbox", "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader"]}).then(async (browser) => {
    const page = await browser.newPage({viewport: {width: 1400, height: 1010}});
    await page.goto(address);
    await page.waitForTimeout(2000);
    await page.screenshot({path: `${folder}/list.png`});
    await page.fill("#search", "mushroom");
    await page.click(".turn");
    await page.waitForFunction(() => document.querySelector("model-viewer")?.loaded);
    await page.waitForTimeout(4000);
    await page.screenshot({path: `${folder}/view.png`});
    await browser.close();
  });
"""


def main() -> int:
    """Make the batch, open its page and take the pictures."""
    vendor_viewer()
    playwright = node_package("playwright-core", PLAYWRIGHT) / "playwright-core"
    with tempfile.TemporaryDirectory() as folder:
        pictures, results = Path(folder) / "pictures", Path(folder) / "autumn catalogue"
        _write_pictures(pictures)
        options = ["--recursive", "--gallery", "--jobs", "1", "--require", GATES, "--require-action", "mark"]
        cli.main(["batch", str(pictures), "-o", str(results), *options])
        command = [node_program(), "-e", SCRIPT, playwright, shutil.which("chromium") or "google-chrome"]
        subprocess.run([*map(str, command), (results / "gallery.html").as_uri(), folder], check=True, timeout=180)
        for name, target in (("list", "gallery.jpg"), ("view", "gallery-view.jpg")):
            with Image.open(Path(folder) / f"{name}.png") as picture:
                picture.convert("RGB").save(EXAMPLES.parent / target, quality=88, optimize=True)
    return 0


def _write_pictures(folder: Path) -> None:
    """Three objects, four drawings, and half of a file."""
    for name, source in OBJECTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(EXAMPLES / source, folder / name)
    for name, (kind, seed) in DRAWN.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw_kind(kind, np.random.default_rng(seed))).save(folder / name)
    whole = io.BytesIO()
    Image.open(EXAMPLES / "car.png").convert("RGB").save(whole, "JPEG")
    (folder / "toys" / "tractor.jpg").write_bytes(whole.getvalue()[:200])
