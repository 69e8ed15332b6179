"""Edge filters, on both interpreters: one pure step per edge or deadline."""

from anju_node.filters import door, meter, pir


class _Config:
    debounce_ms = 20
    hold_off_ms = 30000
    silent_after_ms = 180000
    summary_ms = 60000
    interval_ms = 600000
    dead_band_pulses = 1
    checkpoint_pulses = 16
    pulse_weight = 1000
    medium = 0


def _play(module, state, edges, until=None):
    """Feed (t, level) edges and every deadline that falls between them; all that was emitted."""
    out = []
    level = 0
    for t_ms, wanted in list(edges) + [(until, None)]:
        while t_ms is not None:
            due = module.deadline(state, _Config)
            if due is None or due > t_ms:
                break
            before = state
            state, emitted = module.tick(state, due, level, _Config)
            out.extend(emitted)
            assert emitted or state != before, "a deadline that passes without effect would never end"
        if wanted is not None:
            level = wanted
            state, emitted = module.edge(state, t_ms, level, _Config)
            out.extend(emitted)
    return state, out


def _doors(out):
    return [(t, fields["open"], fields["transitions"]) for t, _, fields in out]


def test_door_every_transition_is_an_event():
    _, out = _play(door, door.START, [(1000, 1), (1050, 0), (9000, 1)], 10000)
    assert _doors(out) == [(1000, True, 1), (1050, False, 2), (9000, True, 3)]
    assert all(urgent for _, urgent, _ in out)


def test_door_bounce_is_one_transition():
    _, out = _play(door, door.START, [(1000, 1), (1003, 0), (1005, 1), (1011, 0), (1012, 1)], 5000)
    assert _doors(out) == [(1000, True, 1)]


def test_door_ends_on_the_side_the_contact_is_on():
    state, out = _play(door, door.START, [(1000, 1), (1012, 0)], 5000)
    assert _doors(out) == [(1000, True, 1), (1012, False, 2)]
    assert state[0] == 0


def test_door_woken_and_back_already_is_two_transitions():
    state, emitted = door.missed(door.START, 500, _Config)
    assert _doors(emitted) == [(500, True, 1), (500, False, 2)]
    assert door.wake_level(state[0]) == 1


def test_door_wakes_on_the_opposite_level():
    assert door.wake_level(0) == 1
    assert door.wake_level(1) == 0


def test_door_counter_survives_a_power_cut():
    state, emitted = door.restored((17,), 1, True, _Config)
    assert emitted == ()
    _, out = _play(door, state, [(5, 0)], 100)
    assert _doors(out) == [(5, False, 18)]


def _motion(out):
    return [(t, fields["occupied"], fields["active_s"]) for t, _, fields in out]


def test_pir_episode_begins_and_ends_at_its_pulses():
    edges = [(10000, 1), (12000, 0), (45000, 1), (47000, 0)]
    _, out = _play(pir, pir.START, edges, 400000)
    assert _motion(out) == [(10000, True, 0), (45000, False, 35)]
    assert [urgent for _, urgent, _ in out] == [True, True]


def test_pir_long_activity_is_summed_up_by_the_minute():
    edges = [(t * 1000, level) for t in range(0, 600, 40) for level in (1, 0)]
    _, out = _play(pir, pir.START, edges, 2000000)
    assert out[0][2]["occupied"] and not out[-1][2]["occupied"]
    summaries = [fields["active_s"] for _, urgent, fields in out if not urgent]
    assert summaries and all(60 <= seconds <= 120 for seconds in summaries)
    assert sum(fields["active_s"] for _, _, fields in out) == 560
    assert out[-1][2]["pulses"] == 15


def test_pir_hold_off_counts_one_pulse():
    state, _ = _play(pir, pir.START, [(1000, 1), (2000, 0), (3000, 1), (30999, 0), (30999, 1)])
    assert pir.counters(state) == (1,)
    assert pir.armed_from(state, _Config) == 31000


def test_pir_output_still_high_after_the_hold_off_is_motion():
    state, _ = pir.edge(pir.START, 1000, 1, _Config)
    state, _ = pir.tick(state, 31000, 1, _Config)
    assert pir.deadline(state, _Config) == 31000 + 180000


def test_meter_total_is_cumulative_and_reported_once_an_interval():
    edges = [(t, level) for start in (0, 5000, 9000, 700000) for t, level in ((start, 1), (start + 80, 0))]
    _, out = _play(meter, meter.START, edges, 1400000)
    assert [(t, fields["total"]) for t, _, fields in out] == [(9000, 3000), (700000, 4000)]
    assert "uncertainty" not in out[0][2]


def test_meter_tells_once_what_a_power_cut_may_have_cost():
    state, _ = meter.restored((100,), 0, True, _Config)
    state, out = _play(meter, state, [(0, 1), (80, 0)], 700000)
    assert out[0][2] == {"medium": 0, "total": 101000, "uncertainty": 15000}
    _, out = _play(meter, state, [(900000, 1), (900080, 0)], 2000000)
    assert "uncertainty" not in out[0][2]


def test_meter_that_never_counted_has_lost_nothing():
    state, _ = meter.restored((), 0, True, _Config)
    _, out = _play(meter, state, [(0, 1)], 700000)
    assert out[0][2] == {"medium": 0, "total": 1000}
