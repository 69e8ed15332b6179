"""The kit on the rig: real firmware on a virtual board, the kit in the place of the hub, simulated time for both.

The kit is a state machine without a clock, so the conductor can own the time: minutes of back-off pass in no time, and
a timeout is exactly as long as the firmware asked for.
"""

from __future__ import annotations

from functools import partial

from anju_tools.conform.node.engine import Engine
from anju_tools.rig.air import Air
from anju_tools.rig.board import VirtualBoard
from anju_tools.rig.conductor import Conductor, Seat

_NOBODY = ("127.0.0.1", 9)  # the board's air ends at the kit, not at a socket of a hub
_RESET_MS = 2_000  # how long the supply stays off


class KitConductor(Conductor):
    """A conductor whose one board talks to an engine."""

    def __init__(self, board: VirtualBoard) -> None:
        super().__init__(None, 0)
        self._engine: Engine | None = None
        self._asked_for_ms = -1
        self.board = board
        self.node_seat = self.seat(board, Air(_NOBODY, board.name))

    def run_kit(self, engine: Engine, until_ms: int) -> None:
        """Run until the engine is done or that much simulated time has passed."""
        self._engine = engine
        engine.start(self.now_ms)
        self._attend()
        while not engine.done and self.now_ms < until_ms and self._queue:
            self.run(self._queue[0][0])

    def power_cycle(self) -> None:
        """Cut the power in a moment and give it back."""
        name = self.board.name
        self.at(self.now_ms + 1, partial(self.power_cut, name))
        self.at(self.now_ms + 1 + _RESET_MS, partial(self.power_on, name))

    def _send(self, seat: Seat) -> None:
        """What the board has sent reaches the kit after half a round trip."""
        for data in seat.air.sent_by_board():
            self.at(self.now_ms + self._half_trip, partial(self._reaches_kit, data))

    @property
    def _half_trip(self) -> int:
        return self.board.facts.round_trip_ms // 2

    def _reaches_kit(self, data: bytes) -> None:
        assert self._engine is not None
        self._engine.receive(data, self.board.name, self.now_ms)
        self._attend()

    def _attend(self) -> None:
        """Send what is due and come back at the engine's next deadline."""
        engine = self._engine
        assert engine is not None
        for data, _ in engine.due():
            self.at(self.now_ms + self._half_trip, partial(self._arrive, self.node_seat, data))
        if not engine.done and engine.deadline_ms != self._asked_for_ms:
            self._asked_for_ms = engine.deadline_ms
            self.at(engine.deadline_ms, self._tick)

    def _tick(self) -> None:
        assert self._engine is not None
        self._engine.tick(self.now_ms)
        self._attend()
