"""The built extension zip, and the check that is made of it."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
from maquette.devtools.requirements import RUNTIME
from maquette.devtools.verify import verify
from maquette.devtools.wheels import read_name

PYTHONS = ("3.11", "3.13", "3.14")


@pytest.fixture(scope="module")
def light_zip(zip_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the zip with the files in its wheels emptied: the same names, but quick to copy and to check."""
    light = tmp_path_factory.mktemp("light") / zip_file.name
    with zipfile.ZipFile(zip_file) as old, zipfile.ZipFile(light, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith(".whl"):
                emptied = io.BytesIO()
                with zipfile.ZipFile(io.BytesIO(content)) as wheel, zipfile.ZipFile(emptied, "w") as shell:
                    for member in wheel.namelist():
                        shell.writestr(member, b"")
                content = emptied.getvalue()
            new.writestr(name, content)
    return light


def altered(source: Path, target: Path, keep: Callable[[str], bool], extra: str = "") -> Path:
    """Write a copy of a zip with only the members that `keep` says yes to, and one more if named."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in filter(keep, old.namelist()):
            new.writestr(name, old.read(name))
        if extra:
            new.writestr(extra, b"import os\n")
    return target


def test_a_sound_zip_has_no_problems(light_zip: Path) -> None:
    assert verify(light_zip, "linux-x64", PYTHONS) == []


@pytest.mark.parametrize(
    ("removed", "complaint"),
    [
        ("wheels/onnxruntime-1.32.0-cp313", "0 wheels of onnxruntime"),
        ("jobs.py", "no "),
        ("geometry/measure.py", "geometry/measure"),
        ("wheels/pillow", "0 wheels of pillow"),
        ("batching/page/viewer/LICENSES.txt", "LICENSES.txt is missing"),
    ],
)
def test_a_missing_part_is_noticed(light_zip: Path, tmp_path: Path, removed: str, complaint: str) -> None:
    broken = altered(light_zip, tmp_path / "broken.zip", lambda name: not name.startswith(removed))
    assert any(complaint in problem for problem in verify(broken, "linux-x64", PYTHONS))


@pytest.mark.parametrize(
    "stray", ["tests/test_a.py", "training/loop.py", "dev.py", "notes.txt", "blender/__pycache__/a.pyc"]
)
def test_a_stray_file_is_noticed(light_zip: Path, tmp_path: Path, stray: str) -> None:
    broken = altered(light_zip, tmp_path / "broken.zip", lambda name: True, stray)
    assert f"{stray} does not belong in it" in verify(broken, "linux-x64", PYTHONS)


def test_a_zip_for_another_platform_is_noticed(light_zip: Path) -> None:
    assert verify(light_zip, "windows-x64", PYTHONS)


PROBE = """
import sys
sys.path[:0] = [{folder!r}]
import manifold3d, numpy, onnxruntime
assert manifold3d.Manifold.cube((1.0, 1.0, 1.0)).volume() == 1.0
from PIL import Image
for path in {networks!r}:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    shape = [size if isinstance(size, int) else 1 for size in given.shape]
    results = session.run(None, {{given.name: numpy.zeros(shape, numpy.float32)}})
    assert all(numpy.isfinite(result).all() for result in results)
assert Image.open({picture!r}).convert("RGBA").size == (768, 768)
for name in ("google.protobuf", "flatbuffers", "packaging"):
    try:
        __import__(name)
    except ImportError:
        continue
    raise AssertionError(name + " is within reach, so this proves nothing")
print("ran", len({networks!r}), "networks")
"""


def test_the_wheels_run_without_anything_beside_them_but_numpy(zip_file: Path, example: Path, tmp_path: Path) -> None:
    python = "{}.{}".format(*sys.version_info[:2])
    with zipfile.ZipFile(zip_file) as archive:
        for name in (name for name in archive.namelist() if name.endswith(".whl")):
            if read_name(Path(name).name).fits(python, "linux-x64"):
                zipfile.ZipFile(archive.open(name)).extractall(tmp_path)
        networks = [archive.extract(name, tmp_path) for name in archive.namelist() if name.endswith(".onnx")]
    assert networks
    assert {path.name.split("-")[0] for path in tmp_path.glob("*.dist-info")} == set(RUNTIME)
    library = Path(numpy.__file__).parent
    for folder in (library, library.with_name("numpy.libs")):
        if folder.is_dir():
            (tmp_path / folder.name).symlink_to(folder)
    probe = PROBE.format(folder=str(tmp_path), networks=networks, picture=str(example))
    done = subprocess.run([sys.executable, "-I", "-S", "-c", probe], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"ran {len(networks)} networks\n"
