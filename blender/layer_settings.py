"""Which of a mesh's UV maps, colours and attributes is the active one, and which is rendered."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

__all__ = ["LayerSettings", "read_layer_settings", "write_layer_settings"]

_UV_ROLES = ("active", "active_render", "active_clone")


@dataclass(frozen=True)
class LayerSettings:
    """Names; ``uv`` by role, and empty where nothing has a role."""

    uv: dict[str, str]
    colour: str
    rendered_colour: str
    attribute: str


def read_layer_settings(mesh: bpy.types.Mesh) -> LayerSettings:
    """Read which layers have a role."""
    active = mesh.attributes.active
    return LayerSettings(
        uv={role: layer.name for role in _UV_ROLES for layer in mesh.uv_layers if getattr(layer, role)},
        colour=mesh.color_attributes.active_color_name,
        rendered_colour=mesh.color_attributes.default_color_name,
        attribute="" if active is None else active.name,
    )


def write_layer_settings(mesh: bpy.types.Mesh, settings: LayerSettings) -> None:
    """Give the layers of these names their roles back."""
    for role, name in settings.uv.items():
        setattr(mesh.uv_layers[name], role, True)
    mesh.color_attributes.active_color_name = settings.colour
    mesh.color_attributes.default_color_name = settings.rendered_colour
    if settings.attribute in mesh.attributes:
        mesh.attributes.active = mesh.attributes[settings.attribute]
