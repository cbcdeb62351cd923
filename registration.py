"""All that Blender gets to know of the extension, in the order in which it must."""

from __future__ import annotations

from typing import Any

import bpy

from . import preferences, properties, run_state
from .blender import mask_overlay, masks, thumbnail
from .cli import main
from .operators import batch, cleaning, generation, model_tasks, queue_run, shortcuts
from .operators.bake_detail import MAQUETTE_OT_bake_detail
from .operators.batch import MAQUETTE_OT_run_batch, MAQUETTE_OT_stop_batch
from .operators.cancel import MAQUETTE_OT_cancel
from .operators.check_image import MAQUETTE_OT_check_image
from .operators.check_mesh import MAQUETTE_OT_check_mesh
from .operators.choose_picture import MAQUETTE_OT_choose_picture
from .operators.choose_subject import (
    MAQUETTE_OT_automatic_subject,
    MAQUETTE_OT_next_subject,
    MAQUETTE_OT_previous_subject,
)
from .operators.clean_up import MAQUETTE_OT_clean_up
from .operators.copy_report import MAQUETTE_OT_copy_report
from .operators.decimate import MAQUETTE_OT_decimate
from .operators.dismiss_error import MAQUETTE_OT_dismiss_error
from .operators.drop_picture import MAQUETTE_FH_picture, MAQUETTE_OT_drop_picture
from .operators.edit_mask import MAQUETTE_OT_edit_mask, MAQUETTE_OT_remove_mask
from .operators.edit_queue import (
    MAQUETTE_OT_add_to_queue,
    MAQUETTE_OT_clear_queue,
    MAQUETTE_OT_remove_from_queue,
    MAQUETTE_OT_retry_queue,
)
from .operators.export import MAQUETTE_OT_export
from .operators.fill_holes import MAQUETTE_OT_fill_holes
from .operators.fix_picture import MAQUETTE_OT_fix_picture
from .operators.generate_from_image import MAQUETTE_OT_generate_from_image
from .operators.generate_queue import MAQUETTE_OT_generate_queue
from .operators.gpu_support import (
    MAQUETTE_OT_cancel_gpu_support,
    MAQUETTE_OT_install_gpu_support,
    MAQUETTE_OT_remove_gpu_support,
    stop_installation,
)
from .operators.make_solid import MAQUETTE_OT_make_solid
from .operators.merge_vertices import MAQUETTE_OT_merge_vertices
from .operators.models import (
    MAQUETTE_OT_cancel_model,
    MAQUETTE_OT_download_model,
    MAQUETTE_OT_import_model,
    MAQUETTE_OT_remove_model,
    MAQUETTE_OT_show_models,
    MAQUETTE_OT_verify_model,
)
from .operators.paint_texture import MAQUETTE_OT_paint_texture
from .operators.paste_picture import MAQUETTE_OT_paste_picture
from .operators.pick_subject import MAQUETTE_OT_pick_subject
from .operators.picture_normals import MAQUETTE_OT_picture_normals
from .operators.project_picture import MAQUETTE_OT_project_picture
from .operators.quad_remesh import MAQUETTE_OT_quad_remesh
from .operators.recalculate_normals import MAQUETTE_OT_recalculate_normals
from .operators.remove_duplicate_faces import MAQUETTE_OT_remove_duplicate_faces
from .operators.remove_inner_shells import MAQUETTE_OT_remove_inner_shells
from .operators.remove_loose_parts import MAQUETTE_OT_remove_loose_parts
from .operators.remove_non_manifold import MAQUETTE_OT_remove_non_manifold
from .operators.resolve_intersections import MAQUETTE_OT_resolve_intersections
from .operators.save_view import MAQUETTE_OT_save_view
from .operators.sculpt import MAQUETTE_OT_sculpt
from .operators.select_problem import MAQUETTE_OT_select_problem
from .operators.set_material import MAQUETTE_OT_set_material
from .operators.smooth_mesh import MAQUETTE_OT_smooth_mesh
from .operators.untangle import MAQUETTE_OT_untangle
from .operators.upscale_texture import MAQUETTE_OT_upscale_texture
from .operators.use_image import MAQUETTE_OT_use_image
from .panels.batch import MAQUETTE_PT_batch
from .panels.cleanup import MAQUETTE_PT_cleanup
from .panels.generate import MAQUETTE_PT_generate
from .panels.look import MAQUETTE_PT_look
from .panels.mesh import MAQUETTE_PT_mesh
from .panels.models import MAQUETTE_PT_models
from .panels.queue import MAQUETTE_PT_queue, MAQUETTE_UL_queue

