"""POST /r: reports of nodes, acknowledged when they are durable."""

import aiocoap
from aiocoap import error
from aiocoap.numbers import ContentFormat

from anju_hub.clock import Clock
from anju_hub.counters import Counters
from anju_hub.errors import StoreBusyError
from anju_hub.ingest import Arrival, battery_of, rows_of
from anju_hub.resources.base import HubResource
from anju_hub.security.site import NODE, Peer, peer_name
from anju_hub.writer import Writer
from anju_wire.report import decode_report, encode_answer

RETRY_S = 30  # Max-Age of 5.03 while the store cannot commit
CLOCKLESS_RETRY_S = 1  # Max-Age of 5.03 while a simulated clock was not set yet


class ReportsResource(HubResource):
    """Takes reports from nodes with OSCORE only (SPEC 5)."""

    rt = "anju.report"
    ct = f"{ContentFormat.CBOR:d}"

    def __init__(self, writer: Writer, clock: Clock, counters: Counters) -> None:
        super().__init__()
        self.counters = counters
        self._writer = writer
        self._clock = clock

    async def render_post(self, request: aiocoap.Message) -> aiocoap.Message:
        peer = self._node(request)
        if request.opt.content_format not in (None, ContentFormat.CBOR):
            raise error.UnsupportedContentFormat("a report is CBOR (60)")
        now_ms = self._clock.now_ms()
        if now_ms is None:
            return unavailable(CLOCKLESS_RETRY_S)
        arrival = arrival_of(peer, request.payload, now_ms)
        try:
            stored = await self._writer.commit(arrival, peer.security_context)
        except StoreBusyError:
            return unavailable(RETRY_S)
        if not stored:
            self.counters.refused("oscore_replay", peer_name(request), peer.security_context.name)
            raise error.Unauthorized("Replay detected")
        peer.opened.allow_nonce_reuse()
        return aiocoap.Message(
            code=aiocoap.CHANGED,
            payload=encode_answer({"time_ms": now_ms}),
            content_format=ContentFormat.CBOR,
        )

    def _node(self, request: aiocoap.Message) -> Peer:
        remote = request.remote
        if not isinstance(remote, Peer):
            self.counters.refused("report_unprotected", peer_name(request), "no OSCORE")
            raise error.Unauthorized("a report must be protected with OSCORE")
        if remote.security_context.role != NODE:
            raise error.Forbidden("nodes only")
        return remote


def arrival_of(peer: Peer, payload: bytes, now_ms: int) -> Arrival:
    """The decoded report of a node.

    Raises
    ------
    PeerError
        It is no report.
    """
    report = decode_report(payload)
    rows = rows_of(report, now_ms)
    context, opened = peer.security_context, peer.opened
    return Arrival(
        node_id=context.node_id,
        recipient_id=context.recipient_id,
        partial_iv=opened.partial_iv,
        received_ms=now_ms,
        epoch=report.epoch,
        rows=rows,
        battery=battery_of(rows),
        replayed=not opened.fresh,
    )


def unavailable(retry_s: int) -> aiocoap.Message:
    """5.03: nothing was stored, come again in `retry_s` seconds."""
    return aiocoap.Message(code=aiocoap.SERVICE_UNAVAILABLE, max_age=retry_s)
