"""The street in the terminal while it is played; plain lines where there is no terminal."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import TextIO

from rich.box import HORIZONTALS
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from anju_tools.demo.snapshot import AlertLine, HomeSnapshot, StreetSnapshot
from anju_tools.demo.states import LOOKS, Span, cells, look
from anju_tools.demo.words import HOUR_S, clock, day_and_clock, duration, size

DAY_S = 24 * HOUR_S
PLAIN_EVERY_S = 6 * HOUR_S  # simulated
WIDE = 118  # columns from which the last day has a character per half hour
NARROW = 100  # columns below which some are left out
LEFT_OUT = ("last event", "nodes")
SHORT_BAR = 20
ALERT_LOOKS = {"care": ("▲", "bold red"), "maintenance": ("◆", "yellow")}
OTHER_ALERT = ("•", "cyan")


class StreetView:
    """Show a street live: `with StreetView() as view: view.update(snapshot)`.

    On a terminal (that knows more than ASCII) a picture that is redrawn; else a line on `log` (standard error) every
    six simulated hours, without control codes.
    """

    def __init__(self, console: Console | None = None, log: TextIO | None = None) -> None:
        self._console = console if console is not None else Console()
        self._log = log if log is not None else sys.stderr
        self._live: Live | None = None
        self._next_line = float("-inf")

    def __enter__(self) -> "StreetView":
        if self._console.is_terminal and not self._console.options.ascii_only:
            self._live = Live(console=self._console, auto_refresh=False, transient=True, vertical_overflow="crop")
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def update(self, snapshot: StreetSnapshot) -> None:
        """Show this now."""
        if self._live is not None:
            self._live.update(render(snapshot, self._console.width), refresh=True)
        elif snapshot.now >= self._next_line:
            print(plain_line(snapshot), file=self._log, flush=True)
            self._next_line = (snapshot.now // PLAIN_EVERY_S + 1) * PLAIN_EVERY_S


def render(snapshot: StreetSnapshot, width: int) -> RenderableType:
    """The whole picture, for a terminal of `width` columns."""
    count = 48 if width >= WIDE else 24
    narrow = width < NARROW
    table = Table(box=HORIZONTALS, show_lines=True, expand=False, padding=(0, 1), border_style="grey37")
    for heading in ("home", "state", "last event", "nodes", "made/received"):
        if not (narrow and heading in LEFT_OUT):
            table.add_column(heading, no_wrap=True, vertical="top")
    table.add_column("last 24 hours, alerts", no_wrap=True, min_width=count)
    for home in snapshot.homes:
        cells_of_home = _home_cells(home, snapshot)
        strip = day_strip(home.last_day, snapshot.now, count)
        alerts = [_alert_text(alert, snapshot) for alert in home.alerts]
        shown = [words for heading, words in cells_of_home.items() if not (narrow and heading in LEFT_OUT)]
        table.add_row(*shown, Group(strip, *alerts))
    return Group(_heading(snapshot, width), table, _legend(), _footer(snapshot))


def _day_of(snapshot: StreetSnapshot) -> tuple[int, int]:
    """Which day it is, of how many."""
    days = max(1, round((snapshot.end - snapshot.start) / DAY_S))
    return min(days, int((snapshot.now - snapshot.start) // DAY_S) + 1), days


def _heading(snapshot: StreetSnapshot, width: int) -> RenderableType:
    day, days = _day_of(snapshot)
    line = Table.grid(padding=(0, 1))
    words = Text.assemble(
        ("Anju ", "bold"), f"day {day} of {days}, ", (day_and_clock(snapshot.now, snapshot.zone), "bold")
    )
    total = max(1.0, snapshot.end - snapshot.start)
    bar = ProgressBar(total=total, completed=snapshot.now - snapshot.start, width=max(SHORT_BAR, min(60, width - 50)))
    line.add_row(words, bar, f"{100 * min(1.0, (snapshot.now - snapshot.start) / total):.0f} %")
    return line


def _home_cells(home: HomeSnapshot, snapshot: StreetSnapshot) -> dict[str, Text]:
    its = look(home.state)
    state = Text.assemble((f"{its.icon} {home.state}", f"bold {its.style}"))
    if home.probability is not None:
        state.append(f" {home.probability:.2f}")
    if home.since is not None:
        state.append(f"\nfor {duration(snapshot.now - home.since)}", "grey62")
    event = Text(home.last_event or "none yet")
    if home.last_event_t is not None:
        event.append(f"\n{duration(snapshot.now - home.last_event_t)} ago", "grey62")
    every = home.nodes_alive == home.nodes_total
    nodes = Text.assemble((f"{home.nodes_alive}/{home.nodes_total}", "" if every else "yellow"), " alive")
    nodes.append(f"\n{size(home.octets)}", "grey62")
    on_the_way = home.made - home.received
    moved = Text(f"{home.made} / {home.received}")
    moved.append(f"\n{on_the_way} on the way" if on_the_way else "\nall there", "grey62")
    return {
        "home": Text(home.home, "bold"),
        "state": state,
        "last event": event,
        "nodes": nodes,
        "made/received": moved,
    }


def day_strip(spans: Sequence[Span], now: float, count: int) -> Text:
    """The 24 hours up to `now` in `count` characters."""
    strip = Text()
    for state in cells(spans, now - DAY_S, now, count):
        its = look(state)
        strip.append(its.block if state else " ", its.style)
    return strip


def _alert_text(alert: AlertLine, snapshot: StreetSnapshot) -> Text:
    icon, style = ALERT_LOOKS.get(alert.alert_class, OTHER_ALERT)
    what = f"{alert.kind} {alert.sensor}" if alert.sensor else alert.kind
    return Text(f"{icon} {what}, {clock(alert.raised, snapshot.zone)}", style, overflow="ellipsis")


def _legend() -> Text:
    words = Text(" ", "grey62")
    for its in LOOKS.values():
        words.append(f"{its.block} ", its.style).append(f"{its.words}  ", "grey62")
    for name, (icon, style) in ALERT_LOOKS.items():
        words.append(f"{icon} ", style).append(f"{name}  ", "grey62")
    return words


def _footer(snapshot: StreetSnapshot) -> Text:
    hub = f"hub {snapshot.hub_pid} on UDP port {snapshot.hub_port}" if snapshot.hub_pid else "hub down"
    words = Text(" ").append(hub, "grey62" if snapshot.hub_pid else "bold yellow")
    if snapshot.speed is not None:
        words.append(f" · {snapshot.speed:.1f} simulated hours a second", "grey62")
    if snapshot.eta_s is not None:
        words.append(f" · {duration(snapshot.eta_s)} to go", "grey62")
    return words


def plain_line(snapshot: StreetSnapshot) -> str:
    """The same in one line."""
    day, days = _day_of(snapshot)
    parts = [f"day {day}/{days} {clock(snapshot.now, snapshot.zone)}"]
    for home in snapshot.homes:
        probability = "" if home.probability is None else f" {home.probability:.2f}"
        alerts = "".join(f", {a.alert_class}: {a.kind}" for a in home.alerts)
        alive = f", nodes {home.nodes_alive}/{home.nodes_total}"
        parts.append(f"{home.home} {home.state}{probability}{alive}, {home.received}/{home.made} received{alerts}")
    if not snapshot.hub_pid:
        parts.append("hub down")
    if snapshot.speed is not None:
        parts.append(f"{snapshot.speed:.1f} h/s")
    return " | ".join(parts)
