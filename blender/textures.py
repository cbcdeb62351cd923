"""The pictures of materials as files, for exporters that cannot be trusted with a packed one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import bpy

from .image_files import write_image
from .maps import shown_nodes

__all__ = ["texture_files"]


@contextmanager
def texture_files(objects: Sequence[bpy.types.Object], path: Path) -> Iterator[list[Path]]:
    """Write the pictures of the objects' materials beside ``path``, and let the materials use these files meanwhile.

    They are named after the exported file (``chair_texture.png``), never after the user's own pictures, so that none of
    those is overwritten when the files reach their folder. Yields the files. At the end the materials have their own
    pictures again. Materials linked from another blend file cannot be changed and are left as they are.

    Raises
    ------
    OutputError
        When a picture cannot be written.
    """
    uses: list[tuple[bpy.types.Node, bpy.types.Image]] = []
    copies: dict[bpy.types.Image, bpy.types.Image] = {}
    files: list[Path] = []
    try:
        for node in _image_nodes(objects):
            if node.image not in copies:
                ending = f"_{len(copies) + 1}" if copies else ""
                file = write_image(node.image, path.with_name(f"{path.stem}_texture{ending}"))
                files.append(file)
                copies[node.image] = _load(file, node.image)
            uses.append((node, node.image))
            node.image = copies[node.image]
        yield files
    finally:
        for node, image in uses:
            node.image = image
        bpy.data.batch_remove(copies.values())


def _image_nodes(objects: Sequence[bpy.types.Object]) -> list[bpy.types.Node]:
    """The nodes in use that show a picture we can write as one file: no video, no tiles, no render result."""
    materials = dict.fromkeys(slot.material for item in objects for slot in item.material_slots)
    return [
        node
        for material in materials
        if material is not None and material.node_tree is not None and material.library is None
        for node in shown_nodes(material.node_tree)
        if node.bl_idname == "ShaderNodeTexImage"
        and node.image is not None
        and node.image.source in {"FILE", "GENERATED"}
    ]


def _load(file: Path, original: bpy.types.Image) -> bpy.types.Image:
    image = bpy.data.images.load(str(file), check_existing=False)
    image.colorspace_settings.name = original.colorspace_settings.name
    return image
