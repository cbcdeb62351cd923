"""A finished mesh as files: an object for Blender's exporters, and a picture."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..contracts import MeshArrays

if TYPE_CHECKING:
    import bpy

    from ..pipeline import Result

__all__ = ["built", "write_preview", "write_turntable"]


@contextmanager
def built(result: Result, name: str) -> Iterator[bpy.types.Object]:
    """The mesh as an object of the open file, in metres; the file is not saved, and is as it was at the end.

    All that was made meanwhile goes, by whoever: an exporter that forgets a data-block would fill the memory of a
    process that makes thousands of meshes.
    """
    import bpy

    from .. import transfer
    from ..blender.build import build_object
    from ..blender.place import place

    scene = bpy.context.scene
    scene.unit_settings.scale_length = 1.0  # some exporters multiply by it
    before = set(bpy.data.user_map())
    try:
        with tempfile.TemporaryDirectory(prefix="maquette-") as folder:
            transfer.save_pictures(Path(folder), result.mesh)
            texture, light = (transfer.picture_path(Path(folder), file) for file in (transfer.TEXTURE, transfer.LIGHT))
            report = result.report
            item = build_object(result.mesh, texture, name, report.settings.material, report.finish, light)
        place(item, scene, bpy.context.view_layer, (0.0, 0.0, 0.0))
        yield item
    finally:
        bpy.data.batch_remove(set(bpy.data.user_map()) - before)


def write_preview(mesh: MeshArrays, path: Path, size: int = 768) -> None:
    """Draw the mesh in three-quarter view into a PNG with sides of ``size`` pixels."""
    from PIL import Image

    from ..geometry.preview import render_view

    Image.fromarray(render_view(mesh, size=size)).save(path)


def write_turntable(mesh: MeshArrays, path: Path) -> None:
    """Draw the mesh from all around into a strip of views, as WebP."""
    from PIL import Image

    from ..geometry.preview import turntable

    Image.fromarray(turntable(mesh)).convert("RGB").save(path, "WEBP", quality=80)
