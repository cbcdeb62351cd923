"""The shards' manifests on the shared folder: dealt anew when the count of shards changes, merged at the end."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..batching.entry import Entry
from ..batching.lock import work_folder
from ..batching.manifest import (
    MANIFEST,
    choose,
    manifest_name,
    merge_manifests,
    read_manifest,
    shard_manifests,
    write_manifest,
)
from ..batching.shard import shard_of

__all__ = ["deal", "merge"]


def deal(folder: Path, count: int) -> list[Entry]:
    """Deal all entries that a folder has to the manifests of ``count`` shards, so that each shard finds its own.

    This is how an earlier cut into shards is gone on with, or a batch that was begun in one piece. A manifest is
    removed only when its entries stand in others: ended at any point, nothing is lost, and what stands twice is merged.

    Returns
    -------
    The entries, one for each picture.

    Raises
    ------
    OutputError
        If somebody is still at work on one of the manifests, or one cannot be written.
    """
    old = shard_manifests(folder)
    for path in old:  # none may be written to any more
        with work_folder(folder, path):
            pass
    entries = choose(_entries([*old, folder / MANIFEST]))
    dealt: dict[str, list[Entry]] = {}
    for entry in entries:
        dealt.setdefault(manifest_name(shard_of(entry.picture, count), count), []).append(entry)
    for name, held in dealt.items():
        write_manifest(folder / name, held)
    for path in old:
        if path.name not in dealt:
            path.unlink()
    return entries


def merge(folder: Path) -> list[Entry]:
    """Merge what the shards did into the batch's own manifest; returns its entries, sorted by picture."""
    target = folder / MANIFEST
    return merge_manifests([*shard_manifests(folder), target], target)


def _entries(paths: Iterable[Path]) -> list[Entry]:
    return [entry for path in paths for entry in read_manifest(path).entries]
