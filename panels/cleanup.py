"""All cleanup operators, in the order in which one would take them."""

from __future__ import annotations

import bpy

from ..operators.decimate import MAQUETTE_OT_decimate
from ..operators.fill_holes import MAQUETTE_OT_fill_holes
from ..operators.make_solid import MAQUETTE_OT_make_solid
from ..operators.merge_vertices import MAQUETTE_OT_merge_vertices
from ..operators.quad_remesh import MAQUETTE_OT_quad_remesh
from ..operators.recalculate_normals import MAQUETTE_OT_recalculate_normals
from ..operators.remove_duplicate_faces import MAQUETTE_OT_remove_duplicate_faces
from ..operators.remove_inner_shells import MAQUETTE_OT_remove_inner_shells
from ..operators.remove_loose_parts import MAQUETTE_OT_remove_loose_parts
from ..operators.remove_non_manifold import MAQUETTE_OT_remove_non_manifold
from ..operators.resolve_intersections import MAQUETTE_OT_resolve_intersections
from ..operators.smooth_mesh import MAQUETTE_OT_smooth_mesh
from ..operators.untangle import MAQUETTE_OT_untangle
from .mesh import MAQUETTE_PT_mesh

__all__ = ["MAQUETTE_PT_cleanup"]

_GROUPS = (
    (
        (MAQUETTE_OT_merge_vertices, "AUTOMERGE_ON"),
        (MAQUETTE_OT_remove_duplicate_faces, "FACESEL"),
        (MAQUETTE_OT_recalculate_normals, "NORMALS_FACE"),
        (MAQUETTE_OT_remove_non_manifold, "MOD_EDGESPLIT"),
    ),
    (
        (MAQUETTE_OT_remove_loose_parts, "STICKY_UVS_DISABLE"),
        (MAQUETTE_OT_remove_inner_shells, "META_BALL"),
        (MAQUETTE_OT_fill_holes, "SELECT_SET"),
        (MAQUETTE_OT_resolve_intersections, "MOD_BOOLEAN"),
        (MAQUETTE_OT_untangle, "FORCE_CURVE"),
        (MAQUETTE_OT_make_solid, "MESH_CUBE"),
    ),
    (
        (MAQUETTE_OT_smooth_mesh, "MOD_SMOOTH"),
        (MAQUETTE_OT_decimate, "MOD_DECIM"),
        (MAQUETTE_OT_quad_remesh, "MOD_REMESH"),
    ),
)


class MAQUETTE_PT_cleanup(bpy.types.Panel):
    """One button for each cleanup operator."""

    bl_label = "Cleanup Tools"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Maquette"
    bl_parent_id = MAQUETTE_PT_mesh.__name__
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, _context: bpy.types.Context) -> None:
        for group in _GROUPS:
            column = self.layout.column(align=True)
            for operator, icon in group:
                column.operator(operator.bl_idname, icon=icon)
