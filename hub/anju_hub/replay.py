"""Feed a log through the core, day by day, as the live hub would have seen it."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO, cast
from zoneinfo import ZoneInfo

import numpy as np

from .core import Alert, Events, HomeSpec, Settings, StateSpan, Watch, merge_spans
from .event_csv import Log

DAY_S = 86_400.0


@dataclass(slots=True)
class Result:
    """What the core said, in order."""

    states: list[StateSpan] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    cleared: int = 0
    trajectory: list[StateSpan] = field(default_factory=list)

    def by_class(self) -> Counter[str]:
        return Counter(alert.alert_class for alert in self.alerts)


def replay(
    log: Log, settings: Settings, trajectory: bool = False, progress: Callable[[float], None] = lambda _: None
) -> Result:
    """Run `log` through a `Watch`; `progress` gets the share done, 0 to 1."""
    events = log.events.take(np.argsort(log.events.t, kind="stable"))
    homes = [HomeSpec(home.home, zone_of(log), home.sensors) for home in log.homes]
    watch, result = Watch(homes, settings, record=trajectory), Result()
    begin, end = float(events.t[0]), float(events.t[-1])
    stops = np.append(np.arange(begin + DAY_S, end, DAY_S), end + 60.0)
    cuts = np.searchsorted(events.t, stops)
    done = 0
    for stop, cut in zip(stops, cuts, strict=True):
        _take(result, watch, events.take(slice(done, int(cut))), float(stop))
        done = int(cut)
        progress((stop - begin) / (end + 60.0 - begin))
    result.states = merge_spans(result.states)
    if trajectory:
        result.trajectory = watch.trajectory()
    return result


def _take(result: Result, watch: Watch, events: Events, until: float) -> None:
    update = watch.update(events, until)
    result.states += update.states
    result.alerts += update.alerts
    result.cleared += len(update.cleared)


def zone_of(log: Log) -> str:
    """Zone for the hour of day: naive times are local already; a whole-hour offset names its own zone."""
    if not log.offset_min or log.offset_min % 60:
        return "UTC"
    name = f"Etc/GMT{-log.offset_min // 60:+d}"  # POSIX sign: Etc/GMT+7 lies west of Greenwich
    return ZoneInfo(name).key


def output_shift_s(log: Log) -> float:
    """Seconds from UTC to the times written: the log's own offset where all rows share one, else UTC stays."""
    return 60.0 * (log.offset_min or 0) if log.one_offset else 0.0


def write_states(path: Path, spans: list[StateSpan], shift_s: float) -> None:
    """home,start,end,state,probability; naive times, `shift_s` from those of the core."""
    edges = np.array([(span.start, span.end) for span in spans]).reshape(-1, 2)
    starts, ends = _iso(edges[:, 0], shift_s), _iso(edges[:, 1], shift_s)
    with _opened(path) as file:
        writer = csv.writer(file)
        writer.writerow(["home", "start", "end", "state", "probability"])
        writer.writerows(
            (span.home, start, end, span.state, round(span.probability, 3))
            for span, start, end in zip(spans, starts, ends, strict=True)
        )


def write_alerts(path: Path, alerts: list[Alert], shift_s: float) -> None:
    """home,raised,kind,class,sensor,why; naive times, `shift_s` from those of the core."""
    raised = _iso(np.array([alert.raised for alert in alerts], float), shift_s)
    with _opened(path) as file:
        writer = csv.writer(file)
        writer.writerow(["home", "raised", "kind", "class", "sensor", "why"])
        writer.writerows(
            (alert.home, at, alert.kind, alert.alert_class, alert.sensor or "", alert.why.get("text", ""))
            for alert, at in zip(alerts, raised, strict=True)
        )


def _opened(path: Path) -> TextIO:
    """For writing; packed if the name ends in .gz."""
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, "wt", newline="", encoding="utf-8"))
    return path.open("w", newline="", encoding="utf-8")


def _iso(seconds: np.ndarray[tuple[int], np.dtype[np.float64]], shift_s: float) -> list[str]:
    text = np.datetime_as_string(np.round((seconds + shift_s) * 1000).astype("datetime64[ms]"))
    return [str(t) for t in text]
