"""Splitting a batch into parts that any number of machines find by themselves, alike."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ..errors import MaquetteError

__all__ = ["LARGEST", "Shard", "parse_shard", "shard_of"]

LARGEST = 100_000


@dataclass(frozen=True)
class Shard:
    """Part ``index`` (from 1) of ``count``."""

    index: int = 1
    count: int = 1

    def holds(self, picture: str) -> bool:
        """Whether a picture belongs to this part: by a hash of its path, so that adding pictures moves no other."""
        return shard_of(picture, self.count) == self.index


def shard_of(picture: str, count: int) -> int:
    """Which of ``count`` parts a picture belongs to, from 1."""
    digest = hashlib.sha256(picture.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % count + 1


def parse_shard(text: str) -> Shard:
    """Read ``2/5``.

    Raises
    ------
    MaquetteError
        If it is anything else.
    """
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    index, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= index <= count <= LARGEST:
        raise MaquetteError(f"The shard cannot be {text!r}: write it as 2/5, the second of five.")
    return Shard(index, count)
