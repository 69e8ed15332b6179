"""The picture of a home's days: the right colour at the right hour."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from anju_tools.demo.states import LOOKS, cells
from anju_tools.demo.strips import (
    BOTTOM_IN,
    DPI,
    LEFT_IN,
    RIGHT_IN,
    ROW_FILL,
    TOP_IN,
    WIDTH_IN,
    draw_day_strips,
    local_days,
)

HOUR_S = 3600.0
T0 = datetime(2025, 3, 3, tzinfo=UTC).timestamp()
DAY = [(0, 7, "asleep"), (7, 8, "bathroom"), (8, 12, "active"), (12, 15, "away"), (15, 20, "still"), (20, 24, "asleep")]


def _spans(days: int) -> list[tuple[float, float, str]]:
    return [(T0 + (24 * d + a) * HOUR_S, T0 + (24 * d + b) * HOUR_S, state) for d in range(days) for a, b, state in DAY]


def _pixel(image: np.ndarray, days: int, day: int, hour: float, height: float = 0.1) -> np.ndarray:
    """RGB at a clock hour of a row, at a share of the row's height above its foot."""
    left, right = LEFT_IN * DPI, (WIDTH_IN - RIGHT_IN) * DPI
    rows = image.shape[0] - (TOP_IN + BOTTOM_IN) * DPI
    foot = day + ROW_FILL * (1 - height) + (1 - ROW_FILL) / 2  # in rows below the axes' top
    y = TOP_IN * DPI + foot * rows / days
    colour: np.ndarray = image[int(y), int(left + (right - left) * hour / 24), :3]
    return colour


@pytest.mark.parametrize("days", [1, 7, 60])
def test_colours_are_those_of_the_states(tmp_path: Path, days: int) -> None:
    draw_day_strips(tmp_path / "h.png", "h01", _spans(days), zone="UTC")
    image = imread(tmp_path / "h.png")
    assert image.shape[1] == 1200
    for day in {0, days // 2, days - 1}:
        for hour, state in (
            (2, "asleep"),
            (7.3, "bathroom"),
            (9, "active"),
            (13, "away"),
            (16, "still"),
            (22, "asleep"),
        ):
            assert _pixel(image, days, day, hour) == pytest.approx(to_rgb(LOOKS[state].colour), abs=0.02), (day, state)


def test_height_says_it_too(tmp_path: Path) -> None:
    """Above a sleeper's row half is white; somebody active fills it."""
    draw_day_strips(tmp_path / "h.png", "h01", _spans(2), zone="UTC")
    image = imread(tmp_path / "h.png")
    assert _pixel(image, 2, 1, 2.2, height=0.8) == pytest.approx((1, 1, 1), abs=0.02)
    assert _pixel(image, 2, 1, 9.2, height=0.8) == pytest.approx(to_rgb(LOOKS["active"].colour), abs=0.02)


def test_unobserved_is_hatched(tmp_path: Path) -> None:
    """White with grey strokes, not one flat colour."""
    draw_day_strips(tmp_path / "h.png", "h01", [(T0, T0 + 24 * HOUR_S, "unobserved")], zone="UTC")
    image = imread(tmp_path / "h.png")
    row = np.array([_pixel(image, 1, 0, hour) for hour in np.arange(3.2, 5.8, 0.02)]).mean(axis=1)
    assert row.max() > 0.98 and row.min() < 0.85


def test_alerts_are_marked_at_their_hour(tmp_path: Path) -> None:
    alerts = [(T0 + 10 * HOUR_S, "care", "silence"), (T0 + 17 * HOUR_S, "maintenance", "battery")]
    draw_day_strips(tmp_path / "h.png", "h01", _spans(1), zone="UTC", alerts=alerts, doors=[T0 + 12 * HOUR_S])
    image = imread(tmp_path / "h.png")
    care, maintenance = _pixel(image, 1, 0, 10, height=0.45), _pixel(image, 1, 0, 17, height=0.5)
    assert care[0] > 0.6 and care[1] < 0.3 and care[2] < 0.3
    assert np.ptp(maintenance) < 0.05 and maintenance[0] < 0.6


@pytest.mark.parametrize(("date", "hours"), [((2025, 3, 30), 23), ((2025, 10, 26), 25)])
def test_days_of_a_clock_change(date: tuple[int, int, int], hours: int) -> None:
    noon = datetime(*date, 12, tzinfo=UTC).timestamp()
    (day,) = local_days(noon, noon + 60, "Europe/Berlin")
    assert day.hours == hours
    assert day.x(day.end) == 24 and day.x(day.start) == 24 - hours
    shift = 2 if hours == 23 else 1  # UTC+2 in summer, +1 in winter: both hold after the change
    assert day.x(noon) == 12 + shift


def test_a_clock_change_lines_up_by_the_clock(tmp_path: Path) -> None:
    start = local_days(datetime(2025, 3, 29, 12, tzinfo=UTC).timestamp(), T0 + 28 * 86400, "Europe/Berlin")[0].start
    spans = [(start, start + 32 * HOUR_S, "asleep"), (start + 32 * HOUR_S, start + 47 * HOUR_S, "active")]
    draw_day_strips(tmp_path / "h.png", "h01", spans, zone="Europe/Berlin")
    image = imread(tmp_path / "h.png")
    # Asleep until 9:00 on the short day, whose 32nd hour since the first midnight that is.
    assert _pixel(image, 2, 1, 8.8) == pytest.approx(to_rgb(LOOKS["asleep"].colour), abs=0.02)
    assert _pixel(image, 2, 1, 9.2) == pytest.approx(to_rgb(LOOKS["active"].colour), abs=0.02)
    assert _pixel(image, 2, 1, 0.5) == pytest.approx((1, 1, 1), abs=0.02)  # the hour that was not


def test_nothing_to_draw(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no states"):
        draw_day_strips(tmp_path / "h.png", "h01", [], zone="UTC")


def test_cells_take_the_longest_state() -> None:
    spans = [(0.0, 70.0, "active"), (70.0, 100.0, "still"), (100.0, 150.0, "away")]
    assert cells(spans, 0, 400, 4) == ["active", "away", "", ""]
    assert cells(spans, 50, 150, 2) == ["still", "away"]
