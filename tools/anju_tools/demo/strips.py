"""A picture of a home's days: one row per local day, 24 hours across, the newest at the bottom.

Height, letter and hatch say the same as the colour: the stiller, the lower; away is a thin line, unobserved is hatched.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from anju_tools.demo.states import LOOKS, Span, StateLook, look

HOUR_S = 3600.0
DPI = 100
WIDTH_IN = 12.0
LEFT_IN, RIGHT_IN, TOP_IN, BOTTOM_IN = 1.3, 0.35, 0.95, 0.95
ROW_FILL = 0.84  # of a row's pitch; the rest keeps days apart
HOURS_PER_IN = 24 / (WIDTH_IN - LEFT_IN - RIGHT_IN)
MARKER_H = 0.2  # half an alert's marker
LABEL_GAP_H = 0.28  # from its middle to its label
LETTERS_FROM_IN = 0.24  # rows lower than this carry no letters
LETTER_FROM_H = 1.1
GREY, INK, RULE = "#6B6B6B", "#222222", "#DDDDDD"
CARE, MAINTENANCE = "#C4161C", "#7A7A7A"


@dataclass(frozen=True)
class Day:
    """A local day: its row (0 is the oldest), its bounds [s, UTC]."""

    row: int
    date: date
    start: float
    end: float

    @property
    def hours(self) -> float:
        return (self.end - self.start) / HOUR_S

    def x(self, t: float) -> float:
        """Hours by the clock. Where the clocks change, at night, the day after it is what lines up."""
        return 24.0 - (self.end - t) / HOUR_S


def draw_day_strips(
    path: Path,
    home: str,
    spans: Sequence[Span],
    *,
    zone: str,
    alerts: Sequence[tuple[float, str, str]] = (),
    doors: Sequence[float] = (),
    title: str | None = None,
) -> None:
    """Write a PNG of the days that `spans` (start, end [s, UTC], state) touch.

    `alerts` are (raised [s, UTC], class `care` or `maintenance`, label), `doors` openings of the exit door.
    Raises ValueError where there is nothing to draw.
    """
    spans = sorted(span for span in spans if span[1] > span[0])
    if not spans:
        raise ValueError(f"{home}: no states to draw")
    days = local_days(spans[0][0], max(end for _, end, _ in spans), zone)
    pitch_in = 0.36 if len(days) <= 16 else max(0.17, 0.36 * 16 / len(days))
    figure = Figure(figsize=(WIDTH_IN, TOP_IN + BOTTOM_IN + pitch_in * len(days)), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = _axes(figure, days, pitch_in)
    _draw_states(axes, spans, days, letters=pitch_in >= LETTERS_FROM_IN)
    _draw_doors(axes, doors, days)
    _draw_alerts(axes, alerts, days)
    _draw_heading(figure, title or home, days, zone)
    _draw_legend(figure, alerts, doors)
    figure.savefig(path, dpi=DPI)


def local_days(start: float, end: float, zone: str) -> list[Day]:
    """Every local day that [start, end) touches."""
    tz = ZoneInfo(zone)

    def midnight(day: date) -> float:
        return datetime(day.year, day.month, day.day, tzinfo=tz).timestamp()

    day = datetime.fromtimestamp(start, UTC).astimezone(tz).date()
    days: list[Day] = []
    while midnight(day) < end:
        days.append(Day(len(days), day, midnight(day), midnight(day + timedelta(days=1))))
        day += timedelta(days=1)
    return days


def _axes(figure: Figure, days: Sequence[Day], pitch_in: float) -> Axes:
    """Axes in clock hours (x) and rows (y, downwards; row r fills r to r + ROW_FILL)."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes(
        (LEFT_IN / width, BOTTOM_IN / height, 1 - (LEFT_IN + RIGHT_IN) / width, 1 - (TOP_IN + BOTTOM_IN) / height)
    )
    axes.set_xlim(min(0.0, *(24 - day.hours for day in days)), 24)
    axes.set_ylim(len(days) - (1 - ROW_FILL) / 2, -(1 - ROW_FILL) / 2)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xticks(range(0, 25, 3), [f"{h:02d}:00" for h in range(0, 25, 3)])
    axes.tick_params(axis="x", top=True, labeltop=True, length=3, color=GREY, labelcolor=GREY, labelsize=9)
    axes.tick_params(axis="y", length=0, labelsize=9.5 if pitch_in > 0.22 else 8)
    axes.set_yticks([day.row + ROW_FILL / 2 for day in days], [_day_name(day) for day in days])
    for label, day in zip(axes.get_yticklabels(), days, strict=True):
        label.set_color(INK if day.date.weekday() < 5 else "#8A5A00")
    for hour in range(0, 25, 3):
        axes.axvline(hour, color=RULE, linewidth=0.8, zorder=0)
    for day in days:
        axes.plot([day.x(day.start), 24], [day.row + ROW_FILL] * 2, color=RULE, linewidth=0.6, zorder=0)
    return axes


def _day_name(day: Day) -> str:
    name = f"{day.date:%a} {day.date.day} {day.date:%b}"
    return name if round(day.hours) == 24 else f"{name} · {day.hours:g} h"


def _pieces(spans: Sequence[Span], days: Sequence[Day]) -> Iterator[tuple[Day, float, float, StateLook]]:
    """Spans cut at midnights: day, from, to [clock hours], look."""
    for start, end, state in spans:
        for day in days:
            if start < day.end and end > day.start:
                yield day, day.x(max(start, day.start)), day.x(min(end, day.end)), look(state)


