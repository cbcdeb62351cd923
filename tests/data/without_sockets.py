"""Run a program that the kernel kills, and all that it starts, as soon as one opens a socket to any network.

Linux on x64 and arm64 alone. ``python without_sockets.py PROGRAM ARGUMENT…``
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys

SOCKET = {"x86_64": 41, "aarch64": 198}
"""The number of the call that opens a socket."""

# The classic packet filter's instructions, seccomp's answers and prctl's options, as Linux's headers number them.
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
KILL_PROCESS, ALLOW = 0x80000000, 0x7FFF0000
CALL, FIRST_ARGUMENT = 0, 16
SET_SECCOMP, NO_NEW_PRIVILEGES, FILTER = 22, 38, 2
AF_INET, AF_INET6 = 2, 10


class Instruction(ctypes.Structure):
    """One instruction: what, how far to jump if true and if false, and a constant."""

    _fields_ = (("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("value", ctypes.c_uint))


class Program(ctypes.Structure):
    """The filter."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(Instruction)))


def forbid_sockets() -> None:
    """Have the kernel end this process, and those it starts, at the first socket of the Internet's families."""
    steps = (
        Instruction(LOAD, 0, 0, CALL),
        Instruction(JUMP_IF_EQUAL, 0, 3, SOCKET[platform.machine()]),
        Instruction(LOAD, 0, 0, FIRST_ARGUMENT),
        Instruction(JUMP_IF_EQUAL, 2, 0, AF_INET),
        Instruction(JUMP_IF_EQUAL, 1, 0, AF_INET6),
        Instruction(RETURN, 0, 0, ALLOW),
        Instruction(RETURN, 0, 0, KILL_PROCESS),
    )
    program = Program(len(steps), (Instruction * len(steps))(*steps))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(SET_SECCOMP, FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel takes no filter")


if __name__ == "__main__":
    forbid_sockets()
    os.execv(sys.argv[1], sys.argv[1:])
