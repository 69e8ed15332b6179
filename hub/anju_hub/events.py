"""From stored records to the core's events: which sensor, which kind, which value, and when."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from anju_hub.core import KIND_CODES, HomeSpec, Kind, SensorSpec
from anju_hub.store.registry import NodeRow, NodeSpec
from anju_wire.numbers import DOOR, HEALTH, METER, PIR

# A node says that movement ended when nothing moved for this long, so an episode without an end went on until then.
PIR_SILENT_S = 180.0
MOVING_EVERY_S = 60.0  # how often a PIR that goes on seeing movement counts
MAX_ACTIVE_S = 4 * 3600  # a record that sums up more is taken for its last hours
BELIEVED_S = 1800.0  # without a word from its node an episode is not believed to go on longer than this
# What happened at a time less well known than this (power was lost before the node knew the time) is kept in the store
# and its counts are taken, but it says nothing about when somebody moved.
TOLERATED_ERROR_MS = 600_000
_PER_UNIT = 1000.0  # mL in a litre, mWh in a watt-hour

Row = tuple[int, float, int, int, float]  # home, t [s], sensor, kind, value


def core_kind(spec: NodeSpec) -> str:
    """The core's kind of sensor for a node."""
    if spec.kind == "meter":
        assert spec.medium is not None
        return spec.medium
    return spec.kind if spec.kind in KIND_CODES else "other"


def home_specs(zones: dict[str, str], nodes: Iterable[NodeRow]) -> list[HomeSpec]:
    """The core's view of the homes and their active nodes, each node one sensor of its name."""
    sensors: dict[str, list[SensorSpec]] = {home: [] for home in zones}
    for node in nodes:
        spec = node.spec
        sensors[spec.home].append(SensorSpec(spec.node, core_kind(spec), spec.room, spec.heartbeat_s))
    return [HomeSpec(home, zone, sensors[home]) for home, zone in zones.items()]


@dataclass(slots=True)
class _Sensor:
    """A node's place in the watch, and what its earlier records say about the next."""

    home: int
    sensor: int
    kind: int
    heard_s: float = 0.0
    reading: tuple[int, int, int] | None = None  # meter: (epoch, sequence, total) of the youngest record
    began_s: float = 0.0  # PIR: when the episode that goes on began
    moving_s: float | None = None  # PIR: last movement of the episode that goes on
    ended_s: float = 0.0  # PIR: when the last episode ended


class EventMapper:
    """Maps rows of `records`, fed in order of arrival, to events of the watch made from `homes`.

    `enrolments` are all that ever were: a node that got new keys in the same home is the same sensor.
    """

    def __init__(self, homes: list[HomeSpec], enrolments: Iterable[NodeRow]) -> None:
        places = {
            (home.home, sensor.sensor): _Sensor(i, j, KIND_CODES[sensor.kind])
            for i, home in enumerate(homes)
            for j, sensor in enumerate(home.sensors)
        }
        self._places = list(places.values())
        self._sensors: dict[int, _Sensor] = {}
        for row in enrolments:
            place = places.get((row.spec.home, row.spec.node))
            if place is not None:
                self._sensors[row.id] = place

    def take(self, rows: Iterable[Any]) -> list[Row]:
        """The events of the rows; rows of nodes that left their home have none."""
        found: list[Row] = []
        for row in rows:
            sensor = self._sensors.get(row.node_id)
            if sensor is not None:
                found.extend(_events(sensor, row))
        return found

    def going_on(self, until_s: float) -> list[Row]:
        """Movement that has not been reported yet but must have been: PIR episodes without an end.

        Sound if `until_s` lies at least `PIR_SILENT_S` and a delivery before the present, because an episode that
        ended before then would have been reported as ended by now.
        """
        found: list[Row] = []
        for sensor in self._places:
            last = sensor.moving_s
            limit = min(until_s, sensor.heard_s + BELIEVED_S)
            while last is not None and last + MOVING_EVERY_S <= limit:
                last += MOVING_EVERY_S
                sensor.moving_s = last
                found.append((sensor.home, last, sensor.sensor, Kind.PIR, 1.0))
        return found


def _events(sensor: _Sensor, row: Any) -> Iterator[Row]:
    t = row.t_ms / 1000.0
    received = row.received_ms / 1000.0
    if received > sensor.heard_s:
        sensor.heard_s = received
        yield sensor.home, received, sensor.sensor, Kind.HEARTBEAT, 0.0
    placed = row.t_error_ms <= TOLERATED_ERROR_MS
    for at, kind, value in _EVENTS.get(row.kind, _proof)(sensor, row, t):
        if placed:
            yield sensor.home, at, sensor.sensor, kind, value


def _proof(_sensor: _Sensor, _row: Any, t: float) -> Iterator[tuple[float, int, float]]:
    yield t, Kind.HEARTBEAT, 0.0


def _level(sensor: _Sensor, row: Any, t: float) -> Iterator[tuple[float, int, float]]:
    yield t, sensor.kind, float(row.level)


def _movement(sensor: _Sensor, row: Any, t: float) -> Iterator[tuple[float, int, float]]:
    """A record sums up `active_s` seconds of movement that end at its time; each movement counts once."""
    active_s = min(json.loads(row.body)["active_s"], MAX_ACTIVE_S)
    known = -1.0 if sensor.moving_s is None else sensor.moving_s
    at = t - active_s
    while at < t:
        if at > known:
            yield at, Kind.PIR, 1.0
        at += MOVING_EVERY_S
    if t > known and (row.level or active_s):
        yield t, Kind.PIR, 1.0
    if row.level and t > sensor.ended_s:
        sensor.began_s = t if sensor.moving_s is None else sensor.began_s
        sensor.moving_s = max(t, known)
    elif not row.level:
        yield t, Kind.PIR, 0.0
        sensor.ended_s = max(t, sensor.ended_s)
        if t >= sensor.began_s:
            sensor.moving_s = None


def _use(sensor: _Sensor, row: Any, t: float) -> Iterator[tuple[float, int, float]]:
    """Use since the reading before.  A reading that comes late is already in a younger one's total."""
    reading = (row.epoch, row.sequence, row.total)
    before = sensor.reading
    if before is not None and reading[:2] <= before[:2]:
        return
    sensor.reading = reading
    # Totals only rise; one that is lower comes from a meter that was changed, and counts from here.
    used = 0 if before is None or row.total < before[2] else row.total - before[2]
    yield t, sensor.kind, used / _PER_UNIT


def _health(_sensor: _Sensor, row: Any, t: float) -> Iterator[tuple[float, int, float]]:
    body = json.loads(row.body)
    yield t, Kind.BATTERY, float(body["battery_mv"])
    yield t, Kind.CHECK_IN, float(body["heartbeat_s"])


_EVENTS = {DOOR: _level, PIR: _movement, METER: _use, HEALTH: _health}
