"""Where models lie that do not come with Maquette: one folder for every Blender of a user."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["FOLDER_VARIABLE", "choose_folder", "default_folder", "model_folder"]

FOLDER_VARIABLE = "MAQUETTE_MODELS"
"""The environment variable that names another folder; the worker process inherits it."""


def default_folder(platform: str = sys.platform) -> Path:
    """The user's folder for application data, as the platform has it. It need not exist."""
    home = Path.home()
    if platform == "win32":
        data = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif platform == "darwin":
        data = home / "Library" / "Application Support"
    else:
        named = Path(os.environ.get("XDG_DATA_HOME") or "")
        data = named if named.is_absolute() else home / ".local" / "share"
    return data / "maquette" / "models"


def model_folder() -> Path:
    """The folder in use. It need not exist."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named).expanduser() if named else default_folder()


_inherited = os.environ.get(FOLDER_VARIABLE)


def choose_folder(named: str) -> None:
    """Have this process and those it starts from now on use another folder; "" for the one that it began with."""
    value = named or _inherited
    if value:
        os.environ[FOLDER_VARIABLE] = value
    else:
        os.environ.pop(FOLDER_VARIABLE, None)
