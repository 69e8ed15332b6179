"""Errors name the guilty side: a LocalError is a bug of the caller, a PeerError becomes an answer and a counter."""

from .numbers import BAD_REQUEST


class WireError(Exception):
    """Anything this package raises."""


class LocalError(WireError):
    """Our own caller asked for something the wire cannot say."""


class PeerError(WireError):
    """What the other side sent is wrong.

    `reason` is one short sentence for a log; `code` is the CoAP code to answer with (RFC 7252 section 12.1.2).
    """

    def __init__(self, reason: str, code: int = BAD_REQUEST) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
