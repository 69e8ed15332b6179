"""Which sensors are known to be alive: proofs of life against the check-in interval that each promised or showed.

A sensor that missed a check-in is `suspect` and contributes nothing from then on; one that missed two while the
home was heard is `dead`; when every sensor of a home is suspect nothing is known of it: the home is `dark`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from .types import Events, HomeSpec, Kind

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

SUSPECT_AFTER = 1.2  # check-in intervals without a word
DEAD_AFTER = 2.1  # two missed, so one lost frame alone is no fault
HEARD_AFTER = 1.1  # … and the home was heard after the first was due
LEAST_INTERVAL_S = 60.0  # no learned interval is shorter
REPEATED_S = 5.0  # heartbeats closer than this are one, said twice
_RING = 8
_ENOUGH = 3


@dataclass(frozen=True, slots=True)
class Proofs:
    """Proofs of life sorted by time, (k,) each.

    gap, beat_gap: for a heartbeat, seconds since the sensor's last word and since its last heartbeat, else nan;
    promised: the interval that the node itself names [s], or nan.
    """

    t: Array
    home: NDArray[np.int32]
    sensor: NDArray[np.int32]
    gap: Array
    beat_gap: Array
    promised: Array

    def take(self, part: slice) -> Proofs:
        return Proofs(
            self.t[part], self.home[part], self.sensor[part], self.gap[part], self.beat_gap[part], self.promised[part]
        )


def joined_proofs(a: Proofs, b: Proofs) -> Proofs:
    """`b` after `a`."""
    columns = ((getattr(a, f.name), getattr(b, f.name)) for f in fields(Proofs))
    return Proofs(*(np.concatenate(pair) for pair in columns))


class Liveness:
    """Arrays are (homes, sensors)."""

    def __init__(self, homes: Sequence[HomeSpec], sensors: int) -> None:
        shape = len(homes), sensors
        self.heard = np.full(shape, -np.inf)
        self.interval = np.full(shape, np.nan)
        self._dark_until = np.full(len(homes), -np.inf)
        self._given = np.zeros(shape, bool)
        self._gaps = np.full((*shape, _RING), np.nan, np.float32)
        self._beat_gaps = np.full((*shape, _RING), np.nan, np.float32)
        self._last_beat = np.full(shape, np.nan)
        self._next = np.zeros(shape, np.int64)
        self._carried = np.full(shape, -np.inf)
        for i, home in enumerate(homes):
            for j, sensor in enumerate(home.sensors):
                if sensor.heartbeat_s:
                    self.interval[i, j], self._given[i, j] = sensor.heartbeat_s, True

    @property
    def installed(self) -> Bools:
        result: Bools = np.isfinite(self.heard)
        return result

    def prepare(self, events: Events) -> Proofs:
        """Every event proves its sensor alive; a heartbeat also shows how long its sensor may be silent."""
        order = np.lexsort((events.t, events.sensor, events.home))
        home, sensor, t = events.home[order], events.sensor[order], events.t[order]
        first = np.r_[True, (home[1:] != home[:-1]) | (sensor[1:] != sensor[:-1])] if len(t) else np.zeros(0, bool)
        before = np.where(first, self._carried[home, sensor], np.r_[np.nan, t[:-1]] if len(t) else t)
        is_beat = events.kind[order] == Kind.HEARTBEAT
        beat = is_beat & np.isfinite(before)
        gap = np.where(beat, t - before, np.nan)
        beat_gap = np.full(len(t), np.nan)
        beat_gap[is_beat] = self._between_beats(home[is_beat], sensor[is_beat], t[is_beat])
        self._carried[home, sensor] = t  # in time order within a sensor: the last one stays
        promised = np.where(events.kind[order] == Kind.CHECK_IN, events.value[order], np.nan)
        back = np.argsort(t, kind="stable")
        return Proofs(t[back], home[back], sensor[back], gap[back], beat_gap[back], promised[back])

    def _between_beats(self, home: NDArray[np.int32], sensor: NDArray[np.int32], t: Array) -> Array:
        """Seconds since the sensor's last heartbeat; sorted by home, sensor, time."""
        if not len(t):
            return t
        first = np.r_[True, (home[1:] != home[:-1]) | (sensor[1:] != sensor[:-1])]
        before = np.where(first, self._last_beat[home, sensor], np.r_[np.nan, t[:-1]])
        self._last_beat[home, sensor] = t
        return t - before

    def apply(self, proofs: Proofs, part: slice) -> None:
        """Take note of a slice of the proofs, in time order."""
        home, sensor = proofs.home[part], proofs.sensor[part]
        self.heard[home, sensor] = np.maximum(self.heard[home, sensor], proofs.t[part])
        promised, gap = proofs.promised[part], proofs.gap[part]
        if (said := np.isfinite(promised)).any():
            self.interval[home[said], sensor[said]] = promised[said]
            self._given[home[said], sensor[said]] = True
        learn = np.isfinite(gap) & ~self._given[home, sensor] & ~(proofs.beat_gap[part] < REPEATED_S)
        if learn.any():
            self._learn(home[learn], sensor[learn], gap[learn], proofs.beat_gap[part][learn])

    def _learn(self, home: NDArray[np.int32], sensor: NDArray[np.int32], gap: Array, beat_gap: Array) -> None:
        """Some nodes check in by the clock, whatever else they say; others only when they had nothing to say.

        The second kind's silence before a heartbeat is always the interval; the first kind's is cut short by events.
        """
        slot = self._next[home, sensor] % _RING
        self._gaps[home, sensor, slot] = gap
        self._beat_gaps[home, sensor, slot] = beat_gap
        self._next[home, sensor] += 1
        known = self._next[home, sensor] >= _ENOUGH
        if not known.any():
            return
        home, sensor = home[known], sensor[known]
        count = np.minimum(self._next[home, sensor], _RING)
        middle = np.arange(len(home)), (count - 1) // 2
        gaps, beats = np.sort(self._gaps[home, sensor], axis=1), np.sort(self._beat_gaps[home, sensor], axis=1)
        only_in_silence = gaps[middle] > 0.9 * gaps[np.arange(len(home)), count - 1]
        only_in_silence &= (gaps[:, 0] > 0.8 * gaps[middle]) & (gaps[middle] >= LEAST_INTERVAL_S)
        beats[:, 0] = np.where(np.isfinite(beats[:, 0]), beats[:, 0], gaps[:, 0])
        learned = np.where(only_in_silence, gaps[middle], beats[middle])
        self.interval[home, sensor] = np.maximum(learned, LEAST_INTERVAL_S)

    def late(self, events: Events) -> None:
        """Events from before the cursor: only the last-heard times gain."""
        np.maximum.at(self.heard, (events.home, events.sensor), events.t)

    def overdue(self, now: float) -> Array:
        """Silence in check-in intervals; 0 where no interval is known."""
        return np.where(self.installed & np.isfinite(self.interval), (now - self.heard) / self.interval, 0.0)

    def suspect(self, now: float) -> Bools:
        result: Bools = self.overdue(now) > SUSPECT_AFTER
        return result

    def dead(self, now: float) -> Bools:
        """Dead sensors of homes that are otherwise heard; after a dark time everybody gets new time to check in."""
        since = np.maximum(self.heard, self._dark_until[:, None])
        heard_of_home = self.heard.max(axis=1, keepdims=True)
        with np.errstate(invalid="ignore"):
            others = heard_of_home >= since + HEARD_AFTER * self.interval
            result: Bools = self.installed & others & (now - since > DEAD_AFTER * self.interval)
        return result

    def dark(self, now: float) -> Bools:
        """Homes of which nothing can be known: every sensor with a promise broke it, the others are silent too."""
        watched = self.installed & np.isfinite(self.interval)
        shortest = np.min(np.where(watched, self.interval, np.inf), axis=1)
        silent = now - self.heard.max(axis=1) > SUSPECT_AFTER * shortest
        result: Bools = watched.any(axis=1) & (self.suspect(now) | ~watched).all(axis=1) & silent
        self._dark_until[result] = now
        return result
