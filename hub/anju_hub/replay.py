"""Feed a log through the core, day by day, as the live hub would have seen it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
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


def write_states(path: Path, spans: list[StateSpan], offset_min: int | None) -> None:
    """home,start,end,state,probability; times as the log wrote them: naive local, or UTC with an offset."""
    edges = np.array([(span.start, span.end) for span in spans]).reshape(-1, 2)
    starts, ends = _iso(edges[:, 0], offset_min), _iso(edges[:, 1], offset_min)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["home", "start", "end", "state", "probability"])
        writer.writerows(
            (span.home, start, end, span.state, round(span.probability, 3))
            for span, start, end in zip(spans, starts, ends, strict=True)
        )


def write_alerts(path: Path, alerts: list[Alert], offset_min: int | None) -> None:
    """home,raised,kind,class,sensor,why."""
    raised = _iso(np.array([alert.raised for alert in alerts], float), offset_min)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["home", "raised", "kind", "class", "sensor", "why"])
        writer.writerows(
            (alert.home, at, alert.kind, alert.alert_class, alert.sensor or "", alert.why.get("text", ""))
            for alert, at in zip(alerts, raised, strict=True)
        )


def _iso(seconds: np.ndarray[tuple[int], np.dtype[np.float64]], offset_min: int | None) -> list[str]:
    text = np.datetime_as_string(np.round(seconds * 1000).astype("datetime64[ms]"))
    return [str(t) if offset_min is None else f"{t}+00:00" for t in text]
