"""Clause 20 of SPEC.md, computed: `python -m tests.worked_exchange --write` puts it there, `test_spec.py` compares."""

import sys
from pathlib import Path

from anju_wire import cbor, coap, oscore
from anju_wire.hkdf import extract
from anju_wire.numbers import ACK, CHANGED, CON, FORMAT_CBOR, HUB_ID, OPTION_CONTENT_FORMAT, PATH_REPORT, POST
from anju_wire.report import decode_answer, decode_report, encode_answer, encode_report

SPEC = Path(__file__).parents[1] / "protocol" / "SPEC.md"
BEGIN, END = "<!-- worked exchange: begin -->\n", "<!-- worked exchange: end -->\n"

_SECRET = bytes(range(16))
_SALT = bytes.fromhex("a0a1a2a3a4a5a6a7")
_NODE = b"d1"
_SEQUENCE = 100_000
_TIME_MS = 1_700_000_000_000
_RECORD = {"kind": 1, "age_ms": 250, "open": True, "transitions": 45_000}

Rows = list[tuple[str, str]]


def _info(identity: bytes, kind: str, length: int) -> str:
    return cbor.encode([identity, None, 10, kind, length]).hex()


def _keys(node: oscore.Context) -> Rows:
    return [
        ("PRK = HMAC-SHA256(Master Salt, Master Secret)", extract(_SALT, _SECRET).hex()),
        ("info, node's key: `[h'6431', null, 10, \"Key\", 16]`", _info(_NODE, "Key", 16)),
        ("info, hub's key: `[h'48', null, 10, \"Key\", 16]`", _info(HUB_ID, "Key", 16)),
        ("info, Common IV: `[h'', null, 10, \"IV\", 13]`", _info(b"", "IV", 13)),
        ("node's Sender Key", node.sender_key.hex()),
        ("hub's Sender Key", node.recipient_key.hex()),
        ("Common IV", node.common_iv.hex()),
    ]


def _request(node: oscore.Context) -> tuple[Rows, bytes, oscore.Binding]:
    payload = encode_report(300, _SEQUENCE, [_RECORD])
    message = coap.Message(CON, POST, 0x86A0, b"", coap.path_options(PATH_REPORT), payload)
    protected, binding = node.protect_request(message, _SEQUENCE)
    data = coap.encode(protected)
    inside = oscore.plaintext(message, None)
    external = cbor.encode([1, [10], binding.kid, binding.piv, b""])
    rows = [
        ("report `[300, 100000, {1: 250, 4: true, 5: 45000}]`", payload.hex()),
        ("unprotected request, never sent: CON POST, message ID 0x86a0, no token", coap.encode(message).hex()),
        ("plaintext: code, Uri-Path `r`, 0xff, report", inside.hex()),
        ("Partial IV, sequence number 100000", binding.piv.hex()),
        ("nonce: (2, kid, Partial IV) xor Common IV", binding.nonce.hex()),
        ("external_aad `[1, [10], kid, Partial IV, h'']`", external.hex()),
        ("AAD `[\"Encrypt0\", h'', external_aad]`", oscore.aad(binding).hex()),
        ("OSCORE option: flags 0x0b, Partial IV, kid", (protected.option(9) or b"").hex()),
        ("ciphertext and tag", protected.payload.hex()),
        (f"**request on the wire, {len(data)} bytes**", data.hex()),
    ]
    return rows, data, binding


def _response(hub: oscore.Context, request: bytes) -> tuple[Rows, bytes]:
    inner, binding = hub.unprotect_request(coap.decode(request))
    report = decode_report(inner.payload)
    assert (report.epoch, report.sequence) == (300, _SEQUENCE)
    answer = encode_answer({"time_ms": _TIME_MS})
    options = [(OPTION_CONTENT_FORMAT, bytes([FORMAT_CBOR]))]
    message = coap.Message(ACK, CHANGED, inner.mid, inner.token, options, answer)
    protected = hub.protect_response(message, binding)
    data = coap.encode(protected)
    rows = [
        ("answer `{0: 1700000000000}`", answer.hex()),
        ("plaintext: 2.04, Content-Format 60, 0xff, answer", oscore.plaintext(message, None).hex()),
        ("nonce: that of the request", binding.nonce.hex()),
        ("AAD: that of the request", oscore.aad(binding).hex()),
        ("OSCORE option: empty", ""),
        ("ciphertext and tag", protected.payload.hex()),
        (f"**response on the wire, piggybacked, {len(data)} bytes**", data.hex()),
    ]
    return rows, data


def _table(head: str, rows: Rows) -> str:
    lines = [f"| {head} | hex |", "|---|---|"]
    lines += [f"| {name} | {f'`{value}`' if value else ''} |" for name, value in rows]
    return "\n".join(lines) + "\n"


def text() -> str:
    """Clause 20's tables, computed and checked at both ends."""
    node = oscore.Context(_SECRET, _SALT, _NODE, HUB_ID)
    hub = oscore.Context(_SECRET, _SALT, HUB_ID, _NODE)
    given = [
        ("Master Secret", _SECRET.hex()),
        ("Master Salt", _SALT.hex()),
        ("Sender ID of the node `d1`, of the hub `H`; no ID Context", f"{_NODE.hex()}, {HUB_ID.hex()}"),
    ]
    request_rows, request, binding = _request(node)
    response_rows, response = _response(hub, request)
    answer = node.unprotect_response(coap.decode(response), binding)
    assert decode_answer(answer.payload) == {"time_ms": _TIME_MS}
    parts = (("20.1 given", given), ("20.2 keys", _keys(node)), ("20.3 request", request_rows))
    return "\n".join(_table(head, rows) for head, rows in (*parts, ("20.4 response", response_rows)))


def replaced(spec: str) -> str:
    """`spec` with the computed text in clause 20."""
    before, rest = spec.split(BEGIN)
    return before + BEGIN + text() + END + rest.split(END)[1]


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        SPEC.write_text(replaced(SPEC.read_text()))
    else:
        print(text())
