"""What runs on this machine, and why not: examined in the worker process, told as text or JSON. No bpy."""
