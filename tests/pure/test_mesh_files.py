"""Mesh files are checked before Blender sees them: what is sound passes, what is damaged gets one sentence."""

from __future__ import annotations

import base64
import csv
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from maquette.errors import MeshError
from maquette.meshfiles.check import far_centre, sound_file
from maquette.meshfiles.obj import check_obj, move_obj
from maquette.meshfiles.ply import check_ply, move_ply

HERE = Path("mesh")
BALL = trimesh.creation.icosphere(subdivisions=1)

PLY = """ply
format ascii 1.0
comment made by hand
element vertex 4
property {kind} x
property {kind} y
property {kind} z
property uchar red
element face {faces}
property list uchar int vertex_indices
end_header
{shift}0 0 0 1
1 0 0 2
0 1 0 3
0 0 1 4
"""
OBJ = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"


def ply(*faces: str, kind: str = "float") -> str:
    """A text PLY with four vertices and these faces."""
    return PLY.format(kind=kind, faces=len(faces), shift="") + "".join(face + "\n" for face in faces)


def glb(content: dict[str, Any] | None = None, change: Any = None) -> bytes:
    """A GLB of one triangle, its JSON replaced or changed."""
    binary = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32).tobytes() + struct.pack("<3H2x", 0, 1, 2)
    whole: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 3, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 36},
            {"buffer": 0, "byteOffset": 36, "byteLength": 6},
        ],
        "buffers": [{"byteLength": len(binary)}],
    }
    if change:
        change(whole)
    text = json.dumps(whole if content is None else content).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks


def binary_stl(count: int, promised: int | None = None) -> bytes:
    """A binary STL."""
    return b"\0" * 80 + struct.pack("<I", count if promised is None else promised) + b"\0" * 50 * count


def turn(path: tuple[Any, ...], value: Any) -> Any:
    """A change of one entry deep in a glTF."""

    def change(whole: Any) -> None:
        for step in path[:-1]:
            whole = whole[step]
        whole[path[-1]] = value

    return change


SOUND: dict[str, bytes] = {
    "a.ply": ply("3 0 1 2", "4 0 1 2 3").encode(),
    "b.ply": trimesh.exchange.ply.export_ply(BALL),
    "c.ply": trimesh.exchange.ply.export_ply(BALL, encoding="ascii"),
    "d.ply": ply("3 0 1 2").replace("\n", "\r\n").encode(),
    "nan.ply": ply("3 0 1 2").replace("1 0 0 2", "nan inf -inf 2").encode(),
    "a.obj": (OBJ + "f 1 2 3").encode(),
    "b.obj": (OBJ + "vt 0 0\n\n  f\t1/1 2/1/ 3//1  # corner\nf -1 -2 \\\n -3\n").replace("  # corner", "").encode(),
    "c.obj": (OBJ.replace("0 1 0", "nan 1 0 1 1 1") + "usemtl info\nf 1 2 3\n").replace("\n", "\r\n").encode(),
    "a.stl": trimesh.exchange.stl.export_stl(BALL),
    "b.stl": trimesh.exchange.stl.export_stl_ascii(BALL).encode(),
    "solid.stl": b"solid".ljust(80, b" ") + trimesh.exchange.stl.export_stl(BALL)[80:],
    "a.glb": glb(),
    "b.glb": trimesh.exchange.gltf.export_glb(trimesh.Scene([BALL])),
    "a.fbx": b"Kaydara FBX Binary  \0\x1a\0",
}

