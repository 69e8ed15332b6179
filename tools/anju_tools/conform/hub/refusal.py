"""Checks of a hub, clauses 3, 5, 8, 9 and 18: what it must refuse, and with which code."""

from __future__ import annotations

import secrets
from typing import Any

from anju_tools.conform.hub.delivery import deliver, report
from anju_tools.conform.hub.peer import HubUnderTest, Unanswered, expect
from anju_tools.conform.hub.registry import hub_check
from anju_tools.conform.verdict import CheckFailed, Level
from anju_wire import coap, numbers

_UNSUPPORTED_FORMAT = 0x8F  # 4.15
_NOT_FOUND = 0x84
_METHOD_NOT_ALLOWED = 0x85
_FORBIDDEN = 0x83
_INCOMPLETE = 0x88  # 4.08
_CONTINUE = 0x5F  # 2.31
_OPTION_BLOCK1 = 27
_UNKNOWN_CRITICAL = 65_001
_FEW_BYTES = 32  # how much longer than its request an answer to a stranger may be

_MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "an array cut short": b"\x83\x01\x02",
    "bytes after the report": b"\x83\x01\x02\xa3\x01\x00\x04\xf5\x05\x01\x00",
    "a map": b"\xa1\x00\x01",
    "a report without records": b"\x82\x01\x02",
    "a record that is no map": b"\x83\x01\x02\x03",
    "a duplicate key": b"\x83\x01\x02\xa4\x01\x00\x01\x00\x04\xf5\x05\x01",
    "a key that is text": b"\x83\x01\x02\xa4\x01\x00\x04\xf5\x05\x01\x61x\x01",
    "text that is not UTF-8": b"\x83\x01\x02\xa4\x01\x00\x04\xf5\x05\x01\x18\x63\x61\xff",
    "no age": b"\x83\x01\x02\xa2\x04\xf5\x05\x01",
    "a negative age": b"\x83\x01\x02\xa3\x01\x20\x04\xf5\x05\x01",
    "a door that is 1": b"\x83\x01\x02\xa3\x01\x00\x04\x01\x05\x01",
    "a door without transitions": b"\x83\x01\x02\xa2\x01\x00\x04\xf5",
    "kind 0": b"\x83\x01\x02\xa4\x00\x00\x01\x00\x04\xf5\x05\x01",
    "kind 256": b"\x83\x01\x02\xa2\x00\x19\x01\x00\x01\x00",
    "an epoch of 33 bits": b"\x83\x1b\x00\x00\x00\x01\x00\x00\x00\x00\x02\xa3\x01\x00\x04\xf5\x05\x01",
    "a negative sequence": b"\x83\x01\x20\xa3\x01\x00\x04\xf5\x05\x01",
    "17 levels": b"\x83\x01\x02\xa4\x01\x00\x04\xf5\x05\x01\x18\x63" + b"\x81" * 15 + b"\x00",
    "a length of 2^64 - 1": b"\x83\x01\x02\xbb" + b"\xff" * 8,
    "a break alone": b"\xff",
}

_NO_COAP: tuple[bytes, ...] = (
    b"\x40",
    b"\x40\x02\x00",
    b"\x49\x02\x00\x01" + bytes(9),
    b"\x40\x02\x00\x01\xff",
    b"\x40\x00\x00\x01\x00",
    b"\x40\x02\x00\x01\xf0",
    b"\x40\x02\x00\x01\x0f",
    b"\x40\x02\x00\x01\xb5r",
    b"\x80\x02\x00\x01",
    b"GET / HTTP/1.1\r\n\r\n",
)


@hub_check("malformed-report", "5.2", Level.MUST, "Refuse with a protected 4.00 whatever breaks clauses 4 and 5.")
def malformed_report(hub: HubUnderTest) -> str:
    """Reports that break clauses 4, 5 or 8.3 get a protected 4.00."""
    for name, payload in _MALFORMED.items():
        expect(hub.node.send(hub.node.request(payload)), numbers.BAD_REQUEST, after=name)
    return f"{len(_MALFORMED)} forms"


