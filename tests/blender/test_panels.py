"""The panels offer what there is to do: what selects and repairs each problem, what is wrong with a picture; and they
fit a narrow sidebar."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bmesh
import bpy
import pytest
from maquette.blender.maps import find_shader
from maquette.blender.material import build_material
from maquette.blender.report import PROPERTY
from maquette.operators.cleaning import Cleaning
from maquette.panels.cleanup import MAQUETTE_PT_cleanup
from maquette.panels.generate import MAQUETTE_PT_generate
from maquette.panels.look import MAQUETTE_PT_look
from maquette.panels.mesh import MAQUETTE_PT_mesh

pytestmark = pytest.mark.usefixtures("registered")


class Layout:
    """Takes note of what a panel draws."""

    def __init__(self, drawn: list[tuple[str, Any]]) -> None:
        self.drawn = drawn

    def _inner(self, **_options: object) -> Layout:
        return Layout(self.drawn)

    row = column = box = grid_flow = _inner

    def label(self, text: str, icon: str = "NONE") -> None:
        self.drawn.append(("label", text))

    def progress(self, factor: float, text: str) -> None:
        self.drawn.append(("progress", text))

    def prop(self, owner: Any, name: str, **_options: object) -> None:
        assert name in owner.bl_rna.properties
        self.drawn.append(("prop", name))

    def prop_enum(self, owner: Any, name: str, value: str) -> None:
        assert value in owner.bl_rna.properties[name].enum_items
        self.drawn.append(("prop_enum", value))

    def operator_menu_enum(self, name: str, choice: str, text: str, icon: str = "NONE") -> None:
        module, _, function = name.partition(".")
        assert choice in getattr(getattr(bpy.ops, module), function).get_rna_type().properties
        self.drawn.append((name, (text, SimpleNamespace())))

    def template_icon(self, icon_value: int, scale: float) -> None:
        self.drawn.append(("icon", icon_value))

    def operator(self, name: str, text: str | None = None, icon: str = "NONE") -> SimpleNamespace:
        """Blender refuses names and icons that there are not; so does this."""
        module, _, function = name.partition(".")
        kind = getattr(getattr(bpy.ops, module), function).get_rna_type()
        icons = bpy.types.UILayout.bl_rna.functions["operator"].parameters["icon"].enum_items
        assert icon in icons
        settings = SimpleNamespace()
        self.drawn.append((name, (kind.name if text is None else text, settings)))
        return settings


def draw(panel: type[bpy.types.Panel], width: int = 220) -> list[tuple[str, Any]]:
    """What the panel shows, in a sidebar of that width in pixels."""
    context = SimpleNamespace(
        active_object=bpy.context.active_object,
        selected_objects=bpy.context.selected_objects,
        view_layer=bpy.context.view_layer,
        scene=bpy.context.scene,
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)),  # 0 without a window
        window_manager=bpy.context.window_manager,
        region=SimpleNamespace(width=width),
    )
    drawn: list[tuple[str, Any]] = []
    panel.draw(SimpleNamespace(layout=Layout(drawn)), context)
    return drawn


def buttons(drawn: list[tuple[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The settings of each operator's buttons."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, value in drawn:
        if name.startswith("maquette."):
            found.setdefault(name.removeprefix("maquette."), []).append(vars(value[1]))
    return found


def words(drawn: list[tuple[str, Any]]) -> str:
    return " ".join(text for kind, text in drawn if kind == "label")


def cube(change: Callable[[bmesh.types.BMesh], object] | None = None) -> bpy.types.Object:
    bpy.ops.mesh.primitive_cube_add()
    item = bpy.context.object
    if change is not None:
        edited = bmesh.new()
        edited.from_mesh(item.data)
        edited.faces.ensure_lookup_table()
        change(edited)
        edited.to_mesh(item.data)
        edited.free()
    return item


def open_top(mesh: bmesh.types.BMesh) -> None:
    mesh.faces.ensure_lookup_table()
    bmesh.ops.delete(mesh, geom=[mesh.faces[0]], context="FACES")


def test_before_a_check_it_offers_check_and_clean_up() -> None:
    cube()
    drawn = draw(MAQUETTE_PT_mesh)
    assert list(buttons(drawn)) == ["clean_up", "check_mesh", "export"]
    assert words(drawn) == ""


def test_a_sound_mesh_is_all_good() -> None:
    cube()
    bpy.ops.maquette.check_mesh()
    drawn = draw(MAQUETTE_PT_mesh)
    assert "All good" in words(drawn)
    assert list(buttons(drawn)) == ["check_mesh", "export"]


def test_each_problem_has_a_button_that_selects_and_one_that_repairs() -> None:
    cube(open_top)
    bpy.ops.maquette.check_mesh()
    drawn = draw(MAQUETTE_PT_mesh)
    assert "4 open edges" in words(drawn)
    found = buttons(drawn)
    assert list(found) == ["clean_up", "select_problem", "fill_holes", "check_mesh", "export"]
    assert found["select_problem"] == [{"which": "boundary_edges"}]


@pytest.mark.parametrize(
    "key", [item for item in ("boundary_edges", "inner_shells", "degenerate_faces", "loose_parts")]
)
def test_the_buttons_work_with_their_settings(key: str) -> None:
    """What is shown is what the operators take."""
    outer, inner = cube(), cube()
    inner.scale = (0.3, 0.3, 0.3)
    outer.select_set(True)
    bpy.ops.object.join()
    if key == "boundary_edges":
        cube(
            lambda mesh: (bmesh.ops.subdivide_edges(mesh, edges=mesh.edges, cuts=7, use_grid_fill=True), open_top(mesh))
        )
    elif key == "degenerate_faces":
        mesh = bpy.data.meshes.new("Flat")
        mesh.from_pydata([(0, 0, 0), (1, 0, 0), (2, 0, 0), (0, 1, 0)], [], [(0, 1, 2), (0, 1, 3)])
        item = bpy.data.objects.new("Flat", mesh)
        bpy.context.collection.objects.link(item)
        bpy.context.view_layer.objects.active = item
    elif key == "loose_parts":
        inner, outer = cube(), cube()
        inner.location.x = 9
        inner.scale = (0.01, 0.01, 0.01)
        inner.select_set(True)
        bpy.ops.object.join()
    for item in bpy.context.selected_objects:
        item.select_set(item == bpy.context.active_object)
    bpy.ops.maquette.check_mesh()
    drawn = [entry for entry in draw(MAQUETTE_PT_mesh) if entry[0].startswith("maquette.")]
    place = next(i for i, (_, value) in enumerate(drawn) if getattr(value[1], "which", "") == key)
    name, (_, settings) = drawn[place + 1]
    assert getattr(bpy.ops.maquette, name.removeprefix("maquette."))(**vars(settings)) == {"FINISHED"}
    left = [getattr(value[1], "which", "") for _, value in draw(MAQUETTE_PT_mesh) if isinstance(value, tuple)]
    assert key not in left


def test_what_the_last_cleaning_did_is_shown() -> None:
    item = cube(lambda mesh: bmesh.ops.split_edges(mesh, edges=mesh.edges[:]))
    bpy.ops.maquette.clean_up()
    assert len(item.data.vertices) == 8
    drawn = draw(MAQUETTE_PT_mesh, width=600)
    assert "Last cleaning: merged 16 vertices" in words(drawn)
    assert "All good" in words(drawn)


def test_several_meshes_are_counted_on_the_button() -> None:
    for item in (cube(), cube()):
        item.select_set(True)
    for item in bpy.context.view_layer.objects:
        item.select_set(True)
    drawn = draw(MAQUETTE_PT_mesh)
    assert next(value[0] for name, value in drawn if name == "maquette.clean_up") == "Clean Up 2 Meshes"


def test_a_cleaning_under_way_shows_its_progress_and_a_way_to_stop_it() -> None:
    cube()
    cleaning = Cleaning(bpy.context, "clean_up", {})
    try:
        drawn = draw(MAQUETTE_PT_mesh)
        assert ("progress", "0%") in drawn
        assert "cancel" in buttons(drawn)
        assert "clean_up" not in buttons(drawn)
    finally:
        cleaning.close()


@pytest.mark.parametrize("width", [160, 220, 400])
def test_no_line_is_longer_than_the_sidebar(width: int) -> None:
    cube(open_top)
    bpy.ops.maquette.check_mesh()
    for kind, text in draw(MAQUETTE_PT_mesh, width):
        if kind == "label":
            assert len(text) * 6.8 + 40 <= max(width, 160)


def test_all_tools_are_there() -> None:
    cube()
    shown = set(buttons(draw(MAQUETTE_PT_cleanup)))
    assert shown == {
        "decimate",
        "fill_holes",
        "make_solid",
        "merge_vertices",
        "quad_remesh",
        "recalculate_normals",
        "remove_duplicate_faces",
        "remove_inner_shells",
        "remove_loose_parts",
        "remove_non_manifold",
        "resolve_intersections",
        "untangle",
        "smooth_mesh",
    }


def test_every_step_of_the_look_is_there_and_what_the_picture_said() -> None:
    item = cube()
    item[PROPERTY] = json.dumps({"finish": {"roughness": 0.3, "metallic": 1.0, "note": "Told from the picture."}})
    drawn = draw(MAQUETTE_PT_look, 600)
    assert set(buttons(drawn)) == {
        "bake_detail",
        "paint_texture",
        "picture_normals",
        "project_picture",
        "save_view",
        "sculpt",
        "set_material",
        "upscale_texture",
    }
    assert ("label", "Told from the picture.") in drawn


def test_the_shader_has_its_sliders_where_no_map_decides() -> None:
    item = cube()
    assert "prop" not in dict(draw(MAQUETTE_PT_look))
    material = build_material("paint")
    item.data.materials.append(material)
    assert [name for name, _ in draw(MAQUETTE_PT_look)].count("prop") == 3
    tree, shader = material.node_tree, find_shader(material)
    assert shader is not None
    tree.links.new(tree.nodes.new("ShaderNodeValue").outputs[0], shader.inputs["Roughness"])
    assert [name for name, _ in draw(MAQUETTE_PT_look)].count("prop") == 2


def test_an_edited_view_has_a_button_of_its_own(tmp_path: Path) -> None:
    item = cube()
    assert len(buttons(draw(MAQUETTE_PT_look))["project_picture"]) == 1
    item.data.materials.append(build_material("paint"))
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location = (0.0, -8.0, 0.0)
    camera.rotation_euler = (1.5708, 0.0, 0.0)
    bpy.context.scene.collection.objects.link(camera)
    bpy.context.scene.camera = camera
    bpy.context.view_layer.update()
    assert bpy.ops.maquette.save_view(filepath=str(tmp_path / "view.png"), view_from="SCENE", size=256) == {"FINISHED"}
    shown = buttons(draw(MAQUETTE_PT_look))["project_picture"]
    assert shown == [{}, {"project_from": "CAMERA"}]


def test_several_things_in_a_picture_are_chosen_among_and_the_mask_painted(tmp_path: Path) -> None:
    """Once a picture has been checked; kinds of which no subject is cut out have nothing to choose."""
    settings, state = bpy.context.scene.maquette, bpy.context.window_manager.maquette_state
    choosing = {"previous_subject", "pick_subject", "next_subject"}
    settings.image_path = state.checked = str(tmp_path / "pair.png")
    assert not choosing & set(buttons(draw(MAQUETTE_PT_generate)))
    state.subjects, state.subjects_of = "[[0.2, 0.5], [0.7, 0.5]]", settings.image_path
    assert {*choosing, "edit_mask"} <= set(buttons(draw(MAQUETTE_PT_generate)))
    state.check = json.dumps([{"line": "Subject", "level": "poor", "text": "Two things.", "fix": "choose"}])
    assert len(buttons(draw(MAQUETTE_PT_generate))["pick_subject"]) == 2, "one of them is the line's Fix"
    settings.kind = "logo"
    assert not {*choosing, "edit_mask"} & set(buttons(draw(MAQUETTE_PT_generate)))
    settings.kind = "auto"
    state.subjects = "[[0.2, 0.5]]"
    assert not {"previous_subject", "next_subject"} & set(buttons(draw(MAQUETTE_PT_generate)))


def test_a_picture_is_checked_before_it_is_used(tmp_path: Path) -> None:
    """What is poor comes first and in full, what is good in one line; another picture has not been checked."""
    settings, state = bpy.context.scene.maquette, bpy.context.window_manager.maquette_state
    assert "check_image" not in buttons(draw(MAQUETTE_PT_generate))
    settings.image_path = str(tmp_path / "cup.png")
    assert "check_image" in buttons(draw(MAQUETTE_PT_generate))
    state.checked = settings.image_path
    levels = {"Sharpness": "good", "Subject": "fair", "Lighting": "poor", "Background": "good"}
    state.check = json.dumps([{"line": k, "level": v, "text": f"{k} it is.", "fix": ""} for k, v in levels.items()])
    drawn = draw(MAQUETTE_PT_generate, 600)
    texts = [value for name, value in drawn if name == "label"]
    lines = [text for text in texts if text.split(":")[0] in {*levels, "Good"}]
    assert lines == ["Lighting: Lighting it is.", "Subject: Subject it is.", "Good: sharpness, background"]
    assert "check_image" not in buttons(drawn)
    settings.fixes = {"crop"}
    state.checked = settings.image_path
    fixes = [value for name, value in draw(MAQUETTE_PT_generate) if name == "prop_enum"]
    assert fixes == ["crop", "straighten", "expose", "upscale"], "any of them can be switched off, or on"
    settings.image_path = str(tmp_path / "other.png")
    assert "check_image" in buttons(draw(MAQUETTE_PT_generate))
