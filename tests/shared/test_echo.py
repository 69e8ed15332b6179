"""Echo on both interpreters: RFC 9175 section 2, SPEC 7.3."""

from anju_wire import coap, echo
from anju_wire.errors import LocalError, PeerError
from anju_wire.numbers import BAD_OPTION, CHANGED, CON, OPTION_ECHO, POST, UNAUTHORIZED
from vectors import raised

_SOURCE = echo.EchoSource(b"k" * 16)


def test_a_value_is_fresh_for_its_peer_and_its_time():
    value = _SOURCE.value(b"door1", 5000000)
    assert len(value) == 12
    assert _SOURCE.is_fresh(value, b"door1", 5000000, 1000)
    assert _SOURCE.is_fresh(value, b"door1", 5009000, 10000)
    assert not _SOURCE.is_fresh(value, b"door1", 5011000, 10000)
    assert not _SOURCE.is_fresh(value, b"door2", 5000000, 1000)
    assert not _SOURCE.is_fresh(value, b"door1", 4000000, 10000), "from the future"
    assert not echo.EchoSource(b"l" * 16).is_fresh(value, b"door1", 5000000, 1000), "of an earlier start"


def test_forged_values_are_not_fresh():
    value = _SOURCE.value(b"door1", 5000000)
    for wrong in (None, b"", value[:-1], value + b"x", bytes(12), value[:4] + bytes(8), bytes(4) + value[4:]):
        assert not _SOURCE.is_fresh(wrong, b"door1", 5000000, 1000000)
    raised(LocalError, echo.EchoSource, b"short")


def test_the_clock_of_values_may_wrap():
    wrap_ms = (1 << 32) * 1000
    value = _SOURCE.value(b"d", wrap_ms - 1000)
    assert _SOURCE.is_fresh(value, b"d", wrap_ms + 1000, 5000)


def test_7_3_a_client_repeats_with_the_value():
    request = coap.Message(CON, POST, 7, b"t", [(11, b"r"), (OPTION_ECHO, b"old")], b"x")
    again = echo.with_echo(request, b"new")
    assert again.values(OPTION_ECHO) == [b"new"] and again.payload == b"x" and request.option(OPTION_ECHO) == b"old"
    assert echo.challenged(coap.Message(2, UNAUTHORIZED, 7, b"t", [(OPTION_ECHO, b"new")])) == b"new"
    assert echo.challenged(coap.Message(2, UNAUTHORIZED, 7, b"t")) is None
    assert echo.challenged(coap.Message(2, CHANGED, 7, b"t", [(OPTION_ECHO, b"new")])) is None


def test_7_3_values_have_1_to_40_bytes():
    for length in (1, 40):
        assert len(echo.echo_of(coap.Message(2, UNAUTHORIZED, 7, b"", [(OPTION_ECHO, bytes(length))]))) == length
    for length in (0, 41):
        message = coap.Message(2, UNAUTHORIZED, 7, b"", [(OPTION_ECHO, bytes(length))])
        assert raised(PeerError, echo.challenged, message).code == BAD_OPTION
