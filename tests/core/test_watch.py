"""The streaming object: pieces equal the whole, nothing looks ahead, and each kind of silence gets its own answer."""

import itertools

import numpy as np
import pytest

from anju_hub.core import Events, HomeSpec, Kind, SensorSpec, Settings, Watch, merge_spans
from tests.core.homes import (
    BATH,
    BED,
    DAY,
    DOOR,
    FLUSH,
    HOUR,
    KITCHEN,
    MONDAY,
    SENSORS,
    a_day,
    before,
    bout,
    days,
    door,
    events,
    heartbeats,
    spec,
)

WEEK = 6
AT = MONDAY + WEEK * DAY  # midnight after the days of learning
NOON = AT + 10.25 * HOUR


def played(log: Events, until: float, homes=None, settings=None, **more):
    watch = Watch(homes or [spec()], settings or Settings(), **more)
    return watch.update(log, until), watch


def state_at(update, t, home="home"):
    return next(span.state for span in update.states if span.home == home and span.start <= t < span.end)


def kinds(update, alert_class=None):
    return [alert.kind for alert in update.alerts if alert_class in (None, alert.alert_class)]


@pytest.fixture(scope="module")
def ordinary():
    """A week of ordinary days and their check-ins."""
    return days(WEEK + 1), heartbeats(MONDAY, AT + 2 * DAY)


def test_an_ordinary_life_is_followed_without_alerts(ordinary):
    rows, beats = ordinary
    update, _ = played(events(rows, beats), AT + DAY)
    assert update.alerts == []
    for day in range(2, WEEK):
        midnight = MONDAY + day * DAY
        assert state_at(update, midnight + 15 * HOUR) == "away"
        assert state_at(update, midnight + 12 * HOUR) != "away"
    assert state_at(update, AT + 2 * HOUR) == "asleep"


@pytest.mark.parametrize(("begin", "step"), [(NOON, 61.0), (AT - DAY, 977.0), (MONDAY, 7 * HOUR)])
def test_feeding_in_pieces_gives_what_feeding_whole_gives(ordinary, begin, step):
    rows, beats = ordinary
    # A collapse, a dead sensor and a flat battery, so that there is something to compare.
    end = NOON + 5 * HOUR
    rows, beats = before(before(rows, AT, BATH), NOON), before(beats, AT, BATH)
    log = events(rows, beats, [(0, NOON, BED, Kind.BATTERY, 2100.0)])
    log = log.take(log.t < end)
    whole, _ = played(log, end)
    watch, states, alerts, cleared, since = Watch([spec()]), [], [], [], 0.0
    for until in [*np.arange(begin, end, step), end]:
        update = watch.update(log.take((log.t >= since) & (log.t < until)), float(until))
        states += update.states
        alerts += update.alerts
        cleared += update.cleared
        since = until
    assert kinds(whole) == ["sensor_dead", "battery", "silence"]
    assert alerts == whole.alerts
    assert cleared == whole.cleared
    assert merge_spans(states) == merge_spans(whole.states)


def test_nothing_said_before_a_cut_depends_on_what_came_after(ordinary):
    rows, beats = ordinary
    cut = AT + 14.3 * HOUR
    log = events(rows, beats)
    whole, _ = played(log, AT + DAY)
    short, _ = played(log.take(log.t < cut), AT + DAY)
    for t in np.arange(AT, cut - 60, 60):
        assert state_at(whole, t) == state_at(short, t)


def test_a_home_is_judged_alone(ordinary):
    rows, beats = ordinary
    busy = [(1, *row[1:]) for row in days(WEEK + 1, seed=7) + heartbeats(MONDAY, AT + DAY)]
    log = before(rows, NOON) + beats
    alone, _ = played(events(log), AT + DAY)
    both, _ = played(events(log, busy), AT + DAY, [spec(), spec("other")])
    assert [alert for alert in both.alerts if alert.home == "home"] == alone.alerts
    assert merge_spans(s for s in both.states if s.home == "home") == merge_spans(alone.states)


