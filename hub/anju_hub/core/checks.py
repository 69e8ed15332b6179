"""What is looked at on every tick: silence, absence, dead sensors, dark homes, batteries, the fixed rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .envelope import SHORTEST_MIN
from .grid import MINUTE_S
from .liveness import Liveness
from .state import HomeStates
from .triage import Cases
from .types import Events, HomeSpec, Settings

PROVEN_SHARE = 0.6
TICK_S = 300.0

Bools = NDArray[np.bool_]


class Checks:
    def __init__(self, homes: Sequence[HomeSpec], settings: Settings, sensors: int) -> None:
        self.cases = Cases(homes)
        self._homes, self._settings, self._sensors = homes, settings, sensors
        self._silent = np.zeros(len(homes), bool)
        self._dark = np.zeros(len(homes), bool)
        self._dead = np.zeros((len(homes), sensors), bool)
        self._since = np.full(len(homes), np.inf)

    def of_kind(self, kind: str) -> Bools:
        mask = np.zeros((len(self._homes), self._sensors), bool)
        for i, home in enumerate(self._homes):
            mask[i, : len(home.sensors)] = [sensor.kind == kind for sensor in home.sensors]
        return mask

    def take_in(self, batch: Events) -> None:
        pass

    def tick(self, states: HomeStates, live: Liveness, minute: int, begun: Bools) -> None:
        now = minute * MINUTE_S
        self._faults(states, live, now)
        self._silence(states, live, minute)

    def _silence(self, states: HomeStates, live: Liveness, minute: int) -> None:
        """Alarming silence that no single dead sensor and no dead link explains."""
        now = minute * MINUTE_S
        clock = states.quiet_clock
        limit, limit_without = clock.limits(states.hour)
        beyond_without = clock.without >= limit_without
        beyond = np.where(states.suspect, beyond_without, True).all(axis=1)
        beyond &= states.suspect.any(axis=1) | (clock.age >= limit)
        # A sensor whose death alone would explain it must have proved itself well into the silence.
        proven = now - live.heard <= (1 - PROVEN_SHARE) * MINUTE_S * clock.age[:, None]
        watched = live.installed & np.isfinite(live.interval) & ~states.suspect
        confirmed = (proven | beyond_without | ~watched).all(axis=1)
        self._since[~beyond] = np.inf
        self._since = np.minimum(self._since, np.where(beyond, now - TICK_S, np.inf))
        linked = (live.heard.max(axis=1) >= self._since) | ~watched.any(axis=1)
        at_home = (states.away < 0.5) | ~states.door_live
        raised = beyond & confirmed & linked & at_home & ~states.dark & ~self._silent
        ended = self._silent & ((clock.age < SHORTEST_MIN) | ~at_home)
        for h in np.flatnonzero(raised):
            self.cases.open(int(h), now, "silence", "care", {"silent_min": int(clock.age[h])})
        for h in np.flatnonzero(ended):
            self.cases.close(int(h), now, "silence")
        self._silent = self._silent & ~ended | raised

    def _faults(self, states: HomeStates, live: Liveness, now: float) -> None:
        dead = live.dead(now) & ~states.dark[:, None]
        for h, s in zip(*np.nonzero(dead & ~self._dead)):
            self.cases.open(int(h), now, "sensor_dead", "maintenance", {}, int(s))
        for h, s in zip(*np.nonzero(self._dead & ~dead & (live.overdue(now) < 1))):
            self.cases.close(int(h), now, "sensor_dead", int(s))
        self._dead = dead | self._dead & (live.overdue(now) >= 1)
        for h in np.flatnonzero(states.dark & ~self._dark):
            self.cases.open(int(h), now, "link_dark", "maintenance", {})
        for h in np.flatnonzero(self._dark & ~states.dark):
            self.cases.close(int(h), now, "link_dark")
        self._dark = states.dark.copy()