@hub_check("whole-or-not", "5.2", Level.MUST, "Check all records of a report before storing the first.")
def whole_or_not(hub: HubUnderTest) -> None:
    """A report with one bad record is refused as a whole; its good records can come again."""
    node = hub.node
    good, first = node.door(), node.take_numbers(2)
    bad: dict[int, Any] = {1: 0, 4: True}
    expect(node.send(node.request(report(node, good, bad, first=first))), numbers.BAD_REQUEST, after="one bad record")
    deliver(node, report(node, good, first=first), "the good record alone")


@hub_check("too-large", "8.2", Level.MUST, "Refuse with a protected 4.13 beyond 1024 bytes or 64 records.")
def too_large(hub: HubUnderTest) -> None:
    """64 records and 1024 bytes are taken; one more gets a protected 4.13."""
    node = hub.node
    records: list[dict[int, Any]] = [{0: 99, 1: 0} for _ in range(numbers.MAX_RECORDS)]
    deliver(node, report(node, *records), "64 records")
    _refused_size(hub, report(node, *records, {0: 99, 1: 0}), "65 records")
    head = len(report(node, {0: 99, 1: 0, 9: bytes(900)}))
    full = report(node, {0: 99, 1: 0, 9: bytes(900 + numbers.MAX_REPORT_BYTES - head)})
    deliver(node, full, f"{len(full)} bytes")
    _refused_size(hub, report(node, {0: 99, 1: 0, 9: bytes(901 + numbers.MAX_REPORT_BYTES - head)}), "1025 bytes")


def _refused_size(hub: HubUnderTest, payload: bytes, what: str) -> None:
    expect(hub.node.send(hub.node.request(payload)), numbers.REQUEST_ENTITY_TOO_LARGE, after=what)


@hub_check("blocks", "8.5", Level.MUST, "Assemble Block1 inside OSCORE up to 1024 bytes; 4.08 for a block out of turn.")
def blocks(hub: HubUnderTest) -> None:
    """A report in two blocks is taken; a block out of turn gets 4.08; blocks beyond 1024 bytes get 4.13."""
    node = hub.node
    payload = report(node, *[node.door() for _ in range(8)])
    assert 64 < len(payload) <= 128
    _block(hub, payload[:64], 0, True, _CONTINUE, "the first block")
    _block(hub, payload[64:], 1, False, numbers.CHANGED, "the last block")
    _block(hub, payload[64:], 3, False, _INCOMPLETE, "a block out of turn")
    number = 0
    while number * 64 < numbers.MAX_REPORT_BYTES:
        _block(hub, bytes(64), number, True, _CONTINUE, f"block {number}")
        number += 1
    _block(hub, bytes(64), number, True, numbers.REQUEST_ENTITY_TOO_LARGE, "a block beyond 1024 bytes")


def _block(hub: HubUnderTest, payload: bytes, number: int, more: bool, code: int, what: str) -> None:
    size_exponent = 2  # 64 bytes
    value = coap.encode_uint(number << 4 | more << 3 | size_exponent)
    answer = hub.node.send(hub.node.request(payload, options=[(_OPTION_BLOCK1, value)]))
    expect(answer, code, after=what)


@hub_check("wrong-format", "5.2", Level.MUST, "Refuse other Content-Formats with a protected 4.15.")
def wrong_format(hub: HubUnderTest) -> None:
    """Text, JSON, SenML-JSON and octets get a protected 4.15."""
    node = hub.node
    for content_format in (0, 42, 50, 110):
        request = node.request(report(node, node.door()), content_format=content_format)
        expect(node.send(request), _UNSUPPORTED_FORMAT, after=f"Content-Format {content_format}")


@hub_check("unprotected", "3.4", Level.MUST, "Refuse reports without OSCORE with 4.01.")
def unprotected(hub: HubUnderTest) -> None:
    """A report in the clear gets 4.01, and is not kept."""
    node = hub.node
    payload = report(node, node.door())
    answer = node.ask_plainly(node.request(payload))
    expect(answer, numbers.UNAUTHORIZED, protected=False, after="a report in the clear")


