"""Events to minutes: the order of door and movement within a minute, and pieces against the whole."""

import itertools

import numpy as np
import pytest

from anju_hub.core import Events, HomeSpec, Kind, SensorSpec
from anju_hub.core.grid import DoorCarry, Rooms, condense
from tests import naive

HOME = [HomeSpec("h", sensors=[SensorSpec("d", "door"), SensorSpec("a", "pir", "bathroom"), SensorSpec("b", "pir")])]
HOME += [HomeSpec("i", sensors=HOME[0].sensors)]
KINDS = (Kind.DOOR, Kind.PIR, Kind.PIR)


def some_events(seed, n=120, minutes=20):
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        sensor = int(rng.choice(3, p=[0.3, 0.4, 0.3]))
        kind = KINDS[sensor] if rng.random() < 0.9 else Kind.CONTACT
        rows.append(
            (int(rng.integers(2)), float(rng.uniform(0, 60 * minutes)), sensor, int(kind), float(rng.random() < 0.6))
        )
    return rows


def all_rows(events, pieces=1):
    carry, rooms = DoorCarry.of(2, 3), Rooms.of(HOME, 3)
    cuts = np.linspace(0, 1200, pieces + 1)
    found = {}
    for low, high in itertools.pairwise(cuts):
        rows = condense(events.take((events.t >= low) & (events.t < high)), carry, rooms)
        for i in range(len(rows)):
            key = int(rows.home[i]), int(rows.minute[i])
            found[key] = tuple(
                int(getattr(rows, name)[i]) for name in ("before", "after", "passages", "context", "first")
            )
    return found


@pytest.mark.parametrize("seed", range(8))
def test_levels_and_passages_equal_the_loop(seed):
    rows = some_events(seed)
    found = all_rows(Events.of(rows))
    for home in range(2):
        own = [(t, sensor, kind, value) for h, t, sensor, kind, value in rows if h == home]
        for minute in range(20):
            expected = naive.minute_levels(own, minute)
            assert found.get((home, minute), (0, 0, 0))[:3] == expected, (home, minute)


@pytest.mark.parametrize("pieces", [2, 5, 20])
def test_pieces_equal_the_whole(pieces):
    events = Events.of(some_events(11))
    assert all_rows(events, pieces) == all_rows(events)


def test_movement_that_a_pir_holds_on_to_after_the_door_says_nothing():
    rows = [(0, 0.0, 0, Kind.DOOR, 1.0), (0, 4.0, 0, Kind.DOOR, 0.0), (0, 6.0, 2, Kind.PIR, 1.0)]
    assert all_rows(Events.of(rows))[0, 0][:3] == (0, 0, 1)


def test_lost_edges_of_the_door_are_counted():
    def door(t, value):
        return (0, float(t), 0, Kind.DOOR, float(value))

    # open, (closed lost), open again an hour later, closed; (open lost), closed
    rows = [door(0, 1), door(3600, 1), door(3605, 0), door(7200, 0)]
    carry, rooms = DoorCarry.of(2, 3), Rooms.of(HOME, 3)
    got = condense(Events.of(rows), carry, rooms)
    assert got.edges.sum() == 4
    assert got.lost.sum() == 2
    assert got.passages.sum() == 3


def test_the_exits_room_is_known_by_its_name():
    home = HomeSpec(
        "h", sensors=[SensorSpec("d", "door", "Entry"), SensorSpec("p", "pir", "entry"), SensorSpec("q", "pir", "")]
    )
    assert Rooms.of([home], 3).at_exit.tolist() == [[True, True, False]]
