"""Whether a demo showed what it promises: nothing lost, a visit for the silent person, none for the flat battery."""

from __future__ import annotations

from dataclasses import dataclass

from anju_tools.demo.snapshot import AlertLine


@dataclass(frozen=True)
class Expectation:
    """The script of the simulated street: who stops moving, whose battery dies (times in s, UTC)."""

    silent_home: str
    silent_from: float
    battery_home: str
    battery_node: str
    battery_empty: float


def failures(expected: Expectation | None, alerts: list[AlertLine], lost: int) -> list[str]:
    """What did not come true, in words; empty when all did."""
    found = [f"{lost} transitions, pulses or records are not in the hub's store"] if lost else []
    if expected is None:
        return found
    silent = [a for a in alerts if a.home == expected.silent_home and a.raised >= expected.silent_from]
    if not any(a.alert_class == "care" for a in silent):
        found.append(f"{expected.silent_home}: the resident stopped moving and no care alert came")
    battery = [a for a in alerts if a.home == expected.battery_home and a.raised >= expected.battery_empty]
    if not any(a.alert_class == "maintenance" and a.sensor == expected.battery_node for a in battery):
        found.append(f"{expected.battery_home}: node {expected.battery_node} died and no maintenance alert came")
    if any(a.alert_class == "care" for a in battery):
        found.append(f"{expected.battery_home}: a flat battery has sent staff to a door")
    return found
