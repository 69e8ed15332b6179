"""The confirmable exchange on both interpreters: RFC 7252 sections 4.2, 4.8, 5.2.2; two ends and a scripted link."""

from anju_wire import coap
from anju_wire.exchange import Exchange
from anju_wire.numbers import ACK, CHANGED, CON, EMPTY, NON, POST, RST

_REQUEST = coap.Message(CON, POST, 77, b"tok", [(11, b"r")], b"report")
_DATA = coap.encode(_REQUEST)


def _datagram(mtype, code=EMPTY, mid=77, token=b"tok", payload=b""):
    return "datagram", coap.encode(coap.Message(mtype, code, mid, token if code else b"", [], payload))


def _started(**parameters):
    exchange = Exchange(_REQUEST, **parameters)
    exchange.step(("start",), 0)
    return exchange


def _done(actions):
    """The response that the actions end with."""
    assert actions[-1][0] == "done", actions
    return actions[-1][1]


def test_4_2_retransmission_doubles_the_timeout_and_gives_up():
    exchange = Exchange(_REQUEST, ack_timeout_ms=2500)
    now = 1000
    actions = exchange.step(("start",), now)
    sent, waits = 0, []
    while actions[0][0] == "send":
        assert actions[0][1] == _DATA and actions[1][0] == "wait"
        sent += 1
        waits.append(actions[1][1] - now)
        now = actions[1][1]
        actions = exchange.step(("timeout",), now)
    assert waits == [2500, 5000, 10000, 20000, 40000] and sent == 5
    assert actions == [("failed", "timeout")]
    assert exchange.step(("timeout",), now + 1) == []
    assert exchange.step(_datagram(ACK, CHANGED), now + 2) == []


def test_4_8_the_number_of_retransmissions_can_be_set():
    exchange = _started(ack_timeout_ms=100, max_retransmit=0)
    assert exchange.step(("timeout",), 100) == [("failed", "timeout")]


def test_4_2_an_early_timeout_waits_on():
    exchange = _started(ack_timeout_ms=2000)
    assert exchange.step(("timeout",), 1999) == [("wait", 2000)]
    assert exchange.step(("timeout",), 2000)[0] == ("send", _DATA)


def test_a_second_start_sends_nothing():
    exchange = _started(ack_timeout_ms=2000)
    assert exchange.step(("start",), 5) == [("wait", 2000)]


def test_5_2_1_piggybacked_response():
    response = _done(_started().step(_datagram(ACK, CHANGED, payload=b"answer"), 10))
    assert response.code == CHANGED and response.payload == b"answer"


def test_5_2_1_piggybacked_response_to_a_retransmission():
    exchange = _started()
    exchange.step(("timeout",), 2000)
    assert _done(exchange.step(_datagram(ACK, CHANGED), 2100)).code == CHANGED
    assert exchange.step(_datagram(ACK, CHANGED), 2200) == []  # the answer to the first copy


def test_5_2_2_separate_response_is_acknowledged_again_and_again():
    exchange = _started(response_timeout_ms=30000)
    assert exchange.step(_datagram(ACK), 100) == [("wait", 30100)]
    assert exchange.step(("timeout",), 2000) == [("wait", 30100)]
    acknowledgement = ("send", coap.encode(coap.Message(ACK, EMPTY, 9)))
    actions = exchange.step(_datagram(CON, CHANGED, mid=9), 5000)
    assert actions[0] == acknowledgement and _done(actions).code == CHANGED
    for later in (6000, 9000):
        assert exchange.step(_datagram(CON, CHANGED, mid=9), later) == [acknowledgement]


def test_5_2_2_separate_response_may_be_non_confirmable():
    exchange = _started()
    exchange.step(_datagram(ACK), 100)
    actions = exchange.step(_datagram(NON, CHANGED, mid=9), 5000)
    assert len(actions) == 1 and _done(actions).mtype == NON


def test_5_2_2_a_response_before_its_acknowledgement_counts_for_both():
    exchange = _started()
    assert _done(exchange.step(_datagram(CON, CHANGED, mid=9), 100)).code == CHANGED
    assert exchange.step(_datagram(ACK), 200) == []


