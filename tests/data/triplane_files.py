"""A shape network of the family *triplane* whose answers are known, written without the onnx package.

The code is the mean colour of the picture. ``ball``: a ball whose radius is the largest of the three means. ``foam``:
pores throughout, as fine as the picture is dark. The colour at a point is the logistic function of its coordinates.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from .onnx_file import FLOAT, network, node

SIZE = 64


def _encoder() -> bytes:
    nodes = [
        node("ReduceMean", ["picture"], ["mean"], {"axes": [2, 3]}),
        node("Transpose", ["mean"], ["code"], {"perm": [1, 0, 2, 3]}),
    ]
    return network(nodes, {"picture": (FLOAT, (1, 3, SIZE, SIZE))}, {"code": (FLOAT, (3, 1, 1, 1))})


def _decoder(shape: str) -> bytes:
    nodes = [
        node("ReduceMax", ["code"], ["most"], {"keepdims": 0}),
        node("Sigmoid", ["points"], ["colour"]),
    ]
    if shape == "ball":
        nodes += [
            node("ReduceL2", ["points"], ["away"], {"axes": [1], "keepdims": 0}),
            node("Sub", ["most", "away"], ["solid"]),
        ]
    else:
        nodes += [
            node("Div", ["points", "most"], ["far"]),
            node("Sin", ["far"], ["waves"]),
            node("ReduceL2", ["waves"], ["height"], {"axes": [1], "keepdims": 0}),
            node("Div", ["most", "most"], ["one"]),
            node("Sub", ["height", "one"], ["solid"]),
        ]
    return network(
        nodes,
        {"points": (FLOAT, ("N", 3)), "code": (FLOAT, (3, 1, 1, 1))},
        {"solid": (FLOAT, ("N",)), "colour": (FLOAT, ("N", 3))},
    )


def write_triplane(folder: Path, shape: str = "ball") -> Path:
    """Write both networks and their card; its path."""
    parts = {f"{shape}.onnx": _encoder(), f"{shape}-decoder.onnx": _decoder(shape)}
    lines = [f'id = "{shape}"', 'task = "shape"', 'family = "triplane"', 'licence = "MIT"']
    for file, data in parts.items():
        (folder / file).write_bytes(data)
        lines += [f'file = "{file}"', f"bytes = {len(data)}", f'sha256 = "{hashlib.sha256(data).hexdigest()}"']
        if file == f"{shape}.onnx":
            lines += ["[input]", 'name = "picture"', f"size = {SIZE}", "[outputs]", 'code = "mean colour"', "[decoder]"]
    card = folder / f"{shape}.toml"
    card.write_text("\n".join(lines))
    return card
