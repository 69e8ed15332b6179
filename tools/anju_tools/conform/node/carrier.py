"""What carries CoAP bytes between the kit and a node: UDP now; BLE would be another class of the same kind."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from anju_tools.conform.node.engine import Engine

_MAX_DATAGRAM = 65_535
_POLL_S = 0.5  # how often the display is told that time passes


class Carrier(Protocol):
    """Runs an engine to its end. Whatever carries the bytes owns the clock as well: real for sockets and radios,
    simulated on the rig."""

    def run(self, engine: Engine) -> None: ...


class UdpCarrier:
    """A bound UDP socket and the machine's steady clock. `progress` is called about twice a second."""

    def __init__(self, host: str, port: int, progress: Callable[[], None] = lambda: None) -> None:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)[0]
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.bind(address)
        except OSError:
            self._socket.close()
            raise
        self._progress = progress

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def run(self, engine: Engine) -> None:
        engine.start(_now_ms())
        while not engine.done:
            self._receive(engine)
            for data, peer in engine.due():
                self._send(data, peer)
            self._progress()

    def _receive(self, engine: Engine) -> None:
        wait_s = (engine.deadline_ms - _now_ms()) / 1000
        if wait_s > 0:
            self._socket.settimeout(min(wait_s, _POLL_S))
            try:
                data, peer = self._socket.recvfrom(_MAX_DATAGRAM)
                engine.receive(data, peer, _now_ms())
            except (TimeoutError, ConnectionError):  # or the kernel's word on a datagram that nobody took
                engine.tick(_now_ms())
        else:
            engine.tick(_now_ms())

    def _send(self, data: bytes, peer: object) -> None:
        assert isinstance(peer, tuple)
        with suppress(ConnectionError):  # the node has closed its socket: for it the datagram is lost
            self._socket.sendto(data, peer)

    def close(self) -> None:
        self._socket.close()


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
