"""Bake Detail: what a detailed mesh has and a simple one lacks, as maps in the materials of the simple one."""

from __future__ import annotations

import threading
from typing import Any

import bpy
import numpy as np
from bpy.props import BoolProperty, EnumProperty, FloatProperty

from ..blender.bake_detail import pack_maps, read_pair, show_maps
from ..errors import CancelledError, MaquetteError, MeshError
from ..geometry.bake_detail import bake_detail
from ..geometry.bake_detail_data import Detail, DetailMesh
from .targets import is_mesh_active, object_mode

__all__ = ["Baking", "MAQUETTE_OT_bake_detail"]

_REACH = 0.03
"""How far detail may lie away unless the user says, as a share of the diagonal."""
_MISSING = 0.01
"""A larger share of texels without detail, or claimed twice, is worth a warning."""
_STOPPED = "Stopped: nothing was baked."


class MAQUETTE_OT_bake_detail(bpy.types.Operator):
    """Bake what the other selected mesh has in detail, or the finest Multires level, into maps of the active mesh: a
    normal map, connected in its materials, displacement and ambient occlusion. The active mesh needs UVs"""

    bl_idname = "maquette.bake_detail"
    bl_label = "Bake Detail"
    bl_options = {"REGISTER", "UNDO"}

    size: EnumProperty(
        name="Size",
        description="Side of the maps in pixels",
        items=[(str(size), str(size), "") for size in (512, 1024, 2048, 4096)],
        default="2048",
    )
    normal: BoolProperty(name="Normal Map", description="Bake the normals, and connect them", default=True)
    displacement: BoolProperty(
        name="Displacement", description="Bake the height over the active mesh, with 16 bits", default=True
    )
    occlusion: BoolProperty(
        name="Ambient Occlusion", description="Bake how open the sky is over each point", default=True
    )
    distance: FloatProperty(
        name="Distance",
        description="How far detail may lie from the active mesh, either way; 0 for 3 % of its size",
        default=0.0,
        min=0.0,
        subtype="DISTANCE",
    )
    displace: BoolProperty(
        name="Connect Displacement", description="Displace the surface in renders of Cycles", default=False
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_mesh_active(cls, context, "Select the detailed mesh and then the one to bake onto")

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        for name in ("size", "distance", "normal", "displacement", "displace", "occlusion"):
            self.layout.prop(self, name)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Work beside Blender, which stays usable; `modal` follows it."""
        if bpy.app.background:
            return self.execute(context)
        try:
            self._baking = self._prepare(context)
        except MaquetteError as error:
            return self._fail(error)
        self._baking.start()
        self._timer: Any = context.window_manager.event_timer_add(0.05, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS":
            # The thread ends by itself at its next step; nobody waits for it.
            self.cancel(context)
            self.report({"INFO"}, _STOPPED)
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if self._baking.is_alive():
            context.workspace.status_text_set(f"Bake Detail: {self._baking.share:.0%} (Esc stops)")
            return {"PASS_THROUGH"}
        self._let_go(context)
        return self._finish(self._baking)

    def cancel(self, context: bpy.types.Context) -> None:
        """Let the work go; Blender calls this too when its window closes or another file is loaded."""
        self._baking.stopped.set()
        self._let_go(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Wait for the result: for scripts, for the redo panel and for Blender without a window."""
        try:
            baking = self._prepare(context)
        except MaquetteError as error:
            return self._fail(error)
        baking.run()
        return self._finish(baking)

    def _prepare(self, context: bpy.types.Context) -> Baking:
        names = ("normal", "displacement", "occlusion")
        maps = frozenset(name for name in names if getattr(self, name))
        if not maps:
            raise MeshError("Choose at least one map to bake.")
        low, high = _find_pair(context)
        with object_mode(context):
            meshes = read_pair(context, low, high)
        if meshes[0].uv is None:
            raise MeshError(f"{low.name} has no UVs: unwrap it first.")
        used = meshes[0].points if len(meshes[0].points) else np.zeros((1, 3))
        unit = float(abs(np.linalg.det(np.array(low.matrix_world)[:3, :3]))) ** (1 / 3)
        reach = self.distance / unit if self.distance else _REACH * float(np.linalg.norm(np.ptp(used, axis=0)))
        return Baking(low, meshes, int(self.size), reach, maps, unit)

    def _finish(self, baking: Baking) -> set[str]:
        try:
            if baking.error is not None:
                raise baking.error
            item = next((each for each in bpy.data.objects if each.session_uid == baking.uid), None)
            if baking.detail is None or item is None:
                raise MeshError("The object is gone: nothing was baked.")
            images = pack_maps(baking.detail, item.name)
        except MaquetteError as error:
            return self._fail(error)
        left = show_maps(item, images, baking.detail, self.displace)
        notes = _notes(baking.detail, left)
        done = f"Baked {', '.join(images)} of {self.size} pixels"
        if "displacement" in images:
            done += f", heights within {baking.detail.scale * baking.unit / 2:.4g} m"
        self.report({"WARNING"} if notes else {"INFO"}, "; ".join([done, *notes]))
        return {"FINISHED"}

    def _let_go(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        context.workspace.status_text_set(None)

    def _fail(self, error: MaquetteError) -> set[str]:
        self.report({"ERROR"}, str(error))
        return {"CANCELLED"}


class Baking(threading.Thread):
    """A bake on arrays alone, in a thread of its own or by calling `run`; at the end ``detail`` or ``error`` is set."""

    def __init__(
        self,
        low: bpy.types.Object,
        meshes: tuple[DetailMesh, DetailMesh],
        size: int,
        reach: float,
        maps: frozenset[str],
        unit: float,
    ) -> None:
        super().__init__(daemon=True)
        # The object is looked up again at the end: undo and the user may replace or delete it meanwhile.
        self.uid, self.unit = low.session_uid, unit
        self.stopped = threading.Event()
        self.share = 0.0
        self.detail: Detail | None = None
        self.error: Exception | None = None
        self._work = (*meshes, size, reach, maps)

    def run(self) -> None:
        try:
            self.detail = bake_detail(*self._work, progress=self._follow)
        except Exception as error:  # told where the user looks, by the operator
            self.error = error

    def _follow(self, share: float) -> None:
        self.share = share
        if self.stopped.is_set():
            raise CancelledError(_STOPPED)


def _find_pair(context: bpy.types.Context) -> tuple[bpy.types.Object, bpy.types.Object | None]:
    """The active object, and the other selected mesh if there is one."""
    low = context.active_object
    others = [item for item in context.selected_objects if item.type == "MESH" and item != low]
    if len(others) > 1:
        raise MeshError("More than two meshes are selected: select the detailed one, and the one to bake onto last.")
    return low, others[0] if others else None


def _notes(detail: Detail, left: list[str]) -> list[str]:
    """What the user should know of a bake."""
    notes: list[str] = []
    missing = 1.0 - detail.met - detail.near
    if missing > _MISSING:
        notes.append(f"{missing:.0%} of the surface has no detail near by: raise Distance, or align the two meshes")
    if detail.overlap > _MISSING:
        notes.append(f"{detail.overlap:.0%} of the map belongs to several faces: unwrap the mesh without overlaps")
    if left:
        notes.append(f"the material {', '.join(left)} has no Principled shader of its own: connect the maps by hand")
    return notes
