"""Checks of a hub, clauses 5, 6, 9 and 11: what it takes, once."""

from __future__ import annotations

import time
from typing import Any

from anju_tools.conform.hub.peer import Answer, HubUnderTest, PlayedNode, expect, need
from anju_tools.conform.hub.registry import hub_check
from anju_tools.conform.verdict import CheckFailed, Level
from anju_wire import cbor, coap, numbers
from anju_wire.errors import PeerError
from anju_wire.report import decode_answer

_CLOCK_TOLERANCE_MS = 120_000
_YEAR_MS = 31_536_000_000
_IN_FLIGHT = 16


def report(node: PlayedNode, *records: dict[int, Any], epoch: int | None = None, first: int | None = None) -> bytes:
    """The payload of a report; new numbers unless told otherwise."""
    first = node.take_numbers(len(records)) if first is None else first
    return cbor.encode([node.epoch if epoch is None else epoch, first, *records])


def deliver(node: PlayedNode, payload: bytes, what: str = "a report", **options: Any) -> Answer:
    """Send a report that must be taken."""
    answer = node.send(node.request(payload, **options))
    expect(answer, numbers.CHANGED, after=what)
    return answer


@hub_check(
    "accepted", "5.3", Level.MUST, "Answer a good report with a protected 2.04, Content-Format 60, and the time."
)
def accepted(hub: HubUnderTest) -> str:
    """A report is answered with a protected 2.04 that holds the hub's time."""
    answer = deliver(hub.node, report(hub.node, hub.node.door())).message
    if answer.option(numbers.OPTION_CONTENT_FORMAT) != bytes((numbers.FORMAT_CBOR,)):
        raise CheckFailed("the answer has no Content-Format 60")
    try:
        fields = decode_answer(answer.payload)
    except PeerError as error:
        raise CheckFailed(f"the answer {answer.payload.hex()}: {error.reason}") from error
    return f"answer of {len(answer.payload)} bytes, time_ms {fields['time_ms']}"


@hub_check("time", "5.3", Level.SHOULD, "Keep the hub's clock right; where it is not set, answer 5.03 (11.8).")
def right_time(hub: HubUnderTest) -> str:
    """The time in the answer is this machine's, give or take two minutes."""
    fields = decode_answer(deliver(hub.node, report(hub.node, hub.node.door())).message.payload)
    off_ms = fields["time_ms"] - time.time_ns() // 1_000_000
    if abs(off_ms) > _CLOCK_TOLERANCE_MS:
        raise CheckFailed(f"the clocks differ by {off_ms / 1000:.0f} s")
    return f"off by {off_ms} ms"


@hub_check("all-kinds", "4.2", Level.MUST, "Take all kinds of the registry.")
def all_kinds(hub: HubUnderTest) -> None:
    """Records of all kinds are taken, in one report and with all their fields."""
    node = hub.node
    pir = {0: 2, 1: 10, 4: True, 5: node.epoch, 6: 0}
    meter = {0: 3, 1: 10, 4: 0, 5: node.epoch, 6: 1000}
    health = {0: 4, 1: 0, 4: 3300, 5: 1, 6: 1, 7: 0, 8: 1, 9: -61, 10: 20000, 11: 3600}
    readings = {0: 5, 1: 5, 4: [["temperature", "Cel", 21], ["note", None, "x"]]}
    deliver(node, report(node, {0: 1, 1: 10, 2: 3, 3: 7, 4: False, 5: 4}, pir, meter, health, readings))


@hub_check("no-format", "3.2", Level.MUST, "Take a report without Content-Format for CBOR.")
def no_format(hub: HubUnderTest) -> None:
    """A report without Content-Format is taken for CBOR."""
    deliver(hub.node, report(hub.node, hub.node.door()), content_format=None)


@hub_check("any-encoding", "5.1", Level.MUST, "Take any well-formed encoding, not the deterministic one only.")
def any_encoding(hub: HubUnderTest) -> None:
    """Indefinite lengths, long heads and keys in any order are taken."""
    node = hub.node
    first = node.take_numbers(1)
    record = b"\xbf\x05\x1a\x00\x00\x00\x07\x04\xf5\x01\x18\x05\xff"
    deliver(node, b"\x9f" + cbor.encode(node.epoch) + b"\x1b" + first.to_bytes(8, "big") + record + b"\xff")


