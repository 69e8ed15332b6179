"""Reads the hub's operator resources over CoAP with aiocoap, as any operator's client does."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import aiocoap
import cbor2

_PATIENCE_S = 60.0


class HubReader:
    """Blocking GETs of decoded CBOR from `coap://host:port`; one client context for all of them."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._base = f"coap://{address[0]}:{address[1]}"
        self._loop = asyncio.new_event_loop()
        self._client: aiocoap.Context | None = None

    def homes(self) -> list[dict[str, Any]]:
        """The entries of `/homes`."""
        return list(self.get("homes"))

    def home(self, name: str) -> dict[str, Any]:
        return dict(self.get(f"homes/{quote(name, safe='')}"))

    def trajectory(self, name: str, since_ms: int = 0) -> list[dict[str, Any]]:
        """State spans since a time [ms, UTC]."""
        return list(self.get(f"homes/{quote(name, safe='')}/trajectory?since={since_ms}"))

    def alerts(self) -> list[dict[str, Any]]:
        return list(self.get("alerts"))

    def get(self, path: str) -> Any:
        """The decoded representation. Raises ConnectionError when the hub does not answer or refuses."""
        return self._loop.run_until_complete(self._get(path))

    async def _get(self, path: str) -> Any:
        if self._client is None:
            self._client = await aiocoap.Context.create_client_context()
        request = aiocoap.Message(code=aiocoap.GET, uri=f"{self._base}/{path}")
        try:
            answer = await asyncio.wait_for(self._client.request(request).response, _PATIENCE_S)
        except (aiocoap.error.Error, TimeoutError) as error:
            raise ConnectionError(f"GET /{path}: {error}") from error
        if not answer.code.is_successful():
            raise ConnectionError(f"GET /{path}: {answer.code} {answer.payload.decode(errors='replace')}")
        return cbor2.loads(answer.payload)

    def close(self) -> None:
        if self._client is not None:
            self._loop.run_until_complete(self._client.shutdown())
        self._loop.close()
