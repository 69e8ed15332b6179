"""Plays a street: the conductor's time in steps, the hub's death and return, and the books at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from anju_tools.demo.accounts import Account, account
from anju_tools.demo.reader import HubReader
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
    accounts: list[Account] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def lost(self) -> int:
        return sum(entry.lost for entry in self.accounts)


class Play:
    """One performance. `frame` is called about twice a second with this object."""

    def __init__(self, stage: Stage, hub: HubProcess, reader: HubReader, frame: Callable[[Play], None]) -> None:
        self.stage = stage
        self.hub = hub
        self.reader = reader
        self.deaths = 0
        self.started = time.monotonic()
        self._frame = frame
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
            books = self.accounts()
            if books and not sum(entry.lost for entry in books):
                break
            self._play_until(self.end_ms + late)
        return self._result()

    def details(self) -> list[dict[str, Any]]:
        """Every home as the hub tells it now; nothing while it is down (the rig may not have noticed yet)."""
        if not (self.rig.hub_up and self.hub.answers()):
            return []
        return [self.reader.home(home.home) for home in self.stage.street.homes]

    def accounts(self) -> list[Account]:
        stored = {node["node"]: node for home in self.details() for node in home["nodes"]}
        return [account(cast, stored[cast.node]) for cast in self.stage.cast.values() if cast.node in stored]

    def _play_until(self, t_ms: int) -> None:
        self.rig.run(t_ms)
        if time.monotonic() >= self._next_frame:
            self._frame(self)
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
        result.accounts = self.accounts()
        return result
