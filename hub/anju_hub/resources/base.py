"""What all resources share: who may ask, in which format to answer, and that a peer's error is an answer."""

import asyncio
import ipaddress
import json
from collections.abc import Callable
from typing import Any, TypeVar

import aiocoap
import cbor2
from aiocoap import error, resource
from aiocoap.numbers import ContentFormat

from anju_hub.counters import Counters
from anju_hub.resources.blocks import BoundedSpool
from anju_hub.security.site import NODE, OPERATOR, Peer, peer_name
from anju_hub.store.engine import Store
from anju_wire.errors import PeerError

T = TypeVar("T")
_FORMATS: dict[ContentFormat, Callable[[Any], bytes]] = {
    ContentFormat.CBOR: cbor2.dumps,
    ContentFormat.JSON: lambda document: json.dumps(document, ensure_ascii=False).encode(),
}


class HubResource(resource.Resource):
    """A resource whose `render_*` may raise `PeerError`: it becomes the answer, and a count."""

    counters: Counters

    def __init__(self) -> None:
        super().__init__()
        self._block1 = BoundedSpool()

    async def render(self, request: aiocoap.Message) -> aiocoap.Message:
        try:
            response: aiocoap.Message = await super().render(request)
            return response
        except PeerError as problem:
            self.counters.refused("request_refused", peer_name(request), problem.reason)
            return aiocoap.Message(code=aiocoap.Code(problem.code), payload=problem.reason.encode())


class OperatorResource(HubResource):
    """A resource for operators, over the store.

    With OSCORE an operator may ask from anywhere; without, only from this machine, and not even from there when
    `require_oscore` is set.  A node's credentials open nothing here.
    """

    ct = f"{ContentFormat.CBOR:d} {ContentFormat.JSON:d}"

    def __init__(self, store: Store, counters: Counters, require_oscore: bool) -> None:
        super().__init__()
        self.counters = counters
        self._store = store
        self._require_oscore = require_oscore

    async def render(self, request: aiocoap.Message) -> aiocoap.Message:
        self._authorise(request)
        if request.opt.observe == 0:
            # aiocoap does not cut the first answer of an observation and its notifications into blocks.
            rendered = super().render
            first: aiocoap.Message = await self._block2.extract_or_insert(request, lambda: rendered(request))
            return first
        return await super().render(request)

    async def read(self, question: Callable[..., T], *arguments: object) -> T:
        """Ask the store in a thread; `question` gets a connection first."""
        return await asyncio.to_thread(self._read, question, arguments)

    def _read(self, question: Callable[..., T], arguments: tuple[object, ...]) -> T:
        with self._store.read() as connection:
            return question(connection, *arguments)

    def _authorise(self, request: aiocoap.Message) -> None:
        remote = request.remote
        if isinstance(remote, Peer):
            if remote.security_context.role != OPERATOR:
                assert remote.security_context.role == NODE
                raise error.Forbidden("operators only")
        elif self._require_oscore or not is_loopback(remote):
            raise error.Unauthorized("OSCORE credentials wanted")


def is_loopback(remote: Any) -> bool:
    """Whether an unprotected request came from this machine; the kernel drops such addresses from outside."""
    address = ipaddress.IPv6Address(remote.sockaddr[0].partition("%")[0])
    return (address.ipv4_mapped or address).is_loopback


def answer(request: aiocoap.Message, document: Any) -> aiocoap.Message:
    """2.05 with the document in the format that Accept asks for: CBOR (60) unless it says JSON (50)."""
    wanted = request.opt.accept
    content_format = ContentFormat.CBOR if wanted is None else wanted
    encode = _FORMATS.get(content_format)
    if encode is None:
        raise error.NotAcceptable("CBOR (60) or JSON (50)")
    return aiocoap.Message(payload=encode(document), content_format=content_format)


def query(request: aiocoap.Message, allowed: tuple[str, ...]) -> dict[str, str]:
    """The Uri-Query as a dict.

    Raises
    ------
    PeerError
        A parameter that is not in `allowed`.
    """
    found = {}
    for part in request.opt.uri_query:
        name, _, value = part.partition("=")
        if name not in allowed:
            raise PeerError(f"no parameter {name!r}: {', '.join(allowed) or 'none'}")
        found[name] = value
    return found


def integer(parameters: dict[str, str], name: str, default: int) -> int:
    """A whole number of 0 and above among the parameters; PeerError where it is none."""
    text = parameters.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise PeerError(f"{name} is a whole number: ms since 1970, UTC")
    return int(text)
