"""The street in the terminal, without one, and in the end."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from anju_tools.demo.snapshot import AlertLine, HomeSnapshot, NodeSummary, StreetSnapshot, StreetSummary
from anju_tools.demo.states import LOOKS
from anju_tools.demo.summary import print_summary
from anju_tools.demo.view import StreetView, day_strip, render
from anju_tools.demo.words import duration, reasons, size

HOUR_S = 3600.0
NOW = 1_741_608_000.0  # 2025-03-10 12:00 UTC
CARE = AlertLine("h02", NOW - HOUR_S, "silence", "care", None, {"text": "Nothing heard for 4 h 10."})
DEAD = AlertLine("h03", NOW - HOUR_S, "dead", "maintenance", "pir-kitchen", {"silent_h": 2.512, "seen": {"door": 3}})
LAST_DAY = [(NOW - 24 * HOUR_S, NOW - 12 * HOUR_S, "asleep"), (NOW - 12 * HOUR_S, NOW, "active")]
HOMES = (
    HomeSnapshot("h01", "asleep", 0.97, NOW - 3 * HOUR_S, "door", NOW - 60, 6, 6, 1203, 1203, 183222, (), LAST_DAY),
    HomeSnapshot("h02", "still", 0.71, NOW - 10 * HOUR_S, "water", NOW - 5000, 6, 6, 1503, 1501, 99, (CARE,), LAST_DAY),
    HomeSnapshot("h03", "unobserved", None, None, None, None, 5, 6, 0, 0, 22, (DEAD,), ()),
)
SNAPSHOT = StreetSnapshot(
    NOW, NOW - 36 * HOUR_S, NOW + 5.5 * 24 * HOUR_S, HOMES, "Europe/Berlin", 33.3, 200.0, 4242, 5683
)


def _screen(snapshot: StreetSnapshot, width: int) -> str:
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    console.print(render(snapshot, width))
    return console.export_text()


def test_screen_says_everything() -> None:
    text = _screen(SNAPSHOT, 120)
    for words in (
        "day 2 of 7",
        "Mon 10 Mar 13:00",  # Berlin
        "21 %",
        "☾ asleep 0.97",
        "for 3 h 00",
        "water",
        "1 h 23 ago",
        "5/6 alive",
        "183.2 kB",
        "1503 / 1501",
        "2 on the way",
        "▲ silence, 12:00",
        "◆ dead pir-kitchen, 12:00",
        "33.3 simulated hours a second",
        "hub 4242 on UDP port 5683",
        "3 min to go",
    ):
        assert words in text, words
    assert "▃" * 24 + "█" * 24 in text


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_screen_fits(width: int) -> None:
    """Nothing that matters is cut off, and no line is longer than the terminal."""
    lines = _screen(SNAPSHOT, width).splitlines()
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert "…" not in text
    assert "☾ asleep 0.97" in text and "1503 / 1501" in text and "▲ silence, 12:00" in text


def test_hub_down_is_said() -> None:
    down = replace(SNAPSHOT, hub_pid=None)
    assert "hub down" in _screen(down, 120)


def test_every_state_has_its_own_sign() -> None:
    """Told apart without colour: in the strip, in the picture, as a letter."""
    for sign in ("letter", "icon", "block", "colour"):
        assert len({getattr(its, sign) for its in LOOKS.values()}) == len(LOOKS)
    assert day_strip([(NOW - HOUR_S, NOW, "away")], NOW, 24).plain == " " * 23 + "▁"


def test_without_a_terminal_lines_every_six_hours() -> None:
    log, out = io.StringIO(), io.StringIO()
    with StreetView(Console(file=out), log) as view:
        for minute in range(0, 13 * 60, 10):
            view.update(replace(SNAPSHOT, now=NOW + 60.0 * minute))
    lines = log.getvalue().splitlines()
    assert len(lines) == 3  # 12:00, 18:00, 24:00 UTC
    assert lines[0].startswith("day 2/7 13:00 | h01 asleep 0.97, nodes 6/6, 1203/1203 received")
    assert "care: silence" in lines[0] and "\x1b" not in log.getvalue()
    assert out.getvalue() == ""


def test_on_a_terminal_it_is_live() -> None:
    out = io.StringIO()
    with StreetView(Console(file=out, force_terminal=True, width=120)) as view:
        view.update(SNAPSHOT)
        first = len(out.getvalue())
        view.update(replace(SNAPSHOT, now=NOW + 24 * HOUR_S))
    assert "day 2 of 7" in out.getvalue()[:first] and "day 3 of 7" in out.getvalue()[first:]


def _summary(lost: int) -> str:
    nodes = [
        NodeSummary("n001", "h01", "door", "transitions", 30, 30, 0, 12, 1200),
        NodeSummary("n002", "h02", "water", "pulses", 1200, 1200 - lost, lost, 400, 48_000),
    ]
    console = Console(record=True, width=110, file=io.StringIO())
    print_summary(StreetSummary(7, nodes, [CARE, DEAD], [Path("demo-out/h01.png")], "UTC", ["A remark."]), console)
    return console.export_text()


def test_summary() -> None:
    text = _summary(0)
    for words in ("n002", "1,200", "48,000", "6.9 kB", "Nothing heard for 4 h 10.", "silent h: 2.51", "seen, door: 3"):
        assert words in text, words
    assert "care  h02, Mon 10 Mar 11:00: silence" in text
    assert "demo-out/h01.png" in text and "A remark." in text
    assert text.rstrip().splitlines()[-1] == "lost = 0"


def test_summary_counts_what_is_lost() -> None:
    assert _summary(3).rstrip().splitlines()[-1] == "lost = 3"


def test_words() -> None:
    assert [duration(s) for s in (-1, 40, 720, 11_100, 187_200)] == ["0 s", "40 s", "12 min", "3 h 05", "2 d 4 h"]
    assert [size(n) for n in (22, 1500, 2_340_000)] == ["22 B", "1.5 kB", "2.34 MB"]
    assert reasons({"a_b": [1, 2], "c": True}) == ["a b: 1, 2", "c: True"]
