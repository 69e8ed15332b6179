"""Check-in intervals, learned from both kinds of node, and what a missed one means."""

import numpy as np
import pytest

from anju_hub.core import Events, HomeSpec, Kind, SensorSpec
from anju_hub.core.liveness import Liveness

HOUR = 3600.0


def heard(rows, sensors=1, heartbeat_s=None):
    home = HomeSpec("h", sensors=[SensorSpec(str(i), "pir", heartbeat_s=heartbeat_s) for i in range(sensors)])
    live = Liveness([home], sensors)
    proofs = live.prepare(Events.of(rows))
    for i in range(len(proofs.t)):
        live.apply(proofs, slice(i, i + 1))
    return live


def by_the_clock(every, n=40, events=200, sensor=0):
    rng = np.random.default_rng(2)
    rows = [(0, every * i, sensor, Kind.HEARTBEAT, 1.0) for i in range(n)]
    return rows + [(0, float(t), sensor, Kind.PIR, 1.0) for t in rng.uniform(0, every * n, events)]


@pytest.mark.parametrize("every", [900.0, HOUR, 4 * HOUR])
def test_interval_of_a_node_that_checks_in_by_the_clock(every):
    assert heard(by_the_clock(every)).interval[0, 0] == pytest.approx(every, rel=0.01)


def test_interval_of_a_node_that_checks_in_when_it_had_nothing_to_say():
    rng = np.random.default_rng(3)
    rows, t = [], 0.0
    for _ in range(60):
        busy = [t + float(x) for x in rng.uniform(0, 5 * HOUR, 4)]
        rows += [(0, x, 0, Kind.PIR, 1.0) for x in busy]
        t = max(busy) + HOUR
        rows += [(0, t, 0, Kind.HEARTBEAT, 1.0)]
    rows = [r for i, r in enumerate(sorted(rows, key=lambda r: r[1])) if r[3] == Kind.PIR or i]
    quiet = []
    for before, row in zip(sorted(rows, key=lambda r: r[1]), sorted(rows, key=lambda r: r[1])[1:], strict=False):
        if row[3] == Kind.HEARTBEAT and row[1] - before[1] >= HOUR - 1:
            quiet.append(row)
    rows = [r for r in rows if r[3] == Kind.PIR] + quiet
    assert heard(rows).interval[0, 0] == pytest.approx(HOUR, rel=0.01)


def test_a_promise_counts_more_than_what_was_seen():
    rows = [*by_the_clock(HOUR), (0, 41 * HOUR, 0, Kind.CHECK_IN, 7200.0)]
    assert heard(rows).interval[0, 0] == 7200.0
    assert heard(by_the_clock(HOUR), heartbeat_s=1800.0).interval[0, 0] == 1800.0


def test_suspect_then_dead_and_dead_only_beside_the_living():
    rows = by_the_clock(HOUR) + by_the_clock(HOUR, 50, sensor=1)
    live = heard(rows, sensors=2)
    last = live.heard[0, 0]
    assert not live.suspect(last + 1.1 * HOUR)[0, 0]
    assert live.suspect(last + 1.3 * HOUR)[0, 0]
    assert not live.dead(last + 2.0 * HOUR)[0, 0]
    assert live.dead(last + 2.2 * HOUR)[0, 0]
    alone = heard(by_the_clock(HOUR))
    assert not alone.dead(alone.heard[0, 0] + 9 * HOUR)[0, 0]
    assert alone.dark(alone.heard[0, 0] + 9 * HOUR)[0]


def test_without_any_promise_nothing_is_suspected():
    live = heard([(0, 60.0 * i, 0, Kind.PIR, 1.0) for i in range(50)])
    assert not live.suspect(90 * HOUR).any()
    assert not live.dark(90 * HOUR).any()


def test_a_heartbeat_said_twice_teaches_no_interval():
    rows = by_the_clock(HOUR, events=0)
    again = [(home, t + 0.5, sensor, kind, value) for home, t, sensor, kind, value in rows]
    assert heard(sorted(rows + again, key=lambda row: row[1])).interval[0, 0] == pytest.approx(HOUR, rel=0.01)
    assert np.isnan(heard([rows[0]] * 9).interval[0, 0])


def test_heartbeats_right_after_events_are_still_hourly():
    rows = [(0, HOUR * i + dt, 0, kind, 1.0) for i in range(20) for dt, kind in ((-1.0, Kind.PIR), (0, Kind.HEARTBEAT))]
    assert heard(rows).interval[0, 0] == pytest.approx(HOUR, rel=0.01)
