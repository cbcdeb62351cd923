"""The dependency rule: who may import whom, read from the source of every module.

``contracts, errors <- inference, geometry (which do not know each other) <- pipeline <- worker``; ``contracts <-
blender/``; ``operators/`` and ``commands/`` join both sides. Only the Blender side imports bpy, only ``training/``
torch.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]

# What belongs to no layer: it is never imported by one (held below), and free in what it imports itself.
APART = {"tests", "training", "docs", "typings", "build", "dist", "runs"}

BASE = {"contracts", "errors"}

# The parts of the package that each part may import. A new module of the root takes its place here.
PARTS = {
    "bootstrap": set[str](),
    "contracts": set[str](),
    "errors": set[str](),
    "version": set[str](),
    "mesh_words": set[str](),
    "events": set[str](),
    "settings": BASE | {"materials"},
    "materials": BASE,
    "outputs": BASE,
    "array_files": set[str](),
    "file_lock": set[str](),
    "modelstore": BASE | {"file_lock", "inference.card", "inference.model_folder", "steps", "version"},
    "transfer": BASE | {"array_files", "settings"},
    "polygon_files": BASE | {"array_files", "geometry"},
    "meshfiles": BASE,
    "geometry": BASE,
    "machine": set[str](),
    "inference": BASE | {"machine"},
    "model_set": BASE | {"inference"},
    "steps": {"errors"},
    "pipeline": BASE
    | {"drawing", "inference", "geometry", "materials", "model_set", "settings", "steps", "version", "whole_shape"},
    "whole_shape": BASE | {"inference", "geometry", "steps"},
    "model_client": {"inference.model_folder", "jobs"},
    "model_jobs": BASE | {"inference", "modelstore", "steps"},
    "picture_check": BASE | {"geometry.drawings.kinds", "inference", "model_set", "version"},
    "drawing": BASE | {"geometry"},
    "protocol": {"errors"},
    "launch": {"bootstrap", "errors", "protocol"},
    "gpu_support": {"bootstrap", "errors", "inference.model_folder", "launch"},
    "doctor": BASE | {"gpu_support", "inference", "machine", "model_set", "modelstore", "pipeline", "steps", "version"},
    "jobs": {"errors", "events", "launch", "protocol"},
    "batching": BASE
    | {
        "file_lock",
        "mesh_words",
        "inference.card",
        "inference.decode",
        "events",
        "jobs",
        "launch",
        "materials",
        "outputs",
        "settings",
        "version",
    },
    "farm": {"batching", "errors", "version"},
    "cleanup": BASE | {"geometry"},
    "remote": {"errors", "events", "geometry", "jobs", "polygon_files"},
    "upscale": BASE | {"inference", "model_set", "steps"},
    "worker": BASE
    | {
        "cleanup",
        "doctor",
        "model_client",
        "model_jobs",
        "model_set",
        "picture_check",
        "pipeline",
        "polygon_files",
        "protocol",
        "settings",
        "steps",
        "transfer",
        "upscale",
    },
    # The thumbnail reads pictures as safely as the pipeline does, since Blender itself loads anything; mesh files are
    # checked for the same reason. The meshes that cleaning takes and gives are read from and written to objects here.
    "blender": BASE
    | {
        "outputs",
        "materials",
        "mesh_words",
        "inference.decode",
        "meshfiles",
        "geometry.arrays",
        "geometry.bake_detail_data",
        "geometry.project_picture_data",
        "geometry.repair.polygons",
        "geometry.repair.transfer",
    },
    "__init__": {"registration"},
}

# These join both sides, but leave networks and native libraries to the worker, so that a crash there never reaches the
# user's scene.
BLENDER_SIDE = {"operators", "panels", "registration", "properties", "preferences", "run_state"}
WORKER_ONLY = {
    "pipeline",
    "worker",
    "cleanup",
    "doctor.devices",
    "doctor.examine",
    "geometry.repair.union",
    "inference.session",
    "inference.depth",
    "inference.foreign",
    "inference.matte",
    "inference.shape",
    "inference.upscale",
    "model_jobs",
    "upscale",
}

# The libraries from outside that each part may import; none unless listed.
LIBRARIES = {
    "contracts": {"numpy"},
    "geometry": {"numpy"},
    "inference": {"numpy", "PIL", "onnxruntime"},
    "model_jobs": {"numpy"},
    "pipeline": {"numpy"},
    "upscale": {"numpy", "PIL"},
    "doctor": {"numpy", "PIL", "onnxruntime"},
    "batching": {"PIL"},
    "farm": {"ray"},
    "array_files": {"numpy"},
    "transfer": {"numpy", "PIL"},
    "polygon_files": {"numpy"},
    "meshfiles": {"numpy"},
}
# What single modules may import beyond that. A native library is named by one module alone, which nobody but the worker
# calls; of the developer's tools, some run inside an environment that has what they measure.
ALONE = {
    "geometry/repair/union.py": {"manifold3d"},
    "devtools/broken_mesh.py": {"numpy", "numpy.typing"},
    "devtools/judge.py": {"numpy"},
    "devtools/measure_cleanup.py": {"numpy", "bpy", "bmesh"},
    "devtools/measure_devices.py": {"numpy"},
    "devtools/measure_peers.py": {"numpy"},
    "devtools/measure_texture.py": {"numpy", "bpy"},
}
IN_BLENDER = {"bpy", "bmesh", "mathutils", "bpy_extras", "gpu", "gpu_extras", "blf", "addon_utils", "numpy", "PIL"}

SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.py", "[!.]*/**/*.py")
    for path in ROOT.glob(pattern)
    if path.relative_to(ROOT).parts[0] not in APART
)


def imports(tree: ast.Module, path: str) -> Iterator[tuple[int, str, bool]]:
    """Yield line, dotted name and whether it is the package's own, for every import wherever it stands.

    Own names are relative to the root: ``from ..contracts import Float`` is ``contracts.Float`` anywhere.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name, False) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            folder = PurePosixPath(path).parts[:-1]
            above = folder[: len(folder) + 1 - node.level] if node.level else ()
            prefix = ".".join([*above, *([module] if module else [])])
            outside = node.level > len(folder) + 1
            for name in node.names:
                own = f"{prefix}.{name.name}".lstrip(".")
                yield node.lineno, "a folder above the package" if outside else own, bool(node.level) and not outside


