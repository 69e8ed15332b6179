"""The demo's books: what the rig did to the pins against what the hub has stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anju_tools.demo.stage import INPUT_PIN, Cast


@dataclass(frozen=True)
class Account:
    """One node. `made` and `received` count what `unit` says; PIRs have no such count (their filter sums up)."""

    node: str
    home: str
    sensor: str
    unit: str
    made: int
    received: int
    gaps: int
    datagrams: int
    octets: int

    @property
    def lost(self) -> int:
        """What was made and is not in the store, and numbers missing in the node's sequence."""
        return abs(self.made - self.received) + self.gaps


def account(cast: Cast, stored: dict[str, Any]) -> Account:
    """The books of one node; `stored` is its entry in the hub's `/homes/{id}`."""
    unit, made, received = _count(cast, stored)
    air = cast.seat.air.counters
    gaps = int(stored["missing"])
    return Account(cast.node, cast.home, cast.sensor.sensor, unit, made, received, gaps, air.datagrams, air.octets)


def _count(cast: Cast, stored: dict[str, Any]) -> tuple[str, int, int]:
    seat = cast.seat
    if cast.sensor.kind == "pir":
        return "reports without a gap", 0, 0
    if cast.sensor.kind == "meter":
        weight = round(cast.sensor.per_pulse * 1000)
        return "pulses", seat.rises.get(INPUT_PIN, 0), int(stored.get("total") or 0) // weight
    return "transitions", seat.edges.get(INPUT_PIN, 0), int(stored["records"].get("door", 0))