REFUSED: dict[str, tuple[str, bytes, str]] = {
    "unknown": ("a.blend", b"BLENDER", "known mesh format"),
    "empty": ("a.ply", b"", "is empty"),
    "no PLY": ("a.ply", b"plz\n", "no PLY file"),
    "PLY without an end": ("a.ply", b"ply\nformat ascii 1.0\n", "no PLY file"),
    "PLY of unknown type": ("a.ply", ply("3 0 1 2", kind="quad").encode(), "makes no sense"),
    "PLY of unknown order": ("a.ply", ply("3 0 1 2").replace("ascii", "middle").encode(), "makes no sense"),
    "PLY promising billions": ("a.ply", ply().replace("face 0", "face 2000000000").encode(), "less than its header"),
    "PLY cut off": ("a.ply", ply("3 0 1 2", "3 0 1 2")[:-4].encode(), "less than its header"),
    "PLY with text": ("a.ply", ply("3 0 1 two").encode(), "less than its header"),
    "binary PLY cut off": ("a.ply", trimesh.exchange.ply.export_ply(BALL)[:-1], "less than its header"),
    "PLY of points": ("a.ply", ply().encode(), "has no faces"),
    "PLY without coordinates": ("a.ply", ply("3 0 1 2").replace("float z", "float w").encode(), "no coordinates"),
    "PLY index": ("a.ply", ply("3 0 1 4").encode(), "does not exist"),
    "PLY negative index": ("a.ply", ply("3 0 1 -1").encode(), "does not exist"),
    "PLY index of nothing": ("a.ply", ply("3 0 1 nan").encode(), "does not exist"),
    "PLY line as face": ("a.ply", ply("2 0 1", "3 0 1 2").encode(), "fewer than three"),
    "PLY negative list": ("a.ply", ply("3 0 1 2", "-3 0 1 2").encode(), "no sound length"),
    "OBJ of points": ("a.obj", OBJ.encode(), "has no faces"),
    "OBJ line as face": ("a.obj", (OBJ + "f 1 2\nf 1 2 3\n").encode(), "fewer than three"),
    "OBJ bare face": ("a.obj", (OBJ + "f 1 2 3\nf \n").encode(), "fewer than three"),
    "OBJ index": ("a.obj", (OBJ + "f 1 2 4\n").encode(), "does not exist"),
    "OBJ index before its vertex": ("a.obj", (OBJ + "f 1 2 4\nv 0 0 1\n").encode(), "does not exist"),
    "OBJ index nought": ("a.obj", (OBJ + "f 0 1 2\n").encode(), "does not exist"),
    "OBJ index too far back": ("a.obj", (OBJ + "f -1 -2 -4\n").encode(), "does not exist"),
    "OBJ words": ("a.obj", (OBJ + "f a b c\n").encode(), "no list of numbers"),
    "OBJ vertex of two": ("a.obj", (OBJ + "v 1 2\nf 1 2 3\n").encode(), "three numbers"),
    "OBJ without vertices": ("a.obj", b"f 1 2 3\n", "no vertices"),
    "OBJ that is something else": ("a.obj", bytes(range(256)) * 9, "has no faces"),
    "STL of nothing": ("a.stl", binary_stl(0), "no triangles"),
    "STL that lies": ("a.stl", binary_stl(2, 9), "not as long"),
    "STL too long": ("a.stl", binary_stl(2) + b"\0", "not as long"),
    "STL too short": ("a.stl", b"\0" * 40, "not as long"),
    "text STL of nothing": ("a.stl", b"solid a\nendsolid a\n", "no triangles"),
    "text STL cut off": ("a.stl", trimesh.exchange.stl.export_stl_ascii(BALL)[:-90].encode(), "damaged or cut off"),
    "GLB of another kind": ("a.glb", b"glTG" + glb()[4:], "no GLB"),
    "GLB of version 1": ("a.glb", glb().replace(b"glTF\2", b"glTF\1"), "version"),
    "GLB cut off": ("a.glb", glb()[:-1], "cut off"),
    "GLB chunk too long": ("a.glb", glb()[:12] + b"\xff\xff\xff\x7f" + glb()[16:], "longer than the file"),
    "GLB without JSON": ("a.glb", glb().replace(b"JSON", b"JSOM"), "no sound glTF"),
    "GLB without a mesh": ("a.glb", glb({"asset": {"version": "2.0"}}), "no meshes"),
    "GLB that is a list": ("a.glb", glb([]), "no sound glTF"),  # type: ignore[arg-type]
    "GLB index": ("a.glb", glb(change=turn(("accessors", 0, "count"), 2)), "does not exist"),
    "GLB accessor too long": ("a.glb", glb(change=turn(("accessors", 0, "count"), 10**9)), "outside"),
    "GLB offset": ("a.glb", glb(change=turn(("accessors", 1, "byteOffset"), 2)), "outside"),
    "GLB negative offset": ("a.glb", glb(change=turn(("accessors", 1, "byteOffset"), -2)), "no count"),
    "GLB view": ("a.glb", glb(change=turn(("bufferViews", 1, "byteLength"), 600)), "outside"),
    "GLB buffer": ("a.glb", glb(change=turn(("buffers", 0, "byteLength"), 10**9)), "shorter"),
    "GLB without positions": ("a.glb", glb(change=turn(("meshes", 0, "primitives", 0, "attributes"), {})), "sound"),
    "GLB of nowhere": ("a.glb", glb().replace(b"\0\0\x80\x3f", b"\0\0\xc0\x7f"), "not numbers"),
    "GLB circle": ("a.glb", glb(change=turn(("nodes",), [{"children": [1]}, {"children": [0]}])), "contains itself"),
    "GLB two parents": (
        "a.glb",
        glb(change=turn(("nodes",), [{"children": [2]}, {"children": [2]}, {}])),
        "two parents",
    ),
    "glTF without its buffer": (
        "a.gltf",
        json.dumps(
            {"buffers": [{"uri": "a%20b.bin", "byteLength": 4}], "meshes": [{"primitives": []}]}
        ).encode(),
        "needs a b.bin beside it",
    ),
    "no FBX": ("a.fbx", b"Kaydara", "does not begin like one"),
    "USD": ("a.usdc", b"PXR-USDC", "known mesh format"),
}  # fmt: skip