def test_a_collapse_gives_one_care_alert_that_says_why(ordinary):
    rows, beats = ordinary
    update, _ = played(events(before(rows, NOON), beats), NOON + DAY)
    care = [alert for alert in update.alerts if alert.alert_class == "care"]
    assert [alert.kind for alert in care] == ["silence"]
    assert 0 < (care[0].raised - NOON) / HOUR < 6
    assert care[0].why["silent_h"] >= care[0].why["alarming_from_h"]
    assert care[0].why["sensors_alive"] == len(SENSORS)
    assert "no sign of life" in care[0].why["text"]


def test_single_stray_firings_do_not_hide_a_collapse(ordinary):
    rows, beats = ordinary
    stray = [(0, NOON + hour * HOUR, KITCHEN, Kind.PIR, 1.0) for hour in (1.0, 2.5, 4.0)]
    quiet, _ = played(events(before(rows, NOON), beats), NOON + DAY)
    noisy, _ = played(events(before(rows, NOON), beats, stray), NOON + DAY)
    assert noisy.alerts[0].raised <= quiet.alerts[0].raised + HOUR / 2


def test_a_case_ends_when_life_goes_on_and_is_not_repeated_before(ordinary):
    rows, beats = ordinary
    again = bout(np.random.default_rng(1), 0, NOON + 9 * HOUR)
    update, _ = played(events(before(rows, NOON), beats, again), NOON + 10 * HOUR)
    assert kinds(update, "care") == ["silence"]
    assert [(c.kind, c.at // HOUR) for c in update.cleared] == [("silence", (NOON + 9 * HOUR) // HOUR)]


def test_a_larger_budget_alarms_no_later(ordinary):
    rows, beats = ordinary
    log = events(before(rows, NOON), beats)
    raised = [played(log, NOON + DAY, settings=Settings(budget=b))[0].alerts[0].raised for b in (0.1, 1.0, 10.0)]
    assert raised == sorted(raised, reverse=True)
    assert raised[0] > raised[-1]


def test_a_dead_sensor_is_a_matter_for_the_installer(ordinary):
    rows, beats = ordinary
    update, _ = played(events(before(rows, NOON, KITCHEN), before(beats, NOON, KITCHEN)), AT + DAY)
    assert [(a.kind, a.alert_class, a.sensor) for a in update.alerts] == [("sensor_dead", "maintenance", "kitchen-pir")]
    assert update.alerts[0].raised - NOON < 2.5 * HOUR


def test_a_collapse_after_a_sensor_died_is_still_seen(ordinary):
    rows, beats = ordinary
    rows = before(before(rows, NOON - 12 * HOUR, BATH), NOON)
    update, _ = played(events(rows, before(beats, NOON - 12 * HOUR, BATH)), NOON + DAY)
    assert kinds(update) == ["sensor_dead", "silence"]


def test_a_dark_home_is_unobserved_and_nobody_is_sent(ordinary):
    rows, beats = ordinary
    again = a_day(np.random.default_rng(3), 0, AT + DAY) + heartbeats(AT + DAY, AT + 2 * DAY)
    update, _ = played(events(before(rows, NOON), before(beats, NOON), again), AT + 1.5 * DAY)
    assert kinds(update) == ["link_dark"]
    assert update.alerts[0].raised - NOON < 2.5 * HOUR
    assert state_at(update, NOON + 6 * HOUR) == "unobserved"
    assert [c.kind for c in update.cleared] == ["link_dark"]


def test_a_low_battery_is_told_once():
    log = [(0, MONDAY + 60.0 * i, BED, Kind.BATTERY, mv) for i, mv in enumerate((2900, 2300, 2290, 2280))]
    log += [(0, MONDAY + 600.0, BED, Kind.BATTERY, 3000.0)]
    update, _ = played(events(log), MONDAY + 1200)
    assert [(a.kind, a.sensor) for a in update.alerts] == [("battery", "bed-pir")]
    assert [(c.kind, c.sensor) for c in update.cleared] == [("battery", "bed-pir")]


def absence(sensors, rows, hours=83, strays=15, seed=4):
    """`hours` away after the days of learning, `strays` single PIR firings inside; returns the update and the edges."""
    rng = np.random.default_rng(seed)
    left, back = AT + 14 * HOUR, AT + (14 + hours) * HOUR
    inside = [(0, float(t), KITCHEN, Kind.PIR, 1.0) for t in rng.uniform(left + HOUR, back - HOUR, strays)]
    log = before(rows, left) + door(0, left) + inside + door(0, back) + bout(rng, 0, back + 30)
    keep = [row for row in log if row[2] in sensors] + heartbeats(MONDAY, back + HOUR, sensors)
    update, _ = played(events(keep), back + HOUR)
    return update, left, back


def test_a_long_absence_with_stray_firings_stays_absence():
    update, left, back = absence((DOOR, BED, BATH, KITCHEN, FLUSH), days(WEEK + 1))
    states = {state_at(update, t) for t in np.arange(left + 120, back - 60, 300)}
    assert states == {"away"}
    assert kinds(update, "care") == ["long_absence"]
    assert state_at(update, back + 120) != "away"


def test_without_an_exit_contact_a_long_absence_is_never_taken_for_activity_for_long():
    update, left, back = absence((BED, BATH, KITCHEN), days(WEEK + 1))
    times = np.arange(left + 4 * HOUR, back - 60, 300)
    active = np.mean([state_at(update, t) in ("active", "bathroom") for t in times])
    assert active < 0.02


def test_late_events_prove_life_and_raise_nothing(ordinary):
    rows, beats = ordinary
    log = events(before(rows, NOON), beats)
    _, watch = played(log.take(log.t < NOON), NOON)
    update = watch.update(events([(0, NOON - 5 * HOUR, BED, Kind.PIR, 1.0)]), NOON + 60)
    assert update.late == 1
    assert update.alerts == []


def test_unknown_kinds_are_counted_and_have_no_effect(ordinary):
    rows, beats = ordinary
    odd = [(0, AT + 60.0 * i, BED, Kind.IGNORED, 1.0) for i in range(600)]
    plain, _ = played(events(rows, beats), AT + 12 * HOUR)
    more, _ = played(events(rows, beats, odd), AT + 12 * HOUR)
    assert more.ignored == 600
    assert merge_spans(more.states) == merge_spans(plain.states)


def test_the_local_hour_decides(ordinary):
    """The same life nine hours away is asleep when it is night there."""
    rows, beats = ordinary
    shifted = [(h, t - 9 * HOUR, s, k, v) for h, t, s, k, v in rows + beats]
    tokyo = [HomeSpec("home", "Asia/Tokyo", SENSORS)]
    update, _ = played(events(shifted), AT - 9 * HOUR + 12 * HOUR, tokyo)
    plain, _ = played(events(rows, beats), AT + 12 * HOUR)
    assert state_at(update, AT - 9 * HOUR + 2 * HOUR) == state_at(plain, AT + 2 * HOUR) == "asleep"


def test_the_trajectory_is_the_better_of_the_two(ordinary):
    rows, beats = ordinary
    log = events(rows, beats)
    update, watch = played(log, AT + DAY, record=True)
    times = np.arange(MONDAY + 600, AT + DAY - 60, 60)
    truth = np.array([14 * HOUR <= (t - MONDAY) % DAY < 16 * HOUR for t in times])

    def wrong(spans):
        starts = np.array([span.start for span in spans])
        away = np.array([span.state == "away" for span in spans])
        return (away[np.searchsorted(starts, times, side="right") - 1] != truth).sum()

    smooth = watch.trajectory()
    assert wrong(smooth) <= wrong(update.states)
    assert all(a.end == b.start for a, b in itertools.pairwise(smooth))


def test_homes_of_different_size_and_zone_share_a_watch():
    small = HomeSpec("small", "Europe/Berlin", [SensorSpec("d", "door"), SensorSpec("w", "water", heartbeat_s=3600.0)])
    log = days(2) + [(1, MONDAY + 1800.0 * i, 1, Kind.WATER, 3.0) for i in range(60)]
    update, _ = played(events(log), MONDAY + 2 * DAY, [spec(), small])
    assert {span.home for span in update.states} == {"home", "small"}


def test_settings_and_homes_are_checked():
    with pytest.raises(ValueError, match="budget"):
        Settings(budget=0)
    with pytest.raises(ValueError, match="same name"):
        Watch([spec(), spec()])


def test_a_log_with_every_row_twice_says_what_the_log_says(ordinary):
    rows = before([*ordinary[0], *ordinary[1]], NOON, BED)  # one sensor dies, so that there is an alert too
    water = [(0, MONDAY + h * HOUR, KITCHEN, Kind.WATER, 2.0) for h in range(24 * WEEK)]
    once, _ = played(events(rows, water), AT + 1.5 * DAY)
    twice, _ = played(events([row for row in [*rows, *water] for _ in range(2)]), AT + 1.5 * DAY)
    assert "sensor_dead" in kinds(once)
    assert (twice.states, twice.alerts, twice.cleared) == (once.states, once.alerts, once.cleared)


@pytest.mark.parametrize(("kind", "of"), [("water", Kind.WATER), ("door", Kind.DOOR)])
def test_a_home_heard_once_is_no_case_for_hours(kind, of):
    """One use of the only sensor says nothing of when the next is due; most of a day without any does."""
    home = HomeSpec("home", "UTC", [SensorSpec("only", kind, "hall")])
    rows = [(0, MONDAY + 8 * HOUR + 60.0 * i, 0, of, float(1 - i % 2)) for i in range(2)]
    log = events(rows, heartbeats(MONDAY, MONDAY + 2 * DAY, [0]))
    update, _ = played(log, MONDAY + 2 * DAY, [home])
    care = [alert for alert in update.alerts if alert.alert_class == "care"]
    assert care and care[0].raised >= MONDAY + 16 * HOUR


def test_the_reason_of_a_silence_names_only_what_was_heard():
    meter = HomeSpec("home", "UTC", [SensorSpec("meter", "water", "kitchen")])
    update, _ = played(events(heartbeats(MONDAY, MONDAY + 2 * DAY, [0])), MONDAY + 1.5 * DAY, [meter])
    for alert in update.alerts:
        assert "exit door" not in alert.why["text"] and alert.why["last_heard"] == "nothing yet"


def test_the_reason_of_a_silence_never_contradicts_it(ordinary):
    rows = before([*ordinary[0]], NOON)
    update, _ = played(events(rows, ordinary[1]), AT + 1.5 * DAY)
    silence = next(alert for alert in update.alerts if alert.kind == "silence")
    why = silence.why
    assert why["silent_h"] >= why["alarming_from_h"]
    assert f"alarms from {why['alarming_from_h']:.1f} h" in why["text"]
    assert f"for {why['silent_h']:.1f} h" in why["text"] and "never" not in why["text"]


def test_a_silence_judged_without_a_suspect_sensor_says_so(ordinary):
    rows = [row for row in ordinary[0] if row[1] < NOON]
    beats = before(ordinary[1], NOON - 3 * HOUR, KITCHEN)
    update, _ = played(events(rows, beats), AT + 1.5 * DAY)
    why = next(alert.why for alert in update.alerts if alert.kind == "silence")
    assert "not counting kitchen-pir" in why["text"]
    assert why["silent_h"] >= why["alarming_from_h"]
