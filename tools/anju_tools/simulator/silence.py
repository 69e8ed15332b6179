"""How long homes are silent while somebody is in: the figure that alerts live on, by hour of day.

Works on simulated logs and on a folder with a real home's events.csv and truth.csv.
"""

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

import numpy as np

from anju_tools.simulator.arrays import F64
from anju_tools.simulator.calendar import DAY_S, HOUR_S
from anju_tools.simulator.log import HomeLog

BLOCK_H = 3
QUANTILES = (0.5, 0.9, 0.99, 1.0)
LONGER_THAN_H = (0.5, 1.0, 2.0, 3.0, 4.0)
HEARD = ("door", "pir", "toilet")  # meters apart: not every home has one
AROUND_AWAY_S = 60.0


@dataclass(frozen=True)
class Silences:
    """Silence so far at each minute at home: `gap_h` [h] and local `hour`, shape (minutes,); whole silences at home

    in `whole_h` [h]; over so many `days`."""

    hour: F64
    gap_h: F64
    whole_h: F64
    days: float

    def by_hour(self) -> F64:
        """Quantiles of the silence so far, per block of three hours: shape (8, quantiles) [h]."""
        blocks = [self.gap_h[self.hour // BLOCK_H == b] for b in range(24 // BLOCK_H)]
        return np.array([np.quantile(b, QUANTILES) if len(b) else np.full(len(QUANTILES), np.nan) for b in blocks])

    def per_day(self) -> F64:
        """How many silences a day are longer than `LONGER_THAN_H`."""
        return np.array([(self.whole_h > h).sum() / self.days for h in LONGER_THAN_H])


def silences(onsets: F64, away: F64, offset_s: float = 0.0) -> Silences:
    """Of one home: event times (n,) [s] in order, absences (m, 2) [s]; local time is `offset_s` ahead."""
    minutes = np.arange(onsets[0], onsets[-1], 60.0)
    out = np.zeros(len(minutes), dtype=bool)
    met = np.zeros(len(onsets) - 1, dtype=bool)
    for start, end in away:
        begin, stop = start - AROUND_AWAY_S, end + AROUND_AWAY_S
        out[np.searchsorted(minutes, begin) : np.searchsorted(minutes, stop)] = True
        met |= (onsets[:-1] < stop) & (onsets[1:] > begin)
    last = onsets[np.searchsorted(onsets, minutes, side="right") - 1]
    hour = ((minutes + offset_s) % DAY_S) / HOUR_S
    whole = np.diff(onsets)[~met] / HOUR_S
    return Silences(hour[~out], ((minutes - last) / HOUR_S)[~out], whole, (onsets[-1] - onsets[0]) / DAY_S)


def of_log(log: HomeLog) -> Silences:
    heard = log.heard()
    counted = [i for i, s in enumerate(log.sensors) if s.kind in HEARD]
    onsets = heard.t[(heard.value == 1) & np.isin(heard.sensor, counted)]
    away = np.concatenate([log.truth.of("away"), log.truth.of("step_out")])
    return silences(onsets, away, log.calendar.offset_s(log.start))


def of_folder(folder: Path) -> Silences:
    """Of a recorded home: `events.csv` and `truth.csv` (or .gz) with naive local times."""
    with _open(folder, "events.csv") as file:
        rows = [_seconds(r["t"]) for r in csv.DictReader(file) if r["kind"] in HEARD and r["value"] == "1"]
    with _open(folder, "truth.csv") as file:
        away = [(_seconds(r["start"]), _seconds(r["end"])) for r in csv.DictReader(file) if r["label"] == "away"]
    return silences(np.array(sorted(rows)), np.array(away).reshape(-1, 2))


def _open(folder: Path, name: str) -> TextIO:
    path = folder / name
    return path.open(newline="") if path.exists() else gzip.open(folder / f"{name}.gz", "rt", newline="")


def _seconds(text: str) -> float:
    return (datetime.fromisoformat(text).replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()


def pooled(parts: Sequence[Silences]) -> Silences:
    """Several homes as one."""

    def joined(arrays: Iterator[F64]) -> F64:
        return np.concatenate(list(arrays))

    return Silences(
        joined(p.hour for p in parts),
        joined(p.gap_h for p in parts),
        joined(p.whole_h for p in parts),
        sum(p.days for p in parts),
    )