def check(name: str, content: bytes, folder: Path) -> Any:
    """Check a file of this name and content."""
    path = folder / name
    path.write_bytes(content)
    copies = folder / "copies"
    copies.mkdir(exist_ok=True)
    return sound_file(path, copies)


@pytest.mark.parametrize("name", SOUND)
def test_sound_files_pass_untouched(tmp_path: Path, name: str) -> None:
    found = check(name, SOUND[name], tmp_path)
    assert found.path == tmp_path / name
    assert not found.offset.any()
    assert not list((tmp_path / "copies").iterdir())


def test_vertices_of_a_ply_that_are_nowhere_are_named(tmp_path: Path) -> None:
    found = check("nan.ply", SOUND["nan.ply"], tmp_path)
    assert found.nowhere is not None
    assert found.nowhere.tolist() == [False, True, False, False]
    assert check("a.ply", SOUND["a.ply"], tmp_path).nowhere is None


@pytest.mark.parametrize("what", REFUSED)
def test_damaged_files_get_one_sentence(tmp_path: Path, what: str) -> None:
    name, content, said = REFUSED[what]
    with pytest.raises(MeshError, match=said) as caught:
        check(name, content, tmp_path)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 3


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.ply").mkdir()
    for name, said in (("folder.ply", "no file that can be read"), ("missing.ply", "There is no file")):
        with pytest.raises(MeshError, match=said):
            sound_file(tmp_path / name, tmp_path)


