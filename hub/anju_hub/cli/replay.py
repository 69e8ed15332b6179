"""`anju replay`: a log through the same core as the live hub."""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from anju_hub.core import RuleError, Settings, load_rules
from anju_hub.core.types import Alert
from anju_hub.event_csv import Log, read_log
from anju_hub.replay import Result, output_shift_s, write_alerts, write_states
from anju_hub.replay import replay as run_replay

_FILE = click.Path(dir_okay=False, path_type=Path)


def _finite(_: click.Context, _param: click.Parameter, value: float) -> float:
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number of alerts.")
    return value


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("events", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--states", type=_FILE, help="Write who was home when, as known at that time.")
@click.option("--alerts", type=_FILE, help="Write the alerts.")
@click.option("--trajectory", type=_FILE, help="Write the states once more, smoothed with hindsight.")
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    callback=_finite,
    default=1.0,
    show_default=True,
    metavar="PER_30_DAYS",
    help="False care alerts that one home may cost in 30 days; more budget, earlier alerts.",
)
@click.option(
    "--rules",
    type=str,
    metavar="PACK.toml",
    help="Run the fixed rules of a pack too; `builtin` for the field's usual ones.",
)
@click.option("--rules-only", is_flag=True, help="Switch the learned silence and absence alerts off.")
def replay(
    events: Path,
    states: Path | None,
    alerts: Path | None,
    trajectory: Path | None,
    budget: float,
    rules: str | None,
    rules_only: bool,
) -> None:
    """Feed an event log through the core and write states and alerts.

    EVENTS is a CSV file (or .csv.gz) with the header `home,t,sensor,kind,room,value`; `home` may be left out when
    there is one. Times are ISO 8601, local without offset or with one. Kinds: door (the exit door), pir, contact,
    toilet, power, water [L], electricity [Wh], other, heartbeat (a keep-alive), battery [mV]. Rows may be unsorted;
    kinds not known are counted and have no effect. A log may span 20 years at most.

    Output times are naive: those of the log where it has no offsets, local times of its offset where all rows share
    one, and UTC where offsets vary (a note says so). Outputs named .gz are packed.

    \b
    Examples:
      anju replay events.csv --states states.csv --alerts alerts.csv
      anju replay street.csv.gz --alerts alerts.csv --budget 0.3
      anju replay events.csv --alerts today.csv --rules builtin --rules-only
    """
    settings = _settings(budget, rules, rules_only)
    _check_outputs(events, {"--states": states, "--alerts": alerts, "--trajectory": trajectory})
    with _bar() as bar:
        reading = bar.add_task("reading", total=events.stat().st_size if events.suffix != ".gz" else None)
        log = read_log(events, lambda n: bar.advance(reading, n))
        bar.update(reading, total=1, completed=1)
        running = bar.add_task("replaying", total=1.0)
        result = run_replay(log, settings, trajectory is not None, lambda share: bar.update(running, completed=share))
    shift_s = output_shift_s(log)
    try:
        if states:
            write_states(states, result.states, shift_s)
        if alerts:
            write_alerts(alerts, result.alerts, shift_s)
        if trajectory:
            write_states(trajectory, result.trajectory, shift_s)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: cannot be written ({error.strerror})") from error
    if not log.one_offset:
        click.echo("note: the log's UTC offsets vary; times written are UTC", err=True)
    _summary(log, result, shift_s)


def _check_outputs(events: Path, outputs: dict[str, Path | None]) -> None:
    """Refuse, before hours of work, what could not be written or would overwrite something wanted."""
    taken = {events.resolve(): "the input file"}
    for option, path in outputs.items():
        if path is None:
            continue
        if not path.parent.is_dir():
            raise click.ClickException(f"{option} {path}: there is no folder {path.parent}; create it or name another")
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise click.ClickException(f"{option} {path}: may not be written; name a file that you may write")
        same = next((name for other, name in taken.items() if _same_file(path, other)), None)
        if same:
            raise click.ClickException(f"{option} {path}: is {same} too; name another file")
        taken[path.resolve()] = f"the file of {option}"


def _same_file(a: Path, b: Path) -> bool:
    """Also by another path or a hard link; devices such as /dev/null may be named twice."""
    if a.exists() and b.exists():
        return a.is_file() and a.samefile(b)
    return a.resolve() == b.resolve()


def _settings(budget: float, rules: str | None, rules_only: bool) -> Settings:
    if rules_only and rules is None:
        raise click.UsageError("--rules-only needs --rules")
    try:
        pack = () if rules is None else load_rules(None if rules == "builtin" else Path(rules))
    except RuleError as error:
        raise click.ClickException(str(error)) from error
    return Settings(budget=budget, rules=pack, silence=not rules_only)


def _bar() -> Progress:
    console = Console(stderr=True)
    columns = TextColumn("{task.description:10}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %")
    return Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal)


def _summary(log: Log, result: Result, shift_s: float) -> None:
    days = float(log.events.t.max() - log.events.t.min()) / 86_400
    homes = len(log.homes)
    click.echo(f"{len(log.events):,} events, {homes:,} home{'s' * (homes != 1)}, {days:.1f} days")
    for kind, count in log.unknown_kinds.most_common():
        click.echo(f"warning: kind '{kind}' is not known, {count:,} rows had no effect", err=True)
    counts = result.by_class()
    said = ", ".join(f"{counts[name]:,} {name}" for name in ("care", "maintenance", "usage"))
    click.echo(f"alerts: {said}; {result.cleared:,} cases ended by themselves")
    if homes == 1:
        for alert in result.alerts[:10]:
            click.echo(f"  {_line(alert, shift_s)}")


def _line(alert: Alert, shift_s: float) -> str:
    at = datetime.fromtimestamp(alert.raised + shift_s, UTC).strftime("%Y-%m-%d %H:%M")
    return f"{at}  {alert.alert_class}: {alert.kind}{f' ({alert.sensor})' if alert.sensor else ''}: {alert.why['text']}"
