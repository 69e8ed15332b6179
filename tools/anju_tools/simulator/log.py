"""What a simulated home leaves behind: stimuli at its pins, the truth, and its faults.  Arrays, not objects."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from anju_tools.simulator.arrays import F64, I8, I16

if TYPE_CHECKING:
    from anju_tools.simulator.calendar import Calendar
    from anju_tools.simulator.faults import Fault
    from anju_tools.simulator.plan import SensorPlan


class Stimulus(NamedTuple):
    """One level change (door, PIR, toilet contact: 1 open/moving, 0 back) or one meter pulse (always 1)."""

    t: float
    sensor: str
    value: int


@dataclass(frozen=True)
class Stimuli:
    """Physical stimuli in order of time: `t` [s, UTC], `sensor` (index into `names`), `value`; all shape (n,)."""

    t: F64
    sensor: I16
    value: I8
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.t)

    def __iter__(self) -> Iterator[Stimulus]:
        for t, sensor, value in zip(self.t.tolist(), self.sensor.tolist(), self.value.tolist(), strict=True):
            yield Stimulus(t, self.names[sensor], value)

    def take(self, mask: NDArray[np.bool_]) -> "Stimuli":
        """Those where `mask` (n,) is true."""
        return Stimuli(self.t[mask], self.sensor[mask], self.value[mask], self.names)


class Span(NamedTuple):
    """`label` held from `start` to `end` [s, UTC]."""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Spans:
    """Truth in order of time: `start`, `end` [s, UTC], `label` (index into `labels`); all shape (n,)."""

    start: F64
    end: F64
    label: I16
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.start)

    def __iter__(self) -> Iterator[Span]:
        for start, end, label in zip(self.start.tolist(), self.end.tolist(), self.label.tolist(), strict=True):
            yield Span(start, end, self.labels[label])

    def of(self, label: str) -> F64:
        """Start and end of every span of that label, shape (n, 2)."""
        which = self.label == self.labels.index(label) if label in self.labels else np.zeros(len(self), bool)
        return np.column_stack([self.start[which], self.end[which]])


@dataclass(frozen=True)
class HomeLog:
    """One home's time.

    `stimuli` is what happens physically: a collapse ends it, a dead sensor or a dark home does not (the world
    goes on where nobody hears it). `heard()` is what still reaches a hub.
    """

    home: str
    stimuli: Stimuli
    truth: Spans
    sensors: "tuple[SensorPlan, ...]"
    faults: "tuple[Fault, ...]"
    calendar: "Calendar"

    @property
    def start(self) -> float:
        return self.calendar.midnight[0]

    @property
    def end(self) -> float:
        return self.calendar.midnight[-1]

    def silent_from(self) -> F64:
        """When each sensor falls silent for good [s, UTC], inf for never; shape (sensors,)."""
        silent = np.full(len(self.sensors), np.inf)
        for fault in self.faults:
            if fault.kind == "dark":
                silent = np.minimum(silent, fault.t)
            elif fault.kind == "dead":
                index = [s.sensor for s in self.sensors].index(fault.sensor or "")
                silent[index] = min(silent[index], fault.t)
        return silent

    def heard(self) -> Stimuli:
        """The stimuli without those of sensors that were dead or dark by then."""
        return self.stimuli.take(self.stimuli.t < self.silent_from()[self.stimuli.sensor])
