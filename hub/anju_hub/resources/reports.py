"""POST /r through aiocoap: whatever the hot path leaves to it, block-wise reports and refusals above all."""

import asyncio

import aiocoap
from aiocoap import error
from aiocoap.numbers import ContentFormat
from aiocoap.pipe import Pipe

from anju_hub.counters import Counters
from anju_hub.reporting import FORMATS, Answer, Delivery, Reporting
from anju_hub.resources.base import HubResource
from anju_hub.security.site import NODE, Peer, peer_name
from anju_wire.numbers import CHANGED, FORMAT_CBOR


class ReportsResource(HubResource):
    """Takes reports from nodes with OSCORE only (SPEC 5)."""

    rt = "anju.report"
    ct = " ".join(map(str, FORMATS))

    def __init__(self, reporting: Reporting, counters: Counters) -> None:
        super().__init__()
        self.counters = counters
        self._reporting = reporting

    async def render_to_pipe(self, pipe: Pipe) -> None:
        """Strangers are refused before a block of theirs is kept (SPEC 18.7)."""
        if pipe.request.code == aiocoap.POST:
            self._node(pipe.request)
        await super().render_to_pipe(pipe)

    async def render_post(self, request: aiocoap.Message) -> aiocoap.Message:
        peer = self._node(request)
        content_format = FORMAT_CBOR if request.opt.content_format is None else int(request.opt.content_format)
        if content_format not in FORMATS:
            raise error.UnsupportedContentFormat("a report is CBOR (60) or SenML-CBOR (112)")
        context, opened = peer.security_context, peer.opened
        delivery = Delivery(
            context, opened.partial_iv, opened.fresh, request.payload, peer_name(request), content_format
        )
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._reporting.take(delivery, answered.set_result)
        # Shielded: the commit goes on when the peer loses interest, and tells nobody.
        answer = await asyncio.shield(answered)
        if answer.durable:
            opened.allow_nonce_reuse()
        return aiocoap.Message(
            code=aiocoap.Code(answer.code),
            payload=answer.payload,
            content_format=ContentFormat.CBOR if answer.code == CHANGED else None,
            max_age=answer.max_age_s,
        )

    def _node(self, request: aiocoap.Message) -> Peer:
        remote = request.remote
        if not isinstance(remote, Peer):
            self.counters.refused("report_unprotected", peer_name(request), "no OSCORE")
            raise error.Unauthorized("not protected")
        if remote.security_context.role != NODE:
            raise error.Forbidden("nodes only")
        return remote
