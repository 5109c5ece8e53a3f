"""Sends a thousand datagrams a second from each of the addresses that are its arguments, until its standard input ends. Prints how many from each."""
import select, socket, sys, time

sockets = []
for address in sys.argv[1:]:
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind((address, 0))
    sockets.append(one)
count = 0
begun = time.monotonic()
while not select.select([sys.stdin], [], [], 0)[0]:
    for one in sockets:
        one.sendto(b'x', ('10.77.0.1', 4242))
    count += 1
    time.sleep(max(0, begun + count / 1000 - time.monotonic()))
print(count)
