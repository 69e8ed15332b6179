"""Events to the minute grid: one row per home and minute in which something happened, batch by batch.

Within a minute the order of door and movement decides who left and who came, so a row says what moved before the
last passage of the exit door and what moved after it.  Movement at the door itself (while it stands open for up to
`AT_DOOR_S`, and until `SETTLE_S` after the last door event: PIR hold time) says nothing about the side of the door
on which the person ends up, and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .types import Events, HomeSpec, Kind

MINUTE_S = 60.0
SETTLE_S = 10.0
AT_DOOR_S = 60.0
NONE, WEAK, STRONG = 0, 1, 2  # level of movement: nothing; what a stray PIR firing looks like too; a person

_SWITCHED = (Kind.CONTACT, Kind.TOILET, Kind.POWER, Kind.OTHER)

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Struct of arrays, one entry per (minute, home) with an event, sorted by minute, then home.

    before, after: level of movement before and after the minute's last passage (`before` alone without passage);
    passages: openings of the exit door (or a closing whose opening was lost); redrawn: a door closed that had stood
    open for long; edges, lost: the exit door's edges seen, and those that must have been lost; context: what
    happened last (see `context_of`), -1 when only the door; first: sensor of the first movement, -1; only: no other
    sensor moved; bathroom: the last movement was there; bedroom likewise.
    """

    minute: Ints
    home: Ints
    before: Ints
    after: Ints
    passages: Ints
    redrawn: Bools
    edges: Ints
    lost: Ints
    context: Ints
    first: Ints
    only: Bools
    bathroom: Bools
    bedroom: Bools

    def __len__(self) -> int:
        return len(self.minute)


@dataclass(slots=True)
class DoorCarry:
    """What one batch must know of those before it: per home the last door event, per sensor its level."""

    last_t: Floats  # (homes,) [s]
    last_open: Bools  # (homes,)
    level: Floats  # (homes, sensors) 1 open, 0 closed, nan unknown
    since: Floats  # (homes, sensors) [s]

    @classmethod
    def of(cls, homes: int, sensors: int) -> DoorCarry:
        return cls(
            np.full(homes, -np.inf),
            np.zeros(homes, bool),
            np.full((homes, sensors), np.nan),
            np.full((homes, sensors), -np.inf),
        )


@dataclass(frozen=True, slots=True)
class Rooms:
    """Per home and sensor: is it in the bathroom, in the bedroom, in the exit door's room.  (homes, sensors)"""

    bathroom: Bools
    bedroom: Bools
    at_exit: Bools

    @classmethod
    def of(cls, homes: list[HomeSpec], sensors: int) -> Rooms:
        bath = np.zeros((len(homes), sensors), bool)
        bed = np.zeros((len(homes), sensors), bool)
        at_exit = np.zeros((len(homes), sensors), bool)
        for i, home in enumerate(homes):
            exits = {sensor.room.lower() for sensor in home.sensors if sensor.kind == "door" and sensor.room}
            for j, sensor in enumerate(home.sensors):
                room = sensor.room.lower()
                bath[i, j] = sensor.kind == "toilet" or any(word in room for word in ("bath", "toilet", "wc"))
                bed[i, j] = "bed" in room
                at_exit[i, j] = room in exits
        return cls(bath, bed, at_exit)


def context_of(sensor: Ints, on: Bools) -> Ints:
    """Context code of a movement: two per sensor, the second for a switch that is on: a bed mat pressed."""
    return sensor * 2 + on


def door_context(sensors: int) -> int:
    """Context code of the exit door in a home grid that is `sensors` wide."""
    return 2 * sensors


def condense(events: Events, carry: DoorCarry, rooms: Rooms) -> Rows:
    """The batch's rows; `carry` is brought up to date.  Events must lie after those of the batches before."""
    order = np.lexsort((events.t, events.home))
    events = events.take(order)
    door = events.kind == Kind.DOOR
    passage, redrawn, lost = _passages(events, door, carry)
    weak, strong = _movement(events)
    weak &= ~_at_the_door(events, door, carry)
    used = door | weak | strong
    if not used.any():
        return _no_rows()
    return _rows(
        events.take(used), door[used], lost[used], passage[used], redrawn[used], weak[used], strong[used], rooms
    )


def _movement(events: Events) -> tuple[Bools, Bools]:
    weak = (events.kind == Kind.PIR) & (events.value > 0) | (events.kind == Kind.WATER) & (events.value > 0)
    return weak, np.isin(events.kind, _SWITCHED)


