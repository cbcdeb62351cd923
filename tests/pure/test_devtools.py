"""What `dev.py` decides by itself: which argument is the picture, which wheel fits where, which Python will do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from maquette.devtools import viewer
from maquette.devtools.commands import picture_in
from maquette.devtools.environment import SetupError
from maquette.devtools.requirements import MODEL_VIEWER
from maquette.devtools.viewer import vendor_viewer
from maquette.devtools.wheels import read_name

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("arguments", "picture"),
    [
        (["cup.png", "-o", "cup.glb"], "cup.png"),
        (["-o", "cup.glb", "cup.png"], "cup.png"),
        (["--faces=500", "cup.png"], "cup.png"),
        (["--verbose", "cup.png"], "cup.png"),
        (["-o", "cup.glb", "--quality", "draft"], ""),
        ([], ""),
    ],
)
def test_the_picture_is_found_among_the_options(arguments: list[str], picture: str) -> None:
    assert picture_in(arguments) == picture


@pytest.mark.parametrize(
    ("file_name", "python", "platform", "fits"),
    [
        ("onnxruntime-1.32.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl", "3.11", "linux-x64", True),
        ("onnxruntime-1.32.0-cp311-cp311-manylinux_2_28_x86_64.whl", "3.13", "linux-x64", False),
        ("onnxruntime-1.32.0-cp311-cp311-manylinux_2_28_aarch64.whl", "3.11", "linux-x64", False),
        ("onnxruntime-1.32.0-cp311-cp311-musllinux_1_2_x86_64.whl", "3.11", "linux-x64", False),
        ("onnxruntime-1.32.0-cp313-cp313-macosx_14_0_arm64.whl", "3.13", "macos-arm64", True),
        ("onnxruntime-1.32.0-cp313-cp313-win_amd64.whl", "3.13", "windows-x64", True),
        ("onnxruntime-1.32.0-cp313-cp313-win_amd64.whl", "3.13", "linux-x64", False),
        ("some_thing-1.0-cp310-abi3-win_amd64.whl", "3.13", "windows-x64", True),
        ("some_thing-1.0-cp314-abi3-win_amd64.whl", "3.13", "windows-x64", False),
        ("manifold3d-3.5.4-cp313-cp313-macosx_11_0_arm64.whl", "3.13", "macos-arm64", True),
        ("some_thing-1.0-py3-none-any.whl", "3.13", "macos-arm64", True),
    ],
)
def test_a_wheel_fits_by_its_tags(file_name: str, python: str, platform: str, fits: bool) -> None:
    assert read_name(file_name).fits(python, platform) is fits


@pytest.mark.parametrize("file_name", ["onnxruntime.whl", "onnxruntime-1.32.0-cp311-cp311-win_amd64.zip"])
def test_what_is_no_wheel_is_refused(file_name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a wheel"):
        read_name(file_name)


def test_a_python_without_blender_module_gets_one_sentence() -> None:
    # A version that nobody has stands for those that work, so that none is found.
    program = f"""
import runpy, sys
sys.path.insert(0, {str(ROOT)!r})
import devtools.pythons
devtools.pythons.SUPPORTED = ("3.999",)
sys.argv = ["dev.py", "run"]
runpy.run_path({str(ROOT / "dev.py")!r}, run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "Maquette runs on Python 3.999; this is 3." in done.stderr


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages as npm would install them: the viewer, one that is bundled in it, one that is not, and four copied."""
    modules = tmp_path / "node_modules"
    for name in ("@google/model-viewer", "@lit/element", "unused", "fflate", "ktx-parse", "meshoptimizer", "zstddec"):
        (modules / name).mkdir(parents=True)
        (modules / name / "package.json").write_text(json.dumps({"name": name, "license": "MIT"}))
        (modules / name / "LICENSE").write_text(f"The licence of {name}.")
    dist = modules / "@google/model-viewer/dist"
    dist.mkdir()
    (dist / "model-viewer-umd.min.js").write_text("the viewer")
    sources = ["../src/a.ts", "../../../node_modules/@lit/element/css.js"]
    (dist / "model-viewer-umd.min.js.map").write_text(json.dumps({"sources": sources}))
    monkeypatch.setattr(viewer, "node_package", lambda *_: modules)
    for name in ("VIEWER", "LICENCES"):
        monkeypatch.setattr(viewer, name, tmp_path / "page" / getattr(viewer, name).name)
    monkeypatch.setattr(viewer, "FOLDER", tmp_path / "page")
    monkeypatch.setattr(viewer, "ROOT", tmp_path)
    return modules


def test_the_viewer_comes_with_the_licence_of_everything_in_it(npm: Path) -> None:
    vendor_viewer()
    assert viewer.VIEWER.read_text() == "the viewer"
    licences = viewer.LICENCES.read_text()
    assert licences.startswith(f"@google/model-viewer {MODEL_VIEWER}\n")
    for name in ("@google/model-viewer", "@lit/element", "fflate", "zstddec"):
        assert licences.count(f"The licence of {name}.") == 1
    assert "unused" not in licences


def test_a_viewer_without_a_licence_is_not_taken(npm: Path) -> None:
    (npm / "@lit/element/LICENSE").unlink()
    with pytest.raises(SetupError, match="@lit/element comes without its licence"):
        vendor_viewer()
    assert not viewer.VIEWER.exists()
