"""Save View for Editing: the object's own colours as the viewport or the camera shows it, as a picture to paint on."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty
from PIL import Image

from ..blender.images import pack_pixels
from ..blender.project_camera import View, add_camera, camera_matrix, remember_view, viewed
from ..blender.project_read import ShownMesh, read_shown
from ..blender.project_textures import find_canvases, read_canvas
from ..contracts import Pixels
from ..errors import MaquetteError, MeshError, OutputError
from ..geometry.arrays import Points
from ..geometry.project_picture_data import Projector
from ..geometry.project_picture_frame import view_camera
from ..geometry.project_picture_show import Skin, show_colours
from ..geometry.project_picture_sight import look
from .targets import is_mesh_active, object_mode

__all__ = ["MAQUETTE_OT_save_view"]

_SENSOR = 36.0
_PLAIN = 8
"""Side of the texture that stands in for a material of one colour."""


class MAQUETTE_OT_save_view(bpy.types.Operator):
    """Save what the view shows of the active object as a picture, in its own colours without light and on a transparent
    ground, to paint on it in any program. A camera is added that remembers the view: Project Picture from it puts what
    you changed back on the object"""

    bl_idname = "maquette.save_view"
    bl_label = "Save View for Editing"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: StringProperty(default="*.png", options={"SKIP_SAVE", "HIDDEN"})
    check_existing: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})
    view_from: EnumProperty(
        name="From",
        items=[
            ("VIEW", "Current View", "What the 3D viewport shows now"),
            ("SCENE", "Scene Camera", "What the scene's camera shows"),
        ],
        default="VIEW",
    )
    size: IntProperty(
        name="Size", description="Pixels along the longer side of the picture", min=64, max=4096, default=2048
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_mesh_active(cls, context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            name = bpy.path.clean_name(context.active_object.name)
            folder = Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()
            self.filepath = str(folder / f"{name} view.png")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            with object_mode(context):
                told = self._save(context, context.active_object)
        except MaquetteError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, told)
        return {"FINISHED"}

    def _save(self, context: bpy.types.Context, item: bpy.types.Object) -> str:
        if not self.filepath:
            raise OutputError("Choose where to save the picture.")
        path = Path(bpy.path.abspath(self.filepath)).with_suffix(".png")
        shown = read_shown(context, item)
        view = viewed(context) if self.view_from == "VIEW" else None
        if self.view_from == "VIEW" and view is None:
            raise MeshError("There is no 3D viewport here: save the view of the scene camera.")
        source = view.camera if view is not None else context.scene.camera
        render = context.scene.render
        proportions = (render.resolution_x * render.pixel_aspect_x, render.resolution_y * render.pixel_aspect_y)
        if source is not None:
            data, place = source.data.copy(), _place_of(context, source)
        elif view is not None:
            data, place = _camera_of(view, shown.placed.points)
            proportions = view.size
        else:
            raise MeshError("The scene has no camera: add one, or save the current view.")
        scale = self.size / max(proportions)
        width, height = (max(1, round(length * scale)) for length in proportions)
        camera = add_camera(context, item, data, place)
        try:
            picture = self._picture(context, item, camera, shown, width, height)
            _write(path, picture)
            remember_view(camera, item, path, pack_pixels(picture, f"{camera.name} saved", colour=True))
        except MaquetteError:
            bpy.data.batch_remove([camera, data])
            raise
        return f"Saved {path.name}, {width} x {height}: edit it, save it under the same name, and project it back."

    def _picture(
        self,
        context: bpy.types.Context,
        item: bpy.types.Object,
        camera: bpy.types.Object,
        shown: ShownMesh,
        width: int,
        height: int,
    ) -> Pixels:
        frame = Projector(camera_matrix(context, camera, width, height, square=True), width, height)
        sight = look(shown.placed, frame)
        if not len(sight.pixel):
            raise MeshError("The object is not in the view: turn the view to it first.")
        skins: list[Skin] = []
        for canvas in find_canvases(item)[0]:
            uv = shown.uv(canvas.uv_map)
            if uv is None:
                uv = np.full((len(shown.slots), 3, 2), 0.5, np.float32)
            skins.append(Skin(shown.of_slots(canvas.slots), read_canvas(canvas, _PLAIN), uv))
        return show_colours(sight, skins)


def _camera_of(view: View, points: Points) -> tuple[bpy.types.Camera, Points]:
    """A camera that sees what a viewport shows, and where it stands: float64 [4, 4]."""
    seen, place = view_camera(view.window), np.linalg.inv(view.view)
    data = bpy.data.cameras.new("View")
    data.sensor_fit, data.sensor_width = "HORIZONTAL", _SENSOR
    data.shift_x, data.shift_y = seen.shift
    data.clip_start, data.clip_end = view.clip
    if seen.lens is not None:
        data.lens = seen.lens * _SENSOR / 2
        return data, place
    data.type, data.ortho_scale = "ORTHO", seen.width
    # An orthographic viewport shows what is behind it too; a camera does not, so it steps back.
    ahead = -(points @ view.view[2, :3] + view.view[2, 3])
    margin = float(np.ptp(ahead)) + data.clip_start
    back = max(margin - float(ahead.min()), 0.0)
    place[:3, 3] += place[:3, 2] * back
    data.clip_end = max(data.clip_end, float(ahead.max()) + back + margin)
    return data, place


def _place_of(context: bpy.types.Context, camera: bpy.types.Object) -> Points:
    """Where a camera stands, without its scale: float64 [4, 4]."""
    evaluated = camera.evaluated_get(context.evaluated_depsgraph_get())
    return np.array(evaluated.matrix_world.normalized(), np.float64)


def _write(path: Path, picture: Pixels) -> None:
    try:
        Image.fromarray(picture).save(path, compress_level=1)
    except OSError as error:
        raise OutputError(f"{path.name} cannot be written there: choose another folder.") from error
