"""Scenarios of clause 6: acknowledgement, retransmission, back-off, outages."""

from __future__ import annotations

from itertools import pairwise

from anju_tools.conform.node.answers import empty_ack, separate
from anju_tools.conform.node.monitor import Arrival
from anju_tools.conform.node.registry import scenario
from anju_tools.conform.node.tester import Play, Tester, Wait
from anju_tools.conform.verdict import CheckFailed, Level
from anju_wire import coap, numbers

_SEPARATE_AFTER_MS = 6_000
_FIRST_TIMEOUT_MS = (numbers.ACK_TIMEOUT_MS, numbers.ACK_TIMEOUT_MS * numbers.ACK_RANDOM_PERCENT // 100)


@scenario(
    "answered", "5.3", Level.MUST, "Take a protected 2.04 as the acknowledgement, drop the records, send the next."
)
def answered(t: Tester) -> Play:
    """A report that is answered 2.04 is done with: the next ones hold new records."""
    first = yield from t.fresh()
    t.accept(first)
    second = yield from t.goes_on(first, "after 2.04")
    yield from t.goes_on(second, "after 2.04")


@scenario("retransmits", "6.3", Level.MUST, "Send the same bytes again 2 to 3 s after an unanswered request.")
def retransmits(t: Tester) -> Play:
    """Without an answer the same bytes come again after 2 to 3 s."""
    first = yield from t.fresh()
    again = yield from t.repeat_of(first, t.now_ms + _FIRST_TIMEOUT_MS[1] + 5_000)
    _check_gap(again.at_ms - first.at_ms, *_FIRST_TIMEOUT_MS, t)
    t.accept(again)
    yield from t.goes_on(again, "after a retransmission was answered")


@scenario(
    "back-off", "6.3", Level.MUST, "Double the timeout each time, stop after 4 retransmissions, keep the records."
)
def back_off(t: Tester) -> Play:
    """Each timeout is twice the one before, 4 retransmissions at most; later a new request brings all of it."""
    first = yield from t.fresh()
    times = [first.at_ms]
    later = yield from _repeats(t, first, times)
    gaps = [after - before for before, after in pairwise(times)]
    if not gaps:
        raise CheckFailed("no retransmission")
    if len(gaps) > numbers.MAX_RETRANSMIT:
        raise CheckFailed(f"{len(gaps)} retransmissions")
    for before, after in pairwise(gaps):
        _check_gap(after, 2 * before, 2 * before, t)
    lost = set(first.records()) - set(later.records())
    t.accept(later)
    if lost:
        yield from t.again(first, "after all retransmissions were lost")


def _repeats(t: Tester, first: Arrival, times: list[int]) -> Wait:
    """Stay silent, note when the same bytes come, and return the next request."""
    deadline = t.now_ms + numbers.MAX_TRANSMIT_WAIT_MS + t.settings.timeout_ms
    while True:
        arrival = yield deadline
        if arrival is None:
            raise CheckFailed("the node gave up for good after its retransmissions")
        if arrival.data == first.data:
            times.append(arrival.at_ms)
        elif arrival.first is None and arrival.report is not None:
            return arrival


def _check_gap(gap_ms: int, low_ms: int, high_ms: int, t: Tester) -> None:
    tolerance = t.settings.tolerance_ms
    if not low_ms - tolerance <= gap_ms <= high_ms + tolerance:
        expected = f"{low_ms / 1000:.1f}" if low_ms == high_ms else f"{low_ms / 1000:.1f} to {high_ms / 1000:.1f}"
        raise CheckFailed(f"a timeout of {gap_ms / 1000:.2f} s where {expected} s are due")


@scenario("separate-response", "3.3", Level.MUST, "After an empty ACK wait for the response, and acknowledge it.")
def separate_response(t: Tester) -> Play:
    """After an empty acknowledgement the node waits without retransmitting, and acknowledges the separate response."""
    first = yield from t.fresh()
    assert first.outer is not None
    t.send(first, empty_ack(first.outer))
    seen = yield from t.pause(t.now_ms + _SEPARATE_AFTER_MS)
    if any(arrival.data == first.data for arrival in seen):
        raise CheckFailed("retransmitted after the empty acknowledgement")
    response = separate(t.maker.protect(first, t.maker.accepted(t.utc_ms)), t.maker.new_mid())
    t.send(first, response)
    t.count(first)
    deadline = t.now_ms + 3_000
    while True:
        arrival = yield deadline
        if arrival is None:
            raise CheckFailed("no acknowledgement of the confirmable response (RFC 7252, section 4.2)")
        outer = arrival.outer
        if outer is not None and outer.mtype == numbers.ACK and outer.mid == response.mid:
            break
    yield from t.goes_on(first, "after a separate response")


@scenario("duplicate-answer", "RFC 7252, 4.5", Level.MUST, "Ignore answers to requests that are answered already.")
def duplicate_answer(t: Tester) -> Play:
    """The same answer three times is one answer."""
    first = yield from t.fresh()
    data = t.accept(first)
    t.send(first, data, delay_ms=50)
    t.send(first, data, delay_ms=1_500)
    yield from t.goes_on(first, "after an answer that came three times")


@scenario("late-answer", "6.3", Level.MUST, "Take the answer to any transmission of the request, once.")
def late_answer(t: Tester) -> Play:
    """An answer that comes after a retransmission, and its copy, are one answer."""
    first = yield from t.fresh()
    yield from t.repeat_of(first, t.now_ms + _FIRST_TIMEOUT_MS[1] + 5_000)
    data = t.accept(first)
    t.send(first, data, delay_ms=700)
    yield from t.goes_on(first, "after a late answer and its copy")


@scenario("answer-to-earlier-attempt", "6.3", Level.MUST, "Match answers by token; each attempt has its own.")
def earlier_attempt(t: Tester) -> Play:
    """The answer to an attempt that the node gave up, coming before the answer to the present one, disturbs nothing."""
    first = yield from t.fresh()
    second = yield from t.fresh(numbers.MAX_TRANSMIT_WAIT_MS + t.settings.timeout_ms, quiet=True)
    t.accept(first)
    yield from t.pause(t.now_ms + 100)
    t.accept(second)
    yield from t.goes_on(second, "after answers in the wrong order")


@scenario("foreign-answer", "RFC 7252, 5.3.2", Level.MUST, "Compare the token of a response with that of the request.")
def foreign_answer(t: Tester) -> Play:
    """A response whose token is no request's is not taken for the answer."""
    first = yield from t.fresh()
    assert first.outer is not None
    response = t.maker.protect(first, t.maker.accepted(t.utc_ms))
    token = bytes(byte ^ 0x55 for byte in first.outer.token) or b"\x55"
    t.send(
        first, coap.Message(numbers.NON, response.code, t.maker.new_mid(), token, response.options, response.payload)
    )
    yield from t.again(first, "after a response with another token")


@scenario("outage", "6.1", Level.MUST, "Keep every record until its report is answered, and try again with a back-off.")
def outage(t: Tester) -> Play:
    """The hub is silent for minutes, then back: everything recorded meanwhile is delivered, without a gap."""
    first = yield from t.fresh()
    seen = yield from t.pause(t.now_ms + t.settings.silence_ms)
    expected = set(first.records()).union(*(arrival.records() for arrival in seen))
    deadline = t.now_ms + t.settings.timeout_ms
    for _ in range(200):
        arrival = yield from _after_outage(t, deadline, expected)
        expected.update(arrival.records())
        if arrival.first is None or arrival.data == first.data:
            t.accept(arrival)
        missing = _missing(expected, t.monitor.acknowledged)
        if not missing:
            return
    raise CheckFailed(f"record {min(missing)[1]} did not come in 200 reports")


def _after_outage(t: Tester, deadline_ms: int, expected: set[tuple[int, int]]) -> Wait:
    while True:
        arrival = yield deadline_ms
        if arrival is None:
            missing = _missing(expected, t.monitor.acknowledged)
            epoch, number = min(missing)
            raise CheckFailed(
                f"record {number} of epoch {epoch} and {len(missing) - 1} more did not come after the outage"
            )
        if arrival.is_request and arrival.report is not None:
            return arrival


def _missing(expected: set[tuple[int, int]], acknowledged: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """What was seen, or lies between what was seen, and is not acknowledged."""
    whole = set(expected)
    for epoch in {epoch for epoch, _ in expected}:
        ours = [number for of, number in expected if of == epoch]
        whole.update((epoch, number) for number in range(min(ours), max(ours) + 1))
    return whole - acknowledged
