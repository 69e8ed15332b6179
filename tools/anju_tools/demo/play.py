"""Plays a street: the conductor's time in steps, the hub's death and return, and the books at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from anju_tools.demo.accounts import account
from anju_tools.demo.reader import HubReader
from anju_tools.demo.snapshot import NodeSummary
from anju_tools.demo.stage import Stage
from anju_tools.rig.conductor import MINUTE_MS
from anju_tools.rig.hub_process import HubProcess

_STEP_MS = 10 * MINUTE_MS
_OUTAGE_MS = 20 * MINUTE_MS  # how long a hub that died stays away, in simulated time
_PATIENCE_MS = 6 * 60 * MINUTE_MS  # for the last reports after the end, back-offs included
_FRAME_S = 0.5


@dataclass
class Result:
    """What the hub holds in the end. `details` are its `/homes/{id}`, `alerts` its `/alerts`."""

    details: dict[str, dict[str, Any]] = field(default_factory=dict)
    trajectories: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    books: list[NodeSummary] = field(default_factory=list)
    seconds: float = 0.0


class Play:
    """One performance. `on_frame` is called about twice a second."""

    def __init__(self, stage: Stage, hub: HubProcess, reader: HubReader) -> None:
        self.stage = stage
        self.hub = hub
        self.reader = reader
        self.deaths = 0
        self.hub_of_others = False
        self.started = time.monotonic()
        self._casts = {cast.node: cast for cast in stage.cast.values()}
        self.on_frame: Callable[[], None] | None = None
        self._next_frame = 0.0
        self.rig = stage.conductor
        self.rig.on_hub_down = self._hub_down
        self.end_ms = round((stage.street.end - stage.street.start) * 1000)

    def kill_hub_at(self, t_ms: int) -> None:
        """SIGKILL in the middle of things."""
        self.rig.at(t_ms, self.hub.kill)

    def run(self) -> Result:
        """The whole street, then as long as reports are still on their way."""
        self.rig.start_hub()
        for now in range(_STEP_MS, self.end_ms + 1, _STEP_MS):
            self._play_until(now)
        self._play_until(self.end_ms)
        for late in range(_STEP_MS, _PATIENCE_MS + 1, _STEP_MS):
            books = self.books()
            if books and not sum(book.lost for book in books):
                break
            self._play_until(self.end_ms + late)
        return self._result()

    def details(self) -> list[dict[str, Any]]:
        """Every home as the hub tells it now; nothing while it is down (the rig may not have noticed yet)."""
        if not (self.rig.hub_up and self.hub.answers()):
            return []
        return [self.reader.home(home.home) for home in self.stage.street.homes]

    def book(self, stored: dict[str, Any]) -> NodeSummary:
        """The books of a node, from its entry in the hub's `/homes/{id}`."""
        return account(self._casts[stored["node"]], stored)

    def books(self) -> list[NodeSummary]:
        return [self.book(node) for home in self.details() for node in home["nodes"]]

    def _play_until(self, t_ms: int) -> None:
        self.rig.run(t_ms)
        if self.on_frame and time.monotonic() >= self._next_frame:
            self.on_frame()
            self._next_frame = time.monotonic() + _FRAME_S

    def _hub_down(self) -> None:
        self.deaths += 1
        self.rig.at(self.rig.now_ms + _OUTAGE_MS, self._hub_back)

    def _hub_back(self) -> None:
        """Start the hub again, unless somebody did so by hand."""
        if not self.rig.rejoin_hub():
            self.rig.start_hub()

    def _result(self) -> Result:
        result = Result(seconds=time.monotonic() - self.started)
        for home in self.stage.street.homes:
            result.details[home.home] = self.reader.home(home.home)
            result.trajectories[home.home] = self.reader.trajectory(home.home)
        result.alerts = self.reader.alerts()
        result.books = self.books()
        self.hub_of_others = not self.hub.alive()
        self.deaths += int(self.hub_of_others and not self.deaths)
        return result
