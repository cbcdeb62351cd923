"""Project Picture: another picture onto the active object, from a camera or the current view, into its texture."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from bpy.props import BoolProperty, EnumProperty, FloatProperty, FloatVectorProperty, IntVectorProperty, StringProperty

from ..blender.images import image_pixels
from ..blender.project_camera import SavedView, View, camera_matrix, find_view, saved_views, viewed
from ..blender.project_read import ShownMesh, read_shown
from ..blender.project_textures import Canvas, find_canvases, read_canvas, show_pixels
from ..contracts import Pixels
from ..errors import MaquetteError, MeshError, PictureError
from ..geometry.arrays import Points
from ..geometry.project_picture import Blending, only_changes, project_picture
from ..geometry.project_picture_data import Projector
from ..geometry.project_picture_frame import contained, fitted
from ..geometry.project_picture_sight import look
from ..inference.decode import read_picture
from .targets import is_mesh_active, object_mode
from .unwrapping import add_uvs

__all__ = ["MAQUETTE_OT_project_picture"]

_SIGHT = (512, 1024)
"""Pixels along the longer side in which it is found out what the camera sees."""


class MAQUETTE_OT_project_picture(bpy.types.Operator):
    """Project a picture onto the active object as it is seen from a camera or in the current view, and blend it into
    the object's texture. What is hidden or turned away keeps its colours. A view saved with Save View for Editing is
    taken back at once, and only where it was changed. Undo brings the old texture back"""

    bl_idname = "maquette.project_picture"
    bl_label = "Project Picture"
    bl_options = {"REGISTER", "UNDO"}

    source: EnumProperty(
        name="Picture",
        items=[
            ("FILE", "File", "A picture file"),
            ("IMAGE", "Image", "An image that is open in Blender"),
        ],
        default="FILE",
        options={"SKIP_SAVE"},
    )
    filepath: StringProperty(name="File", description="The picture", subtype="FILE_PATH", options={"SKIP_SAVE"})
    image: StringProperty(name="Image", description="The image that is open in Blender", options={"SKIP_SAVE"})
    project_from: EnumProperty(
        name="From",
        description="Where the picture is projected from",
        items=[
            ("VIEW", "Current View", "As the 3D viewport shows the object now"),
            ("SCENE", "Scene Camera", "From the scene's camera"),
            ("CAMERA", "Camera", "From a camera of your choice; without one, from that of the view saved last"),
        ],
        default="VIEW",
        options={"SKIP_SAVE"},
    )
    camera: StringProperty(name="Camera", description="The camera to project from", options={"SKIP_SAVE"})
    fit: EnumProperty(
        name="Fit",
        description="How the picture lies in the view",
        items=[
            ("FRAME", "Whole View", "The picture fills the camera's frame, or as much of the viewport as it can"),
            ("OBJECT", "Object", "What is not transparent in the picture covers the object from border to border"),
        ],
        default="FRAME",
        options={"SKIP_SAVE"},
    )
    strength: FloatProperty(
        name="Strength", description="How much of the picture is mixed in", subtype="FACTOR", min=0, max=1, default=1
    )
    angle: FloatProperty(
        name="Angle Limit",
        description="Faces turned away from the camera by more than this keep their colours",
        subtype="ANGLE",
        min=np.radians(5),
        max=np.radians(89),
        default=np.radians(80),
    )
    softness: FloatProperty(
        name="Softness",
        description="Over how large an angle before that limit the picture fades out",
        subtype="ANGLE",
        min=0,
        max=np.radians(89),
        default=np.radians(25),
    )
    only_changes: BoolProperty(
        name="Only Changes",
        description="Of a saved view, project only what was changed in it since: all other texels stay as sharp as "
        "they are",
        default=True,
    )
    size: EnumProperty(
        name="New Texture",
        description="Side in pixels of the texture that is made where the object has none",
        items=[(str(size), str(size), "") for size in (512, 1024, 2048, 4096)],
        default="2048",
    )
    filter_image: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})
    filter_folder: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})
    # The view at the time of the click: choosing a file and adjusting the result come later.
    held_size: IntVectorProperty(size=2, options={"SKIP_SAVE", "HIDDEN"})
    held_window: FloatVectorProperty(size=16, options={"SKIP_SAVE", "HIDDEN"})
    held_view: FloatVectorProperty(size=16, options={"SKIP_SAVE", "HIDDEN"})
    held_camera: StringProperty(options={"SKIP_SAVE", "HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_mesh_active(cls, context)

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "source")
        if self.source == "IMAGE":
            layout.prop_search(self, "image", bpy.data, "images")
        layout.prop(self, "project_from")
        if self.project_from == "CAMERA":
            layout.prop_search(self, "camera", bpy.data, "objects")
        for name in ("fit", "strength", "angle", "softness", "only_changes", "size"):
            layout.prop(self, name)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Remember the view, and ask for the file unless the picture is known."""
        self._hold(viewed(context))
        saved = self._saved_view(context.active_object)
        if self.filepath or saved is not None or (self.source == "IMAGE" and self.image):
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        window = context.window
        if window is not None:
            window.cursor_set("WAIT")
        try:
            with object_mode(context):
                told, notes = self._project(context, context.active_object)
        except MaquetteError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        finally:
            if window is not None:
                window.cursor_set("DEFAULT")
        self.report({"WARNING"} if notes else {"INFO"}, " ".join([told, *notes]))
        return {"FINISHED"}

    def _project(self, context: bpy.types.Context, item: bpy.types.Object) -> tuple[str, list[str]]:
        saved = self._saved_view(item)
        picture = self._picture(saved)
        canvases, refused = find_canvases(item)
        if not canvases:
            raise MeshError(refused[0])
        fresh = add_uvs(item, canvases)
        try:
            shown = read_shown(context, item)
            frame = self._frame(context, picture, shown.placed.points, saved)
            if saved is not None and self.only_changes:
                picture = _changes(picture, saved)
            painted = self._painted(shown, canvases, picture, frame, refused)
            images = [show_pixels(item, canvas, pixels).name for canvas, pixels in painted]
        except MaquetteError:
            if fresh is not None:
                item.data.uv_layers.remove(item.data.uv_layers[fresh])
            raise
        made = " The object had no UVs and was unwrapped." if fresh is not None else ""
        return f"Projected onto {', '.join(images)}.{made}", refused

    def _painted(
        self,
        shown: ShownMesh,
        canvases: list[Canvas],
        picture: Pixels,
        frame: Projector,
        refused: list[str],
    ) -> list[tuple[Canvas, Pixels]]:
        """The new pixels of the textures that the picture meets."""
        sight = look(shown.placed, frame.resized(int(np.clip(max(frame.width, frame.height), *_SIGHT))))
        blending = Blending(self.strength, self.angle, self.softness)
        painted: list[tuple[Canvas, Pixels]] = []
        for canvas in canvases:
            uv = shown.uv(canvas.uv_map)
            if uv is None:
                refused.append("A modifier makes faces without UVs: apply it first.")
                continue
            texture = read_canvas(canvas, int(self.size))
            chosen = shown.of_slots(canvas.slots)
            pixels, count = project_picture(texture, shown.placed, uv, chosen, picture, sight, frame, blending)
            if count:
                painted.append((canvas, pixels))
        if not painted:
            raise MeshError(
                " ".join(refused)
                or "The picture meets nothing of the object: turn the view, raise Angle Limit, or "
                "recalculate the normals if the object is inside out."
            )
        return painted

    def _picture(self, saved: SavedView | None) -> Pixels:
        if self.source == "IMAGE":
            image = bpy.data.images.get(self.image)
            if image is None:
                raise PictureError("Choose an image that is open in Blender.")
            return image_pixels(image)
        path = Path(bpy.path.abspath(self.filepath)) if self.filepath else saved.file if saved is not None else None
        if path is None:
            raise PictureError("Choose the picture to project.")
        return read_picture(path)

    def _saved_view(self, item: bpy.types.Object) -> SavedView | None:
        """The saved view to take back: of the camera chosen, or the one whose file changed last."""
        if self.project_from == "SCENE":
            return None
        if self.project_from == "VIEW":
            camera = bpy.data.objects.get(self.held_camera)
            return find_view(camera) if camera is not None else None
        if self.camera:
            camera = bpy.data.objects.get(self.camera)
            return find_view(camera) if camera is not None else None
        return max(saved_views(item), key=lambda view: _changed(view.file), default=None)

    def _frame(self, context: bpy.types.Context, picture: Pixels, points: Points, saved: SavedView | None) -> Projector:
        """The camera, with the picture where it is to lie in its view."""
        height, width = picture.shape[:2]
        camera = saved.camera if saved is not None else self._camera(context)
        if camera is not None:
            matrix = camera_matrix(context, camera, width, height, square=saved is not None)
        else:
            window, view = (np.array(each, np.float64).reshape(4, 4) for each in (self.held_window, self.held_view))
            matrix = contained(window @ view, (self.held_size[0], self.held_size[1]), (width, height))
        if self.fit == "OBJECT":
            matrix = fitted(matrix, points, picture)
        return Projector(matrix, width, height)

    def _camera(self, context: bpy.types.Context) -> bpy.types.Object | None:
        """The camera to project from; None for the view itself."""
        if self.project_from == "VIEW":
            if self.held_size[0] == 0:
                self._hold(viewed(context))
            if self.held_size[0] == 0:
                raise MeshError("There is no 3D viewport here: project from a camera.")
            return bpy.data.objects.get(self.held_camera) if self.held_camera else None
        if self.project_from == "CAMERA":
            camera = bpy.data.objects.get(self.camera)
            if camera is None:
                raise MeshError("Choose the camera to project from.")
            return camera
        if context.scene.camera is None:
            raise MeshError("The scene has no camera: add one, or project from the current view.")
        return context.scene.camera

    def _hold(self, view: View | None) -> None:
        if view is None:
            return
        self.held_size = view.size
        self.held_window, self.held_view = view.window.ravel().tolist(), view.view.ravel().tolist()
        self.held_camera = view.camera.name if view.camera is not None else ""


def _changes(picture: Pixels, saved: SavedView) -> Pixels:
    """What was changed in a saved view; all of it where it has another size now."""
    original = image_pixels(saved.original)
    if picture.shape != original.shape:
        return picture
    changed = only_changes(picture, original)
    if not changed[..., 3].any():
        raise PictureError(f"{saved.file.name} is as it was saved: edit it first, or switch Only Changes off.")
    return changed


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
