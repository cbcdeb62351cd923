"""A graphics card's runtime, put into a folder of the extension's own when the user asks for it: no bpy, no numpy."""
