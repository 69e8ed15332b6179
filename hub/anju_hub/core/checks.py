"""What is looked at on every tick: silence, absence, dead sensors, dark homes, batteries, the fixed rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .grid import MINUTE_S
from .liveness import Liveness
from .state import HomeStates
from .triage import Cases
from .types import Events, HomeSpec, Settings

CAUTION = 1.0  # factor on the theoretical threshold

Bools = NDArray[np.bool_]


class Checks:
    def __init__(self, homes: Sequence[HomeSpec], settings: Settings, sensors: int) -> None:
        self.cases = Cases(homes)
        self._homes, self._settings, self._sensors = homes, settings, sensors
        self._silent = np.zeros(len(homes), bool)
        self._dark = np.zeros(len(homes), bool)
        self._dead = np.zeros((len(homes), sensors), bool)
        self.peak = np.zeros(len(homes))
        self.log: list[tuple[int, float, float]] = []

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
        self._silence(states, now)

    def _silence(self, states: HomeStates, now: float) -> None:
        evidence = states.evidence()
        threshold = CAUTION * 30 * 1440 / self._settings.budget
        self.peak = np.maximum(self.peak, evidence)
        done = (evidence < 150) & (self.peak >= 1440)
        for h in np.flatnonzero(done):
            self.log.append((int(h), now, float(self.peak[h])))
        self.peak[evidence < 150] = 0
        raised = (evidence >= threshold) & ~states.dark & ~self._silent
        ended = self._silent & (evidence < 0.05 * threshold)
        for h in np.flatnonzero(raised):
            self.cases.open(int(h), now, "silence", "care", {"silent_min": int(states.gap[h])})
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
