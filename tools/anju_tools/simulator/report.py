"""Tables of a simulated street for the terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.box import SIMPLE_HEAD
from rich.table import Table

from anju_tools.simulator.figures import FIGURES, measure
from anju_tools.simulator.log import HomeLog
from anju_tools.simulator.silence import BLOCK_H, LONGER_THAN_H, Silences

# Of the figures, those that tell homes apart at a glance.
AT_A_GLANCE = ("sleep at night, h", "toilet visits a day", "outings a day", "water a day, L", "PIR pulses a day")
ANSWERS = {True: "yes", False: "no", None: ""}


def homes_table(logs: Sequence[HomeLog]) -> Table:
    """One row per home."""
    glance = [f for f in FIGURES if f.name in AT_A_GLANCE]
    table = Table(box=SIMPLE_HEAD, title="Street")
    table.add_column("home")
    for figure in glance:
        table.add_column(figure.name, justify="right")
    table.add_column("stimuli", justify="right")
    table.add_column("faults (UTC)")
    for log in logs:
        faults = "\n".join(
            f"{f.kind} {f.sensor or ''} {datetime.fromtimestamp(f.t, UTC):%b %d %H:%M}".replace("  ", " ")
            for f in log.faults
        )
        table.add_row(log.home, *(f"{f.of(log):.1f}" for f in glance), f"{len(log.stimuli):,}", faults)
    return table


def figure_table(logs: Sequence[HomeLog]) -> Table:
    """Means and spread over homes beside the published bands."""
    table = Table(box=SIMPLE_HEAD, title=f"{len(logs)} simulated homes beside published figures")
    table.add_column("figure")
    for name in ("mean", "SD", "10–90 % of homes"):
        table.add_column(name, justify="right")
    for name in ("band", "fits", "source"):
        table.add_column(name)
    for m in measure(logs):
        band = "" if m.figure.low is None else f"{m.figure.low:g}–{m.figure.high:g}"
        spread = f"{m.p10:.1f}–{m.p90:.1f}"
        table.add_row(m.figure.name, f"{m.mean:.2f}", f"{m.sd:.2f}", spread, band, ANSWERS[m.fits], m.figure.source)
    return table


def silence_table(compared: Sequence[tuple[str, Silences]]) -> Table:
    """Silence so far, minute by minute with somebody in: median / 90 % / 99 % by hour, and long silences a day."""
    table = Table(
        box=SIMPLE_HEAD,
        title="Hours of silence with somebody in (door, PIR, toilet): median / 90 % / 99 % of the minutes",
    )
    table.add_column("hour")
    for name, _ in compared:
        table.add_column(name, justify="right")
    quantiles = [s.by_hour() for _, s in compared]
    for block in range(24 // BLOCK_H):
        hours = f"{block * BLOCK_H:02d}–{(block + 1) * BLOCK_H:02d}"
        table.add_row(hours, *(" / ".join(f"{v:5.2f}" for v in q[block][:3]) for q in quantiles))
    table.add_section()
    counts = [s.per_day() for _, s in compared]
    for column, hours_long in enumerate(LONGER_THAN_H):
        table.add_row(f"> {hours_long:g} h a day", *(f"{c[column]:.2f}" for c in counts))
    return table
