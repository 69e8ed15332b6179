"""The life of alerts in the store: one open case per home and cause, closed when the cause ends."""

from collections.abc import Iterable

from sqlalchemy import Connection

from anju_hub.core import Alert, Cleared
from anju_hub.store import timeline

Cause = tuple[str, str, str]  # home, kind, sensor ('' where it is the home's)


def cause(of: Alert | Cleared) -> Cause:
    return of.home, of.kind, of.sensor or ""


def to_ms(t_s: float) -> int:
    return round(t_s * 1000)


def apply(connection: Connection, changes: Iterable[Alert | Cleared]) -> set[str]:
    """Open and close cases in the order of time; returns the homes where that changed something."""
    changed = set()
    for change in sorted(changes, key=when):
        if isinstance(change, Alert):
            done = timeline.raise_case(
                connection, *cause(change), change.alert_class, to_ms(change.raised), dict(change.why)
            )
        else:
            done = timeline.clear_case(connection, *cause(change), to_ms(change.at))
        if done:
            changed.add(change.home)
    return changed


def reconcile(connection: Connection, still_open: dict[Cause, Alert], now_ms: int) -> set[str]:
    """After the core was rebuilt from stored records: make the store's open cases those that it has open.

    What is open in both stays as it was raised.  A case whose cause the core does not see any more is closed now,
    because nothing would ever close it later.
    """
    changed = set()
    stored = {(case.home, case.kind, case.sensor) for case in timeline.cases(connection, only_open=True)}
    for home, kind, sensor in stored - still_open.keys():
        timeline.clear_case(connection, home, kind, sensor, now_ms)
        changed.add(home)
    missing = [alert for key, alert in still_open.items() if key not in stored]
    return changed | apply(connection, missing)


def when(change: Alert | Cleared) -> float:
    return change.raised if isinstance(change, Alert) else change.at
