"""The finished result as a Blender object: mesh, picture, material, report."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..contracts import Finish, MeshArrays
from ..materials import AUTO
from .images import pack_image
from .material import build_material, keep_light
from .mesh import build_mesh

__all__ = ["build_object"]


def build_object(
    arrays: MeshArrays,
    texture: Path | None,
    name: str,
    preset: str = AUTO,
    finish: Finish | None = None,
    light: Path | None = None,
) -> bpy.types.Object:
    """Make an object, not yet in any scene.

    Parameters
    ----------
    arrays
        The mesh in the object frame.
    texture
        The picture file of its base colour, or None for a mesh without one; packed, so not needed afterwards.
    name
        Of the object and of its data-blocks.
    preset
        What the surface is made of: one of `materials.PRESETS`.
    finish
        What the picture says of the surface, if anything was estimated.
    light
        The picture file of the light that was taken out of the base colour; kept in the material, not connected.

    Raises
    ------
    MeshError, OutputError
        When the arrays are no mesh, or the picture file is gone; nothing is left in the file then.
    """
    made: list[bpy.types.ID] = []
    name = name.encode("utf-8", "replace").decode()  # a file's name need not be valid Unicode, Blender's must
    try:
        mesh = build_mesh(arrays, name)
        made.append(mesh)
        if texture is not None:
            image = pack_image(texture, name)
            made.append(image)
            material = build_material(name, image, preset, finish)
            made.append(material)
            mesh.materials.append(material)
            if light is not None:
                image = pack_image(light, f"{name} Light")
                made.append(image)
                keep_light(material, image)
        return bpy.data.objects.new(name, mesh)
    except Exception:
        bpy.data.batch_remove(made)
        raise
