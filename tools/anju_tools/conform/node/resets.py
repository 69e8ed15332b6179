"""The scenario in which the node is reset, and what must hold across it."""

from __future__ import annotations

from typing import Any

from anju_tools.conform.node.monitor import Arrival, Monitor, RecordId
from anju_tools.conform.node.registry import observation, scenario
from anju_tools.conform.node.tester import Play, Settings, Tester
from anju_tools.conform.verdict import CheckFailed, CheckNotRun, Level

_REPORTS_AFTER = 2  # so that there is something of the new epoch


@scenario("reset", "6.1", Level.SHOULD, "Keep unanswered records where a reset does not reach them.")
def reset(t: Tester) -> Play:
    """The node is reset while a report is unanswered: it reports again, and the records of that report come again."""
    if t.settings.reset is None:
        raise CheckNotRun("nobody can reset the node: give --reset-command or --reset-by-hand")
    before = yield from t.fresh()
    t.accept(before)
    lost = yield from t.goes_on(before, "before the reset")
    held = yield from t.fresh(quiet=True)
    assert lost is not held
    t.monitor.resets += 1
    t.settings.reset()
    last = yield from t.again(held, "after the reset")
    for _ in range(_REPORTS_AFTER):
        last = yield from t.goes_on(last, "after the reset")


def _across(monitor: Monitor) -> tuple[list[Arrival], list[Arrival]]:
    if not monitor.resets:
        raise CheckNotRun("the node was not reset: give --reset-command or --reset-by-hand")
    before = [arrival for arrival in monitor.requests if not arrival.after_resets]
    after = [arrival for arrival in monitor.requests if arrival.after_resets]
    if not after:
        raise CheckNotRun("the node did not report after its reset")
    return before, after


@observation(
    "reset-partial-iv", "7.2", Level.MUST, "Reserve sequence numbers in flash before using them; skip them all."
)
def partial_iv(monitor: Monitor, _settings: Settings) -> str:
    """After a reset the node goes on with sequence numbers that it never used."""
    before, after = _across(monitor)
    used = {arrival.partial_iv for arrival in before}
    again = sorted(used & {arrival.partial_iv for arrival in after} - {-1})
    if again:
        raise CheckFailed(f"sequence number {again[0]} was used before and after the reset")
    lowest = min((a.partial_iv for a in after if a.binding), default=-1)
    if lowest < max(used):
        raise CheckFailed(f"sequence numbers go back from {max(used)} to {lowest}")
    return ""


@observation("reset-epoch", "2.3", Level.MUST, "Count cold boots in flash and report the count as the epoch.")
def epoch(monitor: Monitor, _settings: Settings) -> str:
    """After a cold boot new records have a higher epoch, or go on in the old one without using a number twice."""
    before, after = _across(monitor)
    old = _records(before)
    later = _records(after)
    again = [key for key in later if key in old and _content(later[key]) != _content(old[key])]
    if again:
        raise CheckFailed(f"number {again[0][1]} of epoch {again[0][0]} is another record after the reset")
    new = {key: record for key, record in later.items() if key not in old}
    if not new:
        raise CheckNotRun("the node reported nothing new after its reset")
    last = max(old, default=(0, -1))
    back = [key for key in new if key[0] < last[0]]
    if back:
        raise CheckFailed(f"new records in epoch {back[0][0]} after epoch {last[0]}")
    same = [number for of, number in new if of == last[0]]
    if same and min(same) < last[1]:
        raise CheckFailed(f"record numbers go back from {last[1]} to {min(same)} in epoch {last[0]}")
    return ""


def _records(arrivals: list[Arrival]) -> dict[RecordId, dict[Any, Any]]:
    found: dict[RecordId, dict[Any, Any]] = {}
    for arrival in arrivals:
        found.update(arrival.records())
    return found


def _content(record: dict[Any, Any]) -> dict[Any, Any]:
    """What must not change when a record comes again: all but its age."""
    return {name: value for name, value in record.items() if name not in ("age_ms", "age_error_ms")}


OBSERVED = (partial_iv, epoch)
