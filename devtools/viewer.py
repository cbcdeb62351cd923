"""The 3D viewer of the gallery's page: model-viewer, fetched through npm and put beside the page's other parts.

It is not in the repository, since it is a build of others; the zips carry it, with the licence of everything in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from .environment import SetupError, say
from .node import node_package
from .pythons import ROOT
from .requirements import MODEL_VIEWER

__all__ = ["LICENCES", "VIEWER", "vendor_viewer"]

FOLDER = ROOT / "batching" / "page" / "viewer"
VIEWER, LICENCES = FOLDER / "model-viewer.js", FOLDER / "LICENSES.txt"
_NAME = "@google/model-viewer"
_FILE = "dist/model-viewer-umd.min.js"
"""A classic script: pages that are opened as files cannot load modules."""
_PACKAGE = re.compile("(@[^/]+/)?[^/]+")
_COPIED = ("fflate", "ktx-parse", "meshoptimizer", "zstddec")
"""What three.js, bundled in the viewer, has copied into itself without a licence text of its own."""


def vendor_viewer() -> None:
    """Put the viewer and its licences into `FOLDER`, unless that version is there.

    Raises
    ------
    SetupError
        Without npm, or when the package cannot be installed or holds no licence.
    """
    title = f"{_NAME} {MODEL_VIEWER}"
    if VIEWER.is_file() and LICENCES.is_file() and LICENCES.read_text("utf-8").startswith(f"{title}\n"):
        return
    modules = node_package(_NAME, MODEL_VIEWER, *_COPIED)
    texts = list(_licences(modules))
    FOLDER.mkdir(parents=True, exist_ok=True)
    VIEWER.write_bytes((modules / _NAME / _FILE).read_bytes())
    head = f"{title}\n{_FILE} of this npm package, unchanged, with what is bundled in it. The licence of each follows."
    LICENCES.write_text("\n\n\n".join([head, *texts]) + "\n", "utf-8")
    say(f"{VIEWER.relative_to(ROOT)}: {title}, {VIEWER.stat().st_size / 1e6:.1f} MB")


def _licences(modules: Path) -> Iterator[str]:
    """Yield a title and the licence text of each package that is in the viewer, its own first."""
    for name in dict.fromkeys((_NAME, *_bundled(modules), *_COPIED)):
        package = modules / name
        about = json.loads((package / "package.json").read_text("utf-8"))
        files = sorted(package.glob("LICENSE*"))
        if not files:
            raise SetupError(f"{name} comes without its licence: the viewer cannot be shipped with it.")
        texts = "\n\n".join(file.read_text("utf-8").strip() for file in files)
        yield f"{'=' * 80}\n{name} ({about['license']})\n\n{texts}"


def _bundled(modules: Path) -> list[str]:
    """Return the packages that the viewer was bundled from, as its source map names them."""
    sources = json.loads((modules / _NAME / f"{_FILE}.map").read_text("utf-8"))["sources"]
    found = (_PACKAGE.match(source.rpartition("node_modules/")[2]) for source in sources if "node_modules/" in source)
    return sorted({match[0] for match in found if match})
