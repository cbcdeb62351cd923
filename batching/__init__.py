"""Many pictures: what is to be done, what was done, and the processes that do it. No bpy."""
