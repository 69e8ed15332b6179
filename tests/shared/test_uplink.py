"""When a node sends, on both interpreters."""

from anju_node import uplink


class _Config:
    heartbeat_s = 3600


def test_something_urgent_goes_at_once():
    state = uplink.recorded(uplink.START, True)
    assert uplink.deadline(state, _Config) == 0


def test_the_rest_waits_for_the_heartbeat():
    state = uplink.recorded(uplink.delivered(uplink.START, 1000, 0), False)
    assert uplink.deadline(state, _Config) == 1000 + 3600000
    assert not uplink.heartbeat_due(state, 3600999, _Config)
    assert uplink.heartbeat_due(state, 3601000, _Config)


def test_back_off_doubles_up_to_an_hour_and_ends_with_an_answer():
    state, now, pauses = uplink.recorded(uplink.START, True), 0, []
    for _ in range(12):
        state = uplink.failed(state, now)
        pauses.append(uplink.deadline(state, _Config) - now)
        now = uplink.deadline(state, _Config)
    assert pauses[:4] == [15000, 30000, 60000, 120000]
    assert pauses[-1] == max(pauses) == 3600000
    assert uplink.delivered(state, now, 0)[0] == 0


def test_what_is_left_after_a_report_goes_at_once():
    state = uplink.delivered(uplink.START, 5000, 3)
    assert uplink.deadline(state, _Config) == 5000
