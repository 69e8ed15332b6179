"""From bouts to PIR pulses: movements at random, cones that miss, a hold time that joins them, and strays."""

import numpy as np

from anju_tools.simulator import activities as act
from anju_tools.simulator.arrays import F64, I16
from anju_tools.simulator.calendar import DAY_S
from anju_tools.simulator.diary import Life
from anju_tools.simulator.plan import SensorPlan
from anju_tools.simulator.traits import Traits

WALK_SEEN = 0.9  # somebody walking through a cone, against somebody moving an arm
STRAY_PER_DAY = 0.2  # per PIR: one empty real home showed 4.3 a day over 22 PIRs
DEAD_TIME_S = 1.0  # after its output falls a PIR sees nothing for a moment
# Rooms that look into each other through an open door: share of movements that the neighbour's PIR sees.
OPEN_DOORS = {
    (act.KITCHEN, act.LIVINGROOM): 0.04,
    (act.ENTRY, act.LIVINGROOM): 0.25,
    (act.ENTRY, act.BEDROOM): 0.05,
    (act.ENTRY, act.KITCHEN): 0.10,
    (act.BEDROOM, act.LIVINGROOM): 0.02,
}
# What a guest moves besides the resident, movements a minute.
GUEST = ((act.LIVINGROOM, 0.5), (act.KITCHEN, 0.12), (act.BATHROOM, 0.03))


def cones(pirs: list[SensorPlan], rng: np.random.Generator) -> F64:
    """How well each PIR sees each room of this home: shape (rooms, pirs), probability per movement."""
    sees = np.zeros((len(act.ROOMS), len(pirs)))
    for column, pir in enumerate(pirs):
        room = act.ROOMS.index(pir.room)
        sees[room, column] = rng.beta(14, 2)
        for (a, b), share in OPEN_DOORS.items():
            if room in (a, b):
                sees[b if room == a else a, column] = share * rng.uniform(0.3, 1.7)
    return sees


def movements(life: Life, traits: Traits, rng: np.random.Generator) -> tuple[F64, I16]:
    """When somebody moved, and in which room: both shape (movements,), unsorted."""
    length = life.end - life.start
    seen = act.RATE_PER_S * np.array(traits.visible) * traits.restless
    shape = act.SHAPE[life.activity]
    rate = seen[life.activity] * rng.gamma(shape) / shape
    parts = [_scatter(life.start, length, life.room, rate, rng), _walks(life, rng)]
    guests = life.activity == act.VISIT
    for room, per_min in GUEST:
        rooms = np.full(int(guests.sum()), room, dtype=np.int16)
        guest_rate = np.full(len(rooms), per_min / 60.0)
        parts.append(_scatter(life.start[guests], length[guests], rooms, guest_rate, rng))
    return np.concatenate([t for t, _ in parts]), np.concatenate([room for _, room in parts])


def _scatter(start: F64, length: F64, room: I16, rate: F64, rng: np.random.Generator) -> tuple[F64, I16]:
    """A Poisson process in each bout."""
    count = rng.poisson(rate * length)
    which = np.repeat(np.arange(len(start)), count)
    return start[which] + length[which] * rng.random(len(which)), room[which]


def _walks(life: Life, rng: np.random.Generator) -> tuple[F64, I16]:
    """From room to room: seen leaving, in the entry's cone half-way, and arriving."""
    change = np.flatnonzero(np.diff(life.room) != 0) + 1
    inside = (life.room[change] != act.OUTSIDE) & (life.room[change - 1] != act.OUTSIDE)
    change = change[inside]
    t, old, new = life.start[change], life.room[change - 1], life.room[change]
    hall = np.full(len(change), act.ENTRY, dtype=np.int16)
    when = np.concatenate(
        [
            t - rng.uniform(0.5, 4.0, len(t)),
            t + rng.uniform(0.2, 1.5, len(t)),
            t + rng.uniform(1.5, 6.0, len(t)),
        ]
    )
    keep = rng.random(len(when)) < WALK_SEEN
    return when[keep], np.concatenate([old, hall, new])[keep]


def pulses(
    life: Life,
    traits: Traits,
    pirs: list[SensorPlan],
    span: tuple[float, float],
    stops: float,
    rng: np.random.Generator,
) -> tuple[F64, F64, I16]:
    """On and off times and PIR number of every pulse, shape (pulses,).

    The resident moves up to `stops`; strays go on over the whole `span`. Everything random is drawn for the whole
    life, so that pulses before `stops` do not depend on it.
    """
    sees = cones(pirs, rng)
    t, room = movements(life, traits, rng)
    movement, pir = np.nonzero(rng.random((len(t), len(pirs))) < sees[room])
    often = rng.gamma(2.0, STRAY_PER_DAY / 2.0, len(pirs)) * (span[1] - span[0]) / DAY_S
    stray_count = rng.poisson(often)
    strays = rng.uniform(*span, stray_count.sum())
    when = np.concatenate([t[movement], strays])
    which = np.concatenate([pir, np.repeat(np.arange(len(pirs)), stray_count)]).astype(np.int16)
    hold = np.array([p.hold_s for p in pirs])[which] * rng.uniform(0.7, 1.3, len(when))
    happens = np.concatenate([t[movement] < stops, np.ones(len(strays), dtype=bool)])
    return _join(when[happens], which[happens], hold[happens])


def _join(t: F64, which: I16, hold: F64) -> tuple[F64, F64, I16]:
    """Retriggering: movements of one PIR within its hold time (and dead time) are one pulse."""
    order = np.lexsort((t, which))
    t, which, hold = t[order], which[order], hold[order]
    first = np.ones(len(t), dtype=bool)
    first[1:] = (np.diff(which) != 0) | (np.diff(t) > hold[:-1] + DEAD_TIME_S)
    begin = np.flatnonzero(first)
    last = np.append(begin[1:], len(t))[: len(begin)] - 1
    return t[begin], t[last] + hold[last], which[begin]
