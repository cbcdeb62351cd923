"""What the user sets, per scene."""

from __future__ import annotations

from typing import Any, get_args

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)
from bpy.types import PropertyGroup

from .blender import thumbnail
from .blender.export import FORMATS
from .contracts import Device, Fix, Settings
from .materials import PRESETS
from .modelstore.choices import choices
from .run_state import MAQUETTE_PG_state
from .settings import FACE_LIMITS, HEIGHT_LIMITS, QUALITY

__all__ = [
    "MAQUETTE_PG_settings",
    "attach",
    "check_key",
    "detach",
    "is_preset",
    "read_settings",
]

_DEFAULTS = Settings()


def _apply_quality(group: MAQUETTE_PG_settings, _context: bpy.types.Context) -> None:
    preset = QUALITY[group.quality]
    group.target_faces = preset.target_faces
    group.texture_size = str(preset.texture_size)


def _forget_check(_group: MAQUETTE_PG_settings, context: bpy.types.Context) -> None:
    context.window_manager.maquette_state.checked = ""


_menus: dict[str, list[tuple[str, str, str, str, int]]] = {}
"""What Blender shows of models; somebody has to keep it alive."""


def _model_menu(setting: str, name: str, description: str) -> Any:
    """A menu of the installed models for a setting that holds an ID, which need not be installed on this machine."""

    def items(group: MAQUETTE_PG_settings, _context: object) -> list[tuple[str, str, str, str, int]]:
        found = choices(setting, getattr(group, setting))
        icons = ["NONE" if choice.usable else "ERROR" for choice in found]
        menu = [(one.id, one.title, one.about, icon, n) for n, (one, icon) in enumerate(zip(found, icons, strict=True))]
        _menus[setting] = menu
        return menu

    def get(group: MAQUETTE_PG_settings) -> int:
        chosen = getattr(group, setting)
        return next(n for n, choice in enumerate(choices(setting, chosen)) if choice.id == chosen)

    def set_(group: MAQUETTE_PG_settings, number: int) -> None:
        setattr(group, setting, choices(setting, getattr(group, setting))[number].id)

    return EnumProperty(name=name, description=description, items=items, get=get, set=set_)


def _forget_thumbnail(group: MAQUETTE_PG_settings, _context: bpy.types.Context) -> None:
    thumbnail.forget(group.image_path)


