"""What `dev.py` decides by itself: which argument is the picture, which wheel fits where, which Python will do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from maquette.devtools.commands import picture_in
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
