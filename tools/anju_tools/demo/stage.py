"""Puts a street on the rig: a virtual board per sensor, enrolled at the hub, and the street's changes on its pins."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from anju_tools.demo.street import Street, StreetHome, StreetSensor
from anju_tools.rig.air import Air
from anju_tools.rig.board import BoardFacts, VirtualBoard
from anju_tools.rig.conductor import Conductor, Seat
from anju_tools.rig.forkserver import ForkServer
from anju_tools.rig.hub_process import HubProcess

INPUT_PIN = 4
_STAGGER_MS = 1_700  # boards are switched on one after the other, as an installer does


@dataclass(frozen=True)
class Cast:
    """A sensor of the street and the board that plays it."""

    node: str
    home: str
    sensor: StreetSensor
    seat: Seat


class Stage:
    """Boards in their seats. `cast[(home, sensor)]`; times in ms from the street's start."""

    def __init__(self, street: Street, hub: HubProcess, image: Path, folder: Path, heartbeat_s: int) -> None:
        self.street = street
        self.conductor = Conductor(hub, round(street.start * 1000))
        self.cast: dict[tuple[str, str], Cast] = {}
        self.hub = hub
        self._image = image
        self._folder = folder
        self._heartbeat_s = heartbeat_s
        self._server = ForkServer()
        self.facts = BoardFacts.load()

    def enrol(self) -> dict[str, Path]:
        """Enrol a node per sensor at the hub; the node files by node name."""
        plan = self._folder / "plan.csv"
        files = self._folder / "nodes"
        named = [(home, sensor) for home in self.street.homes for sensor in home.sensors]
        with plan.open("w", newline="") as file:
            rows = csv.DictWriter(file, ["node", "home", "room", "kind", "heartbeat", "medium", "pulse_ml", "zone"])
            rows.writeheader()
            for number, (home, sensor) in enumerate(named):
                rows.writerow(self._plan_row(f"n{number + 1:03d}", home, sensor))
        self.hub.run(["enrol", "--csv", str(plan), "--out-dir", str(files)])
        return {f"n{i + 1:03d}": files / f"n{i + 1:03d}.json" for i in range(len(named))}

    def _plan_row(self, node: str, home: StreetHome, sensor: StreetSensor) -> dict[str, object]:
        row: dict[str, object] = {"node": node, "home": home.home, "room": sensor.room, "kind": sensor.kind}
        row |= {"heartbeat": self._heartbeat_s, "zone": home.zone}
        if sensor.medium:
            row["medium"] = sensor.medium
        if sensor.medium == "water":
            row["pulse_ml"] = sensor.per_pulse * 1000
        return row

    def build(self, files: dict[str, Path], loss: float, switch_on: bool = True) -> None:
        """A board per node with its file on flash, switched on one after the other from time 0."""
        homes = iter(files.items())
        for home in self.street.homes:
            for sensor in home.sensors:
                node, file = next(homes)
                air = Air(self.hub.address, node, loss)
                board = VirtualBoard(node, self._folder / "boards", self._image, self._server, self.facts)
                settings = json.loads(file.read_text())
                settings |= {"hub_host": "127.0.0.1", "hub_port": air.port, "pin": INPUT_PIN}
                settings["pulse_weight"] = round(sensor.per_pulse * 1000)
                board.write_file("node.json", json.dumps(settings))
                self.cast[home.home, sensor.sensor] = Cast(node, home.home, sensor, self.conductor.seat(board, air))
        if switch_on:
            for number, cast in enumerate(self.cast.values()):
                name = cast.seat.board.name
                self.conductor.at(number * _STAGGER_MS, partial(self.conductor.power_on, name))

    def script(self) -> None:
        """Ask the conductor for every change of the street."""
        for home in self.street.homes:
            for change in home.changes:
                name = self.cast[home.home, change.sensor].seat.board.name
                t_ms = round((change.t - self.street.start) * 1000)
                self.conductor.at(t_ms, partial(self.conductor.set_pin, name, INPUT_PIN, change.level))

    def battery_dies(self, home: str, sensor: str, t_ms: int, days: float = 0.5) -> None:
        """The battery of a node sags over `days` and is empty at `t_ms`."""
        board = self.cast[home, sensor].seat.board
        steps = 6
        for step in range(1, steps):
            at = t_ms - round(days * 86_400_000 * (steps - step) / steps)
            level = self.facts.full_mv - round((self.facts.full_mv - self.facts.empty_mv) * step / steps)
            self.conductor.at(max(0, at), partial(setattr, board, "battery_mv", level))
        self.conductor.at(t_ms, lambda: self.conductor.power_cut(board.name))

    def close(self) -> None:
        for cast in self.cast.values():
            cast.seat.board.power_cut()
            cast.seat.air.close()
        self._server.close()