__all__ = ["CLASSES", "register", "unregister"]

CLASSES = (
    preferences.MAQUETTE_AP_preferences,
    properties.MAQUETTE_PG_settings,
    run_state.MAQUETTE_PG_queued,
    run_state.MAQUETTE_PG_state,
    MAQUETTE_OT_choose_picture,
    MAQUETTE_OT_drop_picture,
    MAQUETTE_FH_picture,
    MAQUETTE_OT_use_image,
    MAQUETTE_OT_paste_picture,
    MAQUETTE_OT_add_to_queue,
    MAQUETTE_OT_remove_from_queue,
    MAQUETTE_OT_retry_queue,
    MAQUETTE_OT_clear_queue,
    MAQUETTE_OT_generate_queue,
    MAQUETTE_OT_check_image,
    MAQUETTE_OT_fix_picture,
    MAQUETTE_OT_next_subject,
    MAQUETTE_OT_previous_subject,
    MAQUETTE_OT_automatic_subject,
    MAQUETTE_OT_pick_subject,
    MAQUETTE_OT_edit_mask,
    MAQUETTE_OT_remove_mask,
    MAQUETTE_OT_generate_from_image,
    MAQUETTE_OT_cancel,
    MAQUETTE_OT_dismiss_error,
    MAQUETTE_OT_run_batch,
    MAQUETTE_OT_stop_batch,
    MAQUETTE_OT_check_mesh,
    MAQUETTE_OT_export,
    MAQUETTE_OT_merge_vertices,
    MAQUETTE_OT_remove_duplicate_faces,
    MAQUETTE_OT_remove_loose_parts,
    MAQUETTE_OT_remove_inner_shells,
    MAQUETTE_OT_remove_non_manifold,
    MAQUETTE_OT_fill_holes,
    MAQUETTE_OT_recalculate_normals,
    MAQUETTE_OT_smooth_mesh,
    MAQUETTE_OT_resolve_intersections,
    MAQUETTE_OT_untangle,
    MAQUETTE_OT_make_solid,
    MAQUETTE_OT_clean_up,
    MAQUETTE_OT_select_problem,
    MAQUETTE_OT_decimate,
    MAQUETTE_OT_quad_remesh,
    MAQUETTE_OT_bake_detail,
    MAQUETTE_OT_save_view,
    MAQUETTE_OT_project_picture,
    MAQUETTE_OT_paint_texture,
    MAQUETTE_OT_sculpt,
    MAQUETTE_OT_upscale_texture,
    MAQUETTE_OT_set_material,
    MAQUETTE_OT_picture_normals,
    MAQUETTE_OT_install_gpu_support,
    MAQUETTE_OT_cancel_gpu_support,
    MAQUETTE_OT_remove_gpu_support,
    MAQUETTE_OT_copy_report,
    MAQUETTE_OT_download_model,
    MAQUETTE_OT_cancel_model,
    MAQUETTE_OT_verify_model,
    MAQUETTE_OT_remove_model,
    MAQUETTE_OT_import_model,
    MAQUETTE_OT_show_models,
    MAQUETTE_PT_generate,
    MAQUETTE_UL_queue,
    MAQUETTE_PT_queue,
    MAQUETTE_PT_models,
    MAQUETTE_PT_batch,
    MAQUETTE_PT_mesh,
    MAQUETTE_PT_cleanup,
    MAQUETTE_PT_look,
)

_commands: list[Any] = []


def register() -> None:
    """Make classes, properties and the command known to Blender."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    properties.attach()
    preferences.offer_models(bpy.context)
    thumbnail.open_collection()
    masks.add_handler()
    mask_overlay.add_overlay()
    shortcuts.attach()
    _commands.append(bpy.utils.register_cli_command("maquette", main))


def unregister() -> None:
    """Take everything back, a run under way and the worker process included."""
    stop_installation()
    queue_run.shut_down()
    cleaning.shut_down()
    model_tasks.stop_tasks()
    generation.shut_down()
    batch.shut_down()
    while _commands:
        bpy.utils.unregister_cli_command(_commands.pop())
    mask_overlay.remove_overlay()
    masks.remove_handler()
    shortcuts.detach()
    thumbnail.close()
    properties.detach()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
