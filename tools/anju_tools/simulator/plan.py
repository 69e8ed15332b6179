"""What stands in a home: its sensors, its time zone, and what is to go wrong there."""

from collections.abc import Sequence
from dataclasses import dataclass

from anju_tools.simulator.faults import FaultRequest

KINDS = ("door", "pir", "water", "toilet", "electricity")
PIR_ROOMS = ("bedroom", "bathroom", "kitchen", "livingroom", "entry")
METERS = ("water", "electricity")


@dataclass(frozen=True)
class SensorPlan:
    """One sensor of a home.

    `per_pulse` is what one pulse of a meter counts: litres (water) or watt-hours (electricity).
    `hold_s` is how long a PIR output stays high after the last movement [s].
    """

    sensor: str
    kind: str
    room: str
    per_pulse: float = 1.0
    hold_s: float = 4.0


DEFAULT_SENSORS = (
    SensorPlan("door", "door", "entry"),
    SensorPlan("pir-bedroom", "pir", "bedroom"),
    SensorPlan("pir-bathroom", "pir", "bathroom"),
    SensorPlan("pir-kitchen", "pir", "kitchen"),
    SensorPlan("pir-livingroom", "pir", "livingroom"),
    SensorPlan("water", "water", "house"),
)


@dataclass(frozen=True)
class HomePlan:
    """One home. `index` seeds its resident; without one, its place in the list does."""

    home: str
    sensors: tuple[SensorPlan, ...] = DEFAULT_SENSORS
    zone: str = "UTC"
    faults: tuple[FaultRequest, ...] = ()
    index: int | None = None

    def __post_init__(self) -> None:
        names = [s.sensor for s in self.sensors]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.home}: two sensors of the same name in {names}")
        unknown = sorted({s.kind for s in self.sensors} - set(KINDS))
        if unknown:
            raise ValueError(f"{self.home}: unknown sensor kind {unknown[0]!r}; known are {', '.join(KINDS)}")
        for fault in self.faults:
            if fault.sensor is not None and fault.sensor not in names:
                raise ValueError(f"{self.home} has no sensor {fault.sensor!r}; it has {', '.join(names)}")


def parse_sensors(text: str) -> tuple[SensorPlan, ...]:
    """Sensors from a list such as `door,pir:bedroom,pir:kitchen,water,toilet,electricity`.

    Raises ValueError for a kind or a room that does not exist.
    """
    made = []
    for word in text.replace(" ", "").split(","):
        kind, _, room = word.partition(":")
        if kind == "pir" and room in PIR_ROOMS:
            made.append(SensorPlan(f"pir-{room}", "pir", room))
        elif kind == "door" and not room:
            made.append(SensorPlan("door", "door", "entry"))
        elif kind == "toilet" and not room:
            made.append(SensorPlan("toilet", "toilet", "bathroom"))
        elif kind == "water" and not room:
            made.append(SensorPlan("water", "water", "house"))
        elif kind == "electricity" and not room:
            made.append(SensorPlan("electricity", "electricity", "house", per_pulse=10.0))
        else:
            rooms = ", ".join(f"pir:{r}" for r in PIR_ROOMS)
            raise ValueError(f"no sensor {word!r}; known are door, water, toilet, electricity, {rooms}")
    return tuple(made)


def plan_homes(
    count: int,
    *,
    sensors: Sequence[SensorPlan] = DEFAULT_SENSORS,
    zone: str = "UTC",
    faults: Sequence[FaultRequest] = (),
) -> list[HomePlan]:
    """`count` homes h01, h02, … with the same sensors; each takes the faults that name it.

    Raises ValueError where a fault names a home or a sensor that does not exist.
    """
    width = max(2, len(str(count)))
    names = [f"h{i + 1:0{width}d}" for i in range(count)]
    for fault in faults:
        if fault.home not in names:
            raise ValueError(f"no home {fault.home!r}; there are {names[0]} to {names[-1]}")
    return [
        HomePlan(name, tuple(sensors), zone, tuple(f for f in faults if f.home == name), index)
        for index, name in enumerate(names)
    ]
