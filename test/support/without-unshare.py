"""Runs a program under a filter of system calls that refuses unshare, as the profile of a container may: COMMAND ARG..."""

import ctypes
import os
import platform
import struct
import sys

UNSHARE = {"x86_64": 272, "aarch64": 97}[platform.machine()]
SET_NO_NEW_PRIVS, SET_SECCOMP, FILTER = 38, 22, 2
REFUSE, ALLOW = 0x00050000 | 1, 0x7FFF0000
LOAD_NUMBER, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06

libc = ctypes.CDLL(None, use_errno=True)
program = b"".join(
    struct.pack("HBBI", *line)
    for line in ((LOAD_NUMBER, 0, 0, 0), (JUMP_EQUAL, 0, 1, UNSHARE), (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW))
)
code = ctypes.create_string_buffer(program)
header = struct.pack("HxxxxxxQ", 4, ctypes.addressof(code))
assert libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
assert libc.prctl(SET_SECCOMP, FILTER, header, 0, 0) == 0, os.strerror(ctypes.get_errno())
os.execvp(sys.argv[1], sys.argv[1:])
