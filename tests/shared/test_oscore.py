"""OSCORE on both interpreters: RFC 8613, `vectors/oscore.json`, and two ends in one process."""

from anju_wire import cbor, coap, numbers, oscore
from anju_wire.errors import LocalError, PeerError
from anju_wire.oscore import Context
from anju_wire.replay import ReplayWindow
from vectors import load, raised, unhex

_SECRET = bytes(range(16))


def _pair(id_context=None):
    node = Context(_SECRET, b"salt", b"door-1", b"H", id_context)
    return node, Context(_SECRET, b"salt", b"H", b"door-1", id_context)


def _post(payload=b"report", options=()):
    return coap.Message(
        numbers.CON, numbers.POST, 77, b"tok", [(numbers.OPTION_URI_PATH, b"r")] + list(options), payload
    )


def _answer(code=numbers.CHANGED, options=(), payload=b"answer"):
    return coap.Message(numbers.ACK, code, 77, b"tok", options, payload)


def _over_the_air(message):
    return coap.decode(coap.encode(message))


def _register():
    return coap.Message(
        numbers.CON, numbers.GET, 5, b"o", [(numbers.OPTION_OBSERVE, b""), (numbers.OPTION_URI_PATH, b"homes")]
    )


def _named(name):
    for vector in load("oscore"):
        if vector["name"] == name:
            return vector
    raise AssertionError(name)


def _context(name):
    vector = _named(name)
    id_context = unhex(vector["id_context"]) if "id_context" in vector else None
    return Context(
        unhex(vector["master_secret"]),
        unhex(vector.get("master_salt", "")),
        unhex(vector["sender_id"]),
        unhex(vector["recipient_id"]),
        id_context,
    )


def test_appendix_c_1_to_c_3_key_derivation():
    count = 0
    for vector in load("oscore"):
        if "info_for_sender_key" not in vector:
            continue
        context = _context(vector["name"])
        for name in ("sender_key", "recipient_key", "common_iv"):
            assert getattr(context, name).hex() == vector[name], vector["name"]
        assert context.nonce(context.sender_id, b"\x00").hex() == vector["sender_nonce"]
        assert context.nonce(context.recipient_id, b"\x00").hex() == vector["recipient_nonce"]
        count += 1
    assert count == 6


def _peer(name):
    """The other end: C.1.2 of C.1.1 and the other way round."""
    return _context(name[:-1] + ("2" if name[-1] == "1" else "1"))


def test_appendix_c_4_to_c_6_requests():
    for name in ("C.4", "C.5", "C.6"):
        vector = _named(name)
        plain = coap.decode(unhex(vector["decoded"]))
        sequence = vector["sender_sequence_number"]
        protected, binding = _context(vector["context"]).protect_request(plain, sequence)
        assert coap.encode(protected).hex() == vector["hex"]
        assert binding.nonce.hex() == vector["nonce"] and binding.piv.hex() == vector["partial_iv"]
        assert protected.option(numbers.OPTION_OSCORE).hex() == vector["oscore_option_value"]
        assert protected.payload.hex() == vector["ciphertext"]
        assert oscore.aad(binding).hex() == vector["aad"]
        opened, received = _peer(vector["context"]).unprotect_request(coap.decode(unhex(vector["hex"])))
        assert coap.encode(opened).hex() == vector["decoded"]
        assert received.sequence == sequence and received.nonce == binding.nonce


def test_appendix_c_7_and_c_8_responses():
    client, request = _context("C.1.1"), _named("C.4")
    for name in ("C.7", "C.8"):
        vector = _named(name)
        server = _context(vector["context"])
        _, sent = client.protect_request(coap.decode(unhex(request["decoded"])), 20)
        _, received = server.unprotect_request(coap.decode(unhex(request["hex"])))
        plain = coap.decode(unhex(vector["decoded"]))
        sequence = 0 if "partial_iv" in vector else None
        protected = server.protect_response(plain, received, sequence)
        assert coap.encode(protected).hex() == vector["hex"]
        opened = client.unprotect_response(coap.decode(unhex(vector["hex"])), sent)
        assert coap.encode(opened).hex() == vector["decoded"]


def test_6_1_and_8_2_wrong_requests_are_answered_with_their_code():
    count = 0
    for vector in load("oscore"):
        if "error" in vector:
            server = _context(vector["context"])
            error = raised(PeerError, server.unprotect_request, coap.decode(unhex(vector["hex"])))
            assert "%d.%02d" % (error.code >> 5, error.code & 31) == vector["code"], vector["name"]
            count += 1
    assert count >= 19


def test_a_report_goes_there_and_its_answer_back():
    for id_context in (None, b"", b"home-7"):
        node, hub = _pair(id_context)
        request = _post(options=[(numbers.OPTION_CONTENT_FORMAT, b"\x3c"), (numbers.OPTION_ECHO, b"echo")])
        protected, sent = node.protect_request(request, 12345)
        assert protected.code == numbers.POST and b"report" not in coap.encode(protected)
        assert [number for number, _ in protected.options] == [numbers.OPTION_OSCORE]
        opened, received = hub.unprotect_request(_over_the_air(protected))
        assert coap.encode(opened) == coap.encode(request) and received.sequence == 12345
        reply = hub.protect_response(_answer(), received)
        assert reply.code == numbers.CHANGED and reply.option(numbers.OPTION_OSCORE) == b""
        assert node.unprotect_response(_over_the_air(reply), sent).payload == b"answer"


