"""Block1 within bounds: aiocoap's own spool takes blocks without end and stumbles over one out of turn."""

import aiocoap
from aiocoap import error
from aiocoap.blockwise import Block1Spool, IncompleteException

from anju_wire.numbers import MAX_REPORT_BYTES


class BoundedSpool(Block1Spool):
    """Assembles requests of at most `MAX_REPORT_BYTES`: 4.13 beyond, 4.08 for a block out of turn (SPEC 8.5)."""

    def feed_and_take(self, req: aiocoap.Message) -> aiocoap.Message:
        block = req.opt.block1
        if block is not None and block.start + len(req.payload) > MAX_REPORT_BYTES:
            raise error.RequestEntityTooLarge
        try:
            return super().feed_and_take(req)
        except ValueError:  # a gap, or the same block again
            raise IncompleteException from None
