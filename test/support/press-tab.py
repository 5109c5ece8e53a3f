"""Types lines, each with a TAB, into a real interactive shell, and prints what has come of each: press-tab.py SHELL SETUP LINE…"""
import os, pty, select, sys, time

shell, setup, *lines = sys.argv[1:]
flags = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}[shell]
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(TERM="dumb", PS1="", COLUMNS="200")
    os.execvp(shell, [shell, *flags])
said = b""


def until(mark):
    global said
    end = time.monotonic() + 60
    while mark not in said:
        if time.monotonic() > end or not select.select([terminal], [], [], 60)[0]:
            sys.exit(f"no {mark!r} in {said!r}")
        said += os.read(terminal, 65536)
    before, said = said.split(mark, 1)
    return before


def send(text):
    os.write(terminal, text.encode())


# Each mark is taken apart where it is typed, so that its echo is not taken for it.
send(f"{setup}; echo rea''dy\n")
until(b"ready")
for line in lines:
    # The line is read by nobody but the shell's editor: it becomes an argument of echo.
    send(f"{line}\t\x01echo 'resu''lt:' '\x05' :en''d\n")
    until(b"result: ")
    print(until(b" :end").decode().strip())
os.close(terminal)
os.waitpid(pid, 0)
