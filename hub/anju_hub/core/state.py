"""The filter's state of all homes, and one step of it over the homes that are due.

A step covers up to five silent minutes, or silent minutes and then one minute with events.  Everything here is
arrays over homes; `home` arguments are index arrays without repeats.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from . import activity, presence, prior
from .grid import NONE, WEAK, Rows, door_context
from .profile import Profile
from .quiet import QuietClock
from .smoother import Tape
from .types import HomeSpec

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_SURE = 0.95


class HomeStates:
    """Struct of arrays over homes.

    belief (homes, 3): see `presence`; indoors (homes, 4): P(activity | at home); gap: minutes since anything was heard;
    context: what it was; passage: minutes since the exit door's last passage; quiet: ages of silence.
    """

    def __init__(self, homes: Sequence[HomeSpec], sensors: int, at_exit: Bools | None = None) -> None:
        n = len(homes)
        self.sensors = sensors
        self.profile = Profile(n, sensors)
        self.quiet_clock = QuietClock(n, sensors)
        self.belief = np.tile([0.3, 0.7, 0.0], (n, 1))
        self.indoors = activity.begin(n)
        self.gap = np.zeros(n, np.int64)
        self.context = np.full(n, door_context(sensors), np.int64)
        self.passage = np.full(n, 10_000, np.int64)
        self.live_share = np.ones((n, prior.COARSES))
        self.suspect = np.zeros((n, sensors), bool)
        self.door_live = np.zeros(n, bool)
        self.dark = np.zeros(n, bool)
        self.hour = np.zeros(n, np.int64)
        self.leave, self.stay = np.zeros(n), np.zeros(n)
        self.undecided = np.zeros(n, bool)
        self.edges, self.lost_edges = np.zeros(n), np.zeros(n)
        self.at_exit = np.zeros((n, sensors + 1), bool)
        if at_exit is not None:
            self.at_exit[:, :-1] = at_exit
        self.strays, self.empty_min = np.zeros(n), np.zeros(n)
        self.taped: Tape | None = None

    @property
    def away(self) -> Array:
        """P(nobody at home), (homes,)."""
        return self.belief[:, presence.AWAY]

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
        free = np.where(up, prior.FREE_LEAVE_PER_DAY, prior.FREE_LEAVE_PER_DAY / 20) / (15 * 60)
        door = self.door_live[home]
        both = self._edge_loss(home) ** 2
        near = self.at_exit[home, self.context[home] // 2] & (self.gap[home] < prior.EXIT_ROOM_MIN)
        lost_out = near * both * prior.EXIT_ROOM_LEAVE_SHARE / prior.EXIT_ROOM_MIN
        out = np.where(door, prior.UNSEEN_LEAVE_PER_MIN + lost_out, free)
        lost_in = both / prior.AWAY_SCALE_MIN
        return out, np.where(door, prior.UNSEEN_RETURN_PER_MIN + lost_in, 1 / prior.FREE_RETURN_MIN)

    def _edge_loss(self, home: Ints) -> Array:
        """Share of the exit door's edges that get lost; a passage that nobody saw lost both of its own."""
        lost = self.lost_edges[home] + prior.EDGE_LOSS * prior.EDGE_LOSS_WEIGHT
        share: Array = lost / (self.edges[home] + self.lost_edges[home] + prior.EDGE_LOSS_WEIGHT)
        return share

    def away_rate(self, home: Ints) -> Array:
        """Rate at which an empty home is heard again [1/min]."""
        since = np.where(self.door_live[home], self.passage[home], self.gap[home])
        return self.stray_rate(home) + prior.FALSE_PERSON_PER_MIN + presence.return_rate(since.astype(np.float64))

    # one step

    def _believe(self, home: Ints, operator: Array) -> None:
        self.belief[home] = presence.advance(self.belief[home], operator)
        if self.taped is not None:
            self.taped.presence(home, operator)

    def _do(self, home: Ints, operator: Array) -> None:
        self.indoors[home] = activity.advance(self.indoors[home], operator)
        if self.taped is not None:
            self.taped.activity(home, operator)

    def quiet(self, home: Ints, minutes: Ints) -> None:
        """`minutes` (n,) of silence; nothing is learned of, or concluded from, a dark home's."""
        observed = np.where(self.dark[home], 0, minutes)
        gap, hour, context = self.gap[home] + minutes // 2, self.hour[home], self.context[home]
        rate = self.profile.hazard(home, gap, hour, context) * self.live_share[home, prior.coarse_of(gap)]
        out, back = self.unseen_rates(home)
        self._believe(home, presence.silent(rate, self.away_rate(home), observed, out, back))
        self._do(home, activity.silent(hour, minutes))
        belief = self.belief[home]
        away = belief[:, presence.AWAY]
        self.profile.quiet(home, gap, hour, context, belief[:, presence.LIVING] * observed)
        self.empty_min[home] += away * observed
        self.gap[home] += observed
        self.passage[home] += minutes
        # Without an exit contact absence is a guess, and must not excuse a silence.
        self.quiet_clock.pass_time(home, observed, (away < 0.5) | ~self.door_live[home])
        self._settle(home)

    def heard(self, home: Ints, rows: Rows, at: Ints, minute: int) -> None:
        """The minute's rows `at` of homes `home`, in the order before, passage, after."""
        turned = (rows.passages[at] > 0) | rows.redrawn[at]
        self.edges[home] += rows.edges[at]
        self.lost_edges[home] += rows.lost[at]
        self._moved(home, rows, at, rows.before[at], minute)
        if turned.any():
            self._passed(home[turned], rows, at[turned], minute)
            self._moved(home[turned], rows, at[turned], rows.after[at[turned]], minute)
        self.passage[home] += 1
        self._settle(home)

    def _moved(self, home: Ints, rows: Rows, at: Ints, level: Ints, minute: int) -> None:
        some = level > NONE
        home, at, level = home[some], at[some], level[some]
        if not len(home):
            return
        gap, hour, context = self.gap[home], self.hour[home], self.context[home]
        rate = self.profile.hazard(home, gap, hour, context)
        share, back = self.profile.weak_share(home), self.unseen_rates(home)[1]
        self._believe(home, presence.moved(level, rate, share, self.stray_rate(home), back))
        away = self.away[home]
        weak = (level == WEAK).astype(np.float64)
        self.profile.ended(home, gap, hour, context, rows.first[at], weak, 1 - away)
        self.strays[home] += weak * away
        kind = np.where(rows.bedroom[at], activity.IN_BEDROOM, activity.ELSEWHERE)
        kind = np.where(rows.bathroom[at], activity.IN_BATHROOM, kind)
        self._do(home, activity.moved(hour, kind))
        self.gap[home] = 0
        self.context[home] = rows.context[at]
        self.quiet_clock.moved(home, level, rows.first[at], rows.only[at], rows.context[at], hour, minute)

    def _passed(self, home: Ints, rows: Rows, at: Ints, minute: int) -> None:
        before = self.away[home]
        leave, redrawn = self.leave_share(home), rows.redrawn[at]
        once = presence.passed(leave, self.passage[home].astype(np.float64), redrawn)
        again = np.matmul(once, presence.passed(leave, np.zeros(len(home)), redrawn))
        self._believe(home, np.where((rows.passages[at] > 1)[:, None, None], again, once))
        self._do(home, activity.entered(before))
        self.undecided[home] = before < 0.2
        self.gap[home] = 0
        self.passage[home] = 0
        self.context[home] = door_context(self.sensors)
        self.quiet_clock.passed(home, self.hour[home], minute)

    def _settle(self, home: Ints) -> None:
        """Count how passages of somebody at home turned out, once that is clear."""
        open_ = home[self.undecided[home]]
        gone, stayed = self.away[open_] > _SURE, self.away[open_] < 1 - _SURE
        self.leave[open_] += gone
        self.stay[open_] += stayed
        self.undecided[open_] = ~(gone | stayed)

    # proofs of life

    def alive(self, installed: Bools, suspect: Bools, door_live: Bools, dark: Bools) -> None:
        """Take over what liveness says: a suspect sensor contributes nothing."""
        changed = (suspect != self.suspect).any(axis=1)
        if changed.any():
            self.live_share[changed] = self.profile.live_share(installed, ~suspect)[changed]
        woken = self.dark & ~dark
        self.belief[woken] = 0.5 * self.belief[woken] + 0.5 * np.array([0.3, 0.7, 0.0])
        self.suspect, self.door_live, self.dark = suspect, door_live, dark

    def posterior(self, home: Ints) -> Array:
        """P(away, active, still, asleep, bathroom), (n, 5)."""
        away = self.away[home][:, None]
        return np.concatenate([away, (1 - away) * self.indoors[home]], axis=1)
