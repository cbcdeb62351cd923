"""Project Picture and Save View for Editing in Blender: cameras of all kinds, round trips, undo, and refusals."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import bmesh
import bpy
import numpy as np
import pytest
from maquette.blender.images import image_pixels, pack_pixels
from maquette.blender.material import build_material
from maquette.blender.project_camera import camera_matrix
from maquette.geometry.project_picture_data import Projector
from maquette.geometry.project_picture_frame import contained, fitted, view_camera
from maquette.operators import project_picture, save_view
from mathutils import Matrix, Vector
from mathutils.geometry import barycentric_transform
from PIL import Image

pytestmark = pytest.mark.usefixtures("registered")


def cube(name: str = "Crate", textured: bool = True) -> bpy.types.Object:
    """A cube 2 m wide, its six faces laid out side by side, with a grey texture of 240 x 160."""
    shape = bmesh.new()
    bmesh.ops.create_cube(shape, size=2.0)
    if textured:
        layer = shape.loops.layers.uv.new("UVMap")
        for number, face in enumerate(shape.faces):
            left, low = number % 3, number // 3
            for loop, (u, v) in zip(face.loops, ((0.05, 0.05), (0.95, 0.05), (0.95, 0.95), (0.05, 0.95)), strict=True):
                loop[layer].uv = ((left + u) / 3, (low + v) / 2)
    mesh = bpy.data.meshes.new(name)
    shape.to_mesh(mesh)
    shape.free()
    item = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(item)
    if textured:
        image = pack_pixels(np.full((160, 240, 3), 120, np.uint8), f"{name} colours", colour=True)
        mesh.materials.append(build_material(name, image))
    bpy.context.view_layer.objects.active = item
    item.select_set(True)
    return item


def add_camera(kind: str = "PERSP", **values: object) -> bpy.types.Object:
    """The scene's camera, 6 m in front of the cube and a little above, looking at it."""
    data = bpy.data.cameras.new("Camera")
    data.type = kind
    for name, value in values.items():
        setattr(data, name, value)
    camera = bpy.data.objects.new("Camera", data)
    bpy.context.collection.objects.link(camera)
    camera.location = (1.5, -6.0, 2.0)
    camera.rotation_euler = (-Vector(camera.location)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.camera = camera
    bpy.context.view_layer.update()
    return camera


def picture(path: Path, size: tuple[int, int], colour: tuple[int, ...] = (255, 0, 0, 255)) -> str:
    Image.new("RGBA", size, colour).save(path)
    return str(path)


def texture(item: bpy.types.Object) -> bpy.types.Image:
    nodes = item.active_material.node_tree.nodes
    return next(node.image for node in nodes if node.bl_idname == "ShaderNodeTexImage")


def colour_at(item: bpy.types.Object, place: Vector) -> np.ndarray:
    """The texture's colour at a point of the object's surface, found by Blender itself."""
    local = item.matrix_world.inverted() @ place
    _, where, _, face = item.closest_point_on_mesh(local)
    corners = item.data.polygons[face].loop_indices
    points = [item.data.vertices[item.data.loops[k].vertex_index].co for k in corners]
    uvs = [item.data.uv_layers[0].uv[k].vector.to_3d() for k in corners]
    parts = ((0, 1, 2), (0, 2, 3))
    flat = min(
        (barycentric_transform(where, *(points[k] for k in part), *(uvs[k] for k in part)) for part in parts),
        key=lambda uv: abs(uv.x - sum(u.x for u in uvs) / 4) + abs(uv.y - sum(u.y for u in uvs) / 4),
    )
    pixels = image_pixels(texture(item))
    return pixels[int((1 - flat.y) * len(pixels)), int(flat.x * pixels.shape[1])]


def seen_from(camera: bpy.types.Object, item: bpy.types.Object, x: float, y: float, size: tuple[int, int]) -> Vector:
    """Where on the object a pixel of the camera's picture looks, by Blender's own view frame and ray cast."""
    scene = bpy.context.scene
    render = scene.render
    kept = render.resolution_x, render.resolution_y
    render.resolution_x, render.resolution_y = size
    frame = camera.data.view_frame(scene=scene)
    render.resolution_x, render.resolution_y = kept
    right_top, _, left_bottom, left_top = frame
    on_frame = left_top + (right_top - left_top) * (x / size[0]) + (left_bottom - left_top) * (y / size[1])
    place = camera.matrix_world.normalized()
    if camera.data.type == "ORTHO":
        start, way = place @ Vector((on_frame.x, on_frame.y, 0)), place.to_3x3() @ Vector((0, 0, -1))
    else:
        start = place.translation
        way = place @ on_frame - start
    back = item.matrix_world.inverted()
    hit, where, _, _ = item.ray_cast(back @ start, back.to_3x3() @ way)
    assert hit
    return item.matrix_world @ where


CAMERAS = [
    {},
    {"lens": 35.0, "shift_x": 0.1, "shift_y": -0.07},
    {"sensor_fit": "VERTICAL", "sensor_height": 20.0, "lens": 30.0},
    {"kind": "ORTHO", "ortho_scale": 5.0, "shift_x": 0.05},
    {"kind": "ORTHO", "ortho_scale": 6.0, "sensor_fit": "VERTICAL"},
]


@pytest.mark.parametrize("values", CAMERAS)
@pytest.mark.parametrize("size", [(400, 300), (300, 400)])
def test_a_dot_in_the_picture_lands_where_the_camera_sees_it(values: dict, size, tmp_path: Path) -> None:
    item, camera = cube(), add_camera(**values)
    item.matrix_world = Matrix.Rotation(0.4, 4, "Z") @ Matrix.Diagonal((1.0, 1.1, 0.9, 1.0))
    bpy.context.view_layer.update()
    x, y = size[0] / 2 - 14, size[1] / 2 + 11
    dots = Image.new("RGBA", size, (0, 0, 0, 0))
    dots.paste((255, 0, 0, 255), (int(x) - 6, int(y) - 6, int(x) + 7, int(y) + 7))
    dots.save(tmp_path / "dots.png")
    result = bpy.ops.maquette.project_picture(filepath=str(tmp_path / "dots.png"), project_from="SCENE")
    assert result == {"FINISHED"}
    inside = seen_from(camera, item, int(x) + 0.5, int(y) + 0.5, size)
    assert tuple(colour_at(item, inside)[:3]) == (255, 0, 0)
    for step in ((-5, 0), (5, 0), (0, -5), (0, 5)):
        assert colour_at(item, seen_from(camera, item, x + step[0], y + step[1], size))[0] > 180
        beyond = seen_from(camera, item, x + step[0] * 2.4, y + step[1] * 2.4, size)
        assert tuple(colour_at(item, beyond)[:3]) == (120, 120, 120)


def test_pixels_that_are_not_square_count(tmp_path: Path) -> None:
    item, camera = cube(), add_camera()
    bpy.context.scene.render.pixel_aspect_x = 2.0
    dots = Image.new("RGBA", (200, 300), (0, 0, 0, 0))
    dots.paste((255, 0, 0, 255), (80, 140, 90, 160))
    dots.save(tmp_path / "dots.png")
    bpy.ops.maquette.project_picture(filepath=str(tmp_path / "dots.png"), project_from="CAMERA", camera=camera.name)
    assert tuple(colour_at(item, seen_from(camera, item, 85, 150, (200, 300)))[:3]) == (255, 0, 0)
    assert tuple(colour_at(item, seen_from(camera, item, 72, 150, (200, 300)))[:3]) == (120, 120, 120)


def test_a_saved_view_goes_out_and_comes_back_only_where_it_was_edited(tmp_path: Path) -> None:
    item, _ = cube(), add_camera()
    noise = np.random.default_rng(0).integers(0, 255, (160, 240, 3)).astype(np.uint8)
    old = texture(item)
    item.active_material.node_tree.nodes["Image Texture"].image = pack_pixels(noise, "Noise", colour=True)
    path = tmp_path / "crate.png"
    assert bpy.ops.maquette.save_view(filepath=str(path), view_from="SCENE", size=640) == {"FINISHED"}
    camera = bpy.data.objects["Crate View"]
    assert bpy.context.scene.camera.name == "Camera"
    assert not camera.visible_get()
    assert bpy.context.view_layer.objects.active == item
    saved = Image.open(path)
    assert saved.size == (640, 360)
    assert saved.getpixel((2, 2))[3] == 0
    assert saved.getpixel((320, 180))[3] == 255
    with pytest.raises(RuntimeError, match=r"crate.png is as it was saved: edit it first"):
        bpy.ops.maquette.project_picture(project_from="CAMERA")
    edited = saved.copy()
    edited.paste((255, 0, 0, 255), (300, 170, 310, 180))
    edited.save(path)
    bpy.context.scene.render.pixel_aspect_y = 1.5  # the view remembers square pixels
    assert bpy.ops.maquette.project_picture(project_from="CAMERA") == {"FINISHED"}
    found = image_pixels(texture(item))[..., :3]
    bpy.context.scene.render.pixel_aspect_y = 1.0
    assert tuple(colour_at(item, seen_from(camera, item, 305, 175, (640, 360)))[:3]) == (255, 0, 0)
    changed = (found != noise).any(2)
    assert 4 < changed.sum() < 400
    assert old.name == "Crate colours"


def test_the_whole_of_a_saved_view_projected_back_is_the_texture_again(tmp_path: Path) -> None:
    """Without Only Changes, of a soft texture: within the roundings of looking up between texels."""
    item, _ = cube(), add_camera()
    rows, columns = np.mgrid[:160, :240]
    soft = np.stack([60 + rows, 40 + columns // 2, 200 - rows], 2).astype(np.uint8)
    item.active_material.node_tree.nodes["Image Texture"].image = pack_pixels(soft, "Soft", colour=True)
    bpy.ops.maquette.save_view(filepath=str(tmp_path / "crate.png"), view_from="SCENE", size=2000)
    bpy.ops.maquette.project_picture(project_from="CAMERA", only_changes=False)
    apart = np.abs(image_pixels(texture(item))[..., :3].astype(int) - soft)
    charts = (columns % 80 > 5) & (columns % 80 < 74) & (rows % 80 > 5) & (rows % 80 < 74)
    assert apart[charts].max() <= 1
    assert apart.any()


def test_one_undo_brings_the_pixels_back(tmp_path: Path) -> None:
    item = cube()
    add_camera()
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.maquette.project_picture(filepath=picture(tmp_path / "red.png", (400, 400)), project_from="SCENE")
    new = texture(item)
    assert (new.name, new.packed_file is not None) == ("Crate colours", True)
    assert (image_pixels(new) == (255, 0, 0, 255)).all(2).any()
    bpy.ops.ed.undo_push(message="Project Picture")
    bpy.ops.ed.undo()
    item = bpy.data.objects["Crate"]
    assert texture(item).name == "Crate colours"
    assert (image_pixels(texture(item))[..., :3] == 120).all()
    assert len([image for image in bpy.data.images if image.name.startswith("Crate")]) == 1
    bpy.ops.ed.redo()
    assert (image_pixels(texture(bpy.data.objects["Crate"])) == (255, 0, 0, 255)).all(2).any()


@pytest.mark.parametrize("mode", ["EDIT", "TEXTURE_PAINT"])
def test_other_modes_are_left_and_entered_again(mode: str, tmp_path: Path) -> None:
    item = cube()
    add_camera()
    bpy.ops.object.mode_set(mode=mode)
    path = picture(tmp_path / "red.png", (400, 400))
    assert bpy.ops.maquette.project_picture(filepath=path, project_from="SCENE") == {"FINISHED"}
    assert item.mode == mode
    assert (image_pixels(texture(item)) == (255, 0, 0, 255)).all(2).any()


def test_a_mesh_without_anything_gets_uvs_a_material_and_a_texture(tmp_path: Path) -> None:
    item = cube(textured=False)
    add_camera()
    path = picture(tmp_path / "red.png", (400, 400))
    assert bpy.ops.maquette.project_picture(filepath=path, project_from="SCENE", size="512") == {"FINISHED"}
    assert len(item.data.uv_layers) == 1
    assert tuple(texture(item).size) == (512, 512)
    front = colour_at(item, Vector((0, -1, 0)))
    back = colour_at(item, Vector((0, 1, 0)))
    assert tuple(front[:3]) == (255, 0, 0)
    assert front[0] > back[0] == back[1] > 200


def test_each_material_gets_its_own_new_texture_and_keeps_its_colour_elsewhere(tmp_path: Path) -> None:
    item = cube()
    add_camera().location.z = 5.0
    blue = bpy.data.materials.new("Blue")
    if bpy.app.version < (5, 0, 0):
        blue.use_nodes = True
    blue.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (0, 0, 1, 1)
    item.data.materials.append(blue)
    for face in item.data.polygons:
        face.material_index = int(face.normal.z > 0.5 or face.normal.y > 0.5)
    path = picture(tmp_path / "red.png", (400, 400))
    assert bpy.ops.maquette.project_picture(filepath=path, project_from="SCENE", size="512") == {"FINISHED"}
    made = next(node.image for node in blue.node_tree.nodes if node.bl_idname == "ShaderNodeTexImage")
    colours = {tuple(colour) for colour in image_pixels(made).reshape(-1, 4)[::7]}
    assert {(255, 0, 0, 255), (0, 0, 255, 255)} <= colours
    assert (image_pixels(texture(item))[..., 0] == 255).any()


def test_modifiers_count_and_other_users_of_the_picture_follow(tmp_path: Path) -> None:
    item = cube()
    add_camera()
    item.modifiers.new("Bevel", "SUBSURF").levels = 2
    other = build_material("Other", texture(item))
    other.use_fake_user = True
    path = picture(tmp_path / "red.png", (400, 400))
    assert bpy.ops.maquette.project_picture(filepath=path, project_from="SCENE") == {"FINISHED"}
    assert other.node_tree.nodes["Image Texture"].image == texture(item)
    assert len(item.data.polygons) == 6


def test_an_image_of_blender_and_fitting_it_over_the_object() -> None:
    item = cube()
    add_camera("ORTHO", ortho_scale=30.0)
    pixels = np.zeros((300, 300, 4), np.uint8)
    pixels[100:200, 120:180] = 255, 0, 0, 255
    pack_pixels(pixels, "Front", colour=True)
    bpy.ops.maquette.project_picture(source="IMAGE", image="Front", project_from="SCENE", fit="OBJECT", angle=1.5)
    for corner in ((0.9, -1, 0.9), (-0.9, -1, -0.9), (0, -1, 0)):
        assert colour_at(item, Vector(corner))[0] > 200
    assert tuple(colour_at(item, Vector((0, 1, 0)))[:3]) == (120, 120, 120)


def test_what_cannot_be_projected_is_refused_with_what_to_do(tmp_path: Path) -> None:
    item = cube()
    path = picture(tmp_path / "red.png", (64, 64))
    project = bpy.ops.maquette.project_picture
    with pytest.raises(RuntimeError, match="no camera: add one"):
        project(filepath=path, project_from="SCENE")
    with pytest.raises(RuntimeError, match="Choose the picture"):
        project(project_from="SCENE")
    camera = add_camera("PANO")
    with pytest.raises(RuntimeError, match="panoramic"):
        project(filepath=path, project_from="SCENE")
    camera.data.type = "PERSP"
    with pytest.raises(RuntimeError, match="not a camera"):
        project(filepath=path, project_from="CAMERA", camera="Crate")
    with pytest.raises(RuntimeError, match="does not exist"):
        project(filepath=str(tmp_path / "none.png"), project_from="SCENE")
    with pytest.raises(RuntimeError, match="open in Blender"):
        project(source="IMAGE", image="none", project_from="SCENE")
    camera.rotation_euler = (0, 0, 0)
    with pytest.raises(RuntimeError, match="meets nothing of the object"):
        project(filepath=path, project_from="SCENE")
    with pytest.raises(RuntimeError, match="not in the view"):
        bpy.ops.maquette.save_view(filepath=str(tmp_path / "view.png"), view_from="SCENE")
    assert [each.name for each in bpy.data.cameras] == ["Camera"]
    tree = item.active_material.node_tree
    noise = tree.nodes.new("ShaderNodeTexNoise")
    tree.links.new(noise.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
    with pytest.raises(RuntimeError, match="come from nodes: bake them"):
        project(filepath=path, project_from="SCENE")
    item.scale = (1, 0, 1)
    tree.links.new(tree.nodes["Image Texture"].outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
    bpy.context.view_layer.update()
    with pytest.raises(RuntimeError, match="scaled to nothing"):
        project(filepath=path, project_from="SCENE")
    bare = cube("Bare", textured=False)
    bmesh_faces = bmesh.new()
    bmesh.ops.create_circle(bmesh_faces, cap_ends=True, segments=7, radius=1)
    bmesh_faces.to_mesh(bare.data)
    bmesh_faces.free()
    with pytest.raises(RuntimeError, match="more than four corners"):
        project(filepath=path, project_from="SCENE")
    assert not bare.data.uv_layers


def viewport(camera: bpy.types.Object, size: tuple[int, int]) -> SimpleNamespace:
    """What a viewport of that size would hold that shows just what a camera does."""
    context = bpy.context
    matrix = camera_matrix(context, camera, *size)
    view = np.array(camera.matrix_world.normalized().inverted())
    return SimpleNamespace(window=matrix @ np.linalg.inv(view), view=view, size=size, clip=(0.1, 100.0), camera=None)


@pytest.mark.parametrize("values", CAMERAS)
def test_the_camera_of_a_saved_viewport_sees_what_the_viewport_showed(values, tmp_path, monkeypatch) -> None:
    item, camera = cube(), add_camera(**values)
    shown = viewport(camera, (500, 380))
    monkeypatch.setattr(save_view, "viewed", lambda _context: shown)
    bpy.context.scene.render.resolution_x = 333  # of no matter to a viewport
    assert bpy.ops.maquette.save_view(filepath=str(tmp_path / "view.png"), size=1000) == {"FINISHED"}
    made = bpy.data.objects["Crate View"]
    matrix = camera_matrix(bpy.context, made, 1000, 760, square=True)
    points = np.array([vertex.co for vertex in item.data.vertices], np.float64)
    one = Projector(matrix, 1000, 760)
    other = Projector(shown.window @ shown.view, 1000, 760)
    assert np.abs(one.pixels(one.clip(points)) - other.pixels(other.clip(points))).max() < 0.01
    assert Image.open(tmp_path / "view.png").size == (1000, 760)
    # And a picture projected from such a viewport lies in its middle, as large as it goes.
    monkeypatch.setattr(project_picture, "viewed", lambda _context: shown)
    red = Image.new("RGBA", (100, 100), (255, 0, 0, 255))
    red.save(tmp_path / "red.png")
    assert bpy.ops.maquette.project_picture(filepath=str(tmp_path / "red.png"), project_from="VIEW") == {"FINISHED"}
    assert (image_pixels(texture(item)) == (255, 0, 0, 255)).all(2).any()


def test_pictures_lie_in_the_view_as_asked() -> None:
    middle = contained(np.eye(4), (400, 200), (100, 100))
    assert middle @ [0.5, 1.0, 0, 1] == pytest.approx([1, 1, 0, 1])
    wide = contained(np.eye(4), (400, 200), (400, 100))
    assert wide @ [1.0, 0.5, 0, 1] == pytest.approx([1, 1, 0, 1])
    pixels = np.zeros((100, 200, 4), np.uint8)
    pixels[20:60, 50:150, 3] = 255
    points = np.array([[-0.1, 0.2, 0.0], [0.3, 0.4, 0.0]])
    lens = Projector(fitted(np.eye(4), points, pixels), 200, 100)
    assert lens.pixels(lens.clip(points)) == pytest.approx(np.array([[50, 60], [150, 20]]))
    ortho = np.diag([0.5, 0.8, -0.01, 1.0])
    ortho[0, 3] = 0.2
    assert view_camera(ortho).width == pytest.approx(4.0)
    assert view_camera(ortho).shift[0] == pytest.approx(-0.1)


def test_the_view_edited_last_is_taken_back(tmp_path: Path) -> None:
    item = cube()
    camera = add_camera()
    for number in (1, 2):
        camera.location.x = number / 2
        bpy.context.view_layer.update()
        bpy.ops.maquette.save_view(filepath=str(tmp_path / f"{number}.png"), view_from="SCENE", size=400)
    for number in (1, 2):
        edited = Image.open(tmp_path / f"{number}.png")
        edited.paste((255, 0, 0, 255) if number == 1 else (0, 255, 0, 255), (190, 100, 200, 110))
        edited.save(tmp_path / f"{number}.png")
    os.utime(tmp_path / "2.png", (1, 1))
    bpy.ops.maquette.project_picture(project_from="CAMERA")
    pixels = image_pixels(texture(item))
    assert (pixels == (255, 0, 0, 255)).all(2).any()
    assert not (pixels == (0, 255, 0, 255)).all(2).any()


def test_what_belongs_to_another_file_is_left_alone(tmp_path: Path) -> None:
    item = cube()
    path = picture(tmp_path / "red.png", (64, 64))
    bpy.data.libraries.write(str(tmp_path / "crates.blend"), {item})
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "crates.blend"), link=True) as (_, wanted):
        wanted.objects = ["Crate"]
    linked = bpy.data.objects["Crate"]
    bpy.context.collection.objects.link(linked)
    bpy.context.view_layer.objects.active = linked
    add_camera()
    with pytest.raises(RuntimeError, match="linked from another file: make it local"):
        bpy.ops.maquette.project_picture(filepath=path, project_from="SCENE")
    for operator in (bpy.ops.maquette.paint_texture, bpy.ops.maquette.sculpt):
        with pytest.raises(RuntimeError, match="linked from another file: make it local"):
            operator()
    # A local object with a local material may show the linked mesh.
    own = bpy.data.objects.new("Own", linked.data)
    bpy.context.collection.objects.link(own)
    bpy.context.view_layer.objects.active = own
    own.material_slots[0].link = "OBJECT"
    own.material_slots[0].material = build_material(
        "Own", pack_pixels(np.full((64, 64, 3), 120, np.uint8), "Own", colour=True)
    )
    assert bpy.ops.maquette.project_picture(filepath=path, project_from="SCENE") == {"FINISHED"}
    assert (image_pixels(texture(own)) == (255, 0, 0, 255)).all(2).any()
