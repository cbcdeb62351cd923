"""The gallery's page in a headless Chromium: filters, search, pages, the 3D view, and nothing from the network."""

from __future__ import annotations

import http.server
import json
import os
import runpy
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from maquette.batching import gallery_files
from maquette.batching.gallery import write_gallery
from maquette.devtools.environment import SetupError
from maquette.devtools.node import node_package, node_program
from maquette.devtools.requirements import PLAYWRIGHT
from maquette.devtools.viewer import vendor_viewer
from PIL import Image

entry = runpy.run_path(str(Path(__file__).parents[1] / "data" / "entries.py"))["entry"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
HOSTILE = "z</script><img src=x onerror=alert(1)>\"'.png"
HOSTILE_FILE = "z#<img src=x onerror=alert(1)>%2e\"'.glb"
MANY = 130
Tools = tuple[str, Path, str]


@pytest.fixture(scope="module")
def tools() -> Tools:
    """Return Node.js, playwright-core and a Chromium, or skip without one of them."""
    browser = os.environ.get("MAQUETTE_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("needs Chromium, Chrome or Edge on the PATH, or MAQUETTE_CHROMIUM")
    try:
        node = node_program()
        playwright = node_package("playwright-core", PLAYWRIGHT) / "playwright-core"
        vendor_viewer()
    except SetupError as missing:
        pytest.skip(str(missing))
    return node, playwright, browser


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sequence[Any]]:
    """Return the folder of a batch and its entries: a red box, a picture with a bad name, and many more."""
    folder = tmp_path_factory.mktemp("batch")
    box = trimesh.creation.box((1, 1, 1))
    red = trimesh.visual.material.PBRMaterial(
        baseColorFactor=[220, 20, 20, 255], roughnessFactor=0.9, metallicFactor=0.0
    )
    box.visual = trimesh.visual.TextureVisuals(np.zeros((8, 2)), red)
    box.export(folder / "box.glb")
    shutil.copy(folder / "box.glb", folder / HOSTILE_FILE)
    Image.new("RGB", (80 * 12, 80), "grey").save(folder / "box.turntable.webp")
    Image.new("RGB", (80, 80), "grey").save(folder / "box.preview.png")
    outputs = ["box.glb", "box.preview.png", "box.turntable.webp"]
    faces = {**entry("x").mesh, "faces": 99_999}
    entries = [
        entry("box.png", outputs=outputs, preview="box.preview.png", source=str(folder / "box.preview.png")),
        entry(HOSTILE, outputs=[HOSTILE_FILE], notes=[HOSTILE], unmet=["faces<=1000"], mesh=faces),
        entry("blank.png", state="refused", mesh=None, error="The picture shows nothing: give another."),
        entry("crash.png", state="failed", mesh=None, error="The worker process was ended by signal 11."),
        *(entry(f"more/{number:04}.png") for number in range(MANY - 4)),
    ]
    write_gallery(entries, folder / "gallery.html")
    return folder, entries


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and says nothing; the paths asked for stay in the server's list."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(batch: tuple[Path, Sequence[Any]]) -> Iterator[http.server.ThreadingHTTPServer]:
    """Serve the batch's folder on this machine alone."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(batch[0]))) as server:
        server.asked = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def visit(tools: Tools, address: str, folder: Path, foreign: str) -> dict[str, Any]:
    """What a visitor of a page saw."""
    node, playwright, browser = tools
    command = [node, Path(__file__).with_name("gallery_page.js"), playwright, browser, address, folder, foreign]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def shows_red(picture: Path) -> bool:
    """Whether a red box is in the middle of a picture, and not all over it."""
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    red = (pixels[..., 0] > 90) & (pixels[..., 0] > 2 * pixels[..., 1:].max(-1))
    height, width = red.shape
    middle = red[height * 2 // 5 : height * 3 // 5, width * 2 // 5 : width * 3 // 5]
    return bool(middle.mean() > 0.95 and 0.05 < red.mean() < 0.7)


def test_opened_as_a_file(
    tools: Tools, batch: tuple[Path, Sequence[Any]], tmp_path: Path, server: http.server.ThreadingHTTPServer
) -> None:
    folder, _ = batch
    foreign = f"http://127.0.0.1:{server.server_port}/box.preview.png"
    seen = visit(tools, (folder / "gallery.html").as_uri(), tmp_path, foreign)
    assert seen["errors"] == []
    assert seen["title"] == f"{folder.name} · Maquette gallery"
    assert len(seen["first"]) == 60
    assert seen["found"] == "130 of 130 pictures, 1 to 60 shown"
    assert seen["second"] == {"count": 60, "found": "130 of 130 pictures, 61 to 120 shown"}
    expected = {"All": 130, "Done": 128, "Gates unmet": 1, "Refused": 1, "Failed": 1}
    assert {label: int(told["found"].split()[0]) for label, told in seen["filters"].items()} == expected
    assert all(told["pressed"] == "true" for told in seen["filters"].values())
    assert seen["filters"]["Refused"]["first"] == "blank.png"
    assert seen["filters"]["Failed"]["first"] == "crash.png"
    assert seen["searches"] == {"blank SHOWS": ["blank.png"], "onerror": [HOSTILE], "nothing has this": []}
    assert seen["most_faces"] == HOSTILE
    assert seen["turntable"] == ["1200%", "steps(12)"]
    # The 3D view: nothing of it before it is asked for, the mesh then, nothing left of it afterwards.
    assert not seen["notice"]
    assert seen["cues"] == 1
    assert seen["early"] == []
    assert shows_red(tmp_path / "stage.png")
    assert seen["heading"] == "box.png"
    assert "2,396" in seen["details"]
    assert seen["closed"]
    assert seen["hostile"] == HOSTILE
    # Nothing came from elsewhere, and nothing could have.
    root = folder.as_uri()
    assert all(url.startswith((root, "data:", "blob:null/")) for url in seen["requests"])
    assert seen["reached"] == [False, False]
    assert server.asked == []  # type: ignore[attr-defined]


def test_opened_through_a_web_server(
    tools: Tools, batch: tuple[Path, Sequence[Any]], tmp_path: Path, server: http.server.ThreadingHTTPServer
) -> None:
    root = f"http://127.0.0.1:{server.server_port}/"
    other = f"http://localhost:{server.server_port}/box.preview.png"
    seen = visit(tools, f"{root}gallery.html", tmp_path, other)
    assert seen["errors"] == []
    assert shows_red(tmp_path / "stage.png")
    assert seen["hostile"] == HOSTILE
    assert all(url.startswith((root, "data:", f"blob:{root}")) for url in seen["requests"])
    assert seen["reached"] == [False, False]
    asked = server.asked  # type: ignore[attr-defined]
    assert "/box.glb" in asked
    # The copies for pages without a server are not needed here.
    assert [path for path in asked if path.endswith(".js")] == ["/gallery_files/model-viewer.js"]


def test_without_a_viewer(
    tools: Tools, batch: tuple[Path, Sequence[Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, entries = batch
    monkeypatch.setattr(gallery_files, "VIEWER", tmp_path / "missing.js")
    write_gallery(entries, folder / "plain.html")
    seen = visit(tools, (folder / "plain.html").as_uri(), tmp_path, "http://127.0.0.1:9/")
    assert seen["errors"] == []
    assert seen["notice"]
    assert seen["cues"] == 0
    assert seen["filters"]["Done"]["found"].startswith("128 of 130 pictures")
