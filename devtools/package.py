"""`dev.py build`: one extension zip per platform, complete with the wheels for each Python."""

from __future__ import annotations

import argparse
import json
import tomllib
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from .environment import SetupError, ensure, say
from .pythons import ROOT, SUPPORTED
from .verify import CODE, MANIFEST, verify
from .viewer import VIEWER, vendor_viewer
from .wheels import PLATFORMS, download

__all__ = ["build", "build_command", "shipped_files"]

SUFFIXES = (".css", ".html", ".js", ".json", ".png", ".py", ".toml", ".txt")
EPOCH = (1980, 1, 1, 0, 0, 0)


def shipped_files() -> list[Path]:
    """Return the files of the checkout that go into the zip, besides the manifest and the wheels."""
    files = [path for path in ROOT.glob("*.py") if path.name != "dev.py"]
    for folder in CODE:
        files += [path for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    files += [path for path in (ROOT / "models").rglob("*") if path.suffix in (".onnx", ".toml")]
    return sorted([*files, ROOT / "LICENSE"])


def _manifest(platform: str, wheels: Iterable[Path]) -> str:
    """Return the manifest's text with the platform and its wheels filled in, before the first table."""
    text = (ROOT / MANIFEST).read_text("utf-8")
    head, table, tail = text.partition("\n[")
    listed = ",\n".join(f'    "./wheels/{wheel.name}"' for wheel in wheels)
    lines = [line for line in head.rstrip().splitlines() if not line.startswith("#")]
    return "\n".join([*lines, f"platforms = {json.dumps([platform])}", f"wheels = [\n{listed},\n]", table + tail])


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a file with a fixed date, so that the same sources give the same zip. Wheels are compressed already."""
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def build(platform: str, pythons: Sequence[str], target: Path, viewer: bool = True) -> Path:
    """Build and check the extension for one platform.

    Parameters
    ----------
    platform : str
        A key of `wheels.PLATFORMS`.
    pythons : sequence of str
        The Pythons to carry wheels for, such as "3.11".
    target : Path
        The folder the zip goes to.
    viewer : bool
        Whether the gallery gets its 3D viewer, which needs npm.

    Returns
    -------
    Path
        The zip, under its final name only once it passed `verify`.

    Raises
    ------
    SetupError
        When a wheel or the gallery's viewer cannot be had or the finished zip is not sound.
    """
    if viewer:
        vendor_viewer()
    wheels = sorted({wheel.name: wheel for python in pythons for wheel in download(python, platform)}.values())
    manifest = _manifest(platform, wheels)
    target.mkdir(parents=True, exist_ok=True)
    final = target / f"maquette-{tomllib.loads(manifest)['version']}-{platform}.zip"
    draft = final.with_suffix(".part.zip")
    with zipfile.ZipFile(draft, "w", compresslevel=9) as archive:
        _write(archive, MANIFEST, manifest.encode())
        for path in shipped_files():
            if not viewer and path.parent == VIEWER.parent:
                continue
            _write(archive, path.relative_to(ROOT).as_posix(), path.read_bytes())
        for wheel in wheels:
            _write(archive, f"wheels/{wheel.name}", wheel.read_bytes())
    problems = verify(draft, platform, pythons)
    if problems:
        draft.unlink()
        raise SetupError(f"{final.name} is not sound: " + "; ".join(problems))
    draft.replace(final)
    say(f"{final}: {final.stat().st_size / 1e6:.1f} MB, {len(wheels)} wheels, Python {', '.join(pythons)}, checked")
    return final


def build_command(arguments: Sequence[str]) -> int:
    """Run ``dev.py build``."""
    parser = argparse.ArgumentParser(prog="dev.py build", description="Build the extension, one zip per platform.")
    parser.add_argument("--platform", action="append", choices=tuple(PLATFORMS), help="default: all three")
    parser.add_argument("--python", action="append", default=[], help="one more Python to carry wheels for, as 3.14")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="default: dist/")
    parser.add_argument(
        "--without-viewer", action="store_true", help="leave out the gallery's 3D view, which needs npm"
    )
    options = parser.parse_args(arguments)
    pythons = list(dict.fromkeys([*SUPPORTED, *options.python]))
    ensure()
    for platform in options.platform or PLATFORMS:
        print(build(platform, pythons, options.output.resolve(), not options.without_viewer))
    return 0
