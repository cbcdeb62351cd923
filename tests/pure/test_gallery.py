"""The gallery of a batch: a page that says what the manifest says, safe whatever the files are called."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import runpy
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from maquette import cli
from maquette.batching import gallery_files
from maquette.batching.entry import Entry
from maquette.batching.gallery import gallery_of, page_name, write_gallery
from maquette.batching.gallery_files import GalleryFiles
from maquette.batching.manifest import write_manifest
from maquette.errors import OutputError
from PIL import Image

entry = runpy.run_path(str(Path(__file__).parents[1] / "data" / "entries.py"))["entry"]
STAND_IN = Path(__file__).parents[1] / "data" / "batch_stand_in.py"
HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&lt;{{style}}\u2028.png"


class Page(HTMLParser):
    """The page as a browser's parser sees it: the text of each script by its type, and the policy."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.scripts: dict[str, str] = {}
        self.policy = ""
        self.elements: list[str] = []
        self._type: str | None = None
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        values = dict(attrs)
        if tag == "script":
            self._type = values.get("type") or "code"
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"] or ""

    def handle_data(self, data: str) -> None:
        if self._type:
            self.scripts[self._type] = self.scripts.get(self._type, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._type = None

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.scripts["application/json"])


def made(folder: Path, *entries: Entry) -> Page:
    """The page of some entries."""
    write_gallery(entries, folder / "gallery.html")
    return Page(folder / "gallery.html")