def test_4_1_class_u_options_stay_outside_and_class_e_options_inside():
    node, hub = _pair()
    outside = [(3, b"hub.local"), (7, b"\x16\x33"), (16, b"\x05"), (39, b"coap")]
    protected, _ = node.protect_request(_post(options=outside + [(15, b"q"), (2049, b"x")]), 1)
    assert sorted(number for number, _ in protected.options) == [3, 7, 9, 16, 39]
    opened, _ = hub.unprotect_request(_over_the_air(protected))
    assert sorted(opened.options) == sorted(outside + [(11, b"r"), (15, b"q"), (2049, b"x")])
    raised(LocalError, node.protect_request, _post(options=[(35, b"coap://h/r")]), 1)


def test_8_2_outer_class_e_options_are_dropped():
    node, hub = _pair()
    protected, _ = node.protect_request(_post(), 1)
    protected.options.append((numbers.OPTION_URI_PATH, b"evil"))
    protected.options.append((numbers.OPTION_CONTENT_FORMAT, b"\x00"))
    opened, _ = hub.unprotect_request(_over_the_air(protected))
    assert opened.options == [(numbers.OPTION_URI_PATH, b"r")]


def test_4_1_class_u_options_that_come_inside_are_dropped():
    node, hub = _pair()
    protected, sent = node.protect_request(_post(options=[(3, b"outside")]), 1)
    inside = b"\x02\x36inside\x60\x21r\xffreport"  # Uri-Host, OSCORE, Uri-Path
    protected.payload = node.sender.seal(sent.nonce, inside, oscore.aad(sent))
    opened, _ = hub.unprotect_request(protected)
    assert sorted(opened.options) == [(3, b"outside"), (numbers.OPTION_URI_PATH, b"r")]


def test_8_2_every_flipped_byte_is_noticed():
    node, hub = _pair()
    protected, _ = node.protect_request(_post(), 1)
    for at in range(len(protected.payload)):
        forged = bytearray(protected.payload)
        forged[at] ^= 1
        protected.payload, whole = bytes(forged), protected.payload
        assert raised(PeerError, hub.unprotect_request, protected).code == numbers.BAD_REQUEST
        protected.payload = whole
    stranger = Context(b"another secret!!", b"salt", b"H", b"door-1")
    assert raised(PeerError, stranger.unprotect_request, protected).code == numbers.BAD_REQUEST
    hub.unprotect_request(protected)


def test_8_4_a_response_answers_its_own_request_only():
    node, hub = _pair()
    first, sent_first = node.protect_request(_post(), 1)
    _, sent_second = node.protect_request(_post(), 2)
    _, received = hub.unprotect_request(first)
    for sequence in (None, 9):
        reply = hub.protect_response(_answer(), received, sequence)
        raised(PeerError, node.unprotect_response, reply, sent_second)
        assert node.unprotect_response(reply, sent_first).payload == b"answer"


def test_8_4_wrong_responses_are_the_peers_error():
    node, hub = _pair()
    protected, sent = node.protect_request(_post(), 1)
    _, received = hub.unprotect_request(protected)
    for code in (numbers.UNAUTHORIZED, numbers.CHANGED):
        raised(PeerError, node.unprotect_response, _answer(code), sent)  # not protected
    reply = hub.protect_response(_answer(), received)
    for option in (b"\x00", b"\x08door-1", b"\x09\x01X", b"\x80", b"\x06" + bytes(6)):
        reply.options = [(numbers.OPTION_OSCORE, option)]
        raised(PeerError, node.unprotect_response, reply, sent)
    reply.options = [(numbers.OPTION_OSCORE, b"")]
    assert node.unprotect_response(reply, sent).payload == b"answer"
    raised(PeerError, node.unprotect_response, reply, sent)  # RFC 8613 section 7.4: once for each request


def test_8_3_the_nonce_of_a_request_serves_one_response():
    node, hub = _pair()
    _, received = hub.unprotect_request(node.protect_request(_post(), 1)[0])
    hub.protect_response(_answer(), received)
    raised(LocalError, hub.protect_response, _answer(), received)
    hub.protect_response(_answer(), received, 0)


def test_inner_codes_must_fit():
    node, hub = _pair()
    protected, sent = node.protect_request(_post(), 1)
    for plaintext in (b"", b"\x45", b"\x00", b"\x02\xff", b"\x02\xf0", b"\xe1"):
        protected.payload = node.sender.seal(sent.nonce, plaintext, oscore.aad(sent))
        raised(PeerError, hub.unprotect_request, protected)
    _, received = hub.unprotect_request(node.protect_request(_post(), 2)[0])
    reply = hub.protect_response(_answer(), received, 3)
    nonce = hub.nonce(b"H", b"\x03")
    for plaintext in (b"", b"\x02", b"\x00", b"\x44\xff"):
        reply.payload = hub.sender.seal(nonce, plaintext, oscore.aad(received))
        raised(PeerError, node.unprotect_response, reply, received)


