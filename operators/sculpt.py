"""Sculpt: the active object handed over to Sculpt Mode, fine enough, mirrored and masked, in one click."""

from __future__ import annotations

import bpy
import numpy as np
from bpy.props import EnumProperty, FloatProperty, IntProperty

from ..blender.polygons import read_polygons, scaled, world_scale
from ..blender.quad_remesh import voxel_remesh
from ..blender.sculpting import enter_sculpt, find_multires, shared_edges, subdivide, use_dyntopo, write_mask
from ..blender.seen_side import read_seen
from ..errors import MaquetteError, MeshError
from ..geometry.sculpt_detail import MOST_FACES, edge_length, levels_needed, side_length
from .cleanup import as_new, put_back, read_source
from .symmetry import SymmetryOptions, use_symmetry
from .targets import check_editable, is_mesh_active, shaping_modifiers

__all__ = ["MAQUETTE_OT_sculpt"]

_QUADS = 0.8
"""A mesh with a smaller share of quads than this is not made for subdividing."""


class MAQUETTE_OT_sculpt(SymmetryOptions, bpy.types.Operator):
    """Start sculpting the active object: enough detail with Multires, Dyntopo or voxels, mirrored where the object is
    symmetric, and the guessed side under a mask"""

    bl_idname = "maquette.sculpt"
    bl_label = "Sculpt"
    bl_options = {"REGISTER", "UNDO"}

    method: EnumProperty(
        name="Detail With",
        description="How the mesh becomes fine enough",
        items=[
            ("MULTIRES", "Multires", "Levels of subdivision: the mesh, its UVs and its texture stay. Best for quads"),
            ("DYNTOPO", "Dyntopo", "Brushes refine the mesh where they go. UVs do not survive that"),
            ("VOXEL", "Voxels", "Rebuild the mesh in even quads first; UVs and colours are carried over"),
        ],
        default="MULTIRES",
    )
    by: EnumProperty(
        name="Detail",
        items=[
            ("FACES", "Faces", "As many faces in all"),
            ("LENGTH", "Size", "The size of one face"),
        ],
        default="FACES",
    )
    target_faces: IntProperty(
        name="Faces", description="How many faces to sculpt on, at least", min=1_000, max=MOST_FACES, default=500_000
    )
    length: FloatProperty(
        name="Size",
        description="The side of one face, voxel or edge",
        subtype="DISTANCE",
        min=1e-5,
        default=0.005,
        precision=4,
    )
    mask: EnumProperty(
        name="Mask",
        description="Which side brushes leave alone. Ctrl+I inverts the mask, Alt+M clears it",
        items=[
            ("GUESSED", "Guessed Side", "Sculpt on what the picture showed"),
            ("SEEN", "Seen Side", "Sculpt on what was guessed"),
            ("NONE", "Nothing", "Sculpt everywhere"),
        ],
        default="GUESSED",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_mesh_active(cls, context)

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "method")
        layout.prop(self, "by", expand=True)
        layout.prop(self, "target_faces" if self.by == "FACES" else "length")
        for name in ("mask", "symmetry", "align"):
            layout.prop(self, name)

    def execute(self, context: bpy.types.Context) -> set[str]:
        item, window = context.active_object, context.window
        if window is not None:
            window.cursor_set("WAIT")
        self._told: list[str] = []
        self._warned = False
        try:
            self._start(context, item)
        except MaquetteError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        finally:
            if window is not None:
                window.cursor_set("DEFAULT")
        self.report({"WARNING"} if self._warned else {"INFO"}, " ".join(self._told))
        return {"FINISHED"}

    def _start(self, context: bpy.types.Context, item: bpy.types.Object) -> None:
        check_editable(item)
        self._check(item)
        if item.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        area = float(scaled(read_polygons(item.data), world_scale(item)).areas.sum())
        if self.method == "VOXEL":
            self._rebuild(context, item, area)
        # Before Multires: with a modifier there the origin stays.
        if self.symmetry:
            self._told.append(use_symmetry(item, self.align))
        levels = self._levels(item, area) if self.method == "MULTIRES" else 0
        self._write_mask(item)
        enter_sculpt(item)
        if levels:
            subdivide(item, levels)
        if self.method == "DYNTOPO":
            edge = self.length if self.by == "LENGTH" else edge_length(area, self.target_faces)
            use_dyntopo(context, edge)
            self._told.append(f"Dyntopo with edges of {edge:.3g} m; it does not keep UVs where it refines.")

    def _check(self, item: bpy.types.Object) -> None:
        mesh = item.data
        if not len(mesh.polygons):
            raise MeshError(f"{item.name} has no faces.")
        if not item.visible_get():
            raise MeshError(f"{item.name} is hidden: show it first.")
        if self.method != "VOXEL" and mesh.shape_keys is not None:
            raise MeshError(f"{item.name} has shape keys, which {self.method.title()} would lose: apply them first.")
        if self.method == "MULTIRES" and mesh.users > 1:
            raise MeshError(f"{item.name} shares its mesh: make it a single user first (Object > Relations).")
        if self.method != "MULTIRES" and find_multires(item) is not None:
            raise MeshError(f"{item.name} has Multires: sculpt on with that, or apply it first.")

    def _write_mask(self, item: bpy.types.Object) -> None:
        """Mask one side."""
        if self.mask == "NONE":
            return
        seen, multires = read_seen(item.data), find_multires(item)
        if seen is None:
            self._warn("The mesh does not say which side was guessed, so nothing is masked.")
        elif multires is not None and multires.total_levels:
            self._warn("Multires was there already and keeps its own mask.")
        else:
            write_mask(item.data, seen if self.mask == "SEEN" else 1 - seen)
            self._told.append(f"The {self.mask.lower()} side is masked.")

    def _levels(self, item: bpy.types.Object, area: float) -> int:
        """How many levels Multires needs, and what there is to say about it."""
        mesh, multires = item.data, find_multires(item)
        target = self.target_faces if self.by == "FACES" else int(np.clip(area / self.length**2, 1, MOST_FACES))
        levels, faces = levels_needed(len(mesh.loops), target)
        if not levels:
            raise MeshError(f"{item.name} has {len(mesh.polygons):,} faces, too many to subdivide: decimate it first.")
        if faces < target:
            self._warn(f"More than {MOST_FACES:,} faces would not fit into memory.")
        levels = max(levels, multires.total_levels if multires is not None else 0)
        self._told.insert(0, f"Multires of {levels} levels, {len(mesh.loops) * 4 ** (levels - 1):,} faces.")
        quads = np.count_nonzero(np.diff(_starts(mesh)) == 4) / len(mesh.polygons)
        if quads < _QUADS:
            self._warn(f"Only {quads:.0%} of the faces are quads: Quad Remesh first would subdivide more evenly.")
        crossing = shared_edges(mesh)
        if crossing:
            self._warn(f"{crossing:,} edges belong to more than two faces: Clean Up first would be better.")
        others = [name for name in shaping_modifiers(item) if item.modifiers[name].type != "MULTIRES"]
        if others:
            self._warn(f"{', '.join(others)} still works on top of Multires.")
        return levels

    def _rebuild(self, context: bpy.types.Context, item: bpy.types.Object, area: float) -> None:
        """Even quads in place of the mesh, everything on it carried over."""
        source = read_source(item)
        side = self.length if self.by == "LENGTH" else side_length(area, self.target_faces)
        if area / side**2 > MOST_FACES:
            raise MeshError(f"That would be more than {MOST_FACES:,} faces: choose a larger size.")
        result = voxel_remesh(context, source, side)
        put_back(item, source, as_new(result), False)
        self._told.append(f"Rebuilt of {result.n_faces:,} faces.")

    def _warn(self, text: str) -> None:
        self._told.append(text)
        self._warned = True


def _starts(mesh: bpy.types.Mesh) -> np.ndarray:
    """Where the corners of each face begin, and where the last one's end: int32 [F + 1]."""
    starts = np.empty(len(mesh.polygons) + 1, np.int32)
    mesh.polygons.foreach_get("loop_start", starts[:-1])
    starts[-1] = len(mesh.loops)
    return starts
