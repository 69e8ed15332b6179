"""Lockstep time: the conductor advances the simulated clock to the next thing due when every board is idle.

A board that computes costs no simulated time; one that waits names the time it waits for. So there is no speed
factor, no sleep and no race: the same script gives the same run, as fast as the machine can compute it.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from anju_tools.rig.air import Air, HubDown
from anju_tools.rig.board import Reset, VirtualBoard
from anju_tools.rig.hub_process import HubProcess

MINUTE_MS = 60_000


@dataclass
class Seat:
    """A board with its air, and what the rig did to its pins while it had power."""

    board: VirtualBoard
    air: Air
    edges: dict[int, int] = field(default_factory=dict)  # pin -> level changes made
    rises: dict[int, int] = field(default_factory=dict)  # pin -> rising edges made
    turn: int = 0  # outdated timers of a board carry an older number


class Conductor:
    """Simulated time [ms from the start], the boards and the hub.

    hub: None for boards alone.  start_utc_ms: what the hub's clock shows at simulated time 0.
    hub_step_ms: how often the hub's clock is advanced when nothing else needs it.
    """

    def __init__(self, hub: HubProcess | None, start_utc_ms: int, hub_step_ms: int = 5 * MINUTE_MS) -> None:
        self.now_ms = 0
        self.seats: dict[str, Seat] = {}
        self.hub = hub
        self.hub_up = False
        self.on_hub_down: Callable[[], None] | None = None
        self._start_utc_ms = start_utc_ms
        self._hub_step_ms = hub_step_ms
        self._hub_time: int | None = None
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._order = itertools.count()

    # -- script ------------------------------------------------------------

    def at(self, t_ms: int, action: Callable[[], None]) -> None:
        """Do something at a simulated time; things of one time keep the order in which they were asked for."""
        heapq.heappush(self._queue, (max(t_ms, self.now_ms), next(self._order), action))

    def seat(self, board: VirtualBoard, air: Air) -> Seat:
        seat = Seat(board, air)
        self.seats[board.name] = seat
        return seat

    def power_on(self, name: str) -> None:
        seat = self.seats[name]
        seat.board.powered_at = self.now_ms
        self._boot(seat, Reset.POWER_ON)

    def power_cut(self, name: str) -> None:
        """Battery out: from now on the board does nothing; its pins are not counted any more."""
        seat = self.seats[name]
        seat.turn += 1
        seat.board.power_cut()

    def set_pin(self, name: str, pin: int, level: int) -> None:
        """A stimulus: the level of a pin from now on."""
        seat = self.seats[name]
        board = seat.board
        if board.levels.get(pin, 0) == level:
            return
        board.levels[pin] = level
        if board.powered_at is None:
            return
        seat.edges[pin] = seat.edges.get(pin, 0) + 1
        seat.rises[pin] = seat.rises.get(pin, 0) + level
        if board.asleep is not None:
            if board.asleep.pin == pin and board.asleep.level == level:
                self._boot(seat, Reset.DEEP_SLEEP_WAKE, pin, level)
        elif board.running and board.waiting_until is not None:
            board.reply(self.now_ms, f"E {pin} {level}")
            self._serve(seat)

    # -- time --------------------------------------------------------------

    def run(self, until_ms: int) -> None:
        """Play everything up to a time."""
        while self._queue and self._queue[0][0] <= until_ms:
            t_ms, _, action = heapq.heappop(self._queue)
            self._advance(t_ms)
            action()
        self._advance(until_ms)

    def _advance(self, t_ms: int) -> None:
        """Move the clock; the hub follows at its own step, so that it sees time pass while everybody is silent."""
        if self.hub is not None and self.hub_up:
            step = self._hub_step_ms
            first = ((self._hub_time or 0) // step + 1) * step
            for due in range(first, t_ms + 1, step):
                self._tell_time(due)
        self.now_ms = t_ms

    def _tell_time(self, t_ms: int) -> None:
        assert self.hub is not None
        if self._hub_time is not None and self._hub_time >= t_ms:
            return
        if self.hub.set_clock(self._start_utc_ms + t_ms):
            self._hub_time = t_ms
        else:
            self._hub_lost()

    def start_hub(self) -> None:
        assert self.hub is not None
        self.hub.start(self._start_utc_ms + self.now_ms)
        self._hub_time = self.now_ms
        self.hub_up = True

    def rejoin_hub(self) -> bool:
        """Go on with a hub that somebody else has started on the same port; whether there is one."""
        assert self.hub is not None
        self.hub_up = self.hub.set_clock(self._start_utc_ms + self.now_ms)
        self._hub_time = self.now_ms
        return self.hub_up

    def _hub_lost(self) -> None:
        if self.hub_up:
            self.hub_up = False
            if self.on_hub_down:
                self.on_hub_down()

    # -- boards ------------------------------------------------------------

    def _boot(self, seat: Seat, reset: Reset, pin: int = -1, level: int = -1) -> None:
        """The chip boots now; the firmware runs `boot_ms` later and finds the pins as they are then."""
        seat.turn += 1
        turn, woke = seat.turn, self.now_ms
        seat.board.asleep = None

        def run() -> None:
            if seat.turn == turn:
                seat.board.start(self.now_ms, woke, reset, pin, level)
                self._serve(seat)

        self.at(woke + seat.board.facts.boot_ms, run)

    def _serve(self, seat: Seat) -> None:
        """Answer the firmware's requests until it waits, sleeps or ends."""
        board = seat.board
        seat.turn += 1
        while True:
            line = board.request()
            if line is None:
                raise board.crashed()
            verb, *fields = line.split()
            if verb == "L":
                board.reply(self.now_ms, str(board.levels.get(int(fields[0]), 0)))
            elif verb == "B":
                board.reply(self.now_ms, str(board.battery_mv))
            elif verb == "W":
                self._wait(seat, fields[0])
                return
            elif verb == "S":
                board.fall_asleep(fields)
                self._send(seat)
                self._sleep(seat)
                return
            else:
                raise board.crashed()

    def _wait(self, seat: Seat, until: str) -> None:
        board, turn = seat.board, seat.turn
        powered_at = board.powered_at or 0
        board.waiting_until = -1 if until == "-" else powered_at + int(until)
        self._send(seat)
        if until != "-":
            self.at(board.waiting_until, lambda: self._wake_waiting(seat, turn, "T"))

    def _wake_waiting(self, seat: Seat, turn: int, event: str) -> None:
        if seat.turn == turn and seat.board.waiting_until is not None:
            seat.board.reply(self.now_ms, event)
            self._serve(seat)

    def _sleep(self, seat: Seat) -> None:
        board = seat.board
        sleep = board.asleep
        assert sleep is not None
        turn = seat.turn
        if sleep.level is not None and board.levels.get(sleep.pin, 0) == sleep.level:
            self._boot(seat, Reset.DEEP_SLEEP_WAKE, sleep.pin, sleep.level)
            return

        def timer() -> None:
            if seat.turn == turn:
                self._boot(seat, Reset.DEEP_SLEEP_WAKE)

        self.at((board.powered_at or 0) + sleep.until_ms, timer)

    # -- radio -------------------------------------------------------------

    def _send(self, seat: Seat) -> None:
        """Carry what the board has sent to the hub, and the answers back after one round trip."""
        half_trip = seat.board.facts.round_trip_ms // 2
        for data in seat.air.sent_by_board():
            if not self.hub_up:
                continue
            self._tell_time(self.now_ms + half_trip)
            try:
                answers = seat.air.ask_hub(data)
            except HubDown:
                self._hub_lost()
                continue
            for answer in answers:
                self.at(self.now_ms + 2 * half_trip, partial(self._arrive, seat, answer))

    def _arrive(self, seat: Seat, data: bytes) -> None:
        """A datagram reaches the board: into its socket, and the waiting firmware is told."""
        if seat.board.running and seat.board.waiting_until is not None:
            seat.air.deliver(data)
            self._wake_waiting(seat, seat.turn, "D")
