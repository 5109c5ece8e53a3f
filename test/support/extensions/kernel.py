"""
What iptables' own programs do not show, asked of the kernel itself, for the network namespace that this runs in:

    kernel.py rules nft|legacy ipv4|ipv6 TABLE CHAIN   the rules of a chain as the kernel has them, one a line, in hex
    kernel.py timeout ipv4|ipv6 NAME...                makes time-out policies for tracked TCP flows

Counters, handles and positions are left out, as they say nothing of what a rule means.
"""

import ctypes
import os
import re
import socket
import struct
import sys

NFNL_NFTABLES, GETRULE = 10, 7
NFNL_TIMEOUT = 8
NETLINK_NETFILTER = 12
REQUEST, ACK, CREATE, DUMP = 0x1, 0x4, 0x400, 0x300
DONE, ERROR = 3, 2
# The name of the expression, and the heads of the attributes around its two numbers.
COUNTER = re.compile(rb"(counter\0.{8}).{8}(.{4}).{8}", re.DOTALL)
UNUSED_IN_IPV4 = [(b"recent\0", 216, 228), (b"connlimit\0", 4, 16), (b"HMARK\0", 4, 16), (b"HMARK\0", 20, 32)]
HOOKS = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]


def attribute(kind, value):
    size = 4 + len(value)
    return struct.pack("=HH", size, kind) + value + b"\0" * (-size % 4)


def attributes(data):
    at = 0
    while at + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, at)
        yield kind & 0x3FFF, data[at + 4 : at + size]
        at += (size + 3) & ~3


def ask(subsystem, message, flags, family, body):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as link:
        payload = struct.pack("=BBH", family, 0, 0) + body
        link.send(struct.pack("=IHHII", 16 + len(payload), subsystem << 8 | message, REQUEST | flags, 1, 0) + payload)
        while True:
            data = link.recv(1 << 20)
            while data:
                size, kind = struct.unpack_from("=IH", data)
                if kind == ERROR:
                    status = struct.unpack_from("=i", data, 16)[0]
                    if status:
                        raise OSError(-status, os.strerror(-status))
                    return
                if kind == DONE:
                    return
                yield data[20:size]
                data = data[(size + 3) & ~3 :]


def nft_rules(family, table, chain):
    body = attribute(1, table.encode() + b"\0") + attribute(2, chain.encode() + b"\0")
    number = socket.AF_INET if family == "ipv4" else socket.AF_INET6
    for message in ask(NFNL_NFTABLES, GETRULE, DUMP, number, body):
        parts = dict(attributes(message))
        # Expressions, the protocol for the extensions, and what iptables itself keeps beside them.
        yield re.sub(COUNTER, rb"\1\2", b"".join(struct.pack("=I", key) + parts.get(key, b"") for key in (4, 5, 7)))


def without_unused(rule, family, is_nft):
    """An IPv4 mask has room for an IPv6 one, and what stands there depends on whether it was named or not."""
    rule = bytearray(rule)
    for name, begin, end in UNUSED_IN_IPV4:
        at = rule.find(name)
        if family == "ipv4" and at >= 0:
            # After the name: the attribute of the revision and the head of the next one; or the rest of 29 bytes.
            at += (4 + len(name) + 3 & ~3) - 4 + 12 if is_nft else 30
            rule[at + begin : at + end] = bytes(end - begin)
    return bytes(rule)


def get(link, level, option, buffer):
    libc = ctypes.CDLL(None, use_errno=True)
    size = ctypes.c_uint32(len(buffer))
    if libc.getsockopt(link.fileno(), level, option, buffer, ctypes.byref(size)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def legacy_rules(family, table, chain):
    four = family == "ipv4"
    level = socket.IPPROTO_IP if four else socket.IPPROTO_IPV6
    with socket.socket(socket.AF_INET if four else socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW) as link:
        info = ctypes.create_string_buffer(table.encode(), 84)
        get(link, level, 64, info)
        hooks, ends = struct.unpack_from("=5I", info, 36), struct.unpack_from("=5I", info, 56)
        (size,) = struct.unpack_from("=I", info, 80)
        entries = ctypes.create_string_buffer(40 + size)
        struct.pack_into("=32sI", entries, 0, table.encode(), size)
        get(link, level, 65, entries)
    blob, hook = entries.raw[40:], HOOKS.index(chain)
    at, (offsets, counters) = hooks[hook], ((88, 96) if four else (140, 152))
    while at < ends[hook]:
        target, length = struct.unpack_from("=HH", blob, at + offsets)
        rule = bytearray(blob[at : at + length])
        # From the end of the two offsets there is where it was entered from, and then the counters.
        rule[offsets + 4 : counters + 16] = bytes(counters + 12 - offsets)
        if rule[target + 2] == 0 and struct.unpack_from("=i", rule, target + 32)[0] == at + length:
            # Without a target a rule has a jump to the next one, and where that is depends on those before.
            struct.pack_into("=i", rule, target + 32, 0)
        yield bytes(rule)
        at += length


def make_timeout(family, name):
    number = socket.AF_INET if family == "ipv4" else socket.AF_INET6
    body = attribute(1, name + b"\0") + attribute(2, struct.pack(">H", number))
    body += attribute(3, bytes([socket.IPPROTO_TCP])) + attribute(0x8000 | 4, attribute(3, struct.pack(">I", 100)))
    for _ in ask(NFNL_TIMEOUT, 0, CREATE | ACK, 0, body):
        pass


if sys.argv[1] == "timeout":
    for name in sys.argv[3:]:
        make_timeout(sys.argv[2], os.fsencode(name))
else:
    backend, family, table, chain = sys.argv[2:]
    for rule in (nft_rules if backend == "nft" else legacy_rules)(family, table, chain):
        print(without_unused(rule, family, backend == "nft").hex())
