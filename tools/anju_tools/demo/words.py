"""Times, sizes and reasons in words that people read."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

HOUR_S = 3600.0


def local(t: float, zone: str) -> datetime:
    return datetime.fromtimestamp(t, UTC).astimezone(ZoneInfo(zone))


def clock(t: float, zone: str) -> str:
    return f"{local(t, zone):%H:%M}"


def day_and_clock(t: float, zone: str) -> str:
    when = local(t, zone)
    return f"{when:%a} {when.day} {when:%b %H:%M}"


def duration(seconds: float) -> str:
    """To two figures that matter: 40 s, 12 min, 3 h 05, 2 d 4 h."""
    seconds = max(0.0, seconds)
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02d}"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"


def size(octets: float) -> str:
    return (
        f"{octets:.0f} B" if octets < 1000 else f"{octets / 1000:.1f} kB" if octets < 1e6 else f"{octets / 1e6:.2f} MB"
    )


def reasons(why: Mapping[str, Any]) -> list[str]:
    """An alert's reasons, a line each: its text if it has one, else what it says, key by key."""
    text = why.get("text")
    return [str(text)] if text else list(_flat(why))


def _flat(why: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for key, value in why.items():
        name = before + str(key).replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}, ")
        elif isinstance(value, float):
            yield f"{name}: {value:.3g}"
        elif isinstance(value, (list, tuple)):
            yield f"{name}: {', '.join(str(v) for v in value)}"
        else:
            yield f"{name}: {value}"
