"""Runs cases of others' suites on CPython and MicroPython: `(micro)python suite_run.py CASES`.

A case is a line of JSON, `[suite, name, operation, arguments, expected]`, made by `suite_cases.py`; prints a line of
JSON for each suite, `[suite, cases, passed, [names of what failed]]`.  What an operation makes of hostile input is
"refused"; any other exception ends the run.
"""

import json
import sys

from anju_wire import cbor, coap, hkdf, oscore, senml
from anju_wire._compat import aes_cbc_mac, aes_ecb
from anju_wire.ccm import CCM
from anju_wire.errors import PeerError


def _cbor(data):
    """The deterministic encoding of what the bytes say."""
    value = cbor.decode(bytes.fromhex(data), 1 << 20)
    again = cbor.encode(value)
    assert cbor.encode(cbor.decode(again, 1 << 20)) == again
    return again.hex()


def _coap(data):
    return coap.encode(coap.decode(bytes.fromhex(data))).hex()


def _ccm(key, nonce, aad, plaintext, sealed, tag_length):
    """Opens, and for what opens seals as well."""
    key, nonce, aad, sealed = [bytes.fromhex(text) for text in (key, nonce, aad, sealed)]
    opened = []
    for cbc_mac in (aes_cbc_mac(key), None):
        cipher = CCM(aes_ecb(key), tag_length, len(nonce), cbc_mac)
        opened.append(cipher.open(nonce, sealed, aad))
        assert cipher.seal(nonce, bytes.fromhex(plaintext), aad) == sealed
    assert opened[0] == opened[1]
    return opened[0].hex()


def _hkdf(salt, secret, info, length):
    key = hkdf.extract(bytes.fromhex(salt), bytes.fromhex(secret))
    return [key.hex(), hkdf.expand(key, bytes.fromhex(info), length).hex()]


def _context(secret, salt, sender, recipient, id_context):
    id_context = None if id_context is None else bytes.fromhex(id_context)
    secret, salt, sender, recipient = [bytes.fromhex(text) for text in (secret, salt, sender, recipient)]
    return oscore.Context(secret, salt, sender, recipient, id_context)


def _oscore_keys(*parameters):
    """RFC 8613 C.1 to C.3: keys, Common IV, and the nonces of sequence number 0 at both ends."""
    context = _context(*parameters)
    nonces = [context.nonce(end, b"\x00") for end in (context.sender_id, context.recipient_id)]
    return [part.hex() for part in [context.sender_key, context.recipient_key, context.common_iv] + nonces]


def _oscore_request(parameters, message, sequence):
    """RFC 8613 C.4 to C.6: the protected request, which the other end opens again."""
    client = _context(*parameters)
    protected, _ = client.protect_request(coap.decode(bytes.fromhex(message)), sequence)
    secret, salt, sender, recipient, id_context = parameters
    server = _context(secret, salt, recipient, sender, id_context)
    opened, _ = server.unprotect_request(coap.decode(coap.encode(protected)))
    assert coap.encode(opened).hex() == message
    return coap.encode(protected).hex()


def _oscore_response(parameters, request, response, sequence):
    """RFC 8613 C.7 and C.8: the protected response to the protected request."""
    server = _context(*parameters)
    _, binding = server.unprotect_request(coap.decode(bytes.fromhex(request)))
    return coap.encode(server.protect_response(coap.decode(bytes.fromhex(response)), binding, sequence)).hex()


def _senml_json(pack, now_s):
    return _plain(senml.resolve(senml.from_json(pack), now_s))


def _senml_cbor(data, now_s):
    return _plain(senml.resolve(senml.decode(bytes.fromhex(data)), now_s))


def _plain(resolved):
    """Resolved records by JSON label, without what the suite leaves out: the version, and records with data."""
    labels = {number: name for name, number in senml._JSON}
    out = []
    for record in resolved:
        record.pop(-1, None)
        if 8 not in record:
            out.append({labels.get(label, label): value for label, value in record.items()})
    return out


def _same(ours, theirs):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return sorted(ours) == sorted(theirs) and all([_same(ours[key], theirs[key]) for key in ours])
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all([_same(ours[at], theirs[at]) for at in range(len(ours))])
    if isinstance(ours, float) or isinstance(theirs, float):  # decimal text to binary differs by interpreter
        return abs(ours - theirs) <= 1e-12 * abs(theirs)
    return ours == theirs


def _result(operation, arguments):
    try:
        return globals()["_" + operation](*arguments)
    except PeerError:
        return "refused"


def run(path):
    """`{suite: [cases, passed, failed names]}`."""
    found = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            suite, name, operation, arguments, expected = json.loads(line)
            row = found.setdefault(suite, [0, 0, []])
            row[0] += 1
            if _same(_result(operation, arguments), expected):
                row[1] += 1
            else:
                row[2].append(name)
    return found


if __name__ == "__main__":
    for suite, (cases, passed, failed) in run(sys.argv[1]).items():
        print(json.dumps([suite, cases, passed, failed]))
