"""The event log and the truth as CSV, in the columns that `anju replay` and the scenario tools read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anju_tools.simulator.arrays import F64, I16
from anju_tools.simulator.calendar import DAY_S, HOUR_S
from anju_tools.simulator.log import HomeLog

EVENT_COLUMNS = "home,t,sensor,kind,room,value"
TRUTH_COLUMNS = "home,start,end,label"
MINUTE_S = 60.0
METERS = ("water", "electricity")


@dataclass(frozen=True)
class EventTable:
    """What a hub hears of one home, in order of time: `t` [s, UTC], `sensor` index, `value`; shape (n,).

    `value` is 1 or 0 for a level, litres (water) or watt-hours (electricity) in the minute that ends at `t`, and
    nan for a heartbeat.
    """

    t: F64
    sensor: I16
    value: F64


def events(log: HomeLog, heartbeat_h: float | None = None) -> EventTable:
    """Stimuli as a hub hears them: meters per minute, a heartbeat of every sensor each `heartbeat_h` hours."""
    heard, parts = log.heard(), []
    meters = [i for i, s in enumerate(log.sensors) if s.kind in METERS]
    plain = ~np.isin(heard.sensor, meters)
    parts.append((heard.t[plain], heard.sensor[plain], heard.value[plain].astype(np.float64)))
    for number in meters:
        minute, pulses = np.unique(np.ceil(heard.t[heard.sensor == number] / MINUTE_S), return_counts=True)
        parts.append(_rows(minute * MINUTE_S, number, np.float64(log.sensors[number].per_pulse) * pulses))
    if heartbeat_h is not None:
        for number, until in enumerate(log.silent_from()):
            first = log.start + heartbeat_h * HOUR_S * number / len(log.sensors)
            t = np.arange(first, min(until, log.end), heartbeat_h * HOUR_S)
            parts.append(_rows(t, number, np.full(len(t), np.nan)))
    t = np.concatenate([p[0] for p in parts])
    order = np.argsort(t, kind="stable")
    sensor, value = np.concatenate([p[1] for p in parts]), np.concatenate([p[2] for p in parts])
    return EventTable(t[order], sensor[order], value[order])


def _rows(t: F64, number: int, value: F64) -> tuple[F64, I16, F64]:
    return t, np.full(len(t), number, dtype=np.int16), value


def write_events(
    path: Path,
    logs: Sequence[HomeLog],
    heartbeat_h: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> int:
    """Write the log of all homes, sorted by time; returns the number of rows. `progress` is told the share done."""
    tables = [events(log, heartbeat_h) for log in logs]
    begin, end = min(log.start for log in logs), max(log.end for log in logs)
    count = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(EVENT_COLUMNS + "\n")
        for day in np.arange(begin, end + MINUTE_S, DAY_S):  # the last minute's meter rows end at the last midnight
            rows = _day_rows(logs, tables, day)
            file.writelines(rows)
            count += len(rows)
            if progress is not None:
                progress(min(1.0, (day + DAY_S - begin) / (end - begin)))
    return count


def _day_rows(logs: Sequence[HomeLog], tables: Sequence[EventTable], begin: float) -> list[str]:
    """The rows of all homes in one day from `begin` [s, UTC], sorted by time, then home."""
    when: list[F64] = []
    rows: list[str] = []
    for log, table in zip(logs, tables, strict=True):
        part = slice(*np.searchsorted(table.t, [begin, begin + DAY_S]))
        when.append(table.t[part])
        rows += _home_rows(log, table, part)
    order = np.argsort(np.concatenate(when), kind="stable")
    return [rows[i] for i in order.tolist()]


def _home_rows(log: HomeLog, table: EventTable, part: slice) -> Iterator[str]:
    what = [f",{s.sensor},{s.kind},{s.room}," for s in log.sensors]
    beat = [f",{s.sensor},heartbeat,{s.room},1\n" for s in log.sensors]
    home = log.home + ","
    columns = (local_times(log, table.t[part]), table.sensor[part].tolist(), table.value[part].tolist())
    for t, sensor, value in zip(*columns, strict=True):
        yield home + t + (f"{what[sensor]}{value:g}\n" if value == value else beat[sensor])


def local_times(log: HomeLog, t: F64) -> list[str]:
    """ISO-8601 local times [ms], naive; with their offset where the clocks change within the log."""
    if not len(t):
        return []
    if not log.calendar.has_clock_change():
        return _iso(t + log.calendar.offset_s(log.start))
    # Offsets change on the hour: one look-up per hour is exact.
    hours, index = np.unique(t // HOUR_S, return_inverse=True)
    offsets = np.array([log.calendar.offset_s(hour * HOUR_S) for hour in hours.tolist()])
    words = [f"{'-' if o < 0 else '+'}{abs(o) // 3600:02.0f}:{abs(o) % 3600 // 60:02.0f}" for o in offsets.tolist()]
    return [stamp + words[i] for stamp, i in zip(_iso(t + offsets[index]), index.tolist(), strict=True)]


def _iso(t: F64) -> list[str]:
    stamps: list[str] = np.datetime_as_string(np.round(t * 1000).astype("datetime64[ms]")).tolist()
    return stamps


def write_truth(path: Path, logs: Sequence[HomeLog]) -> None:
    """Write what really happened, home by home."""
    with path.open("w", encoding="utf-8") as file:
        file.write(TRUTH_COLUMNS + "\n")
        for log in logs:
            start, end = local_times(log, log.truth.start), local_times(log, log.truth.end)
            labels = [log.truth.labels[i] for i in log.truth.label.tolist()]
            file.writelines(f"{log.home},{s},{e},{x}\n" for s, e, x in zip(start, end, labels, strict=True))
