"""The OSCORE layer of the server: unprotects requests, protects every response of the site within.

aiocoap brings one (`oscore_sitewrapper`); ours differs where it counts for the hub: a malformed option is the peer's
error and no traceback, a response uses the request's nonce only when the request's number is durable, and replays
of reports reach the resource, which answers what is stored already.
"""

import logging

import aiocoap
from aiocoap import error, interfaces, oscore, pipe, resource
from aiocoap.numbers.codes import FETCH, POST
from aiocoap.transports.oscore import OSCOREAddress

from anju_hub.counters import Counters
from anju_hub.security.context import HubContext, Opened, unprotected_kid
from anju_hub.security.contexts import Contexts
from anju_wire.errors import PeerError
from anju_wire.oscore import decode_option

log = logging.getLogger("anju.oscore")

# Uri-Host, Uri-Port, OSCORE, Uri-Path, Uri-Query, Accept, Block2, Block1, Proxy-Uri, Proxy-Scheme (answered 5.05)
_CRITICAL = frozenset((3, 7, 9, 11, 15, 17, 23, 27, 35, 39))

NODE = "node"
OPERATOR = "operator"


class Peer(OSCOREAddress):
    """An authenticated peer; `opened` is the request that it sent."""

    opened: Opened

    @classmethod
    def of(cls, context: HubContext, address: interfaces.EndpointAddress, opened: Opened) -> "Peer":
        peer = cls(context, address)
        peer.opened = opened
        return peer


class ProtectedSite(interfaces.Resource):
    """Serves `site` with and without OSCORE; who may do what is the resources' matter."""

    def __init__(self, site: resource.Site, contexts: Contexts, counters: Counters) -> None:
        super().__init__()
        self._site = site
        self._contexts = contexts
        self._counters = counters

    async def render(self, request: aiocoap.Message) -> aiocoap.Message:
        raise NotImplementedError("served by render_to_pipe")

    async def needs_blockwise_assembly(self, request: aiocoap.Message) -> bool:
        raise NotImplementedError("served by render_to_pipe")

    async def render_to_pipe(self, pipe: pipe.Pipe) -> None:
        request = pipe.request
        if request.opt.oscore is None:
            await self._render(pipe)
            return
        _refuse_unknown_critical(request)
        if request.code not in (POST, FETCH):
            raise error.MethodNotAllowed
        context = self._context_of(request)
        opened = self._open(context, request)
        opened.message.remote = Peer.of(context, request.remote, opened)
        await self._serve(pipe, context, opened)

    async def _render(self, pipe: pipe.Pipe) -> None:
        _refuse_unknown_critical(pipe.request)
        await self._site.render_to_pipe(pipe)

    def _context_of(self, request: aiocoap.Message) -> HubContext:
        try:
            decode_option(request.opt.oscore)  # aiocoap lets forms pass that RFC 8613, Section 6.1 reserves
            kid = unprotected_kid(request)
        except (oscore.DecodeError, IndexError, PeerError) as problem:
            self._refused("oscore_malformed", request, repr(problem))
            raise error.BadOption("Failed to decode COSE") from problem
        context = None if kid is None else self._contexts.find(kid)
        if context is None:
            self._refused("oscore_unknown_peer", request, f"kid={kid!r}")
            raise error.Unauthorized("Security context not found")  # RFC 8613, Section 8.2
        return context

    def _open(self, context: HubContext, request: aiocoap.Message) -> Opened:
        try:
            opened = context.open(request)
        except oscore.ReplayErrorWithEcho:
            raise  # an answer: a protected 4.01 with the Echo option
        except (oscore.ProtectionInvalid, oscore.NotAProtectedMessage) as problem:
            self._refused("oscore_invalid", request, f"{context.name}: {problem}")
            raise error.BadRequest("Decryption failed") from problem
        except (ValueError, IndexError) as problem:  # an inner option that is no UTF-8, or cut short
            self._refused("oscore_malformed", request, f"{context.name}: {problem!r}")
            raise error.BadOption("Failed to decode") from problem
        if not opened.fresh and context.role != NODE:
            self._refused("oscore_replay", request, context.name)
            raise error.Unauthorized("Replay detected")
        return opened

    async def _serve(self, outer: pipe.Pipe, context: HubContext, opened: Opened) -> None:
        inner = pipe.IterablePipe(opened.message)
        pipe.run_driving_pipe(
            pipe.error_to_message(inner, log),
            self._render(inner),  # type: ignore[arg-type]  # aiocoap's own wrapper does the same
            name=f"response to {context!r}",
        )
        async for event in inner:
            response, is_last = event.message, event.is_last
            if event.exception is not None:
                log.error("resource=failed peer=%r", context, exc_info=event.exception)
                response, is_last = aiocoap.Message(code=aiocoap.INTERNAL_SERVER_ERROR), True
            outer.add_response(_protect(context, opened, response, is_last), is_last=is_last)
            if is_last:
                return

    def _refused(self, name: str, request: aiocoap.Message, reason: str) -> None:
        self._counters.refused(name, peer_name(request), reason)


def _refuse_unknown_critical(request: aiocoap.Message) -> None:
    """4.02, RFC 7252, Section 5.4.1: aiocoap ignores critical options that it does not know."""
    for option in request.opt.option_list():
        if option.number.is_critical() and option.number not in _CRITICAL:
            raise error.BadOption(f"{int(option.number)}")


def peer_name(request: aiocoap.Message) -> str:
    """Where a request came from, for the log."""
    return "?" if request.remote is None else str(request.remote.hostinfo)


def _protect(context: HubContext, opened: Opened, response: aiocoap.Message, is_last: bool) -> aiocoap.Message:
    """Protect a response; one that others follow is a notification (RFC 8613, Section 4.1.3.5.2)."""
    if not is_last:
        response.opt.observe = 0
    protected: aiocoap.Message = context.protect(response, opened.request_id)[0]
    if is_last:
        return protected
    # Partial IVs only rise, so their low 24 bits order notifications as RFC 7641, Section 3.4 wants it.
    protected.opt.observe = int.from_bytes(_partial_iv(protected), "big") & 0xFFFFFF
    return protected


def _partial_iv(protected: aiocoap.Message) -> bytes:
    found = oscore.verify_start(protected).get(oscore.COSE_PIV, b"")
    assert isinstance(found, bytes)
    return found
