"""What a batch is to do: pictures found, names of outputs, shards, gates."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maquette.batching.gates import parse_gates, unmet_gates
from maquette.batching.inputs import find_pictures, name_below
from maquette.batching.lock import work_folder
from maquette.batching.naming import output_names
from maquette.batching.shard import Shard, parse_shard
from maquette.errors import MaquetteError, OutputError

MESH = {"faces": 100, "watertight": True, "loose_parts": 2, "volume": 0.5, "dimensions": [0.5, 0.25, 1.0]}


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def found(inputs: list[str], output: Path, recursive: bool = True) -> list[str]:
    """The names of all pictures that are found, sorted."""
    return sorted(name_below(find_pictures(inputs, recursive, output)))


def test_folders_are_searched_for_pictures(tmp_path: Path) -> None:
    touch(tmp_path, "a.PNG", "b.jpeg", "c.txt", "d.psd", ".e.png", "f", "sub/a.png", ".git/a.png", "sub/._b.jpg")
    touch(tmp_path, "out/a.preview.png")
    assert found([str(tmp_path)], tmp_path / "out") == ["a.PNG", "b.jpeg", "d.psd", "sub/a.png"]
    assert found([str(tmp_path)], tmp_path / "out", recursive=False) == ["a.PNG", "b.jpeg", "d.psd"]


def test_patterns_and_single_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "in/a.png", "in/b.jpg", "in/sub/c.png", "in/[x].png", "in/-y.png", "in/no suffix")
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out"
    assert found(["in/*.png"], out) == ["-y.png", "[x].png", "a.png"]
    assert found(["in/**/*.png"], out) == ["-y.png", "[x].png", "a.png", "sub/c.png"]
    assert found(["in/[x].png", "in/no suffix", "in/no suffix"], out) == ["[x].png", "no suffix"]
    for wrong in ("in/*.tga", "missing.png", "in/a**b/*.png"):
        with pytest.raises(MaquetteError):
            found([wrong], out)


def test_same_names_of_different_folders_stay_apart(tmp_path: Path) -> None:
    touch(tmp_path, "a/x.png", "b/x.png", "b/c/x.png")
    both = [str(tmp_path / "a"), str(tmp_path / "b")]
    assert found(both, tmp_path / "out") == ["a/x.png", "b/c/x.png", "b/x.png"]
    assert found([*both, str(tmp_path / "a/x.png")], tmp_path / "out") == ["a/x.png", "b/c/x.png", "b/x.png"]


def test_loops_pipes_and_dead_links_never_hang(tmp_path: Path) -> None:
    folder = touch(tmp_path / "in", "a.png")
    for name in ("loop", "again"):
        (folder / name).symlink_to(folder)
    (folder / "dead.png").symlink_to(tmp_path / "nothing")
    (folder / "self.png").symlink_to(folder / "self.png")
    os.mkfifo(folder / "pipe.png")
    expected = ["a.png", "dead.png", "pipe.png", "self.png"]
    assert found([str(folder)], tmp_path / "out") == expected
    assert found([str(folder / "**/*.png")], tmp_path / "out") == expected


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every folder")
def test_folder_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    folder = touch(tmp_path / "in", "a.png", "sub/b.png")
    (folder / "sub").chmod(0)
    with pytest.raises(MaquetteError, match="cannot be read"):
        found([str(folder)], tmp_path / "out")
    (folder / "sub").chmod(0o700)


def same(name: str) -> str:
    """The name as a file system that knows no case, nor how an accent is encoded, sees it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


@pytest.mark.parametrize(
    ("pictures", "expected"),
    [
        (["a.jpg", "b.jpg"], ["a", "b"]),
        (["a.jpg", "a.png", "b.png"], ["a.jpg", "a.png", "b"]),
        (["x/a.jpg", "y/a.jpg"], ["x/a", "y/a"]),
        (["con.png", "NUL.x.jpg", "lpt1"], ["_con", "_NUL.x", "_lpt1"]),
        (["a:b?.png", "c. .png"], ["a_b_", "c"]),
        (["a.glb/b.png"], ["a.glb_/b"]),
        ([".png", "...png"], [".png", "_"]),
    ],
)
def test_outputs_are_called_like_their_pictures(pictures: list[str], expected: list[str]) -> None:
    assert list(output_names(pictures).values()) == expected


def test_case_and_accents_do_not_tell_names_apart() -> None:
    pictures = ["A.png", "a.png", "a.jpg", "caf\u00e9.png", "cafe\u0301.png", "X/q.png", "x/q.png"]
    names = output_names(pictures)
    assert len({same(name) for name in names.values()}) == len(pictures)
    assert names["a.jpg"] == "a.jpg" and names["A.png"].startswith("A.png-")


