"""A street from a recorded log: every opening is an edge, litres become pulses."""

from datetime import datetime
from itertools import pairwise

import pytest

from anju_tools.demo.recording import RecordingError, read
from anju_tools.demo.street import LogRow, recorded


def _row(t: str, kind: str, value: str, sensor: str = "s") -> LogRow:
    return LogRow(datetime.fromisoformat(f"2026-03-02T{t}"), sensor, kind, "room", value)


def _levels(rows: list[LogRow]) -> list[tuple[float, int]]:
    street, _ = recorded("h", rows, "UTC", None)
    return [(round(c.t - street.start, 2), c.level) for c in street.homes[0].changes]


def test_levels_alternate_and_a_missing_closing_is_put_in() -> None:
    rows = [_row("01:00:00", "door", "1"), _row("02:00:00", "door", "1"), _row("02:00:05", "door", "0")]
    assert _levels(rows) == [(3600, 1), (7199, 0), (7200, 1), (7205, 0)]


def test_openings_in_one_second_stay_openings() -> None:
    rows = [_row("01:00:00", "door", v) for v in ("1", "0", "1", "0")]
    levels = _levels(rows)
    assert [level for _, level in levels] == [1, 0, 1, 0]
    times = [t for t, _ in levels]
    assert all(later - earlier >= 0.07 for earlier, later in pairwise(times))


def test_litres_become_pulses_and_fractions_are_carried() -> None:
    rows = [_row(f"01:{m:02d}:00", "water", "1.5") for m in range(1, 5)]
    rises = [t for t, level in _levels(rows) if level]
    assert len(rises) == 6
    assert all(3600 <= t < 3840 for t in rises)


def test_kinds_without_a_pin_are_counted() -> None:
    _, ignored = recorded("h", [_row("01:00:00", "door", "1"), _row("01:00:01", "lidar", "7")], "UTC", None)
    assert ignored == {"lidar": 1}


def test_days_cut_the_log() -> None:
    rows = [_row("01:00:00", "door", "1"), LogRow(datetime(2026, 3, 9, 1), "s", "door", "room", "0")]
    street, _ = recorded("h", rows, "UTC", 2)
    assert street.end - street.start == 2 * 86400
    assert len(street.homes[0].changes) == 1


def test_a_bad_row_names_file_and_line(tmp_path) -> None:
    log = tmp_path / "events.csv"
    log.write_text("t,sensor,kind,room,value\n2026-03-02T01:00:00,d,door,entry,1\nyesterday,d,door,entry,0\n")
    with pytest.raises(RecordingError, match=r"events\.csv:3: .*yesterday"):
        read(log, None)


def test_a_log_of_several_homes_asks_which(tmp_path) -> None:
    log = tmp_path / "events.csv"
    log.write_text(
        "home,t,sensor,kind,room,value\na,2026-03-02T01:00:00,d,door,entry,1\nb,2026-03-02T01:00:00,d,door,entry,1\n"
    )
    with pytest.raises(RecordingError, match="--home a"):
        read(log, None)
    assert read(log, "b")[0] == "b"


def test_a_name_that_the_hub_cannot_take_is_changed() -> None:
    street, _ = recorded("张三/5 楼", [_row("01:00:00", "door", "1")], "UTC", None)
    assert street.homes[0].home == "张三-5-楼"


def test_times_with_an_offset_are_told_in_the_homes_zone() -> None:
    rows = [LogRow(datetime.fromisoformat("2026-03-02T08:00:00+08:00"), "s", "door", "room", "1")]
    street, _ = recorded("h", rows, "Asia/Shanghai", None)
    assert street.homes[0].changes[0].t - street.start == 8 * 3600


def test_litres_that_cannot_be_are_malformed(tmp_path) -> None:
    log = tmp_path / "events.csv"
    for value in ("nan", "-1", "inf", "much"):
        log.write_text(f"t,sensor,kind,room,value\n2026-03-02T01:00:00,w,water,house,{value}\n")
        with pytest.raises(RecordingError, match=r"events\.csv:2"):
            read(log, None)
