"""Pick Subject: a click on the picture says which thing becomes the mesh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from bpy.props import FloatVectorProperty

from ..blender.checked_files import checked_file
from ..blender.image_editor import Shown, show_image
from ..blender.images import pack_image
from ..blender.mask_overlay import draw_marks
from ..errors import MaquetteError
from .check_image import check_soon_in
from .choose_subject import choose, chosen_number, set_subject, things

__all__ = ["MAQUETTE_OT_pick_subject"]

_LOOK_AROUND = {"MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE", "HOME", "TRACKPADPAN", "TRACKPADZOOM", "MOUSEMOVE"}


class MAQUETTE_OT_pick_subject(bpy.types.Operator):
    """Click on the thing in the picture that is to become the mesh. Esc leaves it as it is"""

    bl_idname = "maquette.pick_subject"
    bl_label = "Pick Subject"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    point: FloatVectorProperty(
        name="Point",
        description="A place on the thing, from the picture's top left corner",
        size=2,
        min=0.0,
        max=1.0,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings, state = context.scene.maquette, context.window_manager.maquette_state
        if not settings.image_path:
            cls.poll_message_set("Choose a picture first")
            return False
        if state.checking or (not bpy.app.background and state.subjects_of != settings.image_path):
            cls.poll_message_set("Check the picture first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        choose(context, tuple(self.point))
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Show the picture in an image editor, and wait there for the click."""
        file = checked_file("picture")
        if not file:
            self.report({"ERROR"}, "Nothing is known of this picture: check it first.")
            return {"CANCELLED"}
        try:
            self._image = pack_image(Path(file), "Pick the Subject")
        except MaquetteError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self._home, self._over = context.window, False  # a new window becomes the context's
        self._shown: Shown = show_image(context, self._image)
        where = {"window": self._shown.window, "area": self._shown.area, "region": self._shown.region}
        self._points, self._chosen = things(context), chosen_number(context)
        self._handle: Any = bpy.types.SpaceImageEditor.draw_handler_add(self._draw, (), "WINDOW", "POST_PIXEL")
        with context.temp_override(**where):
            context.window_manager.modal_handler_add(self)
            context.workspace.status_text_set("Click on the thing to make; Esc: leave it as it is")
        self._shown.window.cursor_modal_set("EYEDROPPER")
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type in {"ESC", "RIGHTMOUSE"} and event.value == "PRESS":
            self._end(context)
            return {"CANCELLED"}
        if event.type == "LEFTMOUSE" and event.value == "PRESS":
            point = self._place(event)
            if point is None:
                return {"RUNNING_MODAL"}
            self._end(context)
            self.point = point
            set_subject(context, point)
            return {"FINISHED"}
        return {"PASS_THROUGH"} if event.type in _LOOK_AROUND or event.type == "TIMER" else {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator: its window closes, or another file is loaded."""
        self._end(context)

    def _place(self, event: bpy.types.Event) -> tuple[float, float] | None:
        """Where in the picture the mouse is, or None beside it."""
        region = self._shown.region
        x, y = region.view2d.region_to_view(event.mouse_x - region.x, event.mouse_y - region.y)
        return (x, 1 - y) if 0 <= x <= 1 and 0 <= y <= 1 else None

    def _draw(self) -> None:
        if bpy.context.area == self._shown.area:
            draw_marks(bpy.context.region, self._points, self._chosen)

    def _end(self, context: bpy.types.Context) -> None:
        if self._over:
            return
        self._over = True
        bpy.types.SpaceImageEditor.draw_handler_remove(self._handle, "WINDOW")
        self._shown.window.cursor_modal_restore()
        context.workspace.status_text_set(None)
        self._shown.restore()
        bpy.data.images.remove(self._image)
        shown, home = self._shown, self._home

        def leave() -> None:
            shown.close()
            check_soon_in(home)

        # A window cannot be closed by what runs in it, and would take the check along.
        bpy.app.timers.register(leave, first_interval=0.0)
