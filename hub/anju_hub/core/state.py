"""The filter's state of all homes, and one step of it over the homes that are due.

A step covers up to five silent minutes, or silent minutes and then one minute with events.  Everything here is
arrays over homes; `home` arguments are index arrays without repeats.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from . import activity, presence, prior, silence
from .grid import NONE, STRONG, WEAK, Rows, door_context
from .profile import Profile
from .types import HomeSpec

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_SURE = 0.95


class HomeStates:
    """Struct of arrays over homes.

    away: P(nobody at home); indoors (homes, 4): P(activity | at home); gap: minutes since anything was heard;
    context: what it was; passage: minutes since the exit door's last passage; statistic (homes, 1 + sensors + 1):
    the silence statistic, with everything, without each sensor's unproven silence, without anybody's.
    """

    def __init__(self, homes: Sequence[HomeSpec], sensors: int) -> None:
        n = len(homes)
        self.sensors = sensors
        self.profile = Profile(n, sensors)
        self.away = np.full(n, 0.3)
        self.indoors = activity.begin(n)
        self.gap = np.zeros(n, np.int64)
        self.context = np.full(n, door_context(sensors), np.int64)
        self.passage = np.full(n, 10_000, np.int64)
        self.statistic = np.zeros((n, sensors + 2))
        self.live = np.ones((n, sensors), bool)
        self.installed = np.zeros((n, sensors), bool)
        self.watched = np.zeros((n, sensors), bool)
        self.door_live = np.zeros(n, bool)
        self.dark = np.zeros(n, bool)
        self.hour = np.zeros(n, np.int64)
        self.leave, self.stay = np.zeros(n), np.zeros(n)
        self.undecided = np.zeros(n, bool)
        self.strays, self.empty_min = np.zeros(n), np.zeros(n)

    # what the homes have taught about themselves

    def leave_share(self, home: Ints) -> Array:
        seen = self.leave[home] + prior.LEAVE_SHARE * prior.LEAVE_WEIGHT
        share: Array = seen / (self.leave[home] + self.stay[home] + prior.LEAVE_WEIGHT)
        return share

    def stray_rate(self, home: Ints) -> Array:
        seen = self.strays[home] + prior.STRAY_PER_MIN * prior.STRAY_WEIGHT_MIN
        rate: Array = seen / (self.empty_min[home] + prior.STRAY_WEIGHT_MIN)
        return rate

    def unseen_rates(self, home: Ints) -> tuple[Array, Array]:
        """Rates of leaving and of returning without a passage of the exit door [1/min]."""
        up = (self.hour[home] >= 7) & (self.hour[home] < 22)
        free = np.where(up, prior.FREE_LEAVE_PER_DAY / (15 * 60), prior.FREE_LEAVE_PER_DAY / (15 * 60) / 20)
        door = self.door_live[home]
        return (
            np.where(door, prior.UNSEEN_LEAVE_PER_MIN, free),
            np.where(door, prior.UNSEEN_RETURN_PER_MIN, 1 / prior.FREE_RETURN_MIN),
        )

    def away_rate(self, home: Ints) -> Array:
        """Rate at which an empty home is heard again [1/min]."""
        since = np.where(self.door_live[home], self.passage[home], self.gap[home])
        return self.stray_rate(home) + prior.FALSE_PERSON_PER_MIN + presence.return_rate(since.astype(np.float64))

    # one step

    def quiet(self, home: Ints, minutes: Ints) -> None:
        """`minutes` (n,) of silence; nothing is learned of, or concluded from, a dark home's."""
        seen = np.where(self.dark[home], 0.0, minutes)
        at_home = 1 - self.away[home]
        gap, hour, context = self.gap[home] + minutes // 2, self.hour[home], self.context[home]
        whole = self.profile.hazard(home, gap, hour, context)
        shares = self.profile.shares(home, gap, context, self.installed[home]) * self.live[home]
        rate = whole * shares.sum(axis=1)
        away_rate = self.away_rate(home)
        out, back = self.unseen_rates(home)
        without = np.concatenate([rate[:, None], rate[:, None] - whole[:, None] * shares, 0 * rate[:, None]], axis=1)
        stray = (self.stray_rate(home) * seen)[:, None]
        expected = at_home[:, None] * np.exp(-without * seen[:, None])
        expected += (self.away[home] * np.exp(-away_rate * seen))[:, None]
        self.statistic[home] = silence.quiet(self.statistic[home], at_home, -stray - np.log(expected), seen)
        self.away[home], _ = presence.silent(self.away[home], rate, away_rate, seen, out, back)
        self.indoors[home] = activity.silent(self.indoors[home], hour, minutes)
        weight = (1 - self.away[home]) * seen
        self.profile.quiet(home, gap, hour, context, weight)
        self.empty_min[home] += self.away[home] * seen
        self.gap[home] += seen.astype(np.int64)
        self.passage[home] += minutes
        self._settle(home)

    def heard(self, home: Ints, rows: Rows, at: Ints) -> None:
        """The minute's rows `at` of homes `home`, in the order before, passage, after."""
        turned = (rows.passages[at] > 0) | rows.redrawn[at]
        self._moved(home, rows, at, rows.before[at])
        if turned.any():
            self._passed(home[turned], rows, at[turned])
            self._moved(home, rows, at, rows.after[at])
        self._settle(home)

    def _moved(self, home: Ints, rows: Rows, at: Ints, level: Ints) -> None:
        some = level > NONE
        home, at, level = home[some], at[some], level[some]
        if not len(home):
            return
        gap, hour, context = self.gap[home], self.hour[home], self.context[home]
        stray, back = self.stray_rate(home), self.unseen_rates(home)[1]
        rate = self.profile.hazard(home, gap, hour, context)
        was = self.away[home]
        away, seen = presence.moved(was, level, rate, self.profile.weak_share(home), stray, back)
        self.away[home] = away
        self.statistic[home] = silence.heard(self.statistic[home], presence.empty_log_likelihood(level, stray) - seen)
        weak = (level == WEAK).astype(np.float64)
        self.profile.ended(home, gap, hour, context, rows.first[at], weak, 1 - away)
        self.strays[home] += weak * away
        kind = np.where(
            rows.bathroom[at], activity.IN_BATHROOM, np.where(rows.bedroom[at], activity.IN_BEDROOM, activity.ELSEWHERE)
        )
        self.indoors[home] = activity.moved(self.indoors[home], hour, kind)
        self.gap[home] = 0
        self.context[home] = np.where(rows.context[at] >= 0, rows.context[at], context)

    def _passed(self, home: Ints, rows: Rows, at: Ints) -> None:
        before = self.away[home]
        leave = self.leave_share(home)
        away = presence.passed(before, leave, self.passage[home].astype(np.float64))
        again = rows.passages[at] > 1
        away = np.where(again, presence.passed(away, leave, np.zeros(len(home))), away)
        self.away[home] = np.where(rows.redrawn[at], leave, away)
        self.indoors[home] = activity.entered(self.indoors[home], before)
        self.undecided[home] = before < 0.2
        self.statistic[home] = 0.0
        self.gap[home] = 0
        self.passage[home] = 0
        self.context[home] = door_context(self.sensors)

    def _settle(self, home: Ints) -> None:
        """Count how passages of somebody at home turned out, once that is clear."""
        open_ = home[self.undecided[home]]
        gone, stayed = self.away[open_] > _SURE, self.away[open_] < 1 - _SURE
        self.leave[open_] += gone
        self.stay[open_] += stayed
        self.undecided[open_] = ~(gone | stayed)

    # proofs of life

    def proven(self, home: Ints, sensor: Ints) -> None:
        """Sensors heard: their silence up to now was real.  Pairs may repeat."""
        self.statistic[home, 1 + sensor] = self.statistic[home, 0]
        self.statistic[home, -1] = self.statistic[home, 0]

    def alive(self, installed: Bools, watched: Bools, suspect: Bools, door: Bools, dark: Bools) -> None:
        """Take over what liveness says; a newly suspect sensor's unproven silence is taken back."""
        live = ~suspect
        lost = self.live & suspect
        if lost.any():
            kept = np.min(np.where(lost, self.statistic[:, 1:-1], np.inf), axis=1)
            self.statistic = np.minimum(self.statistic, kept[:, None])
        follows = ~watched | suspect
        self.statistic[:, 1:-1] = np.where(follows, self.statistic[:, :1], self.statistic[:, 1:-1])
        self.statistic[:, -1] = np.where(watched.any(axis=1), self.statistic[:, -1], self.statistic[:, 0])
        woken = self.dark & ~dark
        self.away[woken] = 0.5 * self.away[woken] + 0.15
        self.live, self.installed, self.watched = live, installed, watched
        self.door_live, self.dark = (door & live & installed).any(axis=1), dark

    def evidence(self) -> Array:
        """The silence statistic that no single dead sensor and no dead link can explain [min]."""
        result: Array = self.statistic.min(axis=1)
        return result

    def posterior(self, home: Ints) -> Array:
        """P(away, active, still, asleep, bathroom), (n, 5)."""
        away = self.away[home][:, None]
        return np.concatenate([away, (1 - away) * self.indoors[home]], axis=1)


__all__ = ["STRONG", "HomeStates"]
