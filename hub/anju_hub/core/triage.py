"""One case per home and cause: an alert is raised when its cause begins and cleared when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .types import Alert, Cleared, HomeSpec

Key = tuple[int, str, int]  # home index, kind, sensor index or -1


class Cases:
    """The open cases; what happened since the last `take` in order."""

    def __init__(self, homes: Sequence[HomeSpec]) -> None:
        self._homes = homes
        self._open: dict[Key, float] = {}
        self._alerts: list[Alert] = []
        self._cleared: list[Cleared] = []

    def is_open(self, home: int, kind: str, sensor: int = -1) -> bool:
        return (home, kind, sensor) in self._open

    def open_of(self, kind: str) -> list[Key]:
        return [key for key in self._open if key[1] == kind]

    def open(self, home: int, at: float, kind: str, alert_class: str, why: dict[str, Any], sensor: int = -1) -> None:
        """Raise, unless the case is open already."""
        if self.is_open(home, kind, sensor):
            return
        self._open[home, kind, sensor] = at
        self._alerts.append(Alert(self._homes[home].home, at, kind, alert_class, self._name(home, sensor), why))

    def close(self, home: int, at: float, kind: str, sensor: int = -1) -> None:
        if self._open.pop((home, kind, sensor), None) is not None:
            self._cleared.append(Cleared(self._homes[home].home, at, kind, self._name(home, sensor)))

    def _name(self, home: int, sensor: int) -> str | None:
        return None if sensor < 0 else self._homes[home].sensors[sensor].sensor

    def take(self) -> tuple[list[Alert], list[Cleared]]:
        alerts, cleared = self._alerts, self._cleared
        self._alerts, self._cleared = [], []
        return alerts, cleared
