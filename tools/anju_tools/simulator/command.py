"""`anju simulate`: a street of residents, as an event log with its truth."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from anju_tools.simulator.events import write_events, write_truth
from anju_tools.simulator.faults import FaultRequest, parse_fault
from anju_tools.simulator.log import HomeLog
from anju_tools.simulator.plan import HomePlan, SensorPlan, parse_sensors, plan_homes
from anju_tools.simulator.report import figure_table, homes_table, silence_table
from anju_tools.simulator.silence import Silences, of_folder, of_log, pooled
from anju_tools.simulator.simulate import simulate_home

WIDTH = 120  # of tables that go to a file or a pipe
EPILOG = """
\b
Examples
  Three homes over a fortnight:
    anju simulate --homes 3 --days 14 --seed 1 --out street
  The resident of h02 stops on the last day, a sensor of h03 dies on day 13 at 9:00:
    anju simulate --homes 3 --days 14 --out street \\
        --fault collapse:h02:LASTDAY --fault dead:h03/pir-kitchen:13T09:00
  What the hub would make of it (nodes check in every hour):
    anju simulate --homes 3 --days 30 --heartbeat 1 --out street
    anju replay street/events.csv --states states.csv --alerts alerts.csv
  Is the street like real life?  Figures beside published ones, silences beside a recorded home:
    anju simulate --homes 100 --days 60 --describe --beside recorded_home/
"""


def _read_by(read: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A callback that reads words by a function raising ValueError or KeyError, and passes its message on."""

    def callback(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        try:
            return tuple(read(v) for v in value) if isinstance(value, tuple) else value and read(value)
        except (ValueError, KeyError) as error:
            raise click.BadParameter(str(error.args[0]), context, parameter) from error

    return callback


def _zone(name: str) -> str:
    ZoneInfo(name)  # raises ZoneInfoNotFoundError, a KeyError
    return name


@click.command(epilog=EPILOG)
@click.option("--homes", type=click.IntRange(1), default=3, show_default=True, help="Homes, named h01, h02, …")
@click.option("--days", type=click.IntRange(1), default=14, show_default=True, help="Local days.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The same seed, the same lives.")
@click.option("--start", type=click.DateTime(["%Y-%m-%d"]), default="2025-03-03", show_default=True, help="First day.")
@click.option("--zone", callback=_read_by(_zone), default="UTC", show_default=True, help="Time zone of the homes.")
@click.option(
    "--sensors",
    callback=_read_by(parse_sensors),
    default="door,pir:bedroom,pir:bathroom,pir:kitchen,pir:livingroom,water",
    show_default=True,
    help="What each home has; there are also pir:entry, toilet (flush contact) and electricity.",
)
@click.option(
    "--fault",
    "faults",
    callback=_read_by(parse_fault),
    multiple=True,
    help="KIND:HOME[/SENSOR]:DAY[THH:MM] with KIND collapse (the resident stops), dead (that sensor) or dark "
    "(the whole home); DAY from 1, or LASTDAY. May be given again.",
)
@click.option("--heartbeat", type=click.FloatRange(0.01), help="Add a heartbeat row per sensor each so many hours.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for events.csv and truth.csv.")
@click.option("--describe", is_flag=True, help="Print figures of the street beside published ones.")
@click.option(
    "--beside",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    help="With --describe: a recorded home (folder with events.csv and truth.csv) to compare silences with.",
)
def simulate(
    homes: int,
    days: int,
    seed: int,
    start: datetime,
    zone: str,
    sensors: tuple[SensorPlan, ...],
    faults: tuple[FaultRequest, ...],
    heartbeat: float | None,
    out: Path | None,
    describe: bool,
    beside: tuple[Path, ...],
) -> None:
    """Simulate residents who live alone, and write what a hub would hear of them.

    Every resident has habits of their own (sleep, meals, toilet, water, outings, visitors, journeys), drawn from
    published figures of older adults, and days that differ. OUT/events.csv is what the sensors report (columns
    home,t,sensor,kind,room,value), OUT/truth.csv what really happened (home,start,end,label), both in local time.
    """
    if out is None and not describe:
        raise click.UsageError("Say where to write with --out FOLDER, or ask for figures with --describe.")
    try:
        plans = plan_homes(homes, sensors=sensors, zone=zone, faults=faults)
        logs = _simulate(plans, days, start, seed, heartbeat, out)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    if describe:
        _describe(console, logs, beside)
    else:
        console.print(homes_table(logs))
    if out is not None:
        console.print(f"{out / 'events.csv'} and {out / 'truth.csv'}", soft_wrap=True, highlight=False)


def _simulate(
    plans: Sequence[HomePlan], days: int, start: datetime, seed: int, heartbeat: float | None, out: Path | None
) -> list[HomeLog]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("Homes lived in", total=len(plans))
        logs = []
        for index, plan in enumerate(plans):
            logs.append(simulate_home(plan, days, start, seed, index))
            progress.advance(bar)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            written = progress.add_task("Days written", total=days)
            write_events(
                out / "events.csv",
                logs,
                heartbeat,
                lambda share: progress.update(written, completed=round(share * days)),
            )
            write_truth(out / "truth.csv", logs)
    return logs


def _describe(console: Console, logs: Sequence[HomeLog], beside: Sequence[Path]) -> None:
    console.print(figure_table(logs))
    compared: list[tuple[str, Silences]] = [("simulated", pooled([of_log(log) for log in logs]))]
    compared += [(folder.name, of_folder(folder)) for folder in beside]
    console.print(silence_table(compared))
