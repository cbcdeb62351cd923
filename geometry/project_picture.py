"""Projecting a picture from a camera onto a mesh, into the texture that the mesh has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contracts import Float, Int, Mask, Pixels
from .arrays import Indices, Points, dot
from .filters import sample
from .project_picture_data import PlacedMesh, Projector
from .project_picture_sight import Sight, facing
from .raster import barycentric, face_map

__all__ = ["Blending", "halve", "only_changes", "project_picture", "to_texels"]

_TEXELS_AT_ONCE = 1 << 18
# How many texels around what was painted follow it, so that lookups between texels find no old colour at seams.
_RINGS = 4
_AROUND = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column]
# Levels of 255 by which a channel must differ to have been painted: programs round when they convert colours.
_LEAST_CHANGE = 2


@dataclass(frozen=True)
class Blending:
    """How a projected picture mixes with the texture: ``strength`` 0..1; no more of it where the surface turns away
    from the camera by ``angle`` (radians, below a right one), all of it up to ``softness`` less."""

    strength: float = 1.0
    angle: float = float(np.radians(80))
    softness: float = float(np.radians(25))


def project_picture(
    texture: Pixels,
    mesh: PlacedMesh,
    uv: Float,
    chosen: Mask,
    picture: Pixels,
    sight: Sight,
    frame: Projector,
    blending: Blending,
) -> tuple[Pixels, int]:
    """Blend a picture into a texture where the camera sees the surface.

    Parameters
    ----------
    texture : uint8 [H, W, 3 or 4], first row at the top; a fourth channel stays as it is
    mesh : the mesh in the world
    uv : float32 [T, 3, 2], origin at the bottom left; beyond 0..1 the texture repeats
    chosen : bool [T], the triangles that show this texture
    picture : uint8 [h, w, 4], straight alpha: where it is transparent the texture stays
    sight : what the camera sees of the mesh
    frame : the same camera with the picture: its pixels are those of ``picture``, whatever its resolution
    blending : see there

    Returns
    -------
    The new texture, and how many of its texels took something of the picture.
    """
    height, width = texture.shape[:2]
    corners, owner = to_texels(uv, chosen, (height, width))
    turned = facing(mesh, frame)[owner]
    paintable = (turned > np.cos(blending.angle)) & _in_frame(frame.clip(mesh.points)[mesh.triangles[owner]])
    # Where charts overlap the last triangle wins: those that can be painted.
    order = np.argsort(paintable, kind="stable")
    corners, owner, paintable = corners[order], owner[order], paintable[order]
    index = face_map(corners, (height, width)).ravel()
    texels = np.flatnonzero(index >= 0)
    covered = np.zeros(height * width, np.bool_)
    covered[texels] = True
    texels = texels[paintable[index[texels]]]
    colours = _premultiplied(_reduced(picture, mesh, frame, corners[paintable], owner[paintable]))
    result = texture.reshape(height * width, -1).copy()
    painted = np.zeros(height * width, np.bool_)
    for begin in range(0, len(texels), _TEXELS_AT_ONCE):
        texel = texels[begin : begin + _TEXELS_AT_ONCE]
        rows, columns = np.divmod(texel, width)
        weights = barycentric(corners, index[texel], columns + 0.5, rows + 0.5)
        share, colour = _seen_colours(mesh, owner[index[texel]], weights, colours, sight, frame, blending)
        hit = np.flatnonzero(share > 0)
        texel, share = texel[hit], share[hit, None]
        before = result[texel, :3]
        result[texel, :3] = np.rint(before + share * (colour[hit] - before)).astype(np.uint8)
        painted[texel] = True
    count = int(np.count_nonzero(painted))
    _spread(result, painted, covered, (height, width))
    return result.reshape(texture.shape), count


def only_changes(edited: Pixels, original: Pixels) -> Pixels:
    """The edited picture uint8 [h, w, 4], transparent wherever it still is what it was."""
    differ = np.abs(edited[..., :3].astype(np.int16) - original[..., :3]).max(2) > _LEAST_CHANGE
    # Colours below full transparency are nobody's: programs throw them away.
    differ |= original[..., 3] == 0
    return np.concatenate([edited[..., :3], edited[..., 3:] * differ[..., None]], 2)


def to_texels(uv: Float, chosen: Mask, size: tuple[int, int]) -> tuple[Points, Indices]:
    """Texel positions of the chosen triangles, those over the texture's border once for each side they lie on.

    Returns corners float64 [N, 3, 2] (x right, y down) and the triangles int64 [N] they belong to.
    """
    owner = np.flatnonzero(chosen)
    flat = uv[owner].astype(np.float64)
    flat -= np.floor(flat.mean(1, keepdims=True))
    parts, owners = [flat], [owner]
    low, high = flat.min(1), flat.max(1)
    for across in (-1, 0, 1):
        for up in (-1, 0, 1):
            step = np.array([across, up])
            over = np.flatnonzero(((low + step < 1) & (high + step > 0)).all(1)) if step.any() else owner[:0]
            parts.append(flat[over] + step)
            owners.append(owner[over])
    corners = np.concatenate(parts)
    corners[..., 1] = 1 - corners[..., 1]
    return corners * np.array([size[1], size[0]], np.float64), np.concatenate(owners)


def halve(picture: Pixels) -> Pixels:
    """A picture uint8 [h, w, C] of half the width and height: means of two by two pixels."""
    height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    total = np.zeros((height // 2, width // 2, picture.shape[2]), np.uint16)
    for row in (0, 1):
        for column in (0, 1):
            total += picture[row:height:2, column:width:2]
    return ((total + 2) // 4).astype(np.uint8)


def _in_frame(corners: Points) -> Mask:
    """Which triangles in clip coordinates [T, 3, 4] are not wholly beyond one side of the picture."""
    limit = corners[:, :, 3:]
    return ~((corners[:, :, :3] > limit).all(1) | (corners[:, :, :3] < -limit).all(1)).any(1)


def _reduced(picture: Pixels, mesh: PlacedMesh, frame: Projector, corners: Points, owner: Indices) -> Pixels:
    """The picture at a size near the texture's, so that none of its pixels falls between two texels."""
    clip = frame.clip(mesh.points[mesh.triangles[owner]])
    ahead = (clip[:, :, 2] + clip[:, :, 3] > 0).all(1)
    pixels, texels = _area(frame.pixels(clip[ahead])), _area(corners[ahead])
    density = pixels / max(texels, 1e-30)
    alpha = picture[..., 3:].astype(np.uint16)
    while density >= 4 and min(picture.shape[:2]) >= 4:
        plain = np.concatenate([(picture[..., :3] * alpha + 127) // 255, alpha], 2).astype(np.uint8)
        small = halve(plain)
        alpha = small[..., 3:].astype(np.uint16)
        straight = np.minimum((small[..., :3].astype(np.uint16) * 255) // np.maximum(alpha, 1), 255)
        picture = np.concatenate([straight, alpha], 2).astype(np.uint8)
        density /= 4
    return picture


def _area(corners: Points) -> float:
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return float(np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).sum())


def _premultiplied(picture: Pixels) -> Float:
    """Float32 [h, w, 4]: lookups between pixels then find no colour of transparent ones."""
    result = picture.astype(np.float32)
    result[..., :3] *= result[..., 3:] / 255
    return result


def _seen_colours(
    mesh: PlacedMesh,
    triangle: Int | Indices,
    weights: Float,
    picture: Float,
    sight: Sight,
    frame: Projector,
    blending: Blending,
) -> tuple[Float, Float]:
    """How much of the picture points on the surface take, float32 [N], and its colours there, float32 [N, 3]."""
    share, colours = np.zeros(len(triangle), np.float32), np.zeros((len(triangle), 3), np.float32)
    points = _mix(mesh.points, mesh.triangles[triangle], weights)
    clip = frame.clip(points)
    inside = np.flatnonzero((np.abs(clip[:, :3]) <= clip[:, 3:]).all(1))
    points, clip = points[inside], clip[inside]
    at = sight.projector.pixels(clip).astype(np.float32)
    shown = sight.shows(at[:, 0], at[:, 1], frame.distance(points))
    inside, points, clip, at = inside[shown], points[shown], clip[shown], at[shown]
    normal = (mesh.normals[triangle[inside]] * weights[inside, :, None]).sum(1)
    length = np.linalg.norm(normal, axis=1)
    cosine = dot(normal.astype(np.float64), frame.towards(points)) / np.where(length > 0, length, 1)
    end, full = np.cos(blending.angle), np.cos(max(blending.angle - blending.softness, 0.0))
    turned = np.clip((cosine - end) / max(full - end, 1e-6), 0, 1)
    place = frame.pixels(clip) * np.array([picture.shape[1] / frame.width, picture.shape[0] / frame.height])
    found = sample(picture, *place.T.astype(np.float32))
    alpha = found[:, 3]
    colours[inside] = found[:, :3] * (255 / np.maximum(alpha, 1e-6))[:, None]
    trust = sample(sight.trust, at[:, 0], at[:, 1])
    share[inside] = blending.strength * trust * turned * turned * (3 - 2 * turned) * (alpha / 255)
    return share, np.clip(colours, 0, 255)


def _mix(values: Points, corners: Int, weights: Float) -> Points:
    return sum((values[corners[:, k]] * weights[:, k : k + 1] for k in range(3)), np.zeros(1))


def _spread(texture: Pixels, painted: Mask, covered: Mask, size: tuple[int, int]) -> None:
    """Let texels beside the charts follow what was painted next to them, in place; all arrays are flat."""
    filled, grown = covered.reshape(size).copy(), painted.reshape(size)
    image = texture.reshape(*size, -1)
    for _ in range(_RINGS):
        beside = _beside(grown) & ~filled
        rows, columns = np.nonzero(beside)
        total, count = np.zeros((len(rows), 3), np.float32), np.zeros((len(rows), 1), np.float32)
        for row, column in _AROUND:
            at = np.clip(rows + row, 0, size[0] - 1), np.clip(columns + column, 0, size[1] - 1)
            weight = filled[at].astype(np.float32)[:, None]
            total += weight * image[at][:, :3]
            count += weight
        image[rows, columns, :3] = np.rint(total / np.maximum(count, 1)).astype(np.uint8)
        filled |= beside
        grown = beside


def _beside(mask: Mask) -> Mask:
    """A mask and its eight neighbours."""
    across = mask.copy()
    across[:, 1:] |= mask[:, :-1]
    across[:, :-1] |= mask[:, 1:]
    wide = across.copy()
    wide[1:] |= across[:-1]
    wide[:-1] |= across[1:]
    return wide
