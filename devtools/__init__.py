"""What `dev.py` is made of: standard library only, never shipped with the extension."""