@hub_check("methods", "3.5", Level.MUST, "4.05 for another method, 4.04 for another path.")
def methods(hub: HubUnderTest) -> None:
    """Another method on /r gets 4.05, another path 4.04, protected as the request was."""
    node = hub.node
    get = node.request(code=numbers.GET, content_format=None)
    expect(node.send(get), _METHOD_NOT_ALLOWED, after="a protected GET of /r")
    expect(node.send(node.request(b"\x01", path="nothing-here")), _NOT_FOUND, after="another path")
    plain = node.request(code=numbers.GET, path="nothing-here", content_format=None)
    expect(node.ask_plainly(plain), _NOT_FOUND, protected=False, after="another path in the clear")


@hub_check("operators-only", "3.5", Level.MUST, "Give a node's credentials no operator's resource.")
def operators_only(hub: HubUnderTest) -> None:
    """A node cannot read homes, alerts or nodes."""
    for path in ("homes", "alerts", "nodes", "health"):
        answer = hub.node.send(hub.node.request(path=path, code=numbers.GET, content_format=None))
        expect(answer, numbers.UNAUTHORIZED, _FORBIDDEN, after=f"a node's GET of /{path}")


@hub_check("critical-option", "3.8", Level.MUST, "Answer 4.02 to a critical option that is not known.")
def critical_option(hub: HubUnderTest) -> None:
    """An unknown critical option gets 4.02, inside OSCORE and outside."""
    node = hub.node
    unknown = [(_UNKNOWN_CRITICAL, b"x")]
    inside = node.request(report(node, node.door()), options=unknown)
    expect(node.send(inside), numbers.BAD_OPTION, after="an unknown critical option inside OSCORE")
    outside = node.request(path=".well-known/core", code=numbers.GET, content_format=None, options=unknown)
    expect(node.ask_plainly(outside), numbers.BAD_OPTION, protected=False, after="an unknown critical option")


@hub_check("ping", "3.8", Level.MUST, "Answer an Empty confirmable message with Reset.")
def ping(hub: HubUnderTest) -> None:
    """A CoAP ping is answered with Reset."""
    hub.alive()


@hub_check(
    "no-coap", "3.1", Level.MUST, "Drop what breaks RFC 7252 section 3; never answer it with anything but Reset."
)
def no_coap(hub: HubUnderTest) -> None:
    """Datagrams that are no CoAP are not processed, and do not stop the hub."""
    link = hub.new_socket()
    try:
        for data in (*_NO_COAP, secrets.token_bytes(1280)):
            link.send(data)
            answer = link.receive(0.05)
            if answer is not None and coap.decode(answer).code != numbers.EMPTY:
                raise CheckFailed(f"{data[:16].hex()} was answered")
    finally:
        link.close()
    hub.alive()


@hub_check(
    "amplification", "18.7", Level.SHOULD, "Send strangers no diagnostic text; answers as short as their requests."
)
def amplification(hub: HubUnderTest) -> str:
    """No answer to a stranger is longer than its request by more than a few bytes."""
    node = hub.node
    worst = -1280
    for request in (
        coap.Message(numbers.CON, numbers.POST, 1, b"", coap.path_options("r")),
        coap.Message(numbers.CON, numbers.GET, 2, b"", coap.path_options("r")),
        coap.Message(numbers.CON, numbers.GET, 3, b"", coap.path_options("x")),
        coap.Message(numbers.CON, numbers.POST, 4, b"", [(numbers.OPTION_OSCORE, b"\x09\x00x")], b"12345678"),
        coap.Message(numbers.CON, numbers.POST, 5, b"", [(numbers.OPTION_OSCORE, b"\xff")], b"1"),
        node.protect(node.request(report(node, node.door())))[0],
    ):
        request.payload = request.payload[:8]
        worst = max(worst, _growth(hub, request))
    if worst > _FEW_BYTES:
        raise CheckFailed(f"an answer is {worst} bytes longer than its request")
    return f"{worst} bytes longer at most"


def _growth(hub: HubUnderTest, request: coap.Message) -> int:
    link = hub.new_socket()
    try:
        answer = link.ask(request)
    except Unanswered:
        return -len(coap.encode(request))
    finally:
        link.close()
    return len(coap.encode(answer)) - len(coap.encode(request))
