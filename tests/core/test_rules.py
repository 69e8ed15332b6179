"""The fixed rules: reading a pack, and each measure on a log in which it must and must not speak."""

import pytest

from anju_hub.core import Events, HomeSpec, Kind, RuleError, SensorSpec, Settings, Watch, load_rules
from anju_hub.core.rules import parse_rules

HOUR, DAY = 3600.0, 86_400.0
T0 = 1_767_571_200.0
DOOR, BATH, WATER = range(3)
HOME = HomeSpec(
    "h", "UTC", [SensorSpec("d", "door"), SensorSpec("bath", "pir", "bathroom"), SensorSpec("w", "water", "house")]
)


def rule(text):
    return parse_rules(f'[[rule]]\nname = "r"\n{text}', "test")


def raised(rules, rows, hours):
    """Hours after T0 at which the rules spoke."""
    watch = Watch([HOME], Settings(rules=rules, silence=False))
    alerts = watch.update(Events.of(rows), T0 + hours * HOUR).alerts
    return [(alert.kind, round((alert.raised - T0) / HOUR, 1)) for alert in alerts]


def at(hours, sensor, kind, value=1.0):
    return (0, T0 + hours * HOUR, sensor, kind, value)


def test_the_builtin_pack_holds_the_fields_rules():
    names = {r.name: r for r in load_rules()}
    assert names["no_toilet"].hours == 12 and names["low_water"].amount == 10
    assert names["high_water"].amount == 2000 and names["no_event"].pause == (22, 6)
    assert {"low_water_day", "leak", "no_exit", "no_return"} <= set(names)


def test_no_visit_to_the_bathroom():
    rows = [at(0, BATH, Kind.PIR), at(5, BATH, Kind.PIR), at(5.1, BATH, Kind.PIR)]
    assert raised(rule('measure = "no_event"\nhours = 12\nrooms = ["bathroom"]'), rows, 30) == [("r", 17.2)]


def test_a_paused_clock_stands_still():
    rows = [at(20, BATH, Kind.PIR)]
    text = 'measure = "no_event"\nhours = 8\npause = [22, 6]'
    # 2 h before the pause, which ends at hour 30, 6 h after it, and the tick in which the event fell
    assert raised(rule(text), rows, 40) == [("r", 36.1)]


def test_time_out_of_the_house_does_not_count_for_a_home_only_rule():
    rows = [at(0.5 * i, BATH, Kind.PIR) for i in range(24)] + [at(0.5 * i + 0.02, BATH, Kind.PIR) for i in range(24)]
    rows += [at(12, DOOR, Kind.DOOR), at(12.01, DOOR, Kind.DOOR, 0.0), at(27, DOOR, Kind.DOOR)]
    rows += [at(27.02, BATH, Kind.PIR), at(27.04, BATH, Kind.PIR)]
    text = 'measure = "no_event"\nhours = 12\nrooms = ["bathroom"]\n'
    assert raised(rule(text), rows, 28) == [("r", 23.6)]
    assert raised(rule(text + "home_only = true"), rows, 28) == []
    assert raised(rule('measure = "away_for"\nhours = 10'), rows, 28) == [("r", 22.0)]


def test_too_little_water_and_too_much():
    rows = [at(i, WATER, Kind.WATER, 1.0) for i in range(6)] + [at(30, WATER, Kind.WATER, 2500.0)]
    # 5 L are left in the window once the half hour with the second litre has fallen out of it.
    low = rule('measure = "use_below"\nhours = 12\namount = 5')
    assert raised(low, rows, 29) == [("r", 13.1)]
    high = rule('measure = "use_above"\nhours = 24\namount = 2000\nclass = "usage"')
    assert raised(high, rows, 32) == [("r", 30.1)]


def test_use_in_every_half_hour_is_a_leak():
    rows = [at(0.25 * i, WATER, Kind.WATER, 0.2) for i in range(200)]
    text = 'measure = "use_in_every"\nhours = 24'
    assert [kind for kind, _ in raised(rule(text), rows, 40)] == ["r"]
    gap = [row for row in rows if not 10 <= (row[1] - T0) / HOUR < 11]
    assert raised(rule(text), gap, 30) == []


def test_a_home_can_have_its_own_hours_or_none():
    rows = [at(0, BATH, Kind.PIR)]
    text = 'measure = "no_event"\nhours = 12\n[rule.homes.h]\n'
    assert raised(rule(text + "hours = 20"), rows, 22) == [("r", 20.1)]
    assert raised(rule(text + "off = true"), rows, 22) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs name, measure and hours"),
        ('measure = "sniff"\nhours = 1', "measure must be one of"),
        ('measure = "no_event"\nhours = 0', "hours must be"),
        ('measure = "no_event"\nhours = 1\ncolour = "red"', "unknown colour"),
        ('measure = "use_below"\nhours = 30', "at most 24"),
        ('measure = "no_event"\nhours = 1\nclass = "panic"', "class must be"),
        ('measure = "no_event"\nhours = 1\n[rule.homes.h]\nroom = "x"', "can differ by home"),
    ],
)
def test_what_a_rule_cannot_mean_is_said(text, message):
    with pytest.raises(RuleError, match=message):
        rule(text)


def test_a_pack_that_is_not_there_or_empty_is_said(tmp_path):
    with pytest.raises(RuleError, match="cannot be read"):
        load_rules(tmp_path / "none.toml")
    with pytest.raises(RuleError, match="holds no rules"):
        parse_rules("", "empty.toml")
