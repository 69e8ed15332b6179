"""`anju demo`: a street of virtual homes from pin to operator, in minutes."""

from __future__ import annotations

import shlex
import shutil
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from click.core import ParameterSource
from rich.console import Console

from anju_tools.demo.frames import Frames, alert_line, spans
from anju_tools.demo.play import Play, Result
from anju_tools.demo.reader import HubReader
from anju_tools.demo.recording import RecordingError, read
from anju_tools.demo.snapshot import AlertLine, StreetSummary
from anju_tools.demo.stage import Stage
from anju_tools.demo.street import Street, recorded, simulated
from anju_tools.demo.strips import draw_day_strips
from anju_tools.demo.summary import print_summary
from anju_tools.demo.verdict import Expectation, failures
from anju_tools.demo.view import StreetView
from anju_tools.rig import image
from anju_tools.rig.board import BoardError
from anju_tools.rig.hub_process import HubError, HubProcess
from anju_tools.simulator import parse_fault, plan_homes, simulate

_ZONE = "Asia/Shanghai"
_FILE_WIDTH = 120  # of tables that go to a file or a pipe
_START = datetime(2026, 3, 2)
_STOPS_AT = "09:30"  # when a resident stops moving, on the last day
_BATTERY_HOURS_BEFORE_END = 20
_OWN_FOLDERS = ("hub", "boards", "nodes")  # what an earlier demo left in --out

EPILOG = """
\b
Examples
  A week of three simulated homes; one resident stops moving, one battery dies:
    anju demo
  The same with the hub killed in the middle, and one datagram in five lost each way:
    anju demo --kill-hub --loss 0.2
  A real log through the real firmware:
    anju demo --events events.csv
    anju demo --events street.csv.gz --home h0042 --days 10
\b
While it runs, the hub is a hub like any other: its address is in the last line of the screen, and
  aiocoap-client coap://127.0.0.1:PORT/homes
reads it.  Kill it if you like: it is started again 20 simulated minutes later, unless you do so first.
"""


@click.command(epilog=EPILOG)
@click.option("--homes", type=click.IntRange(3, 40), default=3, show_default=True, help="Simulated homes.")
@click.option("--days", type=click.IntRange(1, 366), help="Days to play.  [default: 7, or the whole log]")
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="The same seed, the same lives.")
@click.option(
    "--events", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Play this log instead (CSV)."
)
@click.option("--home", help="Home of the log to play, or a name for a log of one home.")
@click.option(
    "--zone", callback=lambda _ctx, _parameter, name: _zone(name), help="Time zone of the log.  [default: UTC]"
)
@click.option("--loss", type=click.FloatRange(0, 0.9), default=0.0, help="Share of datagrams lost, each way.")
@click.option("--kill-hub", is_flag=True, help="SIGKILL the hub half-way; it comes back 20 minutes later.")
@click.option("--port", type=click.IntRange(1024, 65535), help="UDP port of the hub.  [default: a free one]")
@click.option("--heartbeat", type=click.IntRange(60, 86400), default=3600, show_default=True, help="Of the nodes [s].")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("demo-out"), show_default=True,
    help="Folder for pictures, the hub's data and the boards' flash.",
)  # fmt: skip
def demo(
    homes: int,
    days: int | None,
    seed: int,
    events: Path | None,
    home: str | None,
    zone: str | None,
    loss: float,
    kill_hub: bool,
    port: int | None,
    heartbeat: int,
    out: Path,
) -> None:
    """Play a street of virtual homes: real firmware, real hub, days in minutes.

    Every sensor is a virtual board on which the real firmware runs under MicroPython; it reports over CoAP and OSCORE
    to a real hub process. Exit status 0 when everything the pins did is in the hub's store exactly once, and, on the
    simulated street, the silent resident got a care alert and the flat battery only a maintenance one.
    """
    _check_combination(events, home)
    console = Console() if sys.stdout.isatty() else Console(width=_FILE_WIDTH)
    try:
        if events:
            street = _recorded(events, home, zone or "UTC", days, console)
        else:
            street = _simulated(homes, days or 7, seed, zone or _ZONE)
        stage = _set_stage(street, out, port, heartbeat, loss)
        expected = None if events else _script_faults(stage)
        found = _perform(stage, expected, kill_hub, out, console)
    except (RecordingError, image.ImageError, HubError, BoardError, ConnectionError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error}; choose another folder with --out") from error
    for failure in found:
        console.print(f"[bold red]not as promised:[/] {failure}")
    sys.exit(1 if found else 0)