@hub_check(
    "retransmission", "6.8", Level.MUST, "Deduplicate by message ID (RFC 7252, 4.5): repeat the answer, or be silent."
)
def retransmission(hub: HubUnderTest) -> None:
    """The same datagram again gets the same answer, or none."""
    node = hub.node
    message, binding = node.protect(node.request(report(node, node.door())))
    answer = node.exchange(message, binding)
    expect(answer, numbers.CHANGED)
    node.link.send(coap.encode(message))
    again = node.link.receive(1.0)
    if again is not None and again != coap.encode(answer.outer):
        outer = coap.decode(again)
        if outer.code != numbers.EMPTY and outer.payload != answer.outer.payload:
            raise CheckFailed("a retransmission got another answer")


@hub_check("repeated", "6.2", Level.MUST, "Answer a report that was received before like any other.")
def repeated(hub: HubUnderTest) -> None:
    """The same records in a new request are acknowledged again."""
    payload = report(hub.node, hub.node.door(), hub.node.door())
    deliver(hub.node, payload)
    deliver(hub.node, payload, "a repeated report")


@hub_check("rebatched", "6.2", Level.MUST, "Identify records by epoch and number, not reports.")
def rebatched(hub: HubUnderTest) -> None:
    """Records that come again in reports of another cut, beside new ones, are acknowledged."""
    node = hub.node
    records = [node.door() for _ in range(4)]
    first = node.take_numbers(4)
    deliver(node, report(node, *records[:2], first=first))
    deliver(node, report(node, *records[1:], first=first + 1), "a report of another cut")
    deliver(node, report(node, records[3], first=first + 3), "a single old record")


@hub_check("reordered", "6.2", Level.MUST, "Take records in any order of numbers and epochs.")
def reordered(hub: HubUnderTest) -> None:
    """Later numbers before earlier ones, and an older epoch after a newer one, are taken."""
    node = hub.node
    early, late = report(node, node.door()), report(node, node.door())
    deliver(node, late, "the later report")
    deliver(node, early, "the earlier report, later")
    deliver(node, report(node, node.door(), epoch=max(0, node.epoch - 1)), "a report of the epoch before")


@hub_check("gap", "6.7", Level.MUST, "Take what comes after a gap: the node had to drop records.")
def gap(hub: HubUnderTest) -> None:
    """Numbers that were never sent stop nothing."""
    hub.node.take_numbers(1000)
    deliver(hub.node, report(hub.node, hub.node.door()), "a report after a gap")


@hub_check("in-flight", "7.1", Level.MUST, "Keep a replay window of 32 and answer each request by itself.")
def in_flight(hub: HubUnderTest) -> None:
    """16 reports sent at once, in reverse order of their sequence numbers, are all answered."""
    node = hub.node
    made = [node.protect(node.request(report(node, node.door()))) for _ in range(_IN_FLIGHT)]
    waiting = {message.token: binding for message, binding in made}
    for message, _ in reversed(made):
        node.link.send(coap.encode(message))
    end = time.monotonic() + 10
    while waiting and time.monotonic() < end:
        data = node.link.receive(0.5)
        if data is None:
            continue
        message = coap.decode(data)
        if message.token not in waiting:
            continue
        if message.mtype == numbers.CON:
            node.link.send(coap.encode(coap.Message(numbers.ACK, numbers.EMPTY, message.mid)))
        expect(node.open(message, waiting.pop(message.token)), numbers.CHANGED, after="a report out of order")
    if waiting:
        raise CheckFailed(f"{len(waiting)} of {_IN_FLIGHT} reports were not answered")


@hub_check("unknown-fields", "9.2", Level.MUST, "Ignore or keep integer keys that are not known.")
def unknown_fields(hub: HubUnderTest) -> None:
    """Integer keys that this version does not know are ignored or kept, negative ones too."""
    record = hub.node.door() | {100: [1, {2: "x"}], -1: b"\x00", 6: None}
    deliver(hub.node, report(hub.node, record))


@hub_check("unknown-kind", "9.3", Level.MUST, "Take records of unknown kinds by their common fields.")
def unknown_kind(hub: HubUnderTest) -> None:
    """Records of kinds that nobody has declared are acknowledged."""
    deliver(hub.node, report(hub.node, {0: 99, 1: 0}, {0: 255, 1: 5, 2: 1, 4: "x", 70: [1]}))