def test_only_requests_and_responses_are_protected():
    node, hub = _pair()
    raised(LocalError, node.protect_request, _answer(), 1)
    _, received = hub.unprotect_request(node.protect_request(_post(), 1)[0])
    raised(LocalError, hub.protect_response, _post(), received)
    raised(PeerError, hub.unprotect_request, _answer())
    raised(PeerError, node.unprotect_response, _post(), received)


def test_7_2_1_sequence_numbers_end():
    node, hub = _pair()
    for sequence, piv in ((0, "00"), (255, "ff"), (256, "0100"), (2**40 - 1, "ffffffffff")):
        protected, binding = node.protect_request(_post(), sequence)
        assert binding.piv.hex() == piv
        assert hub.unprotect_request(protected)[1].sequence == sequence
    for sequence in (2**40, -1):
        raised(LocalError, node.protect_request, _post(), sequence)


def test_3_3_identifiers_are_short_and_differ():
    raised(LocalError, Context, _SECRET, b"", b"12345678", b"H")
    raised(LocalError, Context, _SECRET, b"", b"H", b"12345678")
    raised(LocalError, Context, _SECRET, b"", b"H", b"H")
    Context(_SECRET, b"", b"1234567", b"")


def test_6_1_option_values_round_trip():
    for piv in (None, b"\x00", b"\x01", b"\x01" + bytes(4)):
        for kid in (None, b"", b"door-1"):
            for kid_context in (None, b"", b"home"):
                value = oscore.encode_option(piv, kid, kid_context)
                assert oscore.decode_option(value) == (piv, kid, kid_context)
    assert oscore.encode_option(None, None, None) == b""


def test_4_1_3_5_observe_is_registered_and_notified():
    node, hub = _pair()
    protected, sent = node.protect_request(_register(), 1)
    assert protected.code == numbers.FETCH and protected.option(numbers.OPTION_OBSERVE) == b""
    opened, received = hub.unprotect_request(_over_the_air(protected))
    assert opened.code == numbers.GET and opened.option(numbers.OPTION_OBSERVE) == b""
    for number, sequence in enumerate((0, 1, 0x123456789)):
        plain = _answer(numbers.CONTENT, [(numbers.OPTION_OBSERVE, bytes((number + 1,)))])
        raised(LocalError, hub.protect_response, plain, received)
        notification = hub.protect_response(plain, received, sequence)
        assert notification.code == numbers.CONTENT
        seen = node.unprotect_response(_over_the_air(notification), sent)
        assert coap.decode_uint(seen.option(numbers.OPTION_OBSERVE)) == sequence & 0xFFFFFF
        raised(PeerError, node.unprotect_response, notification, sent)  # section 7.4.1: not twice
    last = hub.protect_response(_answer(0x84), received, 0x123456790)
    assert last.code == numbers.CONTENT and node.unprotect_response(last, sent).code == 0x84


def test_4_1_3_5_a_registration_that_lost_its_outer_observe_is_a_plain_request():
    node, hub = _pair()
    protected, _ = node.protect_request(_register(), 1)
    protected.options = [pair for pair in protected.options if pair[0] != numbers.OPTION_OBSERVE]
    opened, _ = hub.unprotect_request(protected)
    assert opened.option(numbers.OPTION_OBSERVE) is None
    cancel = _register()
    cancel.options[0] = (numbers.OPTION_OBSERVE, b"\x01")
    opened, _ = hub.unprotect_request(node.protect_request(cancel, 2)[0])
    assert opened.option(numbers.OPTION_OBSERVE) == b"\x01"


def test_7_4_replay_window_against_a_set_of_what_was_seen():
    window, seen, highest = ReplayWindow(32), set(), -1
    number = 1
    for _ in range(600):
        number = number * 1103515245 + 12345 & 0x7FFFFFFF
        sequence = max(0, highest + (number >> 8) % 45 - 38)
        fresh = sequence not in seen and sequence > highest - 32
        assert window.check(sequence) is fresh
        if fresh:
            window.strike(sequence)
            seen.add(sequence)
            highest = max(highest, sequence)
            window = ReplayWindow(32, window.state)  # as after a restart
    assert highest > 100 and window.state[0] == highest and window.state[1] < 1 << 32


def test_7_4_replay_window_takes_a_leap_without_growing():
    window = ReplayWindow(32)
    assert window.check(0)
    window.strike(0)
    window.strike(2**40 - 1)
    assert window.state == (2**40 - 1, 1)
    assert not window.check(0) and not window.check(2**40 - 1) and window.check(2**40 - 2)


def test_3_2_1_info_is_what_the_rfc_prints():
    for vector in load("oscore"):
        if "info_for_sender_key" in vector:
            id_context = unhex(vector["id_context"]) if "id_context" in vector else None
            info = cbor.encode([unhex(vector["sender_id"]), id_context, 10, "Key", 16])
            assert info.hex() == vector["info_for_sender_key"]
