"""Mesh files of other programs, checked and moved near the origin before Blender's importers see them.

Those importers crash, hang or quietly skip faces on damaged files: what they get is known to be sound.
"""
