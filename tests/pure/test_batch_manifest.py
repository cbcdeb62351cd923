"""The manifest of a batch: whole lines, torn lines, merging."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from maquette.batching.entry import Entry, now, parse_entry
from maquette.batching.manifest import (
    Writer,
    choose,
    manifest_name,
    merge_manifests,
    read_manifest,
    shard_manifests,
    write_manifest,
)
from maquette.errors import OutputError


def entry(picture: str = "cup.png", **changes: Any) -> Entry:
    """A finished picture."""
    made = Entry(
        picture=picture,
        source=f"photos/{picture}",
        state="done",
        key="k1",
        time="2026-05-04T03:02:01.000Z",
        version="1.0",
        settings={"quality": "draft"},
        models=[{"id": "m", "sha256": "0", "provider": "CPUExecutionProvider"}],
        seconds={"total": 1.5},
        mesh={"faces": 10},
        outputs=["cup.glb", "cup.preview.png", "cup.json"],
        preview="cup.preview.png",
        error=None,
        exit_code=0,
        attempts=1,
        unmet=[],
        notes=[],
    )
    return replace(made, **changes)


@pytest.mark.parametrize("name", ["cup.png", "Größe 1/ü.png", "\udcff.png", 'a"b\n.png', " .png"])
def test_any_name_survives_a_line(name: str) -> None:
    line = entry(name).line()
    assert line.count(b"\n") == 1
    assert parse_entry(line) == entry(name)


def test_unknown_fields_are_left_out() -> None:
    values = json.loads(entry().line()) | {"later": 1}
    assert parse_entry(json.dumps(values).encode()) == entry()


@pytest.mark.parametrize(
    "line",
    [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, entry().line()[:-9], entry(outputs="cup.glb").line()]
    + [entry(**{name: 1.5}).line() for name in ("picture", "state", "settings", "exit_code", "preview", "notes")],
)
def test_damaged_line_is_refused(line: bytes) -> None:
    with pytest.raises(OutputError, match="--resume"):
        parse_entry(line)


def test_what_is_appended_is_read(tmp_path: Path) -> None:
    path = tmp_path / manifest_name()
    written = [entry(f"{number}.png") for number in range(5)]
    for some in (written[:2], written[2:]):
        writer = Writer(path)
        for one in some:
            writer.append(one)
        writer.close()
    assert read_manifest(path).entries == tuple(written)


def test_no_manifest_has_no_entries(tmp_path: Path) -> None:
    assert read_manifest(tmp_path / "none.jsonl").entries == ()


@pytest.mark.parametrize("cut", [1, 20])
def test_torn_last_line(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "manifest.jsonl"
    write_manifest(path, [entry("a.png"), entry("b.png")])
    path.write_bytes(path.read_bytes()[:-cut])
    reading = read_manifest(path)
    # A line that only lacks its end is whole.
    assert [one.picture for one in reading.entries] == (["a.png", "b.png"] if cut == 1 else ["a.png"])
    assert reading.damaged == (() if cut == 1 else (2,))
    write_manifest(path, reading.entries)
    assert path.read_bytes().endswith(b"\n") and os.listdir(tmp_path) == ["manifest.jsonl"]


def test_full_disk_leaves_no_part_of_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "manifest.jsonl"
    writer = Writer(path)
    writer.append(entry("a.png"))
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, line: write(file, line[:10]))
    with pytest.raises(OutputError, match="free some disk space"):
        writer.append(entry("b.png"))
    writer.close()
    assert path.read_bytes() == entry("a.png").line()


def test_manifest_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").mkdir()
    with pytest.raises(OutputError):
        Writer(tmp_path / "manifest.jsonl")
    with pytest.raises(OutputError):
        write_manifest(tmp_path / "manifest.jsonl", [entry()])
    assert os.listdir(tmp_path) == ["manifest.jsonl"]


def test_newest_key_counts_then_the_best_state() -> None:
    old = entry(key="old", time="2026-01-01T00:00:00.000Z")
    done = entry(time="2026-01-02T00:00:00.000Z")
    failed = entry(state="failed", time="2026-01-03T00:00:00.000Z")
    other = entry("b.png", state="refused")
    assert choose([old, failed, other, done]) == [done, other]
    assert choose([old, entry(key="new", state="failed")])[0].key == "new"


def test_shards_merge_into_one(tmp_path: Path) -> None:
    write_manifest(tmp_path / manifest_name(2, 2), [entry("a.png"), entry("c.png", state="failed")])
    write_manifest(tmp_path / manifest_name(1, 2), [entry("b.png"), entry("c.png")])
    (tmp_path / "manifest-old.jsonl").write_text("{}")
    paths = shard_manifests(tmp_path)
    assert [path.name for path in paths] == ["manifest-1-of-2.jsonl", "manifest-2-of-2.jsonl"]
    merged = merge_manifests(paths, tmp_path / manifest_name())
    assert [(one.picture, one.state) for one in merged] == [("a.png", "done"), ("b.png", "done"), ("c.png", "done")]
    assert merge_manifests([*paths, tmp_path / manifest_name()], tmp_path / manifest_name()) == merged
    assert read_manifest(tmp_path / manifest_name()).entries == tuple(merged)


def test_merging_elsewhere_keeps_outputs_found(tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    write_manifest(tmp_path / "manifest-1-of-2.jsonl", [entry()])
    merged = merge_manifests([tmp_path / "manifest-1-of-2.jsonl"], tmp_path / "all" / "manifest.jsonl")
    assert merged[0].outputs[0] == "../cup.glb" and merged[0].preview == "../cup.preview.png"


def test_later_times_sort_later() -> None:
    assert now() <= now() and now().endswith("Z") and len(now()) == len(entry().time)
