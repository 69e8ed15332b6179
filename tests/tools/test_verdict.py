"""The demo's promise is checked, not assumed."""

from anju_tools.demo.snapshot import AlertLine
from anju_tools.demo.verdict import Expectation, failures

_EXPECTED = Expectation("h02", 1000.0, "h03", "n016", 500.0)
_CARE = AlertLine("h02", 2000.0, "silence", "care")
_DEAD = AlertLine("h03", 700.0, "sensor_dead", "maintenance", "n016")


def test_all_as_promised() -> None:
    assert failures(_EXPECTED, [_CARE, _DEAD], 0) == []


def test_each_broken_promise_is_named() -> None:
    assert "2 transitions" in failures(_EXPECTED, [_CARE, _DEAD], 2)[0]
    assert "no care alert" in failures(_EXPECTED, [_DEAD], 0)[0]
    assert "no maintenance alert" in failures(_EXPECTED, [_CARE], 0)[0]
    visit = AlertLine("h03", 800.0, "silence", "care")
    assert "flat battery has sent staff" in failures(_EXPECTED, [_CARE, _DEAD, visit], 0)[0]


def test_an_alert_before_the_silence_is_no_answer_to_it() -> None:
    early = AlertLine("h02", 900.0, "silence", "care")
    assert "no care alert" in failures(_EXPECTED, [early, _DEAD], 0)[0]


def test_a_recorded_log_promises_nothing_but_delivery() -> None:
    assert failures(None, [], 0) == []
