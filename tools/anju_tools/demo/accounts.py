"""The demo's books: what the rig did to the pins against what the hub has stored."""

from __future__ import annotations

from typing import Any

from anju_tools.demo.snapshot import NodeSummary
from anju_tools.demo.stage import INPUT_PIN, Cast


def account(cast: Cast, stored: dict[str, Any]) -> NodeSummary:
    """The books of one node; `stored` is its entry in the hub's `/homes/{id}`.

    Contacts are counted by transition and meters by pulse, made at the pin and found in the store. A PIR's filter sums
    pulses up, so its records are counted instead: those the node has numbered against those in the store.
    """
    unit, made, received = _count(cast, stored)
    air = cast.seat.air.counters
    lost = abs(made - received) + (0 if unit == "records" else int(stored["missing"]))
    return NodeSummary(cast.node, cast.home, cast.sensor.sensor, unit, made, received, lost, air.datagrams, air.octets)


def _count(cast: Cast, stored: dict[str, Any]) -> tuple[str, int, int]:
    seat = cast.seat
    if cast.sensor.kind == "pir":
        received = sum(stored["records"].values())
        return "records", received + int(stored["missing"]), received
    if cast.sensor.kind == "meter":
        weight = round(cast.sensor.per_pulse * 1000)
        return "pulses", seat.rises.get(INPUT_PIN, 0), int(stored.get("total") or 0) // weight
    return "transitions", seat.edges.get(INPUT_PIN, 0), int(stored["records"].get("door", 0))
