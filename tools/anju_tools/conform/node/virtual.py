"""The real firmware on a virtual board under the kit, in simulated time: half an hour takes seconds."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from anju_tools.conform import keys
from anju_tools.conform.node.engine import Engine, Listener, Observation, Scenario
from anju_tools.conform.node.rig import KitConductor
from anju_tools.conform.node.tester import Settings
from anju_tools.conform.verdict import Result
from anju_tools.rig import image
from anju_tools.rig.board import BoardFacts, VirtualBoard
from anju_tools.rig.forkserver import ForkServer

_PIN = 4
_MOVES_EVERY_MS = 20_000
_LIMIT_MS = 12 * 3_600_000  # simulated; a node that hangs ends here


def examine(
    scenarios: Sequence[Scenario],
    observations: Sequence[Observation],
    make_settings: Callable[[Callable[[], None]], Settings],
    listener: Listener = lambda _check, _result: None,
) -> list[Result]:
    """What the kit says about our node. `make_settings` is given the action that cuts the board's power for 2 s."""
    with tempfile.TemporaryDirectory(prefix="anju-conform-") as name:
        folder = Path(name)
        node_keys = keys.generate(folder / "node.json", "127.0.0.1")
        server = ForkServer()
        board = VirtualBoard(node_keys.node, folder, image.build(), server, BoardFacts.load())
        conductor = KitConductor(board)
        settings = make_settings(conductor.power_cycle)
        start_utc_ms = time.time_ns() // 1_000_000
        engine = Engine(node_keys, scenarios, observations, settings, start_utc_ms, 0, listener)
        try:
            _provision(folder, conductor)
            conductor.at(0, partial(conductor.power_on, board.name))
            conductor.at(_MOVES_EVERY_MS, partial(_move, conductor, 1))
            conductor.run_kit(engine, _LIMIT_MS)
        finally:
            board.power_cut()
            conductor.node_seat.air.close()
            server.close()
        return engine.results


def _provision(folder: Path, conductor: KitConductor) -> None:
    file = json.loads((folder / "node.json").read_text())
    file |= {"hub_port": conductor.node_seat.air.port, "pin": _PIN}
    conductor.board.write_file("node.json", json.dumps(file))


def _move(conductor: KitConductor, level: int) -> None:
    """The door moves, and will move again."""
    conductor.set_pin(conductor.board.name, _PIN, level)
    conductor.at(conductor.now_ms + _MOVES_EVERY_MS, partial(_move, conductor, 1 - level))
