"""A hub on a real socket with a real store, in this process or as a process of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiocoap
import cbor2
import pytest

from anju_hub import enrolment
from anju_hub.app import Hub, Options
from anju_hub.binding import Bind
from anju_hub.enrolment import HubAddress, Wanted
from anju_hub.store.engine import Store, open_store
from anju_hub.store.registry import NodeSpec
from tests.hub.client import NodeClient

START_MS = 1_772_409_600_000  # 2026-03-02T00:00:00Z
MINUTE_MS = 60_000


class RunningHub:
    """A hub in this process; `port` is where it listens on 127.0.0.1."""

    def __init__(self, store: Store, folder: Path, port: int, hub: Hub) -> None:
        self.store, self.folder, self.port, self.hub = store, folder, port, hub
        self._clients: list[NodeClient] = []
        self._coap: aiocoap.Context | None = None

    def enrol(self, node: str, home: str = "anna", kind: str = "door", room: str = "hall", **more: Any) -> NodeClient:
        spec = NodeSpec(node, home, room, kind, more.pop("heartbeat_s", 3600), **more)
        file = self.folder / f"{node}-{len(self._clients)}.json"
        enrolment.enrol(self.store, [(Wanted(spec, "UTC"), file)], HubAddress("127.0.0.1", self.port), replace=True)
        client = NodeClient(file, self.port)
        self._clients.append(client)
        return client

    async def request(
        self, code: aiocoap.Code, path: str, client: aiocoap.Context | None = None, **options: Any
    ) -> Any:
        """The response of the hub to an operator's request."""
        context = client or await self.coap()
        message = aiocoap.Message(code=code, uri=f"coap://127.0.0.1:{self.port}/{path}", **options)
        return await asyncio.wait_for(context.request(message).response, 30)

    async def get(self, path: str) -> Any:
        """The decoded representation."""
        response = await self.request(aiocoap.GET, path)
        assert response.code == aiocoap.CONTENT, (response.code, response.payload)
        return cbor2.loads(response.payload)

    async def clock(self, t_ms: int) -> None:
        response = await self.request(aiocoap.PUT, "clock", payload=cbor2.dumps(t_ms))
        assert response.code == aiocoap.CHANGED, (response.code, response.payload)

    async def coap(self) -> aiocoap.Context:
        if self._coap is None:
            self._coap = await aiocoap.Context.create_client_context()
        return self._coap

    async def operator(self, name: str = "operator") -> aiocoap.Context:
        """A client with OSCORE credentials made by `anju hub credentials`."""
        out = self.folder / f"{name}.json"
        enrolment.operator_credentials(self.store, out, name)
        context = await aiocoap.Context.create_client_context()
        context.client_credentials.load_from_dict(json.loads(out.read_text()))
        return context

    async def close(self) -> None:
        for client in self._clients:
            client.close()
        if self._coap is not None:
            await self._coap.shutdown()


@asynccontextmanager
async def running(folder: Path, simulated: bool = True, **options: Any) -> AsyncIterator[RunningHub]:
    """A hub over the store in `folder`, until the block ends."""
    store = open_store(folder)
    bind = Bind("127.0.0.1", 0)
    hub = Hub(store, Options(folder, (bind,), simulated=simulated, **options))
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    task = asyncio.create_task(hub.run(lambda binds: listening.set_result(binds[0].port), stop))
    try:
        port = await asyncio.wait_for(listening, 10)
        running_hub = RunningHub(store, folder, port, hub)
        yield running_hub
        await running_hub.close()
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)
        store.close()


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[RunningHub]:
    """A hub whose clock is simulated and stands at `START_MS`."""
    async with running(tmp_path) as running_hub:
        await running_hub.clock(START_MS)
        yield running_hub