def _draw_states(axes: Axes, spans: Sequence[Span], days: Sequence[Day], letters: bool) -> None:
    for day, begin, end, its in _pieces(spans, days):
        axes.add_patch(_block(begin, day.row + ROW_FILL, end - begin, -ROW_FILL * its.height, its))
        if letters and end - begin >= LETTER_FROM_H and its.height > 0.3:
            middle = day.row + ROW_FILL * (1 - its.height / 2)
            axes.text(
                (begin + end) / 2,
                middle,
                its.letter,
                color=its.ink,
                fontsize=7.5,
                ha="center",
                va="center",
                alpha=0.85,
            )


def _block(x: float, y: float, width: float, height: float, its: StateLook) -> Rectangle:
    if its.state == "unobserved":
        return Rectangle((x, y), width, height, facecolor="white", edgecolor="#A8A8A8", hatch="/////", linewidth=0.5)
    return Rectangle((x, y), width, height, facecolor=its.colour, linewidth=0, antialiased=False)


def _draw_doors(axes: Axes, doors: Sequence[float], days: Sequence[Day]) -> None:
    for day in days:
        x = [day.x(t) for t in doors if day.start <= t < day.end]
        axes.vlines(x, day.row + ROW_FILL, day.row + ROW_FILL * 1.12, color=INK, linewidth=1.0, clip_on=False)


def _draw_alerts(axes: Axes, alerts: Sequence[tuple[float, str, str]], days: Sequence[Day]) -> None:
    """A marker each, and labels as far as they hide nothing; care first."""
    for day in days:
        todays = sorted((a for a in alerts if day.start <= a[0] < day.end), key=lambda a: (a[1] != "care", a[0]))
        taken = [(day.x(t) - MARKER_H, day.x(t) + MARKER_H) for t, _, _ in todays]
        for raised, alert_class, label in todays:
            care = alert_class == "care"
            _draw_marker(axes, day, day.x(raised), care)
            _draw_label(axes, day, day.x(raised), CARE if care else MAINTENANCE, label, taken)


def _draw_marker(axes: Axes, day: Day, x: float, care: bool) -> None:
    axes.plot(
        [x],
        [day.row + ROW_FILL / 2],
        marker="^" if care else "D",
        markersize=12 if care else 8,
        color=CARE if care else MAINTENANCE,
        markeredgecolor="white",
        markeredgewidth=1.3,
        zorder=6,
        clip_on=False,
    )


def _draw_label(axes: Axes, day: Day, x: float, colour: str, label: str, taken: list[tuple[float, float]]) -> None:
    """To the right of the marker or to its left, where it fits; else not at all."""
    text = axes.text(
        x,
        day.row + ROW_FILL / 2,
        label,
        va="center_baseline",
        fontsize=8.5,
        fontweight="bold",
        color=colour,
        zorder=5,
        bbox={"boxstyle": "round,pad=0.22", "fc": "white", "ec": colour, "lw": 0.8},
    )
    width = _text_width_in(text) * HOURS_PER_IN
    for left in (x + LABEL_GAP_H, x - LABEL_GAP_H - width):
        right = left + width
        if left > 0 and right < 24.2 and all(right < begin or left > end for begin, end in taken):
            text.set_x(left)
            taken.append((left - LABEL_GAP_H, right + LABEL_GAP_H))
            return
    text.remove()


def _draw_heading(figure: Figure, title: str, days: Sequence[Day], zone: str) -> None:
    width, height = figure.get_size_inches()
    first, last = days[0].date, days[-1].date
    x = LEFT_IN / width
    figure.text(x, 1 - 0.30 / height, title, fontsize=15, fontweight="bold", color=INK, va="center")
    plural = "day" if len(days) == 1 else "days"
    dates = f"{first:%d %b %Y}" if first == last else f"{first:%d %b %Y} – {last:%d %b %Y}"
    under = f"{dates} · {len(days)} {plural} · local time {zone}"
    figure.text(1 - RIGHT_IN / width, 1 - 0.30 / height, under, fontsize=9.5, color=GREY, ha="right", va="center")


def _draw_legend(figure: Figure, alerts: Sequence[tuple[float, str, str]], doors: Sequence[float]) -> None:
    """Swatches as they look in the rows, with their letters."""
    width, height = figure.get_size_inches()
    span_in = width - LEFT_IN - RIGHT_IN
    axes = figure.add_axes((LEFT_IN / width, 0.08 / height, span_in / width, 0.34 / height))
    axes.set_axis_off()
    axes.set_xlim(0, span_in)
    axes.set_ylim(1, 0)
    x = 0.0
    for its in LOOKS.values():
        axes.add_patch(_block(x, ROW_FILL, 0.24, -ROW_FILL * its.height, its))
        x = _legend_words(axes, x + 0.31, f"{its.letter}  {its.words}" if its.height > 0.3 else its.words)
    classes = {alert_class for _, alert_class, _ in alerts}
    for alert_class, marker, colour in (("care", "^", CARE), ("maintenance", "D", MAINTENANCE)):
        if alert_class in classes:
            axes.plot([x + 0.06], [0.5], marker=marker, markersize=8, color=colour, linestyle="none")
            x = _legend_words(axes, x + 0.18, alert_class)
    if doors:
        axes.vlines([x + 0.04], 0.3, 0.7, color=INK, linewidth=1.0)
        _legend_words(axes, x + 0.12, "door")


def _legend_words(axes: Axes, x: float, words: str) -> float:
    """Write and return where the next entry may begin [in]."""
    return x + _text_width_in(axes.text(x, 0.5, words, fontsize=9, color=INK, va="center_baseline")) + 0.22


def _text_width_in(text: Text) -> float:
    return float(text.get_window_extent().width) / DPI
