"""`Watch`: the streaming object that the live hub, `anju replay` and back-tests share.

Time moves in whole minutes.  A home takes a step when it was heard in that minute, in each of the
`TAIL_MIN` minutes after it, and every `TICK_MIN` minutes; checks that may raise an alert run on the ticks, a fixed
grid of event time, so that feeding a log in pieces gives what feeding it whole gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from .activity import TICK_MIN
from .checks import Checks
from .grid import MINUTE_S, DoorCarry, Rooms, Rows, condense
from .liveness import Liveness, Proofs, joined_proofs
from .smoother import Tape
from .spans import UNOBSERVED, SpanWriter
from .state import HomeStates
from .types import Events, HomeSpec, Kind, Settings, StateSpan, Update, joined_events, without_repeats

TAIL_MIN = 15
YOUNG_MIN = 7 * 1440
YOUNG_REFRESH_MIN = 180
_AWAY = 0

Ints = NDArray[np.int64]


class Watch:
    """Occupancy and alerts of many homes, event-timed and causal.

    `homes` is fixed for the life of a watch, its order is what `Events.home` counts.  With `record` the steps are
    kept so that `trajectory()` can smooth them with hindsight.
    """

    def __init__(self, homes: Sequence[HomeSpec], settings: Settings | None = None, record: bool = False) -> None:
        if len({home.home for home in homes}) != len(homes):
            raise ValueError("two homes have the same name")
        self.homes = list(homes)
        self.settings = settings or Settings()
        sensors = max([len(home.sensors) for home in homes], default=0) or 1
        self._liveness = Liveness(self.homes, sensors)
        self._carry = DoorCarry.of(len(homes), sensors)
        self._rooms = Rooms.of(self.homes, sensors)
        self._states = HomeStates(self.homes, sensors, self._rooms.at_exit)
        self._checks = Checks(self.homes, self.settings, sensors)
        self._spans = SpanWriter([home.home for home in homes])
        self._zones = [ZoneInfo(home.zone) for home in homes]
        self._offset = np.zeros(len(homes), np.int64)
        self._door = self._checks.of_kind("door")
        self._done = np.full(len(homes), -1, np.int64)  # next minute to process; -1: the home was never heard
        self._tail = np.full(len(homes), -1, np.int64)
        self._minute: int | None = None
        self._begun = np.full(len(homes), -1, np.int64)
        self._pending = Events.empty()
        self._unapplied = self._liveness.prepare(Events.empty())
        if record:
            self._states.taped = Tape(len(homes))

    def update(self, events: Events, until: float) -> Update:
        """Take `events` in, and process every whole minute that ends at or before `until` [s, UTC].

        Events of minutes already processed only prove their sensor alive; later ones wait for their minute.
        """
        late = np.zeros(len(events), bool)
        if self._minute is not None:
            late = events.t < self._minute * MINUTE_S
            self._liveness.late(events.take(late))
        self._pending = joined_events(self._pending, events.take(~late))
        ignored = int((events.kind == Kind.IGNORED).sum())
        limit = int(until // MINUTE_S)
        ready = self._pending.t < limit * MINUTE_S
        batch, self._pending = self._pending.take(ready), self._pending.take(~ready)
        if self._minute is None and len(batch):
            self._minute = int(batch.t.min() // MINUTE_S)
        if self._minute is not None and limit > self._minute:
            self._run(batch, limit)
        alerts, cleared = self._checks.cases.take()
        return Update(self._spans.flush(self._done), alerts, cleared, int(late.sum()), ignored)

    def trajectory(self) -> list[StateSpan]:
        """What each home did, with hindsight: the smoothed states of everything processed."""
        if self._states.taped is None:
            raise ValueError("the watch was not told to record")
        return self._states.taped.spans([home.home for home in self.homes])

    # the minutes

    def _run(self, batch: Events, limit: int) -> None:
        assert self._minute is not None
        batch = without_repeats(batch.take(np.argsort(batch.t, kind="stable")))
        rows = condense(batch, self._carry, self._rooms)
        proofs = joined_proofs(self._unapplied, self._liveness.prepare(batch))
        self._checks.take_in(batch)
        span = np.arange(self._minute, limit + 1)
        row_at = np.searchsorted(rows.minute, span)
        proof_at = np.searchsorted(proofs.t, span * MINUTE_S)
        applied = 0
        for k, minute in enumerate(range(self._minute, limit)):
            tick = (minute + 1) % TICK_MIN == 0
            part = slice(int(row_at[k]), int(row_at[k + 1]))
            if proof_at[k + 1] > proof_at[k]:
                self._first_heard(proofs, slice(int(proof_at[k]), int(proof_at[k + 1])), minute)
            due = self._due(minute, tick, rows.home[part])
            if len(due):
                self._step(due, minute, rows, part)
            self._minute = minute + 1
            if tick:
                self._tick(proofs, slice(applied, int(proof_at[k + 1])), minute + 1)
                applied = int(proof_at[k + 1])
        self._unapplied = proofs.take(slice(applied, None))

    def _due(self, minute: int, tick: bool, heard: Ints) -> Ints:
        if tick:
            return np.flatnonzero(self._done >= 0)
        due = self._tail >= minute
        due[heard] = True
        return np.flatnonzero(due & (self._done >= 0))

    def _first_heard(self, proofs: Proofs, part: slice, minute: int) -> None:
        home = proofs.home[part]
        new = home[self._done[home] < 0]
        if len(new):
            self._done[new] = self._begun[new] = minute
            self._local_hours(minute)

    def _step(self, due: Ints, minute: int, rows: Rows, part: slice) -> None:
        states = self._states
        at = np.full(len(self._done), -1, np.int64)
        at[rows.home[part]] = np.arange(part.start, part.stop)
        row = at[due]
        busy = row >= 0
        elapsed = minute + 1 - self._done[due]
        quiet = elapsed - busy
        waited = quiet > 0
        if waited.any():
            states.quiet(due[waited], quiet[waited])
        if busy.any():
            home = due[busy]
            states.heard(home, rows, row[busy], minute)
            self._tail[home] = minute + TAIL_MIN
        self._done[due] = minute + 1
        self._write(due, minute)

    def _write(self, due: Ints, minute: int) -> None:
        posterior = self._states.posterior(due)
        indoors = 1 + posterior[:, 1:].argmax(axis=1)
        gone = posterior[:, 0] > 0.5
        state = np.where(gone, _AWAY, indoors)
        probability = posterior[np.arange(len(due)), state]
        dark = self._states.dark[due]
        state = np.where(dark, UNOBSERVED, state).astype(np.int8)
        self._spans.put(due, minute, state, np.where(dark, 1.0, probability))
        if self._states.taped is not None:
            self._states.taped.keep(due, minute, self._states.belief, self._states.indoors, dark)

    def _tick(self, proofs: Proofs, part: slice, minute: int) -> None:
        """At the end of each tick: proofs of life, faults, cases; now and then the tables."""
        now = minute * MINUTE_S
        live, states = self._liveness, self._states
        if part.stop > part.start:
            live.apply(proofs, part)
        suspect = live.suspect(now)
        door_live = np.asarray((self._door & live.installed & ~suspect).any(axis=1))
        states.alive(live.installed, suspect, door_live, live.dark(now))
        self._checks.tick(states, live, minute, self._done >= 0)
        if minute % 15 == 0:
            self._local_hours(minute)
        self._refresh(minute)

    def _refresh(self, minute: int) -> None:
        """Learn: every few hours in a home's first week, then once a day."""
        if minute % YOUNG_REFRESH_MIN == 0:
            young = (self._begun >= 0) & (minute - self._begun < YOUNG_MIN)
            self._learn(np.flatnonzero(young), minute, YOUNG_REFRESH_MIN / 1440)
        if minute % 1440 == 0:
            old = (self._begun >= 0) & (minute - self._begun >= YOUNG_MIN)
            self._learn(np.flatnonzero(old), minute, 1.0)

    def _learn(self, home: Ints, minute: int, passed: float) -> None:
        if len(home):
            days = (minute - self._begun[home]) / 1440
            self._states.profile.refresh(home, passed)
            self._states.quiet_clock.refresh(home, days, passed, self.settings.budget)

    def _local_hours(self, minute: int) -> None:
        at = datetime.fromtimestamp(minute * MINUTE_S, UTC)
        offsets = {zone: _offset_min(zone, at) for zone in set(self._zones)}
        self._offset = np.array([offsets[zone] for zone in self._zones], np.int64)
        self._states.hour = (minute + self._offset) // 60 % 24


def _offset_min(zone: ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds() // 60)
