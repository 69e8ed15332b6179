"""The example node under the kit, in simulated time; and ways to break it."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from anju_tools.conform import keys
from anju_tools.conform.node.catalogue import OBSERVATIONS, SCENARIOS
from anju_tools.conform.node.engine import Engine
from anju_tools.conform.node.tester import Settings
from anju_tools.conform.verdict import Outcome, Result
from tests.conform import simulated

_EXAMPLE = Path(__file__).parents[2] / "protocol/examples/vendor_node.py"


def load() -> Any:
    """A fresh copy of the example module."""
    spec = importlib.util.spec_from_file_location("vendor_node", _EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Bench:
    """A node that can be reset: the task is cancelled like a process that is killed, and a new one started."""

    def __init__(self, make: Callable[[dict[str, Any], Path], Any], folder: Path) -> None:
        self._make = make
        self._folder = folder
        self._task: asyncio.Task[None] | None = None
        self._again: asyncio.Task[None] | None = None

    def start(self, file: dict[str, Any]) -> None:
        self._file = file
        self._node = self._make(file, self._folder)
        self._task = asyncio.create_task(self._node.run())

    def reset(self) -> None:
        self._again = asyncio.create_task(self._restart())

    async def _restart(self) -> None:
        await self.stop()
        await asyncio.sleep(2)
        self.start(self._file)

    async def stop(self) -> None:
        assert self._task is not None
        for (
            security
        ) in self._node.coap.client_credentials.values():  # a killed process holds no lock and stores nothing
            security.lockfile.release()
            security.lockfile = None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def _handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """aiocoap 0.4.17 stumbles over its own logging when a node is killed with a request in flight."""
    if "TransportOSCORE" not in str(context.get("handle")):
        loop.default_exception_handler(context)


def examine(
    make: Callable[[dict[str, Any], Path], Any], folder: Path, only: Sequence[str] = (), **settings: Any
) -> list[Result]:
    """What the kit says about the nodes that `make(file, folder)` makes; `only` these scenarios, or all."""
    node_keys = keys.generate(folder / "node.json", "127.0.0.1")
    file = json.loads((folder / "node.json").read_text())
    bench = Bench(make, folder)
    chosen = [scenario for scenario in SCENARIOS if not only or scenario.check.name in only]

    async def main() -> list[Result]:
        engine = Engine(node_keys, chosen, OBSERVATIONS, Settings(reset=bench.reset, **settings), 0, 0)
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_handle)
        transport, endpoint = await loop.create_datagram_endpoint(
            lambda: simulated.KitEndpoint(engine), ("127.0.0.1", 0)
        )
        file["hub_port"] = transport.get_extra_info("sockname")[1]
        bench.start(file)
        endpoint.start()
        await endpoint.done
        await bench.stop()
        transport.close()
        return engine.results

    results: list[Result] = simulated.run(main)
    return results


def failed(results: Sequence[Result]) -> dict[str, str]:
    """Reasons by name of the checks that failed."""
    return {result.check.name: result.reason for result in results if result.outcome is Outcome.FAIL}
