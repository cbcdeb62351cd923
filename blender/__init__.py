"""The only code that touches Blender's data: meshes, materials, places in the scene, exporters, thumbnails."""
