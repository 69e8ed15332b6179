"""A virtual board on the rig, with the real firmware, beside a real hub process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anju_tools.demo.reader import HubReader
from anju_tools.demo.stage import Stage
from anju_tools.demo.street import Street, StreetHome, StreetSensor
from anju_tools.rig import image
from anju_tools.rig.hub_process import HubProcess

START_S = 1_772_409_600.0  # 2026-03-02T00:00:00Z


class Bench:
    """A home's boards on a rig. Times in seconds from the start."""

    def __init__(self, folder: Path, sensors: tuple[StreetSensor, ...], loss: float) -> None:
        home = StreetHome("home", "UTC", sensors, ())
        self.hub = HubProcess(folder / "hub")
        self.stage = Stage(Street((home,), START_S, START_S + 86400), self.hub, image.build(), folder, 3600)
        self.stage.build(self.stage.enrol(), loss)
        self.reader = HubReader(self.hub.address)
        self.rig = self.stage.conductor
        self.rig.start_hub()

    def run(self, until_s: float) -> None:
        self.rig.run(round(until_s * 1000))

    def pin(self, t_s: float, sensor: str, level: int) -> None:
        name = self.stage.cast["home", sensor].seat.board.name
        self.rig.at(round(t_s * 1000), lambda: self.rig.set_pin(name, 4, level))

    def stored(self, sensor: str) -> dict[str, Any]:
        """The hub's books of a sensor's node."""
        node = self.stage.cast["home", sensor].node
        return next(entry for entry in self.reader.home("home")["nodes"] if entry["node"] == node)

    def close(self) -> None:
        self.reader.close()
        self.stage.close()
        self.hub.stop()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """`bench("door", "pir", "meter", loss=0.0)` makes a running bench."""
    made: list[Bench] = []

    def make(*kinds: str, loss: float = 0.0) -> Bench:
        sensors = tuple(StreetSensor(k, k, "room", "water" if k == "meter" else None) for k in kinds)
        made.append(Bench(tmp_path, sensors, loss))
        return made[-1]

    yield make
    for one in made:
        one.close()
