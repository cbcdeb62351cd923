"""Material: what the surfaces of the selected objects are made of."""

from __future__ import annotations

from dataclasses import replace

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, StringProperty

from ..blender.maps import is_read_only
from ..blender.material import apply_preset, build_material, known_finish, shader_to_set
from ..blender.orm import values_as_image, values_as_numbers
from ..errors import MaquetteError, MeshError
from ..materials import AUTO, PRESETS, choose

__all__ = ["MAQUETTE_OT_set_material"]

_SLIDERS = ("roughness", "metallic", "specular")


class MAQUETTE_OT_set_material(bpy.types.Operator):
    """Give the materials of the selected mesh objects the look of a preset; their colours stay. An object without a
    material gets one"""

    bl_idname = "maquette.set_material"
    bl_label = "Set Material"
    bl_options = {"REGISTER", "UNDO"}

    preset: EnumProperty(
        name="Material",
        description="What the surface is made of",
        items=[(key, preset.label, preset.description.rstrip(".")) for key, preset in PRESETS.items()],
        default=AUTO,
    )
    roughness: FloatProperty(
        name="Roughness",
        description="0 for a mirror, 1 for chalk",
        min=0.0,
        max=1.0,
        default=0.5,
        options={"SKIP_SAVE"},
    )
    metallic: FloatProperty(
        name="Metallic", description="1 for bare metal, else 0", min=0.0, max=1.0, default=0.0, options={"SKIP_SAVE"}
    )
    specular: FloatProperty(
        name="Specular",
        description="How strongly a surface that is no metal reflects; 0.5 is what its index of refraction says",
        min=0.0,
        max=1.0,
        default=0.5,
        options={"SKIP_SAVE"},
    )
    images: BoolProperty(
        name="As Images",
        description="Put roughness and metallic, with baked occlusion, into an image too, for programs that want maps",
        default=False,
    )
    shown: StringProperty(options={"HIDDEN", "SKIP_SAVE"})  # the preset whose values the sliders had last

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not _targets(context):
            cls.poll_message_set("Select a mesh object first")
            return False
        return True

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        for name in ("preset", *_SLIDERS, "images"):
            self.layout.prop(self, name)

    def execute(self, context: bpy.types.Context) -> set[str]:
        targets, set_on, told, refused = _targets(context), list[bpy.types.Material](), list[str](), list[str]()
        own = self._own_values(targets)
        for item in targets:
            try:
                for material in _materials(item):
                    if material not in set_on:
                        self._set(material, own, told)
                        set_on.append(material)
            except MaquetteError as error:
                refused.append(str(error))
        if not set_on:
            self.report({"ERROR"}, " ".join(dict.fromkeys(refused)))
            return {"CANCELLED"}
        sharing = _others_with(set_on, targets)
        if sharing:
            told.append(f"{sharing} more object{'s' * (sharing > 1)} with the same material changed too")
        message = f"{PRESETS[self.preset].label} set on {', '.join(each.name for each in set_on)}"
        self.report({"WARNING"} if refused else {"INFO"}, "; ".join(dict.fromkeys([message, *told, *refused])))
        return {"FINISHED"}

    def _own_values(self, targets: list[bpy.types.Object]) -> dict[str, float]:
        """What the sliders say otherwise than the preset; they follow it whenever another one was chosen."""
        worn = [slot.material for item in targets for slot in item.material_slots if slot.material is not None]
        preset, _ = choose(self.preset, known_finish(worn[0]) if worn else None)
        if self.shown != self.preset:
            for name in _SLIDERS:
                if self.shown or not self.properties.is_property_set(name):
                    setattr(self, name, getattr(preset, name))
            self.shown = self.preset
        values = {name: getattr(self, name) for name in _SLIDERS}
        return {name: value for name, value in values.items() if abs(value - getattr(preset, name)) > 1e-6}

    def _set(self, material: bpy.types.Material, own: dict[str, float], told: list[str]) -> None:
        shader = shader_to_set(material)
        preset, source = choose(self.preset, known_finish(material))
        if self.preset == AUTO:
            told.append(f"roughness and metallic are {source}")
        values_as_numbers(material, shader)
        kept = apply_preset(material, shader, replace(preset, **own))
        if kept:
            told.append(f"{', '.join(kept)} of {material.name} still come from what is connected there")
        if self.images:
            values_as_image(material, shader)


def _targets(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The mesh objects that are selected or active, the active one first."""
    found = dict.fromkeys([context.active_object, *context.selected_objects])
    return [item for item in found if item is not None and item.type == "MESH"]


def _materials(item: bpy.types.Object) -> list[bpy.types.Material]:
    """The materials of an object; a new one where it has none.

    Raises
    ------
    MeshError
        When it has none and belongs to another file.
    """
    found = [slot.material for slot in item.material_slots if slot.material is not None]
    if found:
        return list(dict.fromkeys(found))
    free = item.material_slots[0] if item.material_slots else None
    owner = item if free is not None and free.link == "OBJECT" else item.data
    if is_read_only(owner):
        raise MeshError(f"{item.name} has no material and is linked from another file: make it local first.")
    material = build_material(item.name)
    if free is not None:
        free.material = material
    else:
        item.data.materials.append(material)
    return [material]


def _others_with(materials: list[bpy.types.Material], targets: list[bpy.types.Object]) -> int:
    """How many other objects show one of the materials."""
    return sum(
        item not in targets and any(slot.material in materials for slot in item.material_slots)
        for item in bpy.data.objects
    )
