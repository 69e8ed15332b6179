"""The fixed rules, run: one clock or sum per rule and home, looked at on every tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .rules import Rule
from .types import KIND_CODES, Events, HomeSpec, Kind

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_SLOT_MIN = 30
_SLOTS = 48  # a day in half hours
_MEDIA = {"water": Kind.WATER, "electricity": Kind.ELECTRICITY}
_INDOORS = (Kind.PIR, Kind.CONTACT, Kind.TOILET, Kind.POWER, Kind.OTHER)


@dataclass(slots=True)
class Verdicts:
    """Per rule, which homes break it now, what was seen, and what it allows; all (homes,)."""

    rule: Rule
    broken: Bools
    seen: Array
    allowed: Array


class RuleClocks:
    """Evaluates `rules` for `homes`; arrays are (homes,), use is (homes, half hours of the last day)."""

    def __init__(self, homes: Sequence[HomeSpec], rules: Sequence[Rule], sensors: int) -> None:
        n = len(homes)
        self._rules = rules
        self._kind = np.full((n, sensors), int(Kind.IGNORED))
        rooms = np.full((n, sensors), "", dtype=object)
        for i, home in enumerate(homes):
            for j, sensor in enumerate(home.sensors):
                self._kind[i, j] = KIND_CODES.get(sensor.kind, Kind.IGNORED)
                rooms[i, j] = sensor.room.lower()
        self._member = [self._of_rule(rule, rooms) for rule in rules]
        self._clock = [np.zeros(n) for _ in rules]
        self._use = {medium: np.zeros((n, _SLOTS)) for medium in _MEDIA}
        self._metered = {medium: (self._kind == code).any(axis=1) for medium, code in _MEDIA.items()}
        self._slot = -1
        self._known = np.zeros(n)  # minutes since the home was first heard
        self._limit = [np.array([float(rule.value(h.home, "hours")) for h in homes]) for rule in rules]
        self._amount = [np.array([float(rule.value(h.home, "amount")) for h in homes]) for rule in rules]
        self._on = [np.array([not rule.off(h.home) for h in homes]) for rule in rules]

    def _of_rule(self, rule: Rule, rooms: NDArray[np.object_]) -> Bools:
        """Which sensors' events stop this rule's clock, (homes, sensors)."""
        kinds = [KIND_CODES[kind] for kind in rule.kinds] if rule.kinds else list(_INDOORS)
        member = np.isin(self._kind, kinds)
        return member & np.isin(rooms, rule.rooms) if rule.rooms else member

    def tick(self, events: Events, now_min: int, minutes: int, hour: Ints, at_home: Bools, begun: Bools) -> None:
        """`minutes` went by, in which `events` came."""
        self._known += minutes * begun
        for rule, clock, member in zip(self._rules, self._clock, self._member, strict=True):
            if rule.measure == "no_event":
                clock += minutes * (begun & ~_paused(rule, hour) & (at_home | (not rule.home_only)))
                stops = member[events.home, events.sensor] & (events.value > 0)
                clock[events.home[stops]] = 0.0
            elif rule.measure == "away_for":
                clock += minutes
                clock[at_home | ~begun] = 0.0
        self._add_use(events, now_min)

    def _add_use(self, events: Events, now_min: int) -> None:
        slot = (now_min - 1) // _SLOT_MIN
        for medium, code in _MEDIA.items():
            use = self._use[medium]
            if slot != self._slot:
                stale = np.arange(self._slot + 1, slot + 1)[-_SLOTS:] % _SLOTS
                use[:, stale] = 0.0
            some = events.kind == code
            np.add.at(use, (events.home[some], slot % _SLOTS), events.value[some])
        self._slot = slot

    def verdicts(self, hour: Ints) -> list[Verdicts]:
        return [self._verdict(i, hour) for i in range(len(self._rules))]

    def _verdict(self, index: int, hour: Ints) -> Verdicts:
        rule, hours = self._rules[index], self._limit[index]
        if rule.measure in ("no_event", "away_for"):
            seen = self._clock[index] / 60
            watched = self._member[index].any(axis=1) if rule.measure == "no_event" else np.ones(len(seen), bool)
            broken = (seen >= hours) & watched
            return Verdicts(rule, broken & self._on[index] & ~_paused(rule, hour), seen, hours)
        return self._use_verdict(index)

    def _use_verdict(self, index: int) -> Verdicts:
        rule, hours = self._rules[index], self._limit[index]
        slots = np.maximum((hours * 60 / _SLOT_MIN).astype(int), 1)
        back = (self._slot - np.arange(_SLOTS)) % _SLOTS
        window = np.arange(_SLOTS)[None, :] < slots[:, None]
        use = self._use[rule.medium][:, back]
        total = (use * window).sum(axis=1)
        complete = (self._known >= hours * 60) & self._metered[rule.medium] & self._on[index]
        amount = self._amount[index]
        if rule.measure == "use_below":
            return Verdicts(rule, complete & (total < amount), total, amount)
        if rule.measure == "use_above":
            return Verdicts(rule, self._metered[rule.medium] & self._on[index] & (total > amount), total, amount)
        used = ((use > 0) | ~window).all(axis=1)
        return Verdicts(rule, complete & used, ((use > 0) & window).sum(axis=1) / 2.0, hours)


def _paused(rule: Rule, hour: Ints) -> Bools:
    if rule.pause is None:
        return np.zeros(len(hour), bool)
    start, end = rule.pause
    inside = (hour >= start) & (hour < end) if start <= end else (hour >= start) | (hour < end)
    result: Bools = inside
    return result