class MAQUETTE_PG_settings(PropertyGroup):
    """The settings of the next run, kept with the scene."""

    image_path: StringProperty(
        name="Picture",
        description="The picture to make a mesh of: one object, seen whole, best in front of a plain or no background",
        update=_forget_thumbnail,
    )
    subject: FloatVectorProperty(
        name="Subject",
        description="A place on the thing that becomes the mesh, from the picture's top left corner",
        size=2,
        min=0.0,
        max=1.0,
        update=_forget_check,
    )
    subject_of: StringProperty(
        name="Subject of", description="The picture that the chosen subject is in", update=_forget_check
    )
    prepared: PointerProperty(
        name="Prepared Picture", description="The last picture that was checked, as it is used", type=bpy.types.Image
    )
    kind: EnumProperty(
        name="Kind",
        description="What kind of picture it is",
        items=(
            ("auto", "Auto", "As it looks; the result says what it was taken for"),
            ("photo", "Photo", "A photograph, a rendering or a painting of one object"),
            ("illustration", "Illustration", "Concept art: flat areas of colour"),
            ("sketch", "Sketch", "Line art: its outline is closed, filled and blown up to a soft solid"),
            ("logo", "Logo", "A logo or silhouette: its outlines are traced and extruded, with a bevel"),
            ("relief", "Relief", "Light and dark become heights: a lithophane, a coin, terrain"),
            ("floor_plan", "Floor Plan", "Walls are found, straightened and built, with doors, windows and a floor"),
        ),
        default=_DEFAULTS.kind,
    )
    width: FloatProperty(
        name="Width",
        description="How wide the relief or the building is; 0 for the usual",
        default=_DEFAULTS.width,
        min=0.0,
        max=HEIGHT_LIMITS[1],
        precision=3,
        subtype="DISTANCE",
        unit="LENGTH",
    )
    thickness: FloatProperty(
        name="Thickness",
        description="How thick the solid is at its thickest; 0 for the usual",
        default=_DEFAULTS.thickness,
        min=0.0,
        max=HEIGHT_LIMITS[1],
        precision=4,
        subtype="DISTANCE",
        unit="LENGTH",
    )
    wall_height: FloatProperty(
        name="Wall Height",
        description="How high the walls are",
        default=_DEFAULTS.wall_height,
        min=0.1,
        max=HEIGHT_LIMITS[1],
        soft_max=10.0,
        subtype="DISTANCE",
        unit="LENGTH",
    )
    relief: EnumProperty(
        name="Relief",
        description="What the relief is for",
        items=(
            ("lithophane", "Lithophane", "Dark is thick: for light from behind; 100 mm wide"),
            ("coin", "Coin", "Bright stands out of a disc with a rim; 30 mm wide"),
            ("terrain", "Terrain", "Bright is high, lying on the ground; 100 mm wide"),
            ("slice", "Medical Slice", "Bright tissue stands out; 100 mm wide"),
        ),
        default=_DEFAULTS.relief,
    )
    background: EnumProperty(
        name="Background",
        description="What in the picture is not the object",
        items=(
            ("auto", "Auto", "Use the picture's transparency where it has some, else find and remove the background"),
            ("alpha", "Use Alpha", "The picture's transparent parts are the background"),
            ("keep", "Keep", "There is no background: the whole picture is the object"),
            ("remove", "Remove", "Find and remove the background, whatever transparency the picture has"),
        ),
        default=_DEFAULTS.background,
        update=_forget_check,
    )
    fixes: EnumProperty(
        name="Fixes",
        description="How the picture is mended before it is used; the file stays as it is",
        items=(
            ("crop", "Crop", "Cut bars off, and what lies far around the subject"),
            ("straighten", "Straighten", "Turn a subject that leans upright"),
            ("expose", "Brighten", "Give a dark subject more light"),
            ("upscale", "Upscale", "Enlarge a small subject with a network that keeps edges sharp"),
        ),
        options={"ENUM_FLAG"},
        update=_forget_check,
    )
    quality: EnumProperty(
        name="Quality",
        description="Sets the target faces, the texture size and the fineness of the shape together",
        items=tuple(
            (key, preset.label, f"{preset.target_faces:,} faces and a texture of {preset.texture_size} pixels")
            for key, preset in QUALITY.items()
        ),
        default=_DEFAULTS.quality,
        update=_apply_quality,
    )
    target_faces: IntProperty(
        name="Target Faces",
        description="How many faces the finished mesh has, give or take 2 %",
        default=_DEFAULTS.target_faces,
        min=FACE_LIMITS[0],
        max=FACE_LIMITS[1],
        soft_max=200_000,
        step=1000,
    )
    topology: EnumProperty(
        name="Topology",
        description="What the faces of the finished mesh are",
        items=(
            ("tris", "Triangles", "Only triangles: games, printing, everything that is not edited further"),
            ("quads", "Quads", "Quads wherever two triangles make a good one: subdividing and sculpting"),
        ),
        default=_DEFAULTS.topology,
    )
    texture_size: EnumProperty(
        name="Texture Size",
        description="Side of the square texture in pixels",
        items=(
            ("0", "Off", "Shape alone, without UVs and texture"),
            ("1024", "1024", "1024 x 1024 pixels"),
            ("2048", "2048", "2048 x 2048 pixels"),
            ("4096", "4096", "4096 x 4096 pixels"),
        ),
        default=str(_DEFAULTS.texture_size),
    )
    delight: FloatProperty(
        name="Remove Light",
        description="How much of the picture's light and shade is taken out of the texture, so that only the lamps of "
        "the scene light it. The light taken out is kept as an image in the material",
        default=_DEFAULTS.delight,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    material: EnumProperty(
        name="Material",
        description="What the surface is made of: sets roughness, metallic and the like",
        items=[(key, preset.label, preset.description.rstrip(".")) for key, preset in PRESETS.items()],
        default=_DEFAULTS.material,
    )
    use: EnumProperty(
        name="Use",
        description="What the mesh is for",
        items=(
            ("solid", "Solid", "Closed, without inner shells or crumbs: 3D printing, simulation, booleans"),
            ("visual", "Visual", "Closed, with small separate parts kept: renderings and games"),
            ("raw", "Raw", "Every part the network found, as it found it: for repair by hand"),
        ),
        default=_DEFAULTS.use,
    )
    height: FloatProperty(
        name="Height",
        description="How tall the finished object stands",
        default=_DEFAULTS.height,
        min=HEIGHT_LIMITS[0],
        max=HEIGHT_LIMITS[1],
        soft_min=0.01,
        soft_max=10.0,
        precision=3,
        subtype="DISTANCE",
        unit="LENGTH",
    )
    batch_folder: StringProperty(
        name="Pictures", description="The folder whose pictures become meshes, one each", subtype="DIR_PATH"
    )
    batch_recursive: BoolProperty(
        name="Subfolders", description="Search the folders within the folder, too; the results have the same folders"
    )
    batch_output: StringProperty(
        name="Results",
        description="The folder for the meshes, their previews and reports, and the list of all, manifest.jsonl",
        subtype="DIR_PATH",
    )
    batch_formats: EnumProperty(
        name="Formats",
        description="File formats of each mesh; hold Shift to choose several",
        items=[(key, key, text) for key, (_, text) in FORMATS.items()],
        options={"ENUM_FLAG"},
        default={"GLB"},
    )
    batch_gallery: BoolProperty(
        name="Gallery",
        description="Write a page to look at in a browser, with every mesh in 3D",
        default=True,
    )
    matte_model: StringProperty(
        name="Cut-Out Model", description="The ID of the Cut-Out network", default=_DEFAULTS.matte_model
    )
    depth_model: StringProperty(
        name="Depth Model", description="The ID of the Depth network", default=_DEFAULTS.depth_model
    )
    shape_model: StringProperty(
        name="Shape Model", description="The ID of the Shape network", default=_DEFAULTS.shape_model
    )
    matte_choice: _model_menu("matte_model", "Cut-Out", "The network that finds the object in the picture")
    depth_choice: _model_menu("depth_model", "Depth", "The network that sees the shape of what the picture shows")
    shape_choice: _model_menu("shape_model", "Shape", "The network that completes what the picture does not show")
    export_format: EnumProperty(
        name="Format",
        description="File format of Export",
        items=[(key, key, text) for key, (_, text) in FORMATS.items()],
        default="GLB",
    )


def check_key(group: MAQUETTE_PG_settings) -> str:
    """What a check of the picture rests on; undo changes it without a word."""
    subject = tuple(group.subject) if group.subject_of == group.image_path else None
    return repr((group.image_path, group.background, sorted(group.fixes), subject))


def attach() -> None:
    """Give every scene and the window manager their properties."""
    bpy.types.Scene.maquette = PointerProperty(type=MAQUETTE_PG_settings)
    bpy.types.WindowManager.maquette_state = PointerProperty(type=MAQUETTE_PG_state)


def detach() -> None:
    """Take the properties away again."""
    del bpy.types.WindowManager.maquette_state
    del bpy.types.Scene.maquette


def read_settings(group: MAQUETTE_PG_settings, device: Device) -> Settings:
    """The scene's settings as the pipeline takes them; its metre is Blender's unit."""
    return Settings(
        kind=group.kind,
        width=group.width,
        thickness=group.thickness,
        wall_height=group.wall_height,
        relief=group.relief,
        background=group.background,
        fixes=tuple(fix for fix in get_args(Fix) if fix in group.fixes),
        quality=group.quality,
        target_faces=group.target_faces,
        topology=group.topology,
        texture_size=int(group.texture_size),
        use=group.use,
        delight=group.delight,
        material=group.material,
        # IDs alone: a file that somebody sent must not say from which path a network is read.
        matte_model=group.matte_model.removesuffix(".toml"),
        depth_model=group.depth_model.removesuffix(".toml"),
        shape_model=group.shape_model.removesuffix(".toml"),
        height=group.height,
        device=device,
    )


def is_preset(group: MAQUETTE_PG_settings) -> bool:
    """Whether faces and texture are what the quality set them to."""
    preset = QUALITY[group.quality]
    return group.target_faces == preset.target_faces and group.texture_size == str(preset.texture_size)
