"""Paint Texture: Texture Paint set up for the active object in one click."""

from __future__ import annotations

import bpy
import numpy as np
from bpy.props import EnumProperty

from ..blender.painting import clear_stencil, enter_texture_paint, set_stencil, show_textures
from ..blender.project_read import read_corner_uv, read_triangles
from ..blender.project_textures import Canvas, find_canvases, read_canvas, show_pixels
from ..blender.seen_side import read_seen
from ..errors import MaquetteError, MeshError
from ..geometry.paint_mask import bake_values
from .symmetry import SymmetryOptions, use_symmetry
from .targets import check_editable, is_mesh_active
from .unwrapping import add_uvs

__all__ = ["MAQUETTE_OT_paint_texture"]

_NEW = 2048
_STENCIL = (256, 2048)


class MAQUETTE_OT_paint_texture(SymmetryOptions, bpy.types.Operator):
    """Start painting on the active object's own texture: Texture Paint with the base color as canvas, mirrored where
    the object is symmetric, and the side that the picture showed protected by a stencil, so that you retouch only what
    was guessed"""

    bl_idname = "maquette.paint_texture"
    bl_label = "Paint Texture"
    bl_options = {"REGISTER", "UNDO"}

    protect: EnumProperty(
        name="Protect",
        description="Which side paint does not reach",
        items=[
            ("SEEN", "Seen Side", "What the picture showed stays; paint on what was guessed"),
            ("GUESSED", "Guessed Side", "What was guessed stays; paint on what the picture showed"),
            ("NONE", "Nothing", "Paint everywhere"),
        ],
        default="SEEN",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_mesh_active(cls, context)

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        for name in ("protect", "symmetry", "align"):
            self.layout.prop(self, name)

    def execute(self, context: bpy.types.Context) -> set[str]:
        item = context.active_object
        try:
            told, warned = self._start(context, item)
        except MaquetteError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"WARNING"} if warned else {"INFO"}, " ".join(told))
        return {"FINISHED"}

    def _start(self, context: bpy.types.Context, item: bpy.types.Object) -> tuple[list[str], bool]:
        check_editable(item)
        if not item.visible_get():
            raise MeshError(f"{item.name} is hidden: show it first.")
        if item.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        canvas, image, told = _canvas(item)
        seen = read_seen(item.data)
        if self.symmetry:
            told.append(use_symmetry(item, self.align))
        enter_texture_paint(context, item, canvas.slots[0], image, canvas.uv_map)
        show_textures(context)
        clear_stencil(context)
        if self.protect == "NONE":
            return told, False
        if seen is None:
            return [*told, "The mesh does not say which side was guessed, so nothing is protected."], True
        _, triangles = read_triangles(item.data)
        uv = read_corner_uv(item.data, item.data.uv_layers.active)
        size = int(np.clip(max(image.size), *_STENCIL))
        set_stencil(context, item, bake_values(seen, triangles, uv, size), self.protect == "GUESSED")
        return [*told, f"The {self.protect.lower()} side is protected."], False


def _canvas(item: bpy.types.Object) -> tuple[Canvas, bpy.types.Image, list[str]]:
    """The texture to paint on, that of the active material if it can be, its picture, and a line on it."""
    canvases, refused = find_canvases(item)
    if not canvases:
        raise MeshError(refused[0])
    active = item.active_material_index
    canvas = next((each for each in canvases if active in each.slots and each.image is not None), None)
    canvas = canvas or next((each for each in canvases if each.image is not None), canvases[0])
    made = ["The object had no UVs and was unwrapped."] if add_uvs(item, canvases) is not None else []
    image = canvas.image
    if image is None:
        image = show_pixels(item, canvas, read_canvas(canvas, _NEW))
        made.append("It has a new texture.")
    if canvas.uv_map and canvas.uv_map not in item.data.uv_layers:
        raise MeshError(f"The UV map {canvas.uv_map}, which the material asks for, is not there: unwrap the mesh.")
    return canvas, image, [f"Painting on {image.name}.", *made]
