"""An asyncio loop whose time is simulated, real sockets included: when nobody has anything to do, it jumps to the next
timer. The kit and the node share it, so minutes of back-off take milliseconds and come out the same each time.

A datagram on the loopback interface is in its receiver's buffer when `sendto` returns, so one more look at the sockets
before each jump is enough.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

from anju_tools.conform.node.engine import Engine


class _Selector(selectors.SelectSelector):
    """Never waits; tells how long it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout is None:
            ready = super().select(0.01)  # woken by another thread, or not at all
        elif not ready:
            self.skipped_s += timeout or 0.0
        return ready


class SimulatedLoop(asyncio.SelectorEventLoop):
    """`time()` starts at 1000 s and moves only when everybody waits."""

    def __init__(self) -> None:
        self._jumping = _Selector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return 1000.0 + self._jumping.skipped_s

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        """At once: time must not jump while a thread works (aiocoap resolves names in one)."""
        del executor
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it is raised where the result is awaited
            future.set_exception(error)
        return future


class KitEndpoint(asyncio.DatagramProtocol):
    """The kit's engine on a UDP socket of the loop."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.done = asyncio.get_running_loop().create_future()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def start(self) -> None:
        self._step(lambda: self.engine.start(self._now_ms()))

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if not self.done.done():
            self._step(lambda: self.engine.receive(data, addr, self._now_ms()))

    def _tick(self) -> None:
        self._step(lambda: self.engine.tick(self._now_ms()))

    def _step(self, step: Callable[[], None]) -> None:
        try:
            step()
            self._attend()
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to who waits for the end
            self.done.set_exception(error)

    def _attend(self) -> None:
        for data, peer in self.engine.due():
            self._transport.sendto(data, peer)
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        if self.engine.done:
            if not self.done.done():
                self.done.set_result(None)
        else:
            self._timer = loop.call_at(self.engine.deadline_ms / 1000 + 0.001, self._tick)

    @staticmethod
    def _now_ms() -> int:
        return round(asyncio.get_running_loop().time() * 1000)


def run(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine in simulated time."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(main())
