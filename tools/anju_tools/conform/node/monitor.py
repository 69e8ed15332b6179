"""Everything that came from the node, decoded once and kept: what the checks that only look on judge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from anju_wire import coap, numbers, senml_report
from anju_wire.errors import PeerError
from anju_wire.oscore import Binding, Context
from anju_wire.report import Report, decode_report

FORMAT_SENML_CBOR = 112

RecordId = tuple[int, int]  # epoch, number


@dataclass
class Arrival:
    """One datagram of the node at `at_ms` of the kit's clock.

    `outer` is None when it is no CoAP; `inner` and `binding` are None when it is no request under the node's key,
    `report` is None when it carries none; `problem` says why. `first` is the earlier arrival of the same bytes,
    `accepted` says that the kit answered this one 2.04.
    """

    at_ms: int
    peer: object
    data: bytes
    outer: coap.Message | None = None
    inner: coap.Message | None = None
    binding: Binding | None = None
    report: Report | None = None
    problem: str = ""
    first: Arrival | None = None
    after_resets: int = 0
    accepted: bool = False

    @property
    def is_request(self) -> bool:
        return self.outer is not None and self.outer.is_request()

    @property
    def partial_iv(self) -> int:
        """-1 where there is none."""
        return -1 if self.binding is None else self.binding.sequence

    def records(self) -> dict[RecordId, dict[Any, Any]]:
        """The records of the report with their identities."""
        if self.report is None:
            return {}
        start = self.report.sequence
        return {(self.report.epoch, start + i): record for i, record in enumerate(self.report.records)}


@dataclass
class Monitor:
    """`context` is the hub's end, `start_utc_ms` the UTC at 0 of the kit's clock.

    `acknowledged` holds the records whose report the kit has answered for good, `refused` those that it has refused
    alone and when [ms]; `touched` are the requests to which it sent anything at all.
    """

    context: Context
    start_utc_ms: int = 0
    arrivals: list[Arrival] = field(default_factory=list)
    acknowledged: set[RecordId] = field(default_factory=set)
    refused: dict[RecordId, int] = field(default_factory=dict)
    resets: int = 0
    touched: set[bytes] = field(default_factory=set)
    _seen: dict[bytes, Arrival] = field(default_factory=dict)

    def take(self, data: bytes, peer: object, now_ms: int) -> Arrival:
        """Decode a datagram and remember it."""
        arrival = Arrival(now_ms, peer, data, after_resets=self.resets)
        arrival.first = self._seen.get(data)
        try:
            self._decode(arrival)
        except PeerError as error:
            arrival.problem = error.reason
        if arrival.is_request:
            self._seen.setdefault(data, arrival)
        self.arrivals.append(arrival)
        return arrival

    def _decode(self, arrival: Arrival) -> None:
        arrival.outer = coap.decode(arrival.data)
        if not arrival.outer.is_request():
            return
        if arrival.outer.option(numbers.OPTION_OSCORE) is None:
            raise PeerError("request without OSCORE")
        arrival.inner, arrival.binding = self.context.unprotect_request(arrival.outer)
        if arrival.inner.code == numbers.POST and coap.path_of(arrival.inner) == numbers.PATH_REPORT:
            arrival.report = self._report(arrival.inner, arrival.at_ms)

    def _report(self, message: coap.Message, now_ms: int) -> Report:
        """SPEC 5 or SPEC 14, as the Content-Format says. Ages of SenML in UTC are judged by the kit's clock."""
        content_format = message.option(numbers.OPTION_CONTENT_FORMAT)
        if content_format is None or coap.decode_uint(content_format) != FORMAT_SENML_CBOR:
            return decode_report(message.payload)
        node = self.context.recipient_id.decode()
        return senml_report.decode_report(message.payload, node, self.start_utc_ms + now_ms)

    @property
    def requests(self) -> list[Arrival]:
        """Requests, each once: without retransmissions."""
        return [arrival for arrival in self.arrivals if arrival.is_request and arrival.first is None]

    @property
    def reports(self) -> list[Arrival]:
        return [arrival for arrival in self.requests if arrival.report is not None]

    def known_records(self) -> dict[RecordId, dict[Any, Any]]:
        """The latest form of every record that was seen."""
        found: dict[RecordId, dict[Any, Any]] = {}
        for arrival in self.reports:
            found.update(arrival.records())
        return found