def _passages(events: Events, door: Bools, carry: DoorCarry) -> tuple[Bools, Bools, Bools]:
    """Which door events are a passage, which a closing after long standing open, which follow a lost edge.

    Updates the carried levels.
    """
    passage, redrawn, lost = (np.zeros(len(events), bool) for _ in range(3))
    for i in np.flatnonzero(door):  # doors are few: a loop reads better than a segmented scan
        key = events.home[i], events.sensor[i]
        opened, t, was = events.value[i] > 0, events.t[i], carry.level[key]
        passage[i] = opened if was != 1 else opened and t - carry.since[key] > AT_DOOR_S
        passage[i] |= not opened and was != 1
        redrawn[i] = not opened and was == 1 and t - carry.since[key] > AT_DOOR_S
        lost[i] = was == 0 if not opened else was == 1 and passage[i]
        if opened != (was == 1) or np.isnan(was):
            carry.since[key] = t
        carry.level[key] = float(opened)
    return passage, redrawn, lost


def _at_the_door(events: Events, door: Bools, carry: DoorCarry) -> Bools:
    """Is the event so near to the last door event that it does not tell on which side the person is?"""
    n = len(events)
    first = np.r_[True, events.home[1:] != events.home[:-1]] if n else np.zeros(0, bool)
    mark = np.where(door | first, np.arange(n), 0)
    last = np.maximum.accumulate(mark) if n else mark
    own = door[last]
    last_t = np.where(own, events.t[last], carry.last_t[events.home])
    opened = np.where(own, events.value[last] > 0, carry.last_open[events.home])
    since = events.t - last_t
    for i in np.flatnonzero(door):
        carry.last_t[events.home[i]] = events.t[i]
        carry.last_open[events.home[i]] = events.value[i] > 0
    return (since <= SETTLE_S) | opened & (since <= AT_DOOR_S)


def _rows(
    events: Events,
    door: Bools,
    lost: Bools,
    passage: Bools,
    redrawn: Bools,
    weak: Bools,
    strong: Bools,
    rooms: Rooms,
) -> Rows:
    minute = np.floor(events.t / MINUTE_S).astype(np.int64)
    home = events.home.astype(np.int64)
    start = np.flatnonzero(np.r_[True, (minute[1:] != minute[:-1]) | (home[1:] != home[:-1])])
    group = np.repeat(np.arange(len(start)), np.diff(np.r_[start, len(events)]))
    position = np.arange(len(events))
    moves = weak | strong
    turning = passage | redrawn
    last_door = np.maximum.reduceat(np.where(turning, position, -1), start)
    last_move = np.maximum.reduceat(np.where(moves, position, -1), start)
    first_move = np.minimum.reduceat(np.where(moves, position, len(events)), start)
    after = moves & (position > last_door[group]) & (last_door[group] >= 0)
    sensor = events.sensor.astype(np.int64)
    level_after = _level(after, weak, strong, sensor, start)
    level_before = _level(moves & ~after, weak, strong, sensor, start)
    moved = last_move >= 0
    at = np.maximum(last_move, 0)
    context = context_of(sensor[at], strong[at] & (events.value[at] > 0))
    lowest = np.minimum.reduceat(np.where(moves, sensor, 1 << 30), start)
    highest = np.maximum.reduceat(np.where(moves, sensor, -1), start)
    door_last = (last_door >= 0) & (level_after == NONE)
    index = np.lexsort((home[start], minute[start]))
    return Rows(
        minute[start][index],
        home[start][index],
        level_before[index],
        level_after[index],
        np.add.reduceat(passage.astype(np.int64), start)[index],
        np.logical_or.reduceat(redrawn, start)[index],
        np.add.reduceat(door.astype(np.int64), start)[index],
        np.add.reduceat(lost.astype(np.int64), start)[index],
        np.where(moved & ~door_last, context, -1)[index],
        np.where(moved, sensor[np.minimum(first_move, len(events) - 1)], -1)[index],
        (lowest == highest)[index],
        (moved & rooms.bathroom[home[at], sensor[at]])[index],
        (moved & rooms.bedroom[home[at], sensor[at]])[index],
    )


def _level(member: Bools, weak: Bools, strong: Bools, sensor: Ints, start: Ints) -> Ints:
    """NONE, WEAK or STRONG per group: a person is two sensors, three firings, or anything but a PIR."""
    some = member & weak
    count = np.add.reduceat(some.astype(np.int64), start)
    low = np.minimum.reduceat(np.where(some, sensor, 1 << 30), start)
    high = np.maximum.reduceat(np.where(some, sensor, -1), start)
    person = np.logical_or.reduceat(member & strong, start) | (count >= 3) | ((count > 0) & (low != high))
    return np.where(person, STRONG, np.where(count > 0, WEAK, NONE))


def _no_rows() -> Rows:
    ints, bools = np.zeros(0, np.int64), np.zeros(0, bool)
    return Rows(ints, ints, ints, ints, ints, bools, ints, ints, ints, ints, bools, bools, bools)
