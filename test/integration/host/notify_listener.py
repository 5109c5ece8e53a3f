"""Listens as systemd does: prints each message to a service's socket, with the process that it is from.

usage: notify_listener.py SOCKET
"""

import socket
import struct
import sys

server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
server.bind(sys.argv[1])
print("listening", flush=True)
while True:
    data, ancillary, _, _ = server.recvmsg(4096, socket.CMSG_SPACE(64) * 2)
    pid = 0
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            pid = struct.unpack("iII", value[:12])[0]
    # A message that carries BARRIER=1 waits until its descriptor is closed, which recvmsg leaves to this process's end.
    for kind_of in ancillary:
        if kind_of[1] == socket.SCM_RIGHTS:
            import array
            import os

            descriptors = array.array("i")
            descriptors.frombytes(kind_of[2])
            for descriptor in descriptors:
                os.close(descriptor)
    print(pid, data.decode().replace("\n", " "), flush=True)
