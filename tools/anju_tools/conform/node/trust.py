"""Scenarios of clause 7: what must not pass for an acknowledgement, and Echo."""

from __future__ import annotations

import secrets

from anju_tools.conform.node.answers import addressed, echo, inner
from anju_tools.conform.node.registry import scenario
from anju_tools.conform.node.tester import Play, Tester, Wait
from anju_tools.conform.verdict import CheckFailed, CheckNotRun, Level
from anju_wire import coap, numbers

_ECHO_BYTES = 8
_CHALLENGES = 6
_PAUSE_MS = 3_000  # 6.6 says 15 s; less than this is no pause


@scenario("unprotected-answer", "7.5", Level.MUST, "Acknowledge records for nothing but a response that OSCORE opened.")
def unprotected_answer(t: Tester) -> Play:
    """A 2.04 in the clear is no acknowledgement: the records come again."""
    first = yield from t.fresh()
    assert first.outer is not None
    t.send(first, addressed(t.maker.accepted(t.utc_ms), first.outer))
    yield from t.again(first, "after an unprotected 2.04")


@scenario("unprotected-error", "7.5", Level.MUST, "Keep the records whatever an unprotected response says.")
def unprotected_error(t: Tester) -> Play:
    """Anybody can send an error in the clear: the records come again."""
    for code in (numbers.UNAUTHORIZED, numbers.BAD_REQUEST):
        arrival = yield from t.fresh()
        assert arrival.outer is not None
        t.send(arrival, addressed(inner(code), arrival.outer))
        yield from t.again(arrival, f"after an unprotected {code >> 5}.{code & 31:02d}")


@scenario("wrong-key-answer", "7.1", Level.MUST, "Drop a response that does not decrypt; it acknowledges nothing.")
def wrong_key_answer(t: Tester) -> Play:
    """A 2.04 under another hub's keys is no acknowledgement."""
    first = yield from t.fresh()
    t.send(first, t.maker.protect(first, t.maker.accepted(t.utc_ms), t.maker.stranger()))
    yield from t.again(first, "after a 2.04 under another key")


@scenario(
    "replayed-answer", "7.4", Level.MUST, "Open a response with the nonce and the external_aad of its own request."
)
def replayed_answer(t: Tester) -> Play:
    """The ciphertext of an earlier 2.04 under the token of the present request is no acknowledgement."""
    first = yield from t.fresh()
    earlier = coap.decode(t.accept(first))
    second = yield from t.goes_on(first, "after 2.04")
    third = yield from t.fresh()
    assert second is not third
    assert third.outer is not None
    t.send(third, addressed(earlier, third.outer))
    yield from t.again(third, "after the answer to an earlier report")


@scenario("echo", "7.3", Level.MUST, "Repeat the request with the Echo option of the 4.01, protected anew.")
def echo_challenge(t: Tester) -> Play:
    """A protected 4.01 with Echo makes the node repeat the report with that option and a new sequence number."""
    first = yield from t.fresh()
    value = secrets.token_bytes(_ECHO_BYTES)
    t.reply(first, echo(value))
    second = yield from _repeated(t)
    assert second.inner is not None
    t.accept(second)
    if second.inner.option(numbers.OPTION_ECHO) != value:
        raise CheckFailed("the next request came without the Echo option")
    if set(first.records()) - set(second.records()):
        raise CheckFailed("the request with the Echo option does not hold the records of the first")
    yield from t.goes_on(second, "after Echo")


@scenario("echo-again", "7.3", Level.MUST, "Repeat a request for Echo once; take a second 4.01 for a failed attempt.")
def echo_again(t: Tester) -> Play:
    """A hub that asks for Echo again and again is a failed attempt: the node pauses, and keeps the records."""
    first = yield from t.fresh()
    t.reply(first, echo(secrets.token_bytes(_ECHO_BYTES)))
    second = yield from _repeated(t)
    t.reply(second, echo(secrets.token_bytes(_ECHO_BYTES)))
    asked_ms = t.now_ms
    third = yield from _repeated(t)
    t.accept(third)
    if third.at_ms - asked_ms < _PAUSE_MS:
        raise CheckFailed(f"the next request came {third.at_ms - asked_ms} ms after the second 4.01")
    if set(first.records()) - set(third.records()):
        yield from t.again(first, "after Echo was asked for twice")


def _repeated(t: Tester) -> Wait:
    try:
        arrival = yield from t.fresh()
    except CheckNotRun as error:
        raise CheckFailed("the node did not try again after 4.01 with Echo") from error
    return arrival


@scenario("unprotected-ends-nothing", "7.5", Level.SHOULD, "Go on retransmitting when an unprotected response comes.")
def unprotected_ends_nothing(t: Tester) -> Play:
    """An unprotected error does not end the exchange: the true answer, a second later, is taken."""
    first = yield from t.fresh()
    assert first.outer is not None
    t.send(first, addressed(inner(numbers.UNAUTHORIZED), first.outer))
    yield from t.pause(t.now_ms + 500)
    data = t.accept(first)
    third = yield from t.fresh()
    t.accept(third)
    if set(first.records()) & set(third.records()):
        t.send(first, data)
        raise CheckFailed("the records came again in a new request: the forged error ended the exchange")


@scenario("hub-restart", "7.3", Level.MUST, "Answer Echo on any request, and keep the records until a 2.04.")
def hub_restart(t: Tester) -> Play:
    """The hub dies with a report in its hands and asks for Echo when it is back: the report is delivered."""
    lost = yield from t.fresh()
    yield from t.pause(t.now_ms + 5_000)
    value = secrets.token_bytes(_ECHO_BYTES)
    missing = set(lost.records())
    deadline = t.now_ms + t.settings.timeout_ms
    challenges = 0
    while missing:
        arrival = yield deadline
        if arrival is None:
            raise CheckFailed("what the hub had in its hands did not come again")
        if not arrival.is_request or arrival.inner is None or arrival.report is None:
            continue
        if arrival.inner.option(numbers.OPTION_ECHO) == value:
            t.accept(arrival)
            missing -= set(arrival.records())
            continue
        challenges += 1
        if challenges > _CHALLENGES:
            raise CheckFailed(f"{_CHALLENGES} challenges, and never the Echo option")
        t.reply(arrival, echo(value))
