"""The panel of the look: material, texture, baked detail, and the way on by hand."""

from __future__ import annotations

import bpy

from ..blender.maps import find_shader
from ..blender.project_camera import saved_views
from ..blender.report import finish_line, read_report
from ..operators.bake_detail import MAQUETTE_OT_bake_detail
from ..operators.paint_texture import MAQUETTE_OT_paint_texture
from ..operators.picture_normals import MAQUETTE_OT_picture_normals
from ..operators.project_picture import MAQUETTE_OT_project_picture
from ..operators.save_view import MAQUETTE_OT_save_view
from ..operators.sculpt import MAQUETTE_OT_sculpt
from ..operators.set_material import MAQUETTE_OT_set_material
from ..operators.upscale_texture import MAQUETTE_OT_upscale_texture
from .text import draw_text

__all__ = ["MAQUETTE_PT_look"]

_GROUPS = (
    (
        "Fine Detail",
        (
            (MAQUETTE_OT_bake_detail, "NORMALS_VERTEX_FACE"),
            (MAQUETTE_OT_picture_normals, "NORMALS_FACE"),
        ),
    ),
    (
        "Texture",
        (
            (MAQUETTE_OT_upscale_texture, "FULLSCREEN_ENTER"),
            (MAQUETTE_OT_save_view, "RENDER_STILL"),
            (MAQUETTE_OT_project_picture, "MOD_UVPROJECT"),
        ),
    ),
    (
        "Finish by Hand",
        (
            (MAQUETTE_OT_paint_texture, "TPAINT_HLT"),
            (MAQUETTE_OT_sculpt, "SCULPTMODE_HLT"),
        ),
    ),
)
_SLIDERS = {"Roughness": "Roughness", "Metallic": "Metallic", "Specular IOR Level": "Specular"}


class MAQUETTE_PT_look(bpy.types.Panel):
    """A button for each step from a draft's texture to a finished look."""

    bl_label = "Texture & Material"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Maquette"
    bl_order = 2

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.active_object is not None and context.active_object.type == "MESH"

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.operator_menu_enum(
            MAQUETTE_OT_set_material.bl_idname, "preset", text="Set Material", icon="MATERIAL"
        )
        _draw_sliders(self.layout, context.active_object.active_material)
        note = finish_line(read_report(context.active_object))
        if note:
            draw_text(self.layout, context, note, icon="INFO")
        for title, operators in _GROUPS:
            column = self.layout.column(align=True)
            column.label(text=title)
            for operator, icon in operators:
                column.operator(operator.bl_idname, icon=icon)
            if MAQUETTE_OT_project_picture in dict(operators) and any(saved_views(context.active_object)):
                name = MAQUETTE_OT_project_picture.bl_idname
                column.operator(name, text="Project Edited View", icon="FILE_REFRESH").project_from = "CAMERA"


def _draw_sliders(layout: bpy.types.UILayout, material: bpy.types.Material | None) -> None:
    """The shader's own values, where no map decides them."""
    shader = find_shader(material) if material is not None else None
    if shader is None:
        return
    column = layout.column(align=True)
    column.use_property_split = True
    column.use_property_decorate = False
    for name, text in _SLIDERS.items():
        socket = shader.inputs[name]
        if not socket.is_linked:
            column.prop(socket, "default_value", text=text, slider=True)
