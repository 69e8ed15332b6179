"""Starts MicroPython wakes by fork from a process that has the interpreter loaded: 1 ms instead of 20.

The server is its own small process without threads. A request is a JSON datagram with the child's file
descriptors attached (control, console); the answers are `{"pid": …}` and, when it ends, `{"pid": …, "status": …}`.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import selectors
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_CONTROL_FD = 3
_MAX_MESSAGE = 65536


class ForkServer:
    """Client side: owns the server process."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = ours
        self._exits: dict[int, int] = {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())], pass_fds=[theirs.fileno()]
        )
        theirs.close()

    def spawn(self, argv: Sequence[str], path: Path, control: socket.socket, console: int) -> int:
        """Start `micropython *argv` with `path` as MICROPYPATH; returns its process id."""
        request = json.dumps({"argv": list(argv), "path": str(path)}).encode()
        fds = array.array("i", [control.fileno(), console])
        self._socket.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        while True:
            message = self._receive()
            if "status" not in message:
                return message["pid"]

    def exit_status(self, pid: int) -> int:
        """Wait for a started process to end; its exit status (negative: signal)."""
        while pid not in self._exits:
            self._receive()
        return self._exits.pop(pid)

    def forget(self) -> None:
        """Drop the exit statuses nobody asked for, and read those that have come."""
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._receive()
        self._socket.setblocking(True)
        self._exits.clear()

    def _receive(self) -> dict[str, int]:
        data = self._socket.recv(_MAX_MESSAGE)
        if not data:
            raise RuntimeError("the fork server has ended; its error is above")
        message: dict[str, int] = json.loads(data)
        if "status" in message:
            self._exits[message["pid"]] = message["status"]
        return message

    def close(self) -> None:
        self._socket.close()
        self._process.wait(timeout=10)


def _child(argv: list[str], path: str, control: int, console: int) -> None:
    """In the forked child: wire up the descriptors, run the interpreter, never return."""
    import micropython_run

    os.environ["MICROPYPATH"] = path
    os.dup2(console, 1)
    os.dup2(console, 2)
    if control != _CONTROL_FD:
        os.dup2(control, _CONTROL_FD)
    os.closerange(_CONTROL_FD + 1, 256)
    os._exit(micropython_run.run_main(["micropython", *argv]) or 0)


def _start(server: socket.socket, selector: selectors.BaseSelector) -> bool:
    try:
        data, ancillary, _, _ = server.recvmsg(_MAX_MESSAGE, socket.CMSG_SPACE(8))
    except ConnectionResetError:  # the client ended without reading the last exits
        return False
    if not data:
        return False
    fds = array.array("i")
    fds.frombytes(ancillary[0][2][:8])
    request = json.loads(data)
    pid = os.fork()
    if pid == 0:
        # Out of the way of descriptor 3 before it is replaced.
        control, console = (os.dup(fd) if fd <= _CONTROL_FD else fd for fd in fds)
        _child(request["argv"], request["path"], control, console)
    for fd in fds:
        os.close(fd)
    selector.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)
    server.send(json.dumps({"pid": pid}).encode())
    return True


def _reap(server: socket.socket, selector: selectors.BaseSelector, pidfd: int, pid: int) -> None:
    selector.unregister(pidfd)
    os.close(pidfd)
    _, status = os.waitpid(pid, 0)
    server.send(json.dumps({"pid": pid, "status": os.waitstatus_to_exitcode(status)}).encode())


def serve(fd: int) -> None:
    """Server side: until the client closes its end."""
    import micropython_run  # noqa: F401  (loaded before the forks: that is the point)

    server = socket.socket(fileno=fd)
    selector = selectors.DefaultSelector()
    selector.register(server, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is server:
                if not _start(server, selector):
                    return
            else:
                _reap(server, selector, key.fd, key.data)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
