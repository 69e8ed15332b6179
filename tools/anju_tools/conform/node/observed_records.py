"""Checks of what the records say over the whole run: numbers, totals, ages, signs of life."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from anju_tools.conform.node.monitor import Arrival, Monitor, RecordId
from anju_tools.conform.node.registry import observation
from anju_tools.conform.node.tester import Settings
from anju_tools.conform.verdict import CheckFailed, CheckNotRun, Level
from anju_wire.numbers import DOOR, HEALTH, METER, OPTION_ECHO, PIR

_VENDOR_KINDS = 128
_AGE_FIELDS = ("age_ms", "age_error_ms")
_CUMULATIVE: dict[object, tuple[str, ...]] = {
    DOOR: ("transitions",),
    PIR: ("pulses",),
    METER: ("total",),
    HEALTH: ("wakes", "resets", "dropped"),
}


def _known(monitor: Monitor) -> dict[RecordId, dict[Any, Any]]:
    records = monitor.known_records()
    if not records:
        raise CheckNotRun("no record came")
    return records


@observation("numbers-without-gap", "2.4", Level.MUST, "Number records 0, 1, 2, … within an epoch, when they are made.")
def numbers_without_gap(monitor: Monitor, _settings: Settings) -> str:
    """Within an epoch records are numbered upwards, and every number comes."""
    numbers: dict[int, set[int]] = {}
    for epoch, number in _known(monitor):
        numbers.setdefault(epoch, set()).add(number)
    for epoch, seen in numbers.items():
        missing = set(range(min(seen), max(seen))) - seen
        if missing:
            raise CheckFailed(f"epoch {epoch}: number {min(missing)} never came, {max(seen)} did")
    return ""


@observation("identity", "2.4", Level.MUST, "Never give a number to another record, and never change a record.")
def identity(monitor: Monitor, _settings: Settings) -> str:
    """A record that comes again under its number says the same."""
    seen: dict[RecordId, dict[Any, Any]] = {}
    _known(monitor)
    for arrival in monitor.reports:
        for key, record in arrival.records().items():
            content = {name: value for name, value in record.items() if name not in _AGE_FIELDS}
            if seen.setdefault(key, content) != content:
                raise CheckFailed(f"record {key[1]} of epoch {key[0]} was {seen[key]}, then {content}")
    return ""


@observation("cumulative", "4.7", Level.MUST, "Keep the totals in flash; they never go back, over resets neither.")
def cumulative(monitor: Monitor, _settings: Settings) -> str:
    """Cumulative fields only grow, over resets too."""
    last: dict[tuple[object, object, str], tuple[int, RecordId]] = {}
    for key, record in sorted(_known(monitor).items()):
        for name in _CUMULATIVE.get(record["kind"], ()):
            which = record["kind"], record["channel"], name
            before = last.get(which)
            if before is not None and record[name] < before[0]:
                raise CheckFailed(f"{name} goes back from {before[0]} to {record[name]} in record {key[1]}")
            last[which] = record[name], key
    return ""


@observation("transitions", "4.3", Level.MUST, "Count every transition, both ways, this one included.")
def transitions(monitor: Monitor, _settings: Settings) -> str:
    """From one record of a door to the next the count rises, by an odd number where the level changed."""
    doors = [(key, record) for key, record in sorted(_known(monitor).items()) if record["kind"] == DOOR]
    if not doors:
        raise CheckNotRun("no door record came; this check is for doors and other contacts (--skip transitions)")
    last: dict[object, tuple[RecordId, dict[Any, Any]]] = {}
    for key, record in doors:
        before = last.get(record["channel"])
        last[record["channel"]] = key, record
        if before is None or before[0][0] != key[0]:
            continue
        rise = record["transitions"] - before[1]["transitions"]
        changed = record["open"] != before[1]["open"]
        if rise < 1 or rise % 2 != changed:
            raise CheckFailed(f"from {before[1]} to {record}: {rise} transitions")
    return f"{len(doors)} door records"


@observation("age", "11.1", Level.MUST, "Compute age_ms when the report is made, each time anew, from a steady clock.")
def age(monitor: Monitor, settings: Settings) -> str:
    """A record that comes again happened when it happened: arrival minus age_ms stays the same."""
    span: dict[RecordId, tuple[int, int]] = {}
    made: dict[bytes, int] = {}
    twice = 0
    for arrival in monitor.reports:
        made_ms = _made_ms(arrival, made)
        for key, record in arrival.records().items():
            at, error = made_ms - record["age_ms"], record["age_error_ms"] + settings.tolerance_ms
            low, high = span.get(key, (at - error, at + error))
            twice += key in span
            if not (at + error >= low and at - error <= high):
                off = min(abs(at - low), abs(at - high)) / 1000
                raise CheckFailed(f"record {key[1]} of epoch {key[0]} moved by {off:.1f} s when it came again")
            span[key] = max(low, at - error), min(high, at + error)
    if not twice:
        raise CheckNotRun("no record came twice")
    return f"{twice} repeated records"


def _made_ms(arrival: Arrival, made: dict[bytes, int]) -> int:
    """When a report was made: when it came, but a repetition for Echo (7.3) may hold the payload of before."""
    assert arrival.inner is not None
    payload = arrival.inner.payload
    if arrival.inner.option(OPTION_ECHO) is not None and payload in made:
        return made[payload]
    made[payload] = arrival.at_ms
    return arrival.at_ms


@observation(
    "age-order", "11.1", Level.SHOULD, "Take the age from when the pin changed, not from when the radio was ready."
)
def age_order(monitor: Monitor, settings: Settings) -> str:
    """Records of a door happened in the order of their numbers."""
    when: dict[RecordId, int] = {}
    _known(monitor)
    for arrival in monitor.reports:
        for key, record in arrival.records().items():
            if record["kind"] == DOOR:
                when.setdefault(key, arrival.at_ms - record["age_ms"])
    for before, after in pairwise(sorted(when)):
        if before[0] == after[0] and when[after] < when[before] - settings.tolerance_ms:
            raise CheckFailed(
                f"record {after[1]} happened {(when[before] - when[after]) / 1000:.1f} s before {before[1]}"
            )
    return ""


@observation("health", "4.6", Level.SHOULD, "Send a health record at each start, and once a day at least.")
def health(monitor: Monitor, _settings: Settings) -> str:
    """The node reports its own health."""
    count = sum(record["kind"] == HEALTH for record in _known(monitor).values())
    if not count:
        raise CheckFailed("no health record came; set the heartbeat below the length of the test")
    return f"{count} health records"


@observation("heartbeat", "4.6", Level.MUST, "Report at least every heartbeat_s, something or nothing having happened.")
def heartbeat(monitor: Monitor, settings: Settings) -> str:
    """While the hub answers, the node is never silent for longer than it promised."""
    promises = [record["heartbeat_s"] for record in _known(monitor).values() if record["kind"] == HEALTH]
    if not promises:
        raise CheckNotRun("no health record came, so nothing was promised")
    silences = [
        after.at_ms - before.at_ms
        for before, after in pairwise(monitor.arrivals)
        if before.accepted and before.after_resets == after.after_resets
    ]
    longest = max(silences, default=0)
    if longest > max(promises) * 1000 + settings.tolerance_ms:
        raise CheckFailed(f"silent for {longest / 1000:.0f} s, promised were {max(promises)} s")
    return f"longest silence {longest / 1000:.0f} s, promised {max(promises)} s"


@observation(
    "reserved", "9.4", Level.MUST, "Use the kinds and keys of the registry, kinds from 128 on, or negative keys."
)
def reserved(monitor: Monitor, _settings: Settings) -> str:
    """Records use no kind and no key that is reserved for later versions."""
    for key, record in _known(monitor).items():
        kind = record["kind"]
        if HEALTH + 1 < kind < _VENDOR_KINDS:
            raise CheckFailed(f"record {key[1]} is of kind {kind}")
        unknown = [name for name in record if isinstance(name, int) and name >= 0 and kind <= HEALTH]
        if unknown:
            raise CheckFailed(f"record {key[1]} has the key {unknown[0]}")
    return ""


@observation(
    "dropped-counted", "6.5", Level.MUST, "Count every record that is given up in `dropped` of the health record."
)
def dropped_counted(monitor: Monitor, _settings: Settings) -> str:
    """A record that was given up because it was refused is counted in `dropped`."""
    if not monitor.refused:
        raise CheckNotRun("no record was refused")
    made = [
        (arrival.at_ms - record["age_ms"], record["dropped"])
        for arrival in monitor.reports
        for record in arrival.records().values()
        if record["kind"] == HEALTH
    ]
    times = monitor.refused.values()
    before = [dropped for at_ms, dropped in made if at_ms < min(times)]
    after = [dropped for at_ms, dropped in made if at_ms > max(times)]
    if not before or not after:
        raise CheckNotRun("there is no health record before and after; set a shorter heartbeat")
    if max(after) - max(before) < len(monitor.refused):
        raise CheckFailed(
            f"{len(monitor.refused)} records were refused, dropped rose from {max(before)} to {max(after)}"
        )
    return f"dropped rose by {max(after) - max(before)}"


OBSERVED = (
    numbers_without_gap,
    identity,
    cumulative,
    transitions,
    age,
    age_order,
    health,
    heartbeat,
    reserved,
    dropped_counted,
)
