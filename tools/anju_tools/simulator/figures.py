"""The simulated street against published figures of older adults (sources: `traits`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from anju_tools.simulator import activities as act
from anju_tools.simulator.arrays import F64
from anju_tools.simulator.calendar import DAY_S, HOUR_S
from anju_tools.simulator.log import HomeLog

STILL_LABELS = tuple(dict.fromkeys(act.TABLE[a].label for a in act.STILL if a not in (act.NAP, act.IN_BED)))


@dataclass(frozen=True)
class Figure:
    """One figure: the mean over homes should lie in `low` to `high` where something was published."""

    name: str
    source: str
    of: Callable[[HomeLog], float]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Measured:
    figure: Figure
    mean: float
    sd: float
    p10: float
    p90: float

    @property
    def fits(self) -> bool | None:
        """Whether the mean lies in the published band; None where there is none."""
        if self.figure.low is None or self.figure.high is None:
            return None
        return self.figure.low <= self.mean <= self.figure.high


def _days(log: HomeLog) -> float:
    return (log.end - log.start) / DAY_S


def _hours(spans: F64) -> float:
    return float((spans[:, 1] - spans[:, 0]).sum() / HOUR_S)


def _clock_h(log: HomeLog, t: F64) -> F64:
    hour: F64 = (t + log.calendar.offset_s(log.start)) % DAY_S / HOUR_S
    return hour


def _night_sleep(log: HomeLog) -> float:
    spans = log.truth.of("sleep")
    middle = _clock_h(log, spans.mean(axis=1))
    return _hours(spans[(middle < 11) | (middle > 20)]) / _nights(log)


def _nights(log: HomeLog) -> float:
    """Nights spent at home: those whose 3 o'clock is not in an absence."""
    at_three = np.array([log.calendar.at(d, 3 * HOUR_S) for d in range(log.calendar.days)])
    away = log.truth.of("away")
    gone = ((at_three[:, None] > away[:, 0]) & (at_three[:, None] < away[:, 1])).any(axis=1)
    return max(1.0, float((~gone).sum()))


def _in_bed(log: HomeLog) -> float:
    awake = _hours(log.truth.of("act:In_Bed_Awake")) / _nights(log)
    return _night_sleep(log) + awake


def _night_visits(log: HomeLog) -> float:
    """Toilet visits out of sleep."""
    truth = log.truth
    toilet, sleep = truth.labels.index("toilet"), truth.labels.index("sleep")
    out_of_sleep = (truth.label[1:] == toilet) & (truth.label[:-1] == sleep)
    hour = _clock_h(log, truth.start[1:][out_of_sleep])
    return float(((hour < 11) | (hour > 20)).sum()) / _nights(log)


def _toilet(log: HomeLog) -> float:
    """Per day at home: 24 h less what was spent away do not count."""
    return len(log.truth.of("toilet")) / _days(log)


def _days_out(log: HomeLog) -> float:
    starts = log.truth.of("away")[:, 0]
    local = np.floor((starts + log.calendar.offset_s(log.start)) / DAY_S)
    return 100.0 * len(np.unique(local)) / _days(log)


def _outings(log: HomeLog) -> float:
    spans = log.truth.of("away")
    return float((spans[:, 1] - spans[:, 0] > 300).sum()) / _days(log)


def _litres(log: HomeLog) -> float:
    return _count(log, "water", weighted=True)


def _still_share(log: HomeLog) -> float:
    """Sedentary share of the waking hours at home [%]."""
    still = sum(_hours(log.truth.of(label)) for label in STILL_LABELS)
    asleep = _hours(log.truth.of("sleep")) + _hours(log.truth.of("act:In_Bed_Awake"))
    return 100.0 * still / (24.0 * _days(log) - asleep - _hours(log.truth.of("away")))


def _count(log: HomeLog, kind: str, weighted: bool = False) -> float:
    """Onsets (or, weighted, units) of all sensors of a kind a day."""
    total = 0.0
    for number, sensor in enumerate(log.sensors):
        if sensor.kind == kind:
            onsets = (log.stimuli.sensor == number) & (log.stimuli.value == 1)
            total += float(onsets.sum()) * (sensor.per_pulse if weighted else 1.0)
    return total / _days(log)


FIGURES = (
    Figure("sleep at night, h", "Kurina 2015: 7.2", _night_sleep, 6.9, 7.6),
    Figure("in bed at night, h", "Tsai 2021: median 8.35", _in_bed, 7.8, 8.9),
    Figure("up for the toilet at night", "Lukacz 2009, Bosch 2010: 1-2", _night_visits, 1.0, 2.0),
    Figure("toilet visits a day", "Lukacz 2009: every 3-4 h, and the night", _toilet, 6.0, 8.0),
    Figure("days with an outing, %", "Shen 2017: 68-75", _days_out, 65.0, 78.0),
    Figure("outings a day", "Shen 2017 (days out), judged", _outings, 0.8, 1.6),
    Figure("away a day, h", "", lambda log: _hours(log.truth.of("away")) / _days(log)),
    Figure("sedentary when awake at home, %", "Tsai 2021: 64", _still_share, 58.0, 74.0),
    Figure("water a day, L", "Crouch 2021: 92 basic; CCW: 142-152", _litres, 92.0, 150.0),
    Figure("door openings a day", "", lambda log: _count(log, "door")),
    Figure("PIR pulses a day", "", lambda log: _count(log, "pir")),
)


def measure(logs: Sequence[HomeLog]) -> list[Measured]:
    """Every figure over the homes."""
    made = []
    for figure in FIGURES:
        values = np.array([figure.of(log) for log in logs])
        p10, p90 = np.quantile(values, [0.1, 0.9])
        made.append(Measured(figure, float(values.mean()), float(values.std()), float(p10), float(p90)))
    return made
