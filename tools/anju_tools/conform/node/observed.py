"""Checks of everything the node sent: messages, protection, payloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from anju_tools.conform.node.monitor import FORMAT_SENML_CBOR, Arrival, Monitor
from anju_tools.conform.node.registry import observation
from anju_tools.conform.node.tester import Settings
from anju_tools.conform.verdict import CheckFailed, CheckNotRun, Level
from anju_wire import cbor, coap, numbers, oscore
from anju_wire.errors import PeerError
from anju_wire.report import decode_report, encode_report

_MAX_DATAGRAM = 1280
_PAUSE_MS = 15_000
_FORMATS = (numbers.FORMAT_CBOR, FORMAT_SENML_CBOR)


def _none_of(arrivals: Iterable[Arrival], what: str) -> str:
    """Fail with the first of `arrivals`, which all did what they must not."""
    found = list(arrivals)
    if found:
        raise CheckFailed(f"{len(found)} × {what}; the first: {found[0].problem or found[0].data[:40].hex()}")
    return ""


def _some(arrivals: list[Arrival]) -> list[Arrival]:
    if not arrivals:
        raise CheckNotRun("nothing of the kind came")
    return arrivals


@observation("coap-format", "3.1", Level.MUST, "Encode messages as RFC 7252 section 3 says.")
def coap_format(monitor: Monitor, _settings: Settings) -> str:
    """Every datagram is a well-formed CoAP message."""
    return _none_of((a for a in _some(monitor.arrivals) if a.outer is None), "malformed CoAP")


@observation("datagram-size", "8.5", Level.MUST, "Put fewer records into a report (8.2).")
def datagram_size(monitor: Monitor, _settings: Settings) -> str:
    """No datagram exceeds 1280 bytes, no report 1024 bytes of CBOR."""
    arrivals = _some(monitor.arrivals)
    large = [a for a in arrivals if len(a.data) > _MAX_DATAGRAM or len(_payload(a)) > numbers.MAX_REPORT_BYTES]
    _none_of(large, "too large")
    return f"largest datagram {max(len(a.data) for a in arrivals)} bytes"


def _payload(arrival: Arrival) -> bytes:
    return b"" if arrival.inner is None else arrival.inner.payload


@observation("request-form", "3.2", Level.MUST, "POST to r, confirmable, with Content-Format 60 or 112.")
def request_form(monitor: Monitor, _settings: Settings) -> str:
    """A report is a confirmable POST to r with Content-Format 60, 112 or none."""
    opened = _some([a for a in monitor.requests if a.inner is not None])
    return _none_of((a for a in opened if not _is_report_request(a)), "request of another form")


def _is_report_request(arrival: Arrival) -> bool:
    message, outer = arrival.inner, arrival.outer
    assert message is not None
    assert outer is not None
    if message.code != numbers.POST:
        return True  # another request of the node, not a report
    content_format = message.option(numbers.OPTION_CONTENT_FORMAT)
    return (
        outer.mtype == numbers.CON
        and coap.path_of(message) == numbers.PATH_REPORT
        and (content_format is None or coap.decode_uint(content_format) in _FORMATS)
    )


@observation("protected", "3.4", Level.MUST, "Protect every request with the keys of the node file.")
def protected(monitor: Monitor, _settings: Settings) -> str:
    """Every request is protected with OSCORE under the node's keys."""
    return _none_of((a for a in _some(monitor.requests) if a.inner is None), "request that does not open")


@observation(
    "oscore-option", "7.4", Level.MUST, "Send Partial IV without leading zeros and the node's kid, no ID context."
)
def oscore_option(monitor: Monitor, _settings: Settings) -> str:
    """The OSCORE option holds a Partial IV in its one form and the node's kid, and no kid context."""
    return _none_of((a for a in _some(monitor.requests) if not _option_is_good(a, monitor)), "wrong OSCORE option")


def _option_is_good(arrival: Arrival, monitor: Monitor) -> bool:
    assert arrival.outer is not None
    value = arrival.outer.option(numbers.OPTION_OSCORE)
    if value is None:
        return True  # another check's matter
    try:
        piv, kid, kid_context = oscore.decode_option(value)
    except PeerError:
        return False
    return piv is not None and kid == monitor.context.recipient_id and kid_context is None


