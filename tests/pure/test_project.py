"""The project's own books: one version everywhere, networks that match their cards, no path of anyone's machine."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from maquette.version import VERSION

CARD_KEYS = {"id", "task", "file", "bytes", "sha256", "licence"}
ROOT = Path(__file__).resolve().parents[2]
NETWORKS = sorted((ROOT / "models").glob("*.onnx"))
TEXT = {".cfg", ".json", ".md", ".py", ".pyi", ".sh", ".toml", ".txt", ""}
MACHINE_PATH = re.compile(rf"(?<![\w.~$}}{{/-])/(?:{'|'.join(['home', 'mnt', 'root', 'tmp', 'Users', 'work'])})/")


def tracked_files() -> list[Path]:
    """Return what git tracks, or skip outside a clone."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("not a git clone")
    return [ROOT / name for name in listing.stdout.decode().split("\0") if name]


def test_the_version_is_the_same_in_manifest_code_and_changelog() -> None:
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text("utf-8"))
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest is not None
    assert manifest["version"] == VERSION == newest[1]


def test_permissions_are_those_in_use() -> None:
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text("utf-8"))
    assert set(manifest["permissions"]) == {"files", "network"}


def test_no_file_names_a_folder_of_one_machine() -> None:
    texts = {path: path.read_text("utf-8") for path in tracked_files() if path.suffix in TEXT and path.is_file()}
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path, text in texts.items()
        for line in text.splitlines()
        if MACHINE_PATH.search(line)
    ]
    assert not found


@pytest.mark.skipif(not NETWORKS, reason="models/ has no network yet")
def test_every_network_has_a_card_and_every_card_a_network() -> None:
    cards = {path.stem for path in (ROOT / "models").glob("*.toml")}
    assert cards == {path.stem for path in NETWORKS}


@pytest.mark.parametrize("network", NETWORKS, ids=lambda path: path.name)
def test_a_card_describes_the_network_beside_it(network: Path) -> None:
    card = tomllib.loads(network.with_suffix(".toml").read_text("utf-8"))
    assert card.keys() >= CARD_KEYS
    content = network.read_bytes()
    assert (card["id"], card["file"]) == (network.stem, network.name)
    assert card["bytes"] == len(content)
    assert card["sha256"] == hashlib.sha256(content).hexdigest()


def test_the_runtime_is_told_to_keep_to_itself_before_it_is_loaded() -> None:
    """ONNX Runtime reports what it runs to its makers unless told otherwise; so are the processes started from here."""
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
