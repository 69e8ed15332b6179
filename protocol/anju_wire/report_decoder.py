"""The receiver's half of `report`: what a node never calls."""

from . import cbor
from ._compat import TYPE_CHECKING
from .errors import PeerError
from .numbers import MAX_RECORDS, MAX_REPORT_BYTES, REQUEST_ENTITY_TOO_LARGE
from .record import check, unpack
from .report import EPOCH, HEAD, SEQUENCE, Report

if TYPE_CHECKING:
    from typing import Any


def decode_report(data: bytes) -> Report:
    """The report in `data`; PeerError if it breaks SPEC 4, 5 or 8."""
    if len(data) > MAX_REPORT_BYTES:
        raise PeerError("report is too large", REQUEST_ENTITY_TOO_LARGE)
    items: "Any" = cbor.decode(data, MAX_REPORT_BYTES)  # an item takes a byte or more
    if not isinstance(items, list):
        raise PeerError("report is not an array")
    if len(items) <= HEAD:
        raise PeerError("records are missing")
    check(EPOCH, items[0], PeerError)
    check(SEQUENCE, items[1], PeerError)
    if len(items) - HEAD > MAX_RECORDS:
        raise PeerError("too many records", REQUEST_ENTITY_TOO_LARGE)
    return Report(items[0], items[1], [unpack(record) for record in items[HEAD:]])