def _zone(name: str | None) -> str | None:
    """A time zone that exists."""
    try:
        return name and str(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise click.BadParameter(f"{name!r} is no IANA time zone such as Asia/Shanghai") from error


def _check_combination(events: Path | None, home: str | None) -> None:
    given = click.get_current_context().get_parameter_source("homes")
    if events is None and home is not None:
        raise click.UsageError("--home names a home of a log: give the log with --events")
    if events is not None and given is ParameterSource.COMMANDLINE:
        raise click.UsageError("--homes is for simulated homes; a log is played one home at a time, named by --home")


def _simulated(homes: int, days: int, seed: int, zone: str) -> Street:
    faults = [parse_fault(f"collapse:h02:{days}T{_STOPS_AT}")]
    return simulated(simulate(plan_homes(homes, zone=zone, faults=faults), days, _START, seed), zone)


def _recorded(path: Path, home: str | None, zone: str, days: int | None, console: Console) -> Street:
    name, rows = read(path, home)
    street, ignored = recorded(name, rows, zone, days)
    for kind, count in ignored.items():
        console.print(f"[yellow]{count} rows of kind {kind!r} are left out: no node senses that[/]")
    return street


def _set_stage(street: Street, out: Path, port: int | None, heartbeat: int, loss: float) -> Stage:
    out.mkdir(parents=True, exist_ok=True)
    for name in _OWN_FOLDERS:
        shutil.rmtree(out / name, ignore_errors=True)
    stage = Stage(street, HubProcess(out / "hub", port), image.build(), out, heartbeat)
    stage.build(stage.enrol(), loss)
    stage.script()
    return stage


def _script_faults(stage: Stage) -> Expectation:
    """The battery of the third home's kitchen node dies; the second home's resident stops by the simulation."""
    street = stage.street
    silent, victim = street.homes[1], street.homes[2]
    sensor = next(s.sensor for s in victim.sensors if s.kind == "pir" and s.room == "kitchen")
    empty = street.end - _BATTERY_HOURS_BEFORE_END * 3600
    stage.battery_dies(victim.home, sensor, round((empty - street.start) * 1000))
    assert silent.resident_stops is not None
    return Expectation(silent.home, silent.resident_stops, victim.home, stage.cast[victim.home, sensor].node, empty)


def _perform(stage: Stage, expected: Expectation | None, kill_hub: bool, out: Path, console: Console) -> list[str]:
    hub = stage.hub
    reader = HubReader(hub.address)
    console.print(
        f"the hub: coap://127.0.0.1:{hub.port}, started as [bold]{shlex.join(hub.command)}[/]", soft_wrap=True
    )
    try:
        with StreetView(console if console.is_terminal else None) as view:
            play = Play(stage, hub, reader)
            frames = Frames(play)
            play.on_frame = lambda: view.update(frames.snapshot())
            if kill_hub:
                play.kill_hub_at(play.end_ms // 2)
            result = play.run()
            view.update(frames.snapshot())
    finally:
        reader.close()
        stage.close()
        hub.stop()
    alerts = [alert_line(alert) for alert in result.alerts]
    pictures = _draw(stage.street, result, alerts, out)
    summary = _summary(stage, play, result, alerts, pictures)
    print_summary(summary, console)
    return failures(expected, alerts, summary.lost)


def _draw(street: Street, result: Result, alerts: list[AlertLine], out: Path) -> list[Path]:
    made = []
    for home in street.homes:
        path = out / f"{home.home}.png"
        doors = {s.sensor for s in home.sensors if s.kind == "door"}
        draw_day_strips(
            path,
            home.home,
            spans(result.trajectories[home.home]),
            zone=home.zone,
            alerts=[(a.raised, a.alert_class, a.kind.replace("_", " ")) for a in alerts if a.home == home.home],
            doors=[c.t for c in home.changes if c.sensor in doors and c.level],
        )
        made.append(path)
    return made


def _summary(stage: Stage, play: Play, result: Result, alerts: list[AlertLine], pictures: list[Path]) -> StreetSummary:
    street = stage.street
    days = (street.end - street.start) / 86_400
    wakes = sum(cast.seat.board.wakes for cast in stage.cast.values())
    air = [cast.seat.air.counters for cast in stage.cast.values()]
    remarks = [
        f"{days:.0f} days in {result.seconds:.0f} s; {wakes:,} wakes of {len(stage.cast)} boards under MicroPython,"
        f" heap {stage.facts.heap_bytes // 1024} KiB"
    ]
    if sum(counters.lost for counters in air):
        remarks.append(f"{sum(c.lost for c in air):,} of {sum(c.datagrams for c in air):,} datagrams lost in the air")
    if play.deaths:
        remarks.append(f"the hub died {play.deaths} time(s) and came back")
    if play.hub_of_others:
        remarks.append("the hub was started again by hand: that one is still running, stop it with Ctrl-C there")
    return StreetSummary(days, result.books, alerts, pictures, street.homes[0].zone, remarks)
