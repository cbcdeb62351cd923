"""Opens a finished extension zip again and looks for what would fail on a user's machine."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from .environment import ensure, python_of
from .pythons import ROOT
from .requirements import LIBRARIES, RUNTIME
from .viewer import LICENCES, VIEWER
from .wheels import modules_of, read_name

__all__ = ["CODE", "MANIFEST", "verify"]

BLENDER_BRINGS = {
    "addon_utils",
    "bl_ui",
    "blf",
    "bmesh",
    "bpy",
    "bpy_extras",
    "gpu",
    "gpu_extras",
    "mathutils",
    "numpy",
}
FOLDERS = {"": (".py",), "models": (".onnx", ".toml"), "wheels": (".whl",)}
CODE = (
    "batching",
    "blender",
    "commands",
    "doctor",
    "geometry",
    "gpu_support",
    "inference",
    "meshfiles",
    "modelstore",
    "operators",
    "panels",
)
MANIFEST = "blender_manifest.toml"


def verify(path: Path, platform: str, pythons: Sequence[str]) -> list[str]:
    """Return what is wrong with an extension zip, one sentence each; an empty list when it is sound.

    Parameters
    ----------
    path : Path
        The zip.
    platform : str
        The platform it is for, a key of `wheels.PLATFORMS`.
    pythons : sequence of str
        The Pythons it must have wheels for.
    """
    with zipfile.ZipFile(path) as archive:
        broken = archive.testzip()
        if broken:
            return [f"{broken} is damaged"]
        names = archive.namelist()
        problems = [f"{name} does not belong in it" for name in names if not _belongs(name)]
        viewer = {path.relative_to(ROOT).as_posix() for path in (VIEWER, LICENCES)}
        if not viewer.isdisjoint(names):  # shipped with every licence, or not at all
            problems += [f"{name} is missing" for name in sorted(viewer.difference(names))]
        problems += _manifest_problems(archive, platform)
        sources = {PurePosixPath(name): archive.read(name) for name in names if name.endswith(".py")}
        for python in pythons:
            modules, missing = _modules(archive, python, platform)
            problems += missing or _import_problems(sources, modules, f"Python {python} on {platform}")
    return list(dict.fromkeys(problems)) or _blender_problems(path)


def _belongs(name: str) -> bool:
    """Tell whether a file is one that users need."""
    path = PurePosixPath(name)
    if "__pycache__" in path.parts or ".." in path.parts or path.name in ("dev.py", "conftest.py"):
        return False
    top = path.parts[0] if len(path.parts) > 1 else ""
    return name in ("LICENSE", MANIFEST) or path.suffix in FOLDERS.get(top, ()) or top in CODE


def _manifest_problems(archive: zipfile.ZipFile, platform: str) -> list[str]:
    """Compare the manifest with the zip."""
    manifest = tomllib.loads(archive.read(MANIFEST).decode())
    listed = {entry.removeprefix("./") for entry in manifest.get("wheels", [])}
    present = {name for name in archive.namelist() if name.startswith("wheels/")}
    problems = [f"the manifest and the zip differ in {name}" for name in sorted(listed ^ present)]
    if manifest.get("platforms") != [platform]:
        problems.append(f"the manifest is for {manifest.get('platforms')}")
    return problems


def _modules(archive: zipfile.ZipFile, python: str, platform: str) -> tuple[set[str], list[str]]:
    """Return the modules that Blender can import from the zip's wheels, and what is missing or doubled."""
    fitting = [
        (wheel, name)
        for name in archive.namelist()
        if name.startswith("wheels/") and (wheel := read_name(PurePosixPath(name).name)).fits(python, platform)
    ]
    modules: set[str] = set()
    for _, name in fitting:
        with zipfile.ZipFile(io.BytesIO(archive.read(name))) as wheel:
            modules |= modules_of(wheel)
    missing = [module for module in LIBRARIES.values() if module not in modules]
    problems = [f"{module} is in no wheel for Python {python}" for module in missing]
    for required, version in RUNTIME.items():
        count = sum(wheel.name == required and wheel.version == version for wheel, _ in fitting)
        if count != 1:
            problems.append(f"{count} wheels of {required} {version} for Python {python}")
    problems += [f"{wheel.name} must not be bundled" for wheel, _ in fitting if wheel.name not in RUNTIME]
    return modules, problems


def _import_problems(sources: dict[PurePosixPath, bytes], modules: set[str], where: str) -> Iterator[str]:
    """Yield every import of the package that could not be satisfied."""
    known = set(sys.stdlib_module_names) | BLENDER_BRINGS | modules
    trees = {path: ast.parse(text, str(path)) for path, text in sources.items()}
    defined = {path: set(_top_level_names(tree)) for path, tree in trees.items()}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                wanted = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                wanted = [node.module or ""]
            elif isinstance(node, ast.ImportFrom):
                yield from (f"{path}: no {name}" for name in _missing_here(path, node, defined))
                continue
            else:
                continue
            yield from (f"{path}: no {name} for {where}" for name in wanted if name.split(".")[0] not in known)


def _missing_here(path: PurePosixPath, node: ast.ImportFrom, defined: dict[PurePosixPath, set[str]]) -> Iterator[str]:
    """Yield the names of a relative import that the package does not have."""
    base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
    module, package = base.with_suffix(".py") if base.name else base, base / "__init__.py"
    source = module if module in defined else package
    if source not in defined:
        yield str(base)
        return
    for alias in node.names:
        part = base / alias.name
        is_module = source == package and (part.with_suffix(".py") in defined or part / "__init__.py" in defined)
        if not is_module and alias.name not in defined[source] and not alias.name.startswith("__"):
            yield f"{alias.name} in {source}"


def _top_level_names(tree: ast.AST) -> Iterator[str]:
    """Yield what a module defines, branches included, functions' insides not."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif not isinstance(node, ast.expr) or isinstance(node, (ast.Tuple, ast.List)):
            yield from _top_level_names(node)


def _blender_problems(path: Path) -> list[str]:
    """Ask Blender's own validator, which lies in the bpy wheel."""
    library = python_of(ROOT / ".venv").parent.parent
    tools = sorted(library.glob("**/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
    if not tools:
        return ["Blender's validator was not found in .venv"]
    check = subprocess.run([ensure(), tools[0], "validate", path], capture_output=True, text=True, check=False)
    return [] if check.returncode == 0 else [f"Blender's validator: {(check.stdout + check.stderr).strip()}"]
