"""What goes into the core and what comes out: plain data, no behaviour beyond checking its own shape.

Times are UTC seconds since 1970 everywhere; a home's zone is used only to find its hour of day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rules import Rule

STATES = ("away", "active", "still", "asleep", "bathroom", "unobserved")


class Kind(IntEnum):
    """Event kind codes; the value column's meaning is given behind each."""

    HEARTBEAT = 0  # ignored: the sensor is alive
    DOOR = 1  # 1 open, 0 closed; the exit door
    PIR = 2  # 1 movement begins or goes on, 0 it ended
    WATER = 3  # litres used since this sensor's last reading
    ELECTRICITY = 4  # Wh used since this sensor's last reading
    CONTACT = 5  # 1 open, 0 closed; cupboards, inner doors
    TOILET = 6  # 1 flush begins, 0 ends
    POWER = 7  # 1 an appliance goes on, 0 off
    OTHER = 8  # any other binary sensor moved by a person: mats, switches
    BATTERY = 9  # battery under load [mV]; also a proof of life
    IGNORED = 10  # kind not known here: kept, counted, without effect
    CHECK_IN = 11  # the check-in interval that the node promises [s]; also a proof of life


KIND_CODES = {kind.name.lower(): kind for kind in Kind if kind not in (Kind.IGNORED, Kind.CHECK_IN)}


@dataclass(frozen=True, slots=True)
class SensorSpec:
    """One input of a home: `kind` is a key of `KIND_CODES`; `heartbeat_s` None is learned from the log [s]."""

    sensor: str
    kind: str
    room: str = ""
    heartbeat_s: float | None = None


@dataclass(frozen=True, slots=True)
class HomeSpec:
    """One home: its name, IANA zone, and sensors in the order that `Events.sensor` counts them."""

    home: str
    zone: str = "UTC"
    sensors: Sequence[SensorSpec] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator chooses.  `budget`: false care alerts that one home may cost in 30 days."""

    budget: float = 1.0
    rules: tuple[Rule, ...] = ()
    silence: bool = True  # the learned silence alert; off when only the fixed rules are wanted
    battery_low_mv: float = 2400.0  # two alkaline cells under load, end of useful life

    def __post_init__(self) -> None:
        if not 0 < self.budget < float("inf"):
            raise ValueError(
                f"budget must be a finite number above 0 of false care alerts per 30 days, not {self.budget}"
            )


@dataclass(frozen=True, slots=True)
class Events:
    """A batch of events as a struct of arrays of one length, in any order.

    home: index into the watch's homes; t: UTC [s]; sensor: index into that home's sensors;
    kind: `Kind` code; value: as documented at `Kind`.
    """

    home: NDArray[np.int32]
    t: NDArray[np.float64]
    sensor: NDArray[np.int32]
    kind: NDArray[np.int8]
    value: NDArray[np.float64]

    def __post_init__(self) -> None:
        if len({len(self.home), len(self.t), len(self.sensor), len(self.kind), len(self.value)}) != 1:
            raise ValueError("the arrays of Events must have one length")

    def __len__(self) -> int:
        return len(self.t)

    @classmethod
    def of(cls, rows: Iterable[tuple[int, float, int, int, float]]) -> Events:
        """Events from (home, t, sensor, kind, value) tuples."""
        columns = list(zip(*rows, strict=True)) or [(), (), (), (), ()]
        home, t, sensor, kind, value = columns
        return cls(
            np.asarray(home, np.int32),
            np.asarray(t, np.float64),
            np.asarray(sensor, np.int32),
            np.asarray(kind, np.int8),
            np.asarray(value, np.float64),
        )

    @classmethod
    def empty(cls) -> Events:
        return cls.of(())

    def take(self, index: Any) -> Events:
        """The events that a numpy index or mask selects."""
        return Events(self.home[index], self.t[index], self.sensor[index], self.kind[index], self.value[index])


def joined_events(a: Events, b: Events) -> Events:
    """`b` after `a`."""
    if not len(a):
        return b
    columns = ((getattr(a, name), getattr(b, name)) for name in ("home", "t", "sensor", "kind", "value"))
    return Events(*(np.concatenate(pair) for pair in columns))


def without_repeats(events: Events) -> Events:
    """`events`, sorted by time, without rows that repeat another one in every field: the same word, logged twice."""
    same_t = events.t[1:] == events.t[:-1]
    near = np.flatnonzero(np.r_[False, same_t] | np.r_[same_t, False]) if len(events) else np.zeros(0, np.int64)
    if not len(near):
        return events
    some = events.take(near)
    columns = some.value, some.kind, some.sensor, some.home, some.t
    order = np.lexsort(columns)  # stable: of equal rows the first stays
    equal = np.logical_and.reduce([column[order][1:] == column[order][:-1] for column in columns])
    keep = np.ones(len(events), bool)
    keep[near[order[1:][equal]]] = False
    return events.take(keep)


@dataclass(frozen=True, slots=True)
class StateSpan:
    """`state` of `home` over [start, end) as known at that time, and the probability given to it."""

    home: str
    start: float
    end: float
    state: str
    probability: float


@dataclass(frozen=True, slots=True)
class Alert:
    """Raised once per home and cause; `why` holds plain numbers and words: expected against seen."""

    home: str
    raised: float
    kind: str
    alert_class: str  # care | maintenance | usage
    sensor: str | None = None
    why: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cleared:
    """The cause of an open alert (same home, kind and sensor) ended at `at`."""

    home: str
    at: float
    kind: str
    sensor: str | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """What one `Watch.update` found.

    States cover the time that was processed; a span that goes on is cut where processing stopped and continued
    by the next update with the same state and probability (`merge_spans` joins them).
    """

    states: list[StateSpan] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    cleared: list[Cleared] = field(default_factory=list)
    late: int = 0  # events from before the cursor: they count as proofs of life, they raise nothing
    ignored: int = 0  # events of an unknown kind


def merge_spans(spans: Iterable[StateSpan]) -> list[StateSpan]:
    """Join a home's touching spans of one state and probability; order: by home's first span, then time."""
    merged: dict[str, list[StateSpan]] = {}
    for span in spans:
        row = merged.setdefault(span.home, [])
        last = row[-1] if row else None
        if last and (last.end, last.state, last.probability) == (span.start, span.state, span.probability):
            row[-1] = StateSpan(span.home, last.start, span.end, span.state, span.probability)
        else:
            row.append(span)
    return [span for row in merged.values() for span in row]
