"""The load of `anju bench ingest`: nodes that report over UDP with OSCORE, many requests in flight, one process.

    python -m anju_hub.bench_load NODES.json PORT REPORTS WINDOW

`NODES.json` is a list of `[node, master secret, master salt]`, the latter two in hex.  All datagrams are made before
the clock starts; every response is unprotected after it has stopped.  Prints one JSON object.
"""

import json
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anju_wire import coap
from anju_wire.errors import PeerError
from anju_wire.numbers import (
    ACK,
    CHANGED,
    CON,
    DOOR,
    EMPTY,
    FORMAT_CBOR,
    HUB_ID,
    OPTION_CONTENT_FORMAT,
    PATH_REPORT,
    POST,
)
from anju_wire.oscore import Context
from anju_wire.report import encode_report

RETRANSMIT_S = 2.0
GIVE_UP_S = 60.0


@dataclass(slots=True)
class Shot:
    """One prepared report, and what became of it [s]."""

    data: bytes
    node: int
    binding: Any
    sent: float = 0.0
    first: float = 0.0
    answered: float = 0.0
    response: bytes = b""


def prepare(contexts: list[Context], reports: int) -> list[Shot]:
    """Reports of one door record each, the nodes taking turns; message IDs and tokens are all different."""
    options = [*coap.path_options(PATH_REPORT), (OPTION_CONTENT_FORMAT, bytes([FORMAT_CBOR]))]
    shots = []
    for number in range(reports):
        turn, node = divmod(number, len(contexts))
        record = {"kind": DOOR, "age_ms": 250, "open": turn % 2 == 0, "transitions": turn + 1}
        payload = encode_report(0, turn, [record])
        message = coap.Message(CON, POST, number & 0xFFFF, number.to_bytes(4, "big"), options, payload)
        protected, binding = contexts[node].protect_request(message, turn)
        shots.append(Shot(coap.encode(protected), node, binding))
    return shots


def fire(shots: list[Shot], port: int, window: int) -> float:
    """Send everything with at most `window` unanswered; returns how long it took [s]."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        sock.connect(("127.0.0.1", port))
        sock.settimeout(0.25)
        begun = time.perf_counter()
        following = 0
        waiting: dict[bytes, Shot] = {}
        while following < len(shots) or waiting:
            while following < len(shots) and len(waiting) < window:
                waiting[following.to_bytes(4, "big")] = shots[following]
                _send(sock, shots[following])
                following += 1
            _receive(sock, waiting)
            if time.perf_counter() - begun > GIVE_UP_S:
                raise SystemExit(f"{len(waiting)} reports were never answered")
        return time.perf_counter() - begun


def _send(sock: socket.socket, shot: Shot) -> None:
    shot.sent = time.perf_counter()
    shot.first = shot.first or shot.sent
    sock.send(shot.data)


def _receive(sock: socket.socket, waiting: dict[bytes, Shot]) -> None:
    try:
        data = sock.recv(2048)
    except TimeoutError:
        now = time.perf_counter()
        for shot in list(waiting.values()):
            if now - shot.sent > RETRANSMIT_S:
                _send(sock, shot)
        return
    if data[0] >> 4 & 3 == CON:  # a separate response, RFC 7252 Section 5.2.2
        sock.send(coap.encode(coap.Message(ACK, EMPTY, data[2] << 8 | data[3])))
    token = data[4 : 4 + (data[0] & 15)]
    if token in waiting:
        shot = waiting.pop(token)
        shot.answered = time.perf_counter()
        shot.response = data


def acknowledged(contexts: list[Context], shots: list[Shot]) -> int:
    """How many got an authentic 2.04."""
    count = 0
    for shot in shots:
        try:
            inner = contexts[shot.node].unprotect_response(coap.decode(shot.response), shot.binding)
        except PeerError:
            continue
        count += inner.code == CHANGED
    return count


def main(nodes: str, port: str, reports: str, window: str) -> None:
    keys = json.loads(Path(nodes).read_text())
    contexts = [Context(bytes.fromhex(s), bytes.fromhex(salt), node.encode(), HUB_ID) for node, s, salt in keys]
    shots = prepare(contexts, int(reports))
    took_s = fire(shots, int(port), int(window))
    latencies = sorted(1000 * (shot.answered - shot.first) for shot in shots)
    figures = {
        "reports": len(shots),
        "acknowledged": acknowledged(contexts, shots),
        "took_s": took_s,
        "p50_ms": latencies[len(latencies) // 2],
        "p99_ms": latencies[len(latencies) * 99 // 100],
        "max_ms": latencies[-1],
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
