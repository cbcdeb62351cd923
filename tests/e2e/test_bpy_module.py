"""The zip installed into Blender as a Python module, for each Python there is: that of 4.5 LTS and that of 5.2 LTS."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from maquette.devtools.environment import environment_version, python_of
from maquette.devtools.requirements import LIBRARIES

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = [folder for folder in sorted(ROOT.glob(".venv*")) if environment_version(folder)]
WITHHELD = {*LIBRARIES.values(), "flatbuffers", "google", "packaging"}

PROBE = """
import sys
sys.path.append({library!r})
import bpy
bpy.ops.extensions.package_install_files(filepath={zip_file!r}, repo="user_default", enable_on_install=True)
assert "bl_ext.user_default.maquette" in bpy.context.preferences.addons
assert hasattr(bpy.types, "MAQUETTE_OT_generate_from_image")
from bl_ext.user_default.maquette.cli import main
sys.exit(main(["generate", {picture!r}, "-o", {target!r}, "--quality", "draft"]))
"""


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=environment_version)
def test_the_installed_zip_generates_with_its_own_wheels(
    environment: Path, zip_file: Path, example: Path, tmp_path: Path
) -> None:
    python, library, profile = python_of(environment), tmp_path / "library", tmp_path / "profile"
    library.mkdir()
    profile.mkdir()
    # All that Blender's module needs, and nothing that the zip has to bring.
    for part in (environment / "lib" / f"python{environment_version(environment)}" / "site-packages").iterdir():
        if part.name.split(".")[0] not in WITHHELD and part.suffix != ".dist-info":
            (library / part.name).symlink_to(part)
    target = tmp_path / "toy.glb"
    probe = PROBE.format(library=str(library), zip_file=str(zip_file), picture=str(example), target=str(target))
    variables = {**os.environ, "BLENDER_USER_RESOURCES": str(profile)}
    command = [str(python), "-I", "-S", "-c", probe]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert target.stat().st_size > 100_000
    assert list((profile / "extensions" / ".local" / "lib").glob("python*/site-packages/onnxruntime"))