def may_import(part: str, target: str) -> bool:
    """Tell whether a part may import the package's module (or the name in it) called ``target``."""
    pieces = target.split(".")
    if pieces[0] in ("training", "tests", "devtools", "dev"):
        return part == pieces[0]
    if pieces[0] == part or part in ("cli", "commands", "devtools"):
        return True
    names = {".".join(pieces[:length]) for length in range(1, len(pieces) + 1)}
    if part in BLENDER_SIDE:
        return not names & WORKER_ONLY
    return bool(names & PARTS.get(part, set()))


def may_use(part: str, library: str) -> bool:
    """Tell whether a part may import something from outside the package."""
    top = library.split(".")[0]
    if top in sys.stdlib_module_names:
        return True
    if part in BLENDER_SIDE | {"blender", "cli", "commands"}:
        return top in IN_BLENDER
    # `dev.py` is a program of its own, which finds its other half beside it.
    return top in LIBRARIES.get(part, set()) or (part == "dev" and top == "devtools")


def violations(source: str, path: str) -> list[str]:
    """Return what breaks the rule in a module, one line each."""
    part = PurePosixPath(path).parts[0].removesuffix(".py")
    return [
        f"{path}:{line} must not import {name}"
        for line, name, own in imports(ast.parse(source), path)
        if not (may_import(part, name) if own else may_use(part, name) or name in ALONE.get(path, set()))
    ]


@pytest.mark.parametrize("path", SOURCES)
def test_module_holds_the_rule(path: str) -> None:
    assert violations((ROOT / path).read_text(encoding="utf-8"), path) == []


def test_every_part_has_its_place() -> None:
    parts = {PurePosixPath(path).parts[0].removesuffix(".py") for path in SOURCES}
    assert parts <= PARTS.keys() | BLENDER_SIDE | {"cli", "commands", "dev", "devtools"}


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("geometry/bake.py", "import bpy"),
        ("geometry/bake.py", "from scipy.spatial import cKDTree"),
        ("geometry/bake.py", "import manifold3d"),
        ("operators/clean_up.py", "from ..geometry.repair.union import resolve_self_intersections"),
        ("geometry/bake.py", "from ..inference import decode"),
        ("geometry/bake.py", "def late():\n    from ..inference.decode import decode_picture"),
        ("geometry/bake.py", "from maquette.contracts import Float"),
        ("geometry/bake.py", "from ... import contracts"),
        ("geometry/bake.py", "import contracts"),
        ("inference/decode.py", "import cv2"),
        ("inference/decode.py", "from ..geometry.axes import place"),
        ("inference/decode.py", "from ..training import data"),
        ("pipeline.py", "from . import worker"),
        ("pipeline.py", "from .blender.mesh import build_mesh"),
        ("worker.py", "import torch"),
        ("jobs.py", "from . import pipeline"),
        ("jobs.py", "import numpy"),
        ("contracts.py", "from .errors import MaquetteError"),
        ("blender/mesh.py", "from ..geometry.measure import measure"),
        ("blender/mesh.py", "from ..pipeline import generate"),
        ("operators/generate.py", "from ..pipeline import generate"),
        ("operators/generate.py", "import onnxruntime"),
        ("commands/clean.py", "from ..devtools import package"),
        ("dev.py", "import numpy"),
        ("batching/driver.py", "import ray"),
        ("farm/run.py", "import bpy"),
    ],
)
def test_breach_is_found(path: str, source: str) -> None:
    assert len(violations(source, path)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("geometry/bake.py", "from . import raster\nfrom ..contracts import Float\nimport numpy as np, math"),
        ("pipeline.py", "from .geometry.axes import place\nfrom .inference import decode"),
        ("operators/generate.py", "import bpy\nfrom .. import jobs\nfrom ..blender.mesh import build_mesh"),
        ("commands/clean.py", "from ..pipeline import generate\nfrom ..blender import export"),
    ],
)
def test_what_the_rule_allows_passes(path: str, source: str) -> None:
    assert violations(source, path) == []