def test_gltf_with_its_buffer_inside_or_beside(tmp_path: Path) -> None:
    whole = glb()
    length = struct.unpack_from("<I", whole, 12)[0]
    content, binary = json.loads(whole[20 : 20 + length]), whole[28 + length :]
    content["buffers"][0]["uri"] = "a%20b.bin"
    (tmp_path / "a b.bin").write_bytes(binary)
    check("beside.gltf", json.dumps(content).encode(), tmp_path)
    content["buffers"][0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(binary).decode()
    check("inside.gltf", json.dumps(content).encode(), tmp_path)


@given(name=st.sampled_from(sorted(SOUND)), data=st.data())
def test_random_damage_is_passed_or_refused_but_never_a_bug(
    name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(SOUND[name])
    for _ in range(data.draw(st.integers(1, 4))):
        if not content:
            break
        place = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[place] = data.draw(st.integers(0, 255))
        else:
            del content[place : place + data.draw(st.integers(1, 40))]
    folder = tmp_path_factory.mktemp("damage")
    try:
        check(name, bytes(content or b" "), folder)
    except MeshError as error:
        assert str(error)


@pytest.mark.parametrize("encoding", ["ascii", "binary_little_endian", "binary_big_endian"])
def test_a_ply_far_from_the_origin_is_moved_without_a_loss(tmp_path: Path, encoding: str) -> None:
    points = BALL.vertices + np.array([1e7, -2e7, 5.0])
    rows = np.empty(
        len(points), [("x", ">f8"), ("y", ">f8"), ("z", ">f8"), *((name, "u1") for name in ("red", "green", "blue"))]
    )
    rows["x"], rows["y"], rows["z"], rows["red"], rows["green"], rows["blue"] = *points.T, np.arange(len(points)), 7, 9
    faces = np.empty(len(BALL.faces), [("n", "u1"), ("v", ">i4", 3)])
    faces["n"], faces["v"] = 3, BALL.faces
    head = (
        f"ply\nformat {encoding} 1.0\nelement vertex {len(rows)}\nproperty double x\nproperty double y\n"
        f"property double z\nproperty uchar red\nproperty uchar green\nproperty uchar blue\nelement face {len(faces)}\n"
        "property list uchar int vertex_indices\nend_header\n"
    )
    if encoding == "ascii":
        lines = [" ".join(map(repr, row.tolist())) for row in rows]
        lines += ["3 " + " ".join(map(str, row)) for row in BALL.faces.tolist()]
        body = "\n".join(lines).encode()
    elif encoding == "binary_little_endian":
        body = (
            rows.astype(rows.dtype.newbyteorder("<")).tobytes() + faces.astype(faces.dtype.newbyteorder("<")).tobytes()
        )
    else:
        body = rows.tobytes() + faces.tobytes()
    found = check("far.ply", head.encode() + body, tmp_path)
    assert found.offset == pytest.approx([1e7, -2e7, 5.0], abs=2)
    np.testing.assert_array_equal(found.offset, found.offset.astype(np.float32))
    near = found.path.read_bytes()
    moved = check_ply(near, HERE).points
    assert moved is not None
    np.testing.assert_array_equal(moved + found.offset, points)
    # The colours, the faces and the way back.
    again = trimesh.load(found.path, process=False)
    np.testing.assert_array_equal(again.faces, BALL.faces)
    assert again.visual.vertex_colors[:, 0].tolist() == list(range(len(points)))
    back = check_ply(move_ply(near, HERE, found.offset), HERE).points
    np.testing.assert_array_equal(back, points)


def test_an_obj_far_from_the_origin_keeps_all_its_lines(tmp_path: Path) -> None:
    text = (
        "mtllib a b.mtl\no cup\nv 1e7 2.5 3.25 1 0 0\nv 10000001.125 2.5 3.25\n v 1e7 3.5 3.25\nvt 0 0\nf 1/1 2/1 3/1\n"
    )
    found = check("far.obj", text.encode(), tmp_path)
    near = found.path.read_text()
    assert f"mtllib {'..'}/a b.mtl" in near
    points = check_obj(near.encode(), HERE).points
    assert points is not None
    assert (points + found.offset).tolist() == [[1e7, 2.5, 3.25], [10000001.125, 2.5, 3.25], [1e7, 3.5, 3.25]]
    assert [line for line in near.splitlines() if line[:2] in ("vt", "f ", "o ")] == [
        "o cup",
        "vt 0 0",
        "f 1/1 2/1 3/1",
    ]
    assert near.splitlines()[2].endswith(" 1 0 0")


@given(st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=3, max_size=3))
def test_scaled_coordinates_are_written_to_the_last_bit(values: list[float]) -> None:
    text = "v " + " ".join(repr(value * 1024.0) for value in values) + "\nv 1 1 1\nf 1 2 1\n"
    points = check_obj(move_obj(text.encode(), np.zeros(3), 1.0 / 1024.0), HERE).points
    assert points is not None
    np.testing.assert_array_equal(points[0].astype(np.float32), np.array(values, np.float32))


def test_what_lies_near_stays() -> None:
    assert not far_centre(BALL.vertices + np.array([100.0, 0.0, 0.0])).any()
    assert far_centre(BALL.vertices + np.array([1e5, 0.0, 0.0])) == pytest.approx([1e5, 0.0, 0.0])
    assert not far_centre(np.full((4, 3), np.nan)).any()
    assert not far_centre(np.full((4, 3), 1e9)).any()
    stray = np.concatenate([BALL.vertices + 1e6, [[np.nan, 0, 0], [np.inf, 0, 0]]])
    assert far_centre(stray) == pytest.approx([1e6] * 3)


def test_shared_meshes_pass_or_are_refused_as_expected(shared: Path, tmp_path: Path) -> None:
    with (shared / "test-meshes" / "index.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file)]
    for row in rows:
        path = shared / "test-meshes" / row["file"]
        wanted = row["expect"] == "refuse" and ("malformed_file" in row["categories"] or row["faces"] == "0")
        try:
            sound_file(path, tmp_path)
        except MeshError:
            assert wanted, row["file"]
        else:
            assert not wanted, row["file"]
