"""What the demo shows: plain data, filled in by whoever runs the street."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anju_tools.demo.states import Span


@dataclass(frozen=True)
class AlertLine:
    """An alert of the hub. `why` is its reasons; its "text" says them in words."""

    home: str
    raised: float  # [s, UTC]
    kind: str
    alert_class: str  # care, maintenance or usage
    sensor: str | None = None
    why: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class HomeSnapshot:
    """One home now. Times in s, UTC; `last_day` are the state spans of the last 24 hours."""

    home: str
    state: str
    probability: float | None
    since: float | None
    last_event: str | None
    last_event_t: float | None
    nodes_alive: int
    nodes_total: int
    made: int
    received: int
    octets: int
    alerts: Sequence[AlertLine] = ()
    last_day: Sequence[Span] = ()


@dataclass(frozen=True)
class StreetSnapshot:
    """The street at `now`, between `start` and `end` [s, UTC].

    `speed` is simulated hours a second, `eta_s` how long the rest will take. `hub_pid` is None while the hub is down.
    """

    now: float
    start: float
    end: float
    homes: Sequence[HomeSnapshot]
    zone: str = "UTC"
    speed: float | None = None
    eta_s: float | None = None
    hub_pid: int | None = None
    hub_port: int | None = None


@dataclass(frozen=True)
class NodeSummary:
    """The books of one node. `unit` says what is counted: transitions, pulses."""

    node: str
    home: str
    sensor: str
    unit: str
    made: int
    received: int
    lost: int
    datagrams: int
    octets: int


@dataclass(frozen=True)
class StreetSummary:
    """How it ended. `days` is how long it went on, `remarks` what else is worth saying."""

    days: float
    nodes: Sequence[NodeSummary]
    alerts: Sequence[AlertLine]
    pictures: Sequence[Path] = ()
    zone: str = "UTC"
    remarks: Sequence[str] = ()

    @property
    def lost(self) -> int:
        return sum(node.lost for node in self.nodes)
