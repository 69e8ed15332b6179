"""Scenarios of protected answers other than 2.04, and of answers that hold something unexpected."""

from __future__ import annotations

from anju_tools.conform.node.answers import empty_ack, inner, unavailable, with_unknown_fields
from anju_tools.conform.node.monitor import Arrival, RecordId
from anju_tools.conform.node.registry import scenario
from anju_tools.conform.node.tester import MOVED_ON, Play, Tester, Wait
from anju_tools.conform.verdict import CheckFailed, CheckNotRun, Level
from anju_wire import cbor, coap, numbers

_MAX_AGE_S = 40
_PILE_UP_MS = 110_000  # an attempt that fails, and a little more
_UNKNOWN_VERB = 250
_GARBAGE = (b"", b"\x40", b"\x00" * 4, b"\x4f\x45\x00\x01", b"\x60\x45\x00\x01\xff", b"\xc0\x45\x00\x01", b"hello")


@scenario("unavailable", "6.4", Level.MUST, "Read Max-Age of 5.03 and try again when it has passed.")
def service_unavailable(t: Tester) -> Play:
    """After a protected 5.03 the node waits for Max-Age, then sends the records again."""
    first = yield from t.fresh()
    t.reply(first, unavailable(_MAX_AGE_S))
    refused_ms = t.now_ms
    seen = yield from t.pause(refused_ms + _MAX_AGE_S * 1000 - t.settings.tolerance_ms)
    early = [arrival for arrival in seen if arrival.is_request and arrival.first is None]
    if early:
        waited = (early[0].at_ms - refused_ms) / 1000
        raise CheckFailed(f"tried again after {waited:.1f} s, Max-Age was {_MAX_AGE_S} s")
    yield from t.again(first, "after 5.03")


@scenario(
    "refused-record", "6.5", Level.MUST, "After a protected 4.00 send one by one, drop what is refused alone, go on."
)
def refused_record(t: Tester) -> Play:
    """A record that the hub refuses with 4.00 is sent alone, then given up; all others are delivered."""
    yield from _refuse(t, numbers.BAD_REQUEST)


@scenario("too-large", "6.5", Level.MUST, "After a protected 4.13 send one by one, drop what is refused alone, go on.")
def too_large(t: Tester) -> Play:
    """A record that the hub refuses with 4.13 is sent alone, then given up; all others are delivered."""
    yield from _refuse(t, numbers.REQUEST_ENTITY_TOO_LARGE)


def _refuse(t: Tester, code: int) -> Play:
    """Let records pile up while the hub is away, then refuse the last record of the next report wherever it comes."""
    first = yield from t.fresh()
    yield from t.pause(t.now_ms + _PILE_UP_MS)
    batch = yield from _last_of_pile(t, first)
    victim = max(batch.records())
    refusal = inner(code)
    t.reply(batch, refusal)
    current, newer = batch, 0
    while len(current.records()) > 1 or victim not in current.records():
        current = yield from _answer_needed(t, victim)
        if victim not in current.records():
            t.accept(current)
            newer += min(current.records()) > victim
            if newer >= MOVED_ON:
                raise CheckFailed(f"record {victim[1]} of a refused report did not come again, newer ones did")
            continue
        t.reply(current, refusal)
        if current is not batch and len(current.records()) > 1:
            raise CheckFailed(f"a refused report was followed by one of {len(current.records())} records")
    t.monitor.refused[victim] = t.now_ms
    after = yield from _answer_needed(t, victim)
    if victim in after.records():
        t.accept(after)
        raise CheckFailed(f"record {victim[1]} was refused alone and came again")
    t.accept(after)
    expected = {key for key in set(batch.records()) | set(first.records()) if key != victim}
    for _ in range(len(expected) + MOVED_ON):
        if expected <= t.monitor.acknowledged:
            return
        arrival = yield from _answer_needed(t, victim)
        t.accept(arrival)
    raise CheckFailed("records beside the refused one did not come again")


def _last_of_pile(t: Tester, first: Arrival) -> Wait:
    """The first new request after the silence, or what is left of the old one."""
    while True:
        arrival = yield t.now_ms + t.settings.timeout_ms
        if arrival is None:
            raise CheckFailed("nothing came after a silence of the hub")
        if arrival.report is not None and (arrival.first is None or arrival.data == first.data):
            return arrival


def _answer_needed(t: Tester, victim: RecordId) -> Wait:
    try:
        arrival = yield from t.fresh()
    except CheckNotRun as error:
        raise CheckFailed(f"the node went silent after record {victim[1]} was refused") from error
    return arrival


@scenario("unknown-fields", "9.2", Level.MUST, "Ignore keys of the answer that you do not know.")
def unknown_fields(t: Tester) -> Play:
    """Fields that a later version adds to the answer change nothing."""
    first = yield from t.fresh()
    t.accept(first, with_unknown_fields(t.utc_ms))
    yield from t.goes_on(first, "after an answer with unknown fields")


@scenario("downlink", "12.1", Level.MUST, "Heed or ignore configuration and commands, and take the answer.")
def downlink(t: Tester) -> Play:
    """An answer that carries a command with an unknown verb is an answer."""
    first = yield from t.fresh()
    fields = {0: t.utc_ms, 3: [[1, _UNKNOWN_VERB]]}
    t.accept(first, inner(numbers.CHANGED, cbor.encode(fields)))
    yield from t.goes_on(first, "after an answer with a command")


@scenario("malformed-answer", "5.3", Level.MUST, "Survive an answer that is no CBOR; decode defensively.")
def malformed_answer(t: Tester) -> Play:
    """Authentic answers that are cut short, empty or of another type do not stop the node."""
    for payload in (b"\xa1\x00", b"\xff\xff", cbor.encode({0: "noon"}), cbor.encode([]), b""):
        arrival = yield from t.fresh()
        t.accept(arrival, inner(numbers.CHANGED, payload))
        yield from t.goes_on(arrival, f"after an answer of {payload.hex() or 'nothing'}")


@scenario("oversize-answer", "8.2", Level.MUST, "Refuse or ignore an answer above 256 bytes, and go on.")
def oversize_answer(t: Tester) -> Play:
    """An authentic answer longer than a hub may send does not stop the node."""
    first = yield from t.fresh()
    t.accept(first, inner(numbers.CHANGED, cbor.encode({0: t.utc_ms, 99: bytes(900)})))
    yield from t.goes_on(first, "after an answer of 900 bytes")


@scenario("garbage", "3.1", Level.MUST, "Drop datagrams that are no CoAP, and responses that belong to nothing.")
def garbage(t: Tester) -> Play:
    """Datagrams that are no CoAP message between request and answer do not disturb."""
    first = yield from t.fresh()
    assert first.outer is not None
    for data in _GARBAGE:
        t.send(first, data)
    stray = coap.Message(numbers.NON, numbers.CONTENT, t.maker.new_mid(), b"stray", [], b"x")
    t.send(first, stray)
    t.send(first, empty_ack(coap.Message(numbers.CON, numbers.GET, first.outer.mid ^ 0x5555)))
    yield from t.pause(t.now_ms + 200)
    t.accept(first)
    yield from t.goes_on(first, "after garbage")