def picture(path: Path, size: tuple[int, int] = (900, 600)) -> Path:
    """A picture with something on it."""
    image = Image.new("RGB", size, "white")
    image.paste((200, 30, 30), (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
    image.save(path)
    return path


def test_the_page_says_what_the_manifest_says(tmp_path: Path) -> None:
    refused = entry("blank.png", state="refused", mesh=None, error="The picture shows nothing.", exit_code=3)
    page = made(tmp_path, entry("cup.png", unmet=["faces<=2000"], notes=["Seen from above."]), refused)
    cup, blank = page.data["entries"]
    assert (cup["picture"], cup["state"], cup["unmet"], cup["notes"]) == (
        "cup.png",
        "done",
        ["faces<=2000"],
        ["Seen from above."],
    )
    assert cup["what"] == "Closed surface, 2,396 faces, 1 part, 1 x 0.5 x 0.25 m"
    assert cup["figures"]["volume"] == 0.4
    assert (blank["state"], blank["error"]) == ("refused", "The picture shows nothing.")
    assert "figures" not in blank


def test_settings_that_pictures_share_are_there_once(tmp_path: Path) -> None:
    other = {**entry("x").settings, "quality": "high"}
    data = made(tmp_path, entry("a.png"), entry("b.png", settings=other), entry("c.png")).data
    assert [record["settings"] for record in data["entries"]] == [0, 1, 0]
    assert data["settings"][1]["quality"] == "high"


@pytest.mark.parametrize("field", ["picture", "source", "error"])
def test_no_text_becomes_part_of_the_page(tmp_path: Path, field: str) -> None:
    plain, hostile = made(tmp_path, entry("a.png")), made(tmp_path, entry(**{"picture": "a.png", field: HOSTILE}))
    assert hostile.elements == plain.elements
    assert hostile.scripts["code"] == plain.scripts["code"]
    assert hostile.data["entries"][0][field] == HOSTILE


@settings(max_examples=40, deadline=None)
@example(name="\udcff\ud800.png", note="\0")
@given(name=st.text(min_size=1), note=st.text())
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, name: str, note: str) -> None:
    record = made(tmp_path_factory.mktemp("page"), entry(name, notes=[note])).data["entries"][0]
    assert (record["picture"], record["notes"]) == (name, [note])


def test_only_the_script_of_the_page_may_run(tmp_path: Path) -> None:
    page = made(tmp_path, entry("a.png"))
    digest = base64.b64encode(hashlib.sha256(page.scripts["code"].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page.policy
    assert page.policy.startswith("default-src 'none';")
    assert not re.search(r"https?:", page.policy)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
@pytest.mark.parametrize("name", ["a b#c?d%e.glb", "javascript:alert(1).glb", "ü\udcff.glb", "//x.glb", '"<&>.glb'])
def test_addresses_lead_to_the_files(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    place = folder / name.strip("/")
    try:
        place.write_bytes(b"glTF")
    except OSError:
        pytest.skip("this file system does not take the name")
    path = place.relative_to(tmp_path).as_posix()
    for base, told in ((tmp_path, path), (folder, place.name)):
        address = made(base, entry("a.png", outputs=[told])).data["entries"][0]["mesh"]
        assert re.fullmatch(r"[\w./%~-]+", address, re.ASCII)
        assert unquote_to_bytes(address) == os.fsencode(told)


def test_what_is_missing_has_no_address(tmp_path: Path) -> None:
    (tmp_path / "cup.json").write_text("{}")
    outputs = ["cup.glb", "cup.preview.png", "cup.json", "cup.turntable.webp"]
    record = made(tmp_path, entry("cup.png", outputs=outputs, preview="cup.preview.png")).data["entries"][0]
    assert [record[name] for name in ("mesh", "script", "preview", "turntable", "thumbnail")] == [None] * 5
    assert record["outputs"] == [["cup.json", "cup.json"]]


def test_pictures_are_small_on_the_page(tmp_path: Path) -> None:
    source = picture(tmp_path / "cup.png")
    record = made(tmp_path, entry("cup.png", source=str(source))).data["entries"][0]
    with Image.open(tmp_path / record["thumbnail"]) as image:
        assert image.size == (480, 320)


def test_a_picture_that_failed_is_not_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(gallery_files, "decode_picture", lambda path: opened.append(path))
    source = str(picture(tmp_path / "cup.png"))
    record = made(tmp_path, entry("cup.png", source=source, state="failed", mesh=None)).data["entries"][0]
    assert record["thumbnail"] is None
    assert opened == []


def test_a_mesh_comes_back_from_its_script(tmp_path: Path) -> None:
    content = os.urandom(3 * 2**20 + 1000)
    (tmp_path / "cup.glb").write_bytes(content)
    record = made(tmp_path, entry("cup.png", outputs=["cup.glb"])).data["entries"][0]
    script = (tmp_path / record["script"]).read_text("ascii")
    found = re.fullmatch(r'maquetteMesh\("(\w+)","([\w+/=]+)"\)\n', script)
    assert found is not None
    assert f"{found[1]}.js" == Path(record["script"]).name
    assert base64.b64decode(found[2]) == content


def test_scripts_stop_at_the_limit(tmp_path: Path) -> None:
    meshes = [tmp_path / f"{number}.glb" for number in range(3)]
    for mesh in meshes:
        mesh.write_bytes(bytes(400))
    files = GalleryFiles(tmp_path / "files", 1000)
    scripts = [files.embed(entry(mesh.name), mesh) for mesh in meshes]
    assert [script is None for script in scripts] == [False, False, True]


def test_making_it_again_keeps_what_is_right_and_removes_the_rest(tmp_path: Path) -> None:
    (tmp_path / "cup.glb").write_bytes(b"old")
    (tmp_path / "pot.glb").write_bytes(b"pot")
    cup, pot = entry("cup.png", outputs=["cup.glb"]), entry("pot.png", outputs=["pot.glb"])
    old, kept = (record["script"] for record in made(tmp_path, cup, pot).data["entries"])
    written = (tmp_path / kept).stat().st_mtime_ns
    (tmp_path / "gallery_files" / "mine.txt").write_text("not the gallery's")
    (tmp_path / "cup.glb").write_bytes(b"new")
    again = entry("cup.png", outputs=["cup.glb"], time="2026-05-04T04:00:00.000Z")
    new = made(tmp_path, again, pot).data["entries"][0]["script"]
    assert not (tmp_path / old).exists()
    assert base64.b64encode(b"new") in (tmp_path / new).read_bytes()
    assert (tmp_path / kept).stat().st_mtime_ns == written
    assert (tmp_path / "gallery_files" / "mine.txt").exists()


def test_without_the_viewer_the_page_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery_files, "VIEWER", tmp_path / "missing" / "model-viewer.js")
    assert made(tmp_path, entry("a.png")).data["viewer"] is None


@pytest.mark.parametrize(
    "mesh", [{}, {"faces": 3}, {**entry("a").mesh, "faces": "many"}, {**entry("a").mesh, "dimensions": None}]
)
def test_a_report_that_is_none_has_no_figures(tmp_path: Path, mesh: dict[str, Any]) -> None:
    record = made(tmp_path, entry("a.png", mesh=mesh, seconds={"total": float("nan")})).data["entries"][0]
    assert "figures" not in record
    assert record["seconds"] == {}


def test_a_folder_of_shards_gets_one_page(tmp_path: Path) -> None:
    write_manifest(tmp_path / "manifest-1-of-2.jsonl", [entry("a.png"), entry("b.png", state="failed")])
    write_manifest(tmp_path / "manifest-2-of-2.jsonl", [entry("c.png")])
    page = gallery_of(tmp_path)
    assert page == tmp_path / "gallery.html"
    assert [record["picture"] for record in Page(page).data["entries"]] == ["a.png", "b.png", "c.png"]


def test_each_manifest_has_its_own_page_and_files(tmp_path: Path) -> None:
    names = ["manifest.jsonl", "manifest-2-of-3.jsonl", "toys.jsonl"]
    assert [page_name(name) for name in names] == ["gallery.html", "gallery-2-of-3.html", "toys.html"]
    write_manifest(tmp_path / "toys.jsonl", [entry("a.png")])
    assert gallery_of(tmp_path / "toys.jsonl") == tmp_path / "toys.html"
    assert (tmp_path / "toys_files").is_dir()


def test_without_a_manifest_there_is_no_page(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing", tmp_path / "missing.jsonl"):
        with pytest.raises(OutputError, match="no manifest"):
            gallery_of(place)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_batch_has_a_page(tmp_path: Path) -> None:
    assert made(tmp_path).data["entries"] == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "gallery_files").write_text("a file where the folder is needed")
    with pytest.raises(OutputError, match="gallery_files cannot be written"):
        write_gallery([entry("a.png")], tmp_path / "gallery.html")
    assert not (tmp_path / "gallery.html").exists()


def test_all_that_the_template_names_is_filled_in(tmp_path: Path) -> None:
    made(tmp_path, entry("a.png"))
    assert "{{" not in (tmp_path / "gallery.html").read_text("utf-8")


def test_a_batch_makes_its_page_and_the_page_can_be_made_again(tmp_path: Path) -> None:
    for name in ("cup.png", "refused.png"):
        picture(tmp_path / name)
    results = tmp_path / "out"
    command = [sys.executable, STAND_IN, "batch", tmp_path / "cup.png", tmp_path / "refused.png"]
    done = subprocess.run([*command, "-o", results, "--jobs", "1", "--gallery"], timeout=120, check=False)
    assert done.returncode == 1
    page = results / "gallery.html"
    first = Page(page).data
    states = {record["picture"]: record["state"] for record in first["entries"]}
    assert states == {"cup.png": "done", "refused.png": "refused"}
    cup = first["entries"][0]
    assert (results / cup["mesh"]).is_file()
    assert (results / cup["thumbnail"]).is_file()
    page.unlink()
    assert cli.main(["gallery", str(results)]) == 0
    assert Page(page).data == first
