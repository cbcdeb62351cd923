"""Geometry in numpy: surface extraction, cleaning, decimation, measuring, unwrapping and baking; no Blender."""
