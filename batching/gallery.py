"""One page that shows what became of every picture of a batch: it needs no network and no server."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from ..errors import OutputError
from .entry import Entry
from .gallery_data import page_data
from .gallery_files import PAGE, GalleryFiles
from .manifest import MANIFEST, choose, read_manifest, shard_manifests

__all__ = ["gallery_of", "page_name", "write_gallery"]

_PLACE = re.compile(r"\{\{(\w+)\}\}")
_SCRIPTS = ("words.js", "list.js", "view.js")
# Nothing but what lies beside the page is ever loaded: `file:` is for pages without a server.
_POLICY = (
    "default-src 'none'; img-src 'self' file: data: blob:; style-src 'unsafe-inline'; "
    "script-src 'self' file: 'wasm-unsafe-eval' {script}; connect-src 'self' file: data: blob:; "
    "worker-src blob:; base-uri 'none'; form-action 'none'"
)


def page_name(manifest: str) -> str:
    """The name of the page of a manifest: ``gallery.html`` for ``manifest.jsonl``."""
    stem = Path(manifest).stem
    shard = stem.removeprefix("manifest")
    return f"gallery{shard}.html" if stem.startswith("manifest") else f"{stem}.html"


def gallery_of(place: Path, told: Callable[[int], None] = lambda _: None) -> Path:
    """Write the page of a manifest, or of a batch's folder: of its manifest, or of those of its shards together.

    Raises
    ------
    OutputError
        If there is no manifest, or the page cannot be written.
    """
    if not place.is_dir():
        manifests = [place]
    elif (place / MANIFEST).is_file():
        manifests = [place / MANIFEST]
    else:
        manifests = shard_manifests(place)
    if not manifests or not all(path.is_file() for path in manifests):
        raise OutputError(f"There is no manifest of a batch at {place}: give the folder that was given with -o.")
    page = manifests[0].with_name(page_name(manifests[0].name if len(manifests) == 1 else MANIFEST))
    entries = choose(entry for path in manifests for entry in read_manifest(path).entries)
    write_gallery(entries, page, told)
    return page


def write_gallery(entries: Sequence[Entry], page: Path, told: Callable[[int], None] = lambda _: None) -> None:
    """Write the page, and its files into a folder beside it.

    Parameters
    ----------
    entries
        Of a manifest in the page's folder.
    page
        The HTML file; it appears, or replaces an older one, when it is whole.
    told
        Called with the count of entries done so far.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    files = GalleryFiles(page.with_name(f"{page.stem}_files"))
    prefix = f"{quote(os.fsencode(page.stem))}_files/"
    data = json.dumps(page_data(entries, page.parent, files, prefix, told), separators=(",", ":"))
    # Plain ASCII that cannot end the element it stands in, whatever the names of files are.
    data = data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    code = "\n".join((PAGE / name).read_text("utf-8") for name in _SCRIPTS)
    script = f'"use strict";\n(() => {{\n{code}}})();\n'
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    parts = {
        "policy": _POLICY.format(script=f"'sha256-{digest}'"),
        "style": (PAGE / "gallery.css").read_text("utf-8"),
        "data": data,
        "script": script,
    }
    _replace(page, _filled((PAGE / "gallery.html").read_text("utf-8"), parts))
    files.sweep()


def _filled(template: str, parts: Mapping[str, str]) -> str:
    """The template with its places filled, in one go: what is filled in has no places."""
    return _PLACE.sub(lambda place: parts[place[1]], template)


def _replace(page: Path, text: str) -> None:
    draft = page.with_name(f".{page.name}.part")
    try:
        # The line ends as they are: the policy names the hash of the script.
        draft.write_text(text, "utf-8", newline="\n")
        os.replace(draft, page)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise OutputError(f"The page {page} cannot be written ({error.strerror}): free some disk space.") from error
