"""Exact geometry from drawings: logos, reliefs, floor plans and outlines, without a network.

The *drawing frame*, used throughout: X right and Y up, in pixels, from the picture's lower left corner; the pixel in
column c of row r covers [c, c + 1] x [H - r - 1, H - r].
"""