def test_5_2_2_a_separate_response_that_never_comes_fails():
    exchange = _started(response_timeout_ms=30000)
    exchange.step(_datagram(ACK), 100)
    assert exchange.step(("timeout",), 30100) == [("failed", "no response")]


def test_5_2_2_a_second_acknowledgement_or_a_late_reset_changes_nothing():
    exchange = _started(response_timeout_ms=30000)
    exchange.step(_datagram(ACK), 100)
    assert exchange.step(_datagram(ACK), 20000) == [("wait", 30100)]
    assert exchange.step(_datagram(RST), 20001) == [("wait", 30100)]
    assert exchange.ignored == 2


def test_4_2_reset_fails():
    assert _started().step(_datagram(RST), 100) == [("failed", "reset")]


def test_what_is_not_ours_is_ignored_and_counted():
    exchange = _started(ack_timeout_ms=2000)
    strangers = (
        _datagram(ACK, mid=78),
        _datagram(RST, mid=78),
        _datagram(ACK, CHANGED, mid=78),
        _datagram(ACK, CHANGED, token=b"tak"),
        _datagram(ACK, CHANGED, token=b""),
        _datagram(CON, CHANGED, token=b"tak"),
        _datagram(NON, CHANGED, token=b"toktok"),
        _datagram(RST, CHANGED),
        _datagram(CON, POST),
        _datagram(CON),
        _datagram(NON, 0x20),
        _datagram(ACK, 0xE1),
    )
    for event in strangers:
        assert exchange.step(event, 10) == [("wait", 2000)], event
    assert exchange.ignored == len(strangers) and exchange.malformed == 0
    for data in (b"", b"\x60", b"\xff" * 20, _datagram(ACK, CHANGED)[1] + b"\xff"):
        assert exchange.step(("datagram", data), 10) == [("wait", 2000)]
    assert exchange.malformed == 4
    assert _done(exchange.step(_datagram(ACK, CHANGED), 20)).code == CHANGED


def test_the_caller_may_go_on_using_the_message():
    message = coap.Message(CON, POST, 77, b"tok", [(11, b"r")], b"report")
    exchange = Exchange(message)
    message.payload, message.token, message.mid = b"other", b"xxx", 1
    assert exchange.step(("start",), 0)[0] == ("send", _DATA)
    assert _done(exchange.step(_datagram(ACK, CHANGED), 1)).code == CHANGED


class _Server:
    """Answers a request once and repeats its answer when the request comes again; separate if told so."""

    def __init__(self, separate):
        self.separate = separate
        self.handled = 0
        self.acknowledged = False

    def receive(self, data):
        message = coap.decode(data)
        if message.mtype == ACK:
            self.acknowledged = True
            return []
        self.handled += 1
        if not self.separate:
            return [_datagram(ACK, CHANGED)[1]]
        return [_datagram(ACK)[1], _datagram(CON, CHANGED, mid=500)[1]]


def _play(losses, separate):
    """One exchange over a link that loses the datagrams whose running number is in `losses`, both ways."""
    server = _Server(separate)
    exchange = Exchange(_REQUEST, ack_timeout_ms=2000, response_timeout_ms=10000)
    events, now, count, outcome = [("start",)], 0, 0, None
    deadline = 0
    for _ in range(60):
        if not events:
            if outcome:
                break
            now = deadline
            events.append(("timeout",))
        for action in exchange.step(events.pop(0), now):
            if action[0] == "wait":
                deadline = action[1]
            elif action[0] == "send":
                count += 1
                if count in losses:
                    continue
                for reply in server.receive(action[1]):
                    count += 1
                    if count not in losses:
                        events.append(("datagram", reply))
            else:
                outcome = action
    return outcome[0], server


def test_any_pattern_of_losses_ends_as_it_must():
    for pattern in range(256):
        losses = {bit + 1 for bit in range(8) if pattern >> bit & 1}
        outcome, server = _play(losses, False)
        if len(losses) <= 4:  # five transmissions, each with its answer
            assert outcome == "done" and server.handled >= 1, losses
        outcome, server = _play(losses, True)
        assert outcome == "done" or server.handled >= 1 or len(losses) > 4, losses
        if not losses:
            assert outcome == "done" and server.acknowledged


def test_a_dead_link_fails():
    outcome, server = _play(set(range(1, 100)), False)
    assert outcome == "failed" and server.handled == 0