@hub_check("old", "11.2", Level.MUST, "Take old records; refuse those from before 1970.")
def old(hub: HubUnderTest) -> None:
    """A record a year old, with an error of half a year, is taken; one from before 1970 is refused."""
    node = hub.node
    deliver(node, report(node, node.door(_YEAR_MS) | {3: _YEAR_MS // 2}), "a record a year old")
    answer = node.send(node.request(report(node, node.door(100 * _YEAR_MS))))
    expect(answer, numbers.BAD_REQUEST, after="a record from before 1970")


@hub_check("large-counts", "8.4", Level.MUST, "Keep counts in 64 bits; the greatest is 2^53 - 1.")
def large_counts(hub: HubUnderTest) -> None:
    """Counts up to 2^53 - 1 are taken, greater ones are refused."""
    node, most = hub.node, numbers.MAX_COUNT
    deliver(node, report(node, {0: 3, 1: 0, 4: 1, 5: most}), "a total of 2^53 - 1")
    deliver(node, report(node, node.door(), first=most), "the greatest number")
    for payload in (report(node, {0: 3, 1: 0, 4: 1, 5: most + 1}), report(node, node.door(), node.door(), first=most)):
        expect(node.send(node.request(payload)), numbers.BAD_REQUEST, after="a count beyond 2^53 - 1")


@hub_check("senml", "14.1", Level.MUST, "Take SenML-CBOR (Content-Format 112) as the second form of a report.")
def senml(hub: HubUnderTest) -> None:
    """A report as a SenML pack in CBOR is taken; one with another node's name is refused."""
    node = hub.node
    deliver(node, _pack(node.name, node), "a SenML pack", content_format=112)
    answer = node.send(node.request(_pack("other", node), content_format=112))
    expect(answer, numbers.BAD_REQUEST, after="a SenML pack of another node")


def _pack(name: str, node: PlayedNode) -> bytes:
    """A door that opened a quarter of a second ago, SPEC 14.2."""
    door = node.door()
    base = f"{name}/{node.epoch}/{node.take_numbers(1)}/"
    time_s = cbor.Tag(4, [-2, -25])
    head: dict[object, Any] = {-2: base, 0: "open", 4: door[4], 6: time_s}
    return cbor.encode([head, {0: "transitions", 1: "count", 2: door[5], 6: time_s}])


@hub_check(
    "stored-once", "6.2", Level.SHOULD, "Store nothing twice; show it at /nodes (not all hubs let this machine read)."
)
def stored_once(hub: HubUnderTest) -> str:
    """What comes three times is counted once: `/nodes` shows three more door records after three with repetitions."""
    node = hub.node
    before = _door_records(hub)
    records = [node.door() for _ in range(3)]
    first = node.take_numbers(3)
    for payload in (report(node, *records, first=first), report(node, *records[1:], first=first + 1)):
        deliver(node, payload)
        deliver(node, payload)
    rise = _door_records(hub) - before
    if rise != 3:
        raise CheckFailed(f"3 records came twice or more, {rise} were stored")
    return "3 records of 10 sent"


def _door_records(hub: HubUnderTest) -> int:
    node = hub.node
    answer = node.ask_plainly(node.request(path="nodes", code=numbers.GET, content_format=None))
    need(answer.message.code == numbers.CONTENT, f"/nodes cannot be read from here: {answer.code}")
    listed = cbor.decode(_all_blocks(node, answer.message), 65_535)
    ours = [entry for entry in listed if entry.get("node") == node.name] if isinstance(listed, list) else []
    need(ours and "records" in ours[0], "/nodes of this hub has another form")
    return int(ours[0]["records"].get("door", 0))


def _all_blocks(node: PlayedNode, first: coap.Message) -> bytes:
    """The whole representation, RFC 7959 section 2.4."""
    payload, message = first.payload, first
    while (block := message.option(_BLOCK2)) and int.from_bytes(block, "big") & 8:
        value = int.from_bytes(block, "big")
        following = ((value >> 4) + 1) << 4 | value & 7
        options = [(_BLOCK2, coap.encode_uint(following))]
        request = node.request(path="nodes", code=numbers.GET, content_format=None, options=options)
        message = node.ask_plainly(request).message
        payload += message.payload
    return payload


_BLOCK2 = 23