@observation(
    "partial-iv-unique", "7.2", Level.MUST, "Take a new sequence number for every request that is not a retransmission."
)
def partial_iv_unique(monitor: Monitor, _settings: Settings) -> str:
    """No sequence number protects two different requests between two resets."""
    used: dict[tuple[int, int], Arrival] = {}
    for arrival in _some([a for a in monitor.requests if a.binding is not None]):
        key = arrival.after_resets, arrival.partial_iv
        if key in used and used[key].data != arrival.data:
            raise CheckFailed(f"sequence number {arrival.partial_iv} protects two requests: the keys are lost")
        used[key] = arrival
    return f"{len(used)} sequence numbers"


@observation("report-valid", "5.1", Level.MUST, "Compare the payload with anju.cddl and the vectors.")
def report_valid(monitor: Monitor, _settings: Settings) -> str:
    """Every report is well-formed, valid CBOR with the fields of its record kinds."""
    posts = _some([a for a in monitor.requests if a.inner is not None and a.inner.code == numbers.POST])
    return _none_of((a for a in posts if a.report is None), "report that is not valid")


@observation("deterministic", "5.1", Level.SHOULD, "Use shortest heads, definite lengths and sorted keys.")
def deterministic(monitor: Monitor, _settings: Settings) -> str:
    """Reports use the deterministic encoding of RFC 8949, section 4.2.1."""
    reports = _some(_of_clause_5(monitor))
    return _none_of(
        (a for a in reports if cbor.encode(cbor.decode(_payload(a), numbers.MAX_REPORT_BYTES)) != _payload(a)),
        "encoding that is not the deterministic one",
    )


@observation("zeros-left-out", "4.1", Level.SHOULD, "Leave channel, age_error_ms and uncertainty out when they are 0.")
def zeros_left_out(monitor: Monitor, _settings: Settings) -> str:
    """Fields that are left out when 0 are not sent as 0."""
    reports = _some(_of_clause_5(monitor))
    return _none_of((a for a in reports if not _is_shortest(_payload(a))), "a 0 that should be left out")


def _of_clause_5(monitor: Monitor) -> list[Arrival]:
    """The reports that are not SenML."""
    senml = coap.encode_uint(FORMAT_SENML_CBOR)
    return [a for a in monitor.reports if a.inner and a.inner.option(numbers.OPTION_CONTENT_FORMAT) != senml]


def _is_shortest(payload: bytes) -> bool:
    report = decode_report(payload)
    canonical = encode_report(report.epoch, report.sequence, report.records)
    return len(canonical) >= len(cbor.encode(cbor.decode(payload, numbers.MAX_REPORT_BYTES)))


@observation("attempt-pause", "6.6", Level.SHOULD, "Pause 15 s after a failed attempt, twice as long each time.")
def attempt_pause(monitor: Monitor, settings: Settings) -> str:
    """After an attempt without any answer the next one waits 15 s."""
    pauses = list(_pauses(monitor))
    if not pauses:
        raise CheckNotRun("no attempt failed for want of an answer")
    if min(pauses) < _PAUSE_MS - settings.tolerance_ms:
        raise CheckFailed(f"a pause of {min(pauses) / 1000:.1f} s")
    return f"the shortest was {min(pauses) / 1000:.0f} s"


def _pauses(monitor: Monitor) -> Iterator[int]:
    """From the end of an attempt with all its retransmissions to the next one [ms], within one life."""
    for first, following in pairwise(monitor.reports):
        times = [a.at_ms for a in monitor.arrivals if a.data == first.data and a.at_ms <= following.at_ms]
        same_life = first.after_resets == following.after_resets
        if len(times) == numbers.MAX_RETRANSMIT + 1 and same_life and first.data not in monitor.touched:
            yield following.at_ms - times[-1] - 2 * (times[-1] - times[-2])


OBSERVED = (
    coap_format,
    datagram_size,
    request_form,
    protected,
    oscore_option,
    partial_iv_unique,
    report_valid,
    deterministic,
    zeros_left_out,
    attempt_pause,
)
