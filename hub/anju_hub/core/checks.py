"""What is looked at on every tick: silence, absence, dead sensors, dark homes, batteries, the fixed rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from . import why
from .activity import TICK_MIN
from .envelope import SHORTEST_MIN
from .grid import MINUTE_S
from .liveness import Liveness
from .rule_clocks import RuleClocks
from .state import HomeStates
from .triage import Cases
from .types import Events, HomeSpec, Kind, Settings, joined_events

Bools = NDArray[np.bool_]
Array = NDArray[np.float64]

TICK_S = TICK_MIN * MINUTE_S
PROVEN_SHARE = 0.6  # of a silence, through which a sensor must have proved itself alive to count as silent
BATTERY_RECOVERED_MV = 150.0
ABSENCE_PRIOR_H, ABSENCE_MARGIN, ABSENCE_LEAST_H, ABSENCE_MOST_H = 12.0, 1.5, 16.0, 96.0


class Checks:
    """Opens and closes cases; arrays are (homes,) or (homes, sensors)."""

    def __init__(self, homes: Sequence[HomeSpec], settings: Settings, sensors: int) -> None:
        self.cases = Cases(homes)
        self._homes, self._settings, self._sensors = homes, settings, sensors
        n = len(homes)
        self._silent = np.zeros(n, bool)
        self._beyond_since = np.full(n, np.inf)
        self._dark = np.zeros(n, bool)
        self._dead = np.zeros((n, sensors), bool)
        self._low = np.zeros((n, sensors), bool)
        self._absent = np.zeros(n, bool)
        self._away_min = np.zeros(n)
        self._longest_away_h = np.full(n, ABSENCE_PRIOR_H)
        self._rules = RuleClocks(homes, settings.rules, sensors)
        self._broken = [np.zeros(n, bool) for _ in settings.rules]
        self._queue = Events.empty()

    def of_kind(self, kind: str) -> Bools:
        """Which inputs are sensors of `kind`."""
        mask = np.zeros((len(self._homes), self._sensors), bool)
        for i, home in enumerate(self._homes):
            mask[i, : len(home.sensors)] = [sensor.kind == kind for sensor in home.sensors]
        return mask

    def take_in(self, batch: Events) -> None:
        """Events, in time order, of the minutes that will be ticked."""
        wanted = np.full(len(batch), bool(self._settings.rules)) | (batch.kind == Kind.BATTERY)
        self._queue = joined_events(self._queue, batch.take(wanted))

    def tick(self, states: HomeStates, live: Liveness, minute: int, begun: Bools) -> None:
        now = minute * MINUTE_S
        cut = int(np.searchsorted(self._queue.t, now))
        events, self._queue = self._queue.take(slice(cut)), self._queue.take(slice(cut, None))
        self._faults(states, live, now)
        self._batteries(events, now)
        if self._settings.silence:
            self._silence(states, live, now)
            self._absence(states, now)
        if self._settings.rules:
            self._fixed_rules(states, events, minute, begun)

    # silence

    def _silence(self, states: HomeStates, live: Liveness, now: float) -> None:
        at_home = (states.away < 0.5) | ~states.door_live
        beyond = self._beyond(states)
        raised = beyond & self._confirmed(states, live, beyond, now) & at_home & ~states.dark & ~self._silent
        ended = self._silent & ((states.quiet_clock.age < SHORTEST_MIN) | ~at_home)
        for home in np.flatnonzero(raised).tolist():
            self.cases.open(home, now, "silence", "care", why.silence(self._homes[home], home, states, live))
        for home in np.flatnonzero(ended).tolist():
            self.cases.close(home, now, "silence")
        self._silent = self._silent & ~ended | raised

    def _beyond(self, states: HomeStates) -> Bools:
        """Homes whose silence is alarming by the sensors that are not suspect."""
        clock = states.quiet_clock
        limit, limit_without = clock.limits(states.hour)
        self._beyond_without = clock.without >= limit_without
        some = states.suspect.any(axis=1)
        beyond: Bools = np.where(some, (self._beyond_without | ~states.suspect).all(axis=1), clock.age >= limit)
        return beyond

    def _confirmed(self, states: HomeStates, live: Liveness, beyond: Bools, now: float) -> Bools:
        """Could no single dead sensor, and no dead link, explain the silence?

        A sensor whose death alone would explain it must have proved itself well into the silence; and something
        must have been heard of the home since the silence became alarming.
        """
        started = np.where(beyond, now - TICK_S, np.inf)
        self._beyond_since = np.where(beyond, np.minimum(self._beyond_since, started), np.inf)
        watched = live.installed & np.isfinite(live.interval) & ~states.suspect
        proven = now - live.heard <= (1 - PROVEN_SHARE) * MINUTE_S * states.quiet_clock.age[:, None]
        linked = (live.heard.max(axis=1) >= self._beyond_since) | ~watched.any(axis=1)
        confirmed: Bools = linked & (proven | self._beyond_without | ~watched).all(axis=1)
        return confirmed

    # absence

    def _absence(self, states: HomeStates, now: float) -> None:
        """Not returned: longer away than ever, by a margin; only where an exit contact bounds absences."""
        away = (states.away >= 0.5) & states.door_live & ~states.dark
        back = (self._away_min > 0) & (states.away < 0.5)
        self._longest_away_h[back] = np.maximum(self._longest_away_h, self._away_min / 60)[back]
        self._away_min = np.where(away, self._away_min + TICK_MIN, np.where(back, 0.0, self._away_min))
        limit = np.clip(ABSENCE_MARGIN * self._longest_away_h, ABSENCE_LEAST_H, ABSENCE_MOST_H)
        late = away & (self._away_min / 60 >= limit)
        for home in np.flatnonzero(late & ~self._absent).tolist():
            reason = why.absence(self._away_min[home] / 60, self._longest_away_h[home], limit[home], states.away[home])
            self.cases.open(home, now, "long_absence", "care", reason)
        for home in np.flatnonzero(self._absent & back).tolist():
            self.cases.close(home, now, "long_absence")
        self._absent = (self._absent | late) & ~back

    # faults

    def _faults(self, states: HomeStates, live: Liveness, now: float) -> None:
        dead = live.dead(now) & ~states.dark[:, None]
        revived = self._dead & ~live.suspect(now)
        for home, sensor in np.argwhere(dead & ~self._dead).tolist():
            reason = why.dead(self._homes[home].sensors[sensor], live, home, sensor, now)
            self.cases.open(home, now, "sensor_dead", "maintenance", reason, sensor)
        for home, sensor in np.argwhere(revived).tolist():
            self.cases.close(home, now, "sensor_dead", sensor)
        self._dead = (self._dead | dead) & ~revived
        for home in np.flatnonzero(states.dark & ~self._dark).tolist():
            self.cases.open(home, now, "link_dark", "maintenance", why.dark(live, home, now))
        for home in np.flatnonzero(self._dark & ~states.dark).tolist():
            self.cases.close(home, now, "link_dark")
        self._dark = states.dark.copy()

    def _batteries(self, events: Events, now: float) -> None:
        limit = self._settings.battery_low_mv
        some = events.take(events.kind == Kind.BATTERY)
        for home, sensor, millivolt in zip(some.home.tolist(), some.sensor.tolist(), some.value.tolist(), strict=True):
            key = home, sensor
            if millivolt < limit and not self._low[key]:
                self._low[key] = True
                reason = why.battery(self._homes[home].sensors[sensor], millivolt, limit)
                self.cases.open(home, now, "battery", "maintenance", reason, sensor)
            elif millivolt > limit + BATTERY_RECOVERED_MV and self._low[key]:
                self._low[key] = False
                self.cases.close(home, now, "battery", sensor)

    # fixed rules

    def _fixed_rules(self, states: HomeStates, events: Events, minute: int, begun: Bools) -> None:
        now = minute * MINUTE_S
        observed_home = (states.away < 0.5) & ~states.dark
        self._rules.tick(events, minute, TICK_MIN, states.hour, observed_home, begun & ~states.dark)
        for verdict, before in zip(self._rules.verdicts(states.hour), self._broken, strict=True):
            rule, broken = verdict.rule, verdict.broken & begun & ~states.dark
            for home in np.flatnonzero(broken & ~before).tolist():
                reason = why.rule(rule, float(verdict.seen[home]), float(verdict.allowed[home]))
                self.cases.open(home, now, rule.name, rule.alert_class, reason)
            for home in np.flatnonzero(before & ~broken & ~states.dark).tolist():
                self.cases.close(home, now, rule.name)
            before[:] = np.where(states.dark, before, broken)
