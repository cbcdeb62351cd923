"""Models that do not come with Maquette: the catalogue, downloads, imports and their folder. No bpy, no numpy."""