def test_preview_is_no_other_picture_s_mesh() -> None:
    assert "a.preview" not in output_names(["a.png", "a.preview.png"]).values()


NAME = st.text(
    st.sampled_from("aA.:*\u00e9 \udcffx") | st.characters(blacklist_characters="/\0"), min_size=1, max_size=9
)
PATH = st.lists(NAME.filter(lambda part: part not in (".", "..")), min_size=1, max_size=3).map("/".join)


@given(st.lists(PATH, unique=True, max_size=12))
def test_names_never_collide_whatever_the_pictures(pictures: list[str]) -> None:
    names = output_names(pictures)
    made = [f"{name}{suffix}" for name in names.values() for suffix in (".glb", ".preview.png", ".json")]
    assert Counter(map(same, made)).most_common(1)[:1] in ([], [(same(made[0]), 1)] if made else [])
    for path in made:
        path.encode()
        assert not set('<>:"|?*\\') & set(path)
        assert all(part and part[-1] not in ". " and len(part.encode()) < 255 for part in path.split("/"))


def test_long_names_fit() -> None:
    names = output_names(["\u7d75" * 80 + ".png", "\u7d75" * 81 + ".png"])
    assert len(set(names.values())) == 2 and all(len(name.encode()) < 220 for name in names.values())


@given(st.lists(PATH, unique=True, max_size=30), st.integers(1, 7))
def test_each_picture_is_in_one_shard(pictures: list[str], count: int) -> None:
    shards = [Shard(index, count) for index in range(1, count + 1)]
    assert all(sum(shard.holds(picture) for shard in shards) == 1 for picture in pictures)


def test_shards_are_even_and_always_the_same() -> None:
    sizes = Counter(index for index in range(1, 5) for n in range(4000) if Shard(index, 4).holds(f"{n}.png"))
    assert all(900 < size < 1100 for size in sizes.values())
    # Machines with other versions of Python must agree: written down once.
    assert [Shard(1, 2).holds(name) for name in ("a.png", "b.png", "sub/c.jpg", "\u00e9.png")] == [
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "a/b", "1/2/3", "-1/2", "1/0", "1/1000000", " 1/2"])
def test_wrong_shard_is_refused(text: str) -> None:
    with pytest.raises(MaquetteError, match="2/5"):
        parse_shard(text)


@pytest.mark.parametrize(
    ("gates", "unmet"),
    [
        ("", []),
        ("watertight", []),
        ("!watertight", ["!watertight"]),
        ("faces<=100, faces>=100 ,faces==100,faces=100", []),
        ("faces<100,faces>100,faces!=100", ["faces<100", "faces>100", "faces!=100"]),
        ("loose_parts==1,volume>0", ["loose_parts==1"]),
        ("dimensions<=0.5", ["dimensions<=0.5"]),
        ("width<=0.5,depth<=0.5,height<=1", []),
        ("height<=1e-1", ["height<=1e-1"]),
    ],
)
def test_gates(gates: str, unmet: list[str]) -> None:
    assert unmet_gates(parse_gates(gates), MESH) == unmet


WRONG = "pretty;faces;!faces<=3;watertight==1;faces<=x;faces<=nan;faces<=inf;faces=<3;faces<=1 2;faces<=1e999;(faces)"
HOSTILE = "__class__;faces<=__import__('os');watertight or 1;faces.real<=2"


@pytest.mark.parametrize("text", [*WRONG.split(";"), *HOSTILE.split(";"), "faces<=20;watertight"])
def test_wrong_gate_is_one_sentence(text: str) -> None:
    with pytest.raises(MaquetteError, match="The gate"):
        parse_gates(f"watertight,{text}")


def test_one_driver_for_a_manifest(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest-1-of-2.jsonl"
    with work_folder(tmp_path, manifest) as folder:
        (folder / "left").mkdir()
        with pytest.raises(OutputError, match="Another batch"), work_folder(tmp_path, manifest):
            pass
        with work_folder(tmp_path, tmp_path / "manifest-2-of-2.jsonl"):
            pass
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_driver_left_is_removed(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.jsonl"
    touch(tmp_path, ".maquette-manifest/lock", ".maquette-manifest/maquette-x/0/a.glb")
    with work_folder(tmp_path, manifest) as folder:
        assert [path.name for path in folder.iterdir()] == ["lock"]
    assert list(tmp_path.iterdir()) == []
