"""Normal Map from Picture: the light and dark of an object's own picture as relief."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from bpy.props import BoolProperty, EnumProperty, FloatProperty
from PIL import Image

from ..blender.images import image_pixels, pack_pixels
from ..blender.maps import (
    base_texture,
    connect_normal,
    current_normal,
    find_shader,
    is_read_only,
    lie_like,
    uv_of,
)
from ..contracts import Pixels
from ..errors import MaquetteError, MeshError
from ..geometry.picture_normals import combine_normals, picture_normals
from .targets import is_mesh_active

__all__ = ["MAQUETTE_OT_picture_normals"]

_HEIGHT = 0.5
"""Height of white over black at strength 1, as a share of the longest waves."""
_MADE, _UNDER = "maquette_under_strength", "maquette_under"
"""What a map of ours keeps of the one it lies on, so that making it again does not add to itself."""


class MAQUETTE_OT_picture_normals(bpy.types.Operator):
    """Make a normal map of the active object's own picture, its light for high and its dark for low. For flat subjects:
    walls, floors, leather, coins"""

    bl_idname = "maquette.picture_normals"
    bl_label = "Normal Map from Picture"
    bl_options = {"REGISTER", "UNDO"}

    strength: FloatProperty(
        name="Strength", description="How high light stands over dark", min=0.0, soft_max=5.0, max=100.0, default=1.0
    )
    scale: FloatProperty(
        name="Scale",
        description="The largest relief, in per cent of the picture's longer side; what is larger counts as shading",
        subtype="PERCENTAGE",
        min=0.05,
        max=100.0,
        default=8.0,
    )
    invert: BoolProperty(name="Invert", description="Take dark for high", default=False)
    tileable: BoolProperty(
        name="Tileable", description="The picture repeats itself beyond its borders without a seam", default=False
    )
    existing: EnumProperty(
        name="Existing Map",
        description="What to do with a normal map that is there already",
        items=[
            ("COMBINE", "Combine", "Put the relief on top of it, in one new image"),
            ("REPLACE", "Replace", "Connect the new map instead"),
        ],
        default="COMBINE",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_mesh_active(cls, context, "Select a mesh object with a picture first")

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        for name in ("strength", "scale", "invert", "tileable", "existing"):
            self.layout.prop(self, name)

    def execute(self, context: bpy.types.Context) -> set[str]:
        window = context.window
        if window is not None:
            window.cursor_set("WAIT")
        try:
            told = self._make(context.active_object)
        except MaquetteError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        finally:
            if window is not None:
                window.cursor_set("DEFAULT")
        self.report({"INFO"}, told)
        return {"FINISHED"}

    def _make(self, item: bpy.types.Object) -> str:
        material, shader, texture = _find_picture(item)
        lies = uv_of(texture)
        if lies is None:
            raise MeshError(f"The picture of {material.name} is not laid on by UVs: a normal map needs them.")
        under, strength = self._find_under(shader, lies)
        picture = image_pixels(texture.image)
        wavelength = max(picture.shape[:2]) * self.scale / 100
        pixels = picture_normals(picture, self.strength * _HEIGHT * wavelength, wavelength, self.invert, self.tileable)
        if under is not None:
            pixels = _combined(image_pixels(under)[..., :3], pixels, strength)
        replaced = current_normal(shader) is not None
        image = pack_pixels(pixels, f"{texture.image.name} normal")
        image[_MADE] = strength
        if under is not None:
            image[_UNDER] = under
        lie_like(connect_normal(material.node_tree, shader, image, lies[0]), texture)
        said = f", combined with {under.name}" if under is not None else ", in place of the one before" * replaced
        return f"Normal map of {texture.image.name}, {pixels.shape[1]} x {pixels.shape[0]} pixels{said}"

    def _find_under(self, shader: bpy.types.Node, lies: tuple[str, str]) -> tuple[bpy.types.Image | None, float]:
        """The map to put the relief on, if there is one to keep, and its strength."""
        now = current_normal(shader)
        if now is None or self.existing == "REPLACE":
            return None, 1.0
        node, texture = now
        if texture is None or node.space != "TANGENT":
            raise MeshError("The normals come from other nodes than an image: choose Replace for Existing Map.")
        if _MADE in texture.image:
            return texture.image.get(_UNDER), float(texture.image[_MADE])
        if uv_of(texture) != lies:
            raise MeshError("The normal map lies on other UVs than the picture: choose Replace for Existing Map.")
        return texture.image, float(node.inputs["Strength"].default_value)


def _find_picture(item: bpy.types.Object) -> tuple[bpy.types.Material, bpy.types.Node, bpy.types.Node]:
    """The material of an object with a picture as its base colour, the active one first, its shader, and the picture's
    node.

    Raises
    ------
    MeshError
        When there is none that may be changed.
    """
    if not item.data.uv_layers:
        raise MeshError(f"{item.name} has no UVs: unwrap it first.")
    locked = False
    for material in dict.fromkeys([item.active_material, *(slot.material for slot in item.material_slots)]):
        shader = find_shader(material) if material is not None else None
        texture = base_texture(shader) if shader is not None else None
        if material is None or shader is None or texture is None:
            continue
        if not is_read_only(material):
            return material, shader, texture
        locked = True
    if locked:
        raise MeshError(f"The material of {item.name} is linked from another file: make it local first.")
    raise MeshError(f"{item.name} has no material with a picture as its base colour.")


def _combined(under: Pixels, over: Pixels, strength: float) -> Pixels:
    """Both maps in one, of the larger size."""
    height, width = max(under.shape[:2], over.shape[:2])
    both: list[Any] = [
        Image.fromarray(each).resize((width, height), Image.Resampling.BILINEAR) for each in (under, over)
    ]
    return combine_normals(np.asarray(both[0]), np.asarray(both[1]), strength)
