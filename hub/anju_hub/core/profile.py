"""How long this home is silent while somebody is in: a hazard table per home, learned as its log goes by.

The rate at which a silence ends, h(g, hour, c) [1/min], depends on how long it has lasted (class g), on the local
hour now, and on what was heard last (context c: a bed mat pressed announces another silence than a cupboard):

    h(g, hour, c) = base(g, hour) · ratio(c, coarse g)

Both factors are gamma-Poisson posterior means, events over exposure, each shrunk to the coarser one above it:
prior → home by length → home by hour → home by length and hour → context.  Exposure counts only while somebody is
at home, weighted by that probability, so that absences do not pass for silence at home.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import prior

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Counts = NDArray[np.floating]

_LEVEL_EVENTS = 2.0  # weight of each parent, in events
_HOUR_KERNEL = ((0, 1.0), (1, 0.6), (-1, 0.6), (2, 0.15), (-2, 0.15))
_RATIO_BOUNDS = (0.05, 20.0)
_HALF_LIFE_DAYS = 30.0


class Profile:
    """Counts and the tables made from them; arrays are (homes, …)."""

    def __init__(self, homes: int, sensors: int) -> None:
        contexts = 2 * sensors + 1
        self.sensors = sensors
        self.ends = np.zeros((homes, prior.CLASSES, 24), np.float32)
        self.exposure = np.zeros((homes, prior.CLASSES, 24), np.float32)
        self.context_ends = np.zeros((homes, contexts, prior.COARSES), np.float32)
        self.context_expected = np.zeros((homes, contexts, prior.COARSES), np.float32)
        self.ended_by = np.zeros((homes, prior.COARSES, sensors), np.float32)
        self.weak = np.zeros(homes)
        self.movements = np.zeros(homes)
        self.base = np.repeat(prior.hazard()[None], homes, axis=0).astype(np.float32)
        self.ratio = np.ones((homes, contexts, prior.COARSES), np.float32)

    def hazard(self, home: Ints, gap_min: Ints, hour: Ints, context: Ints) -> Array:
        """h [1/min] for homes now silent for `gap_min` at local `hour` after `context`; all (n,)."""
        g = prior.CLASS_OF[np.minimum(gap_min, prior.LONGEST_MIN)]
        rate = self.base[home, g, hour] * self.ratio[home, context, prior.COARSE[g]]
        return np.minimum(rate.astype(np.float64), 3.0)

    def quiet(self, home: Ints, gap_min: Ints, hour: Ints, context: Ints, minutes: Array) -> None:
        """Count `minutes` of silence, weighted by the probability that somebody is at home."""
        g = prior.CLASS_OF[np.minimum(gap_min, prior.LONGEST_MIN)]
        self.exposure[home, g, hour] += minutes
        self.context_expected[home, context, prior.COARSE[g]] += minutes * self.base[home, g, hour]

    def ended(
        self, home: Ints, gap_min: Ints, hour: Ints, context: Ints, first: Ints, weak: Array, weight: Array
    ) -> None:
        """Count a silence's end by sensor `first` (-1: the door), `weight` = P(somebody at home)."""
        g = prior.CLASS_OF[np.minimum(gap_min, prior.LONGEST_MIN)]
        coarse = prior.COARSE[g]
        self.ends[home, g, hour] += weight
        self.context_ends[home, context, coarse] += weight
        by = first >= 0
        self.ended_by[home[by], coarse[by], first[by]] += weight[by]
        self.movements[home] += weight
        self.weak[home] += weight * weak

    def weak_share(self, home: Ints) -> Array:
        """Share of this home's minutes with movement that show a single PIR firing."""
        counted = self.weak[home] + prior.WEAK_SHARE * prior.WEAK_WEIGHT
        return counted / (self.movements[home] + prior.WEAK_WEIGHT)

    def live_share(self, installed: NDArray[np.bool_], live: NDArray[np.bool_]) -> Array:
        """Share of this home's silences, by coarse length, that the live sensors end, (homes, COARSES)."""
        counts = (self.ended_by + 0.5) * installed[:, None, :] + 1e-9
        result: Array = (counts * live[:, None, :]).sum(axis=2) / counts.sum(axis=2)
        return result

    def refresh(self, homes: Ints, days: float) -> None:
        """Make the tables from the counts; `days` since the last time let old counts fade."""
        fade = np.float32(0.5 ** (days / _HALF_LIFE_DAYS))
        counts = (
            self.ends,
            self.exposure,
            self.context_ends,
            self.context_expected,
            self.ended_by,
        )
        for table in counts:
            table[homes] *= fade
        self.base[homes] = base_table(self.ends[homes], self.exposure[homes])
        self.ratio[homes] = ratio_table(self.context_ends[homes], self.context_expected[homes])


def base_table(ends: Counts, exposure: Counts) -> Array:
    """Hazard by silence class and hour from counts, (homes, CLASSES, 24) → the same."""
    table = np.broadcast_to(prior.hazard(), ends.shape)
    table = table * _shrunk(ends.sum(axis=2), (exposure * table).sum(axis=2))[:, :, None]
    longish = prior.COARSE >= 1
    expected = exposure * table
    by_hour = _shrunk(_over_hours(ends[:, longish].sum(axis=1)), _over_hours(expected[:, longish].sum(axis=1)))
    table = table * np.where(longish[None, :, None], by_hour[:, None, :], 1.0)
    near = _over_lengths(_over_hours(ends)), _over_lengths(_over_hours(exposure * table))
    result: Array = table * _shrunk(*near)
    return result


def ratio_table(ends: Counts, expected: Counts) -> Array:
    """Hazard ratio of each context, (homes, contexts, COARSES): overall first, then by coarse length."""
    overall = _shrunk(ends.sum(axis=2), expected.sum(axis=2))[:, :, None]
    ratio: Array = np.clip(overall * _shrunk(ends, expected * overall), *_RATIO_BOUNDS)
    return ratio


def _shrunk(seen: Counts, expected: Counts) -> Array:
    ratio: Array = (seen + _LEVEL_EVENTS) / (expected + _LEVEL_EVENTS)
    return ratio


def _over_hours(table: Counts) -> Array:
    """Circular smoothing of the last axis (hours)."""
    smooth = np.zeros(table.shape)
    for shift, weight in _HOUR_KERNEL:
        smooth += weight * np.roll(table, shift, axis=-1)
    return smooth


def _over_lengths(table: Counts) -> Array:
    """Add a share of the neighbouring silence classes, axis 1."""
    smooth = table.astype(np.float64)
    smooth[:, 1:] += 0.3 * table[:, :-1]
    smooth[:, :-1] += 0.3 * table[:, 1:]
    return smooth
