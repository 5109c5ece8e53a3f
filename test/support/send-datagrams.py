"""Sends a datagram from each of four loopback addresses to each of sixteen, at ports 1 to 8."""
import socket

for source in range(1, 5):
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind((f"127.0.0.{source}", 40000))
    for address in range(16):
        for port in range(1, 9):
            try:
                sender.sendto(b"x", (f"127.0.0.{address}", port))
            except OSError:
                pass  # The rules let none out: that is what they are asked about.
