"""Names of outputs that never collide, on any file system.

Outputs mirror the tree of the pictures and are called like them. Names that differ only in upper and lower case, in how
accents are encoded or in what Windows cannot have count as the same; where two are, they keep the picture's suffix
(``cup.jpg.glb``), and where that is not enough, they get a short hash of the picture's path.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

__all__ = ["output_names"]

_LONGEST = 180  # bytes of a name without its suffixes; file systems end at 255
_WRITTEN = (".glb", ".obj", ".mtl", ".fbx", ".stl", ".ply", ".usd", ".usda", ".usdc", ".usdz", ".json", ".png", ".webp")
_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f\ud800-\udfff]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?", re.IGNORECASE)


def output_names(pictures: Iterable[str]) -> dict[str, str]:
    """The path of each picture's outputs, without their suffixes, with ``/``.

    Parameters
    ----------
    pictures
        Paths with ``/``, all different: all those of the batch, whichever part of it is done here.
    """
    names = {picture: _stem(picture) for picture in pictures}
    # Twice by hash: a name made longer may be another picture's own, which then needs one as well.
    for longer in (_with_suffix, _with_hash, _with_hash):
        for picture in _clashing(names):
            names[picture] = longer(picture)
    return names


def _clashing(names: dict[str, str]) -> list[str]:
    """The pictures whose outputs would lie where another's do, a preview beside a mesh included."""
    count = Counter(claim for name in names.values() for claim in _claims(name))
    return [picture for picture, name in names.items() if any(count[claim] > 1 for claim in _claims(name))]


def _claims(name: str) -> tuple[str, str]:
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return folded, f"{folded}.preview"


def _stem(picture: str) -> str:
    path = PurePosixPath(picture)
    return _safe([*path.parts[:-1], path.stem])


def _with_suffix(picture: str) -> str:
    return _safe(PurePosixPath(picture).parts)


def _with_hash(picture: str) -> str:
    return f"{_with_suffix(picture)}-{_hash(picture)}"


def _safe(parts: Sequence[str]) -> str:
    # A folder called like one of the files that are written beside it would be in the way.
    folders = [f"{part}_" if part.lower().endswith(_WRITTEN) else part for part in parts[:-1]]
    return "/".join(_safe_part(part) for part in (*folders, parts[-1]))


def _safe_part(part: str) -> str:
    """One name that every file system takes; different ones may become the same, which is seen to later."""
    safe = _FORBIDDEN.sub("_", part).rstrip(". ")
    if _RESERVED.fullmatch(safe) or not safe:
        safe = f"_{safe}"
    encoded = safe.encode()
    if len(encoded) <= _LONGEST:
        return safe
    return f"{encoded[:_LONGEST].decode(errors='ignore')}-{_hash(part)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
