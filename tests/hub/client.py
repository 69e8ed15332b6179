"""A node's end of the conversation, made with `anju_wire` alone: OSCORE over CoAP over a real UDP socket."""

from __future__ import annotations

import json
import random
import socket
import time
from pathlib import Path
from typing import Any

from anju_wire import coap
from anju_wire.exchange import Exchange
from anju_wire.numbers import (
    CON,
    FORMAT_CBOR,
    HUB_ID,
    OPTION_CONTENT_FORMAT,
    POST,
)
from anju_wire.oscore import Context
from anju_wire.report import encode_report


class Unanswered(Exception):
    """No response to a confirmable request."""


def door(age_ms: int, is_open: bool, transitions: int) -> dict[Any, Any]:
    return {"kind": 1, "age_ms": age_ms, "channel": 0, "age_error_ms": 0, "open": is_open, "transitions": transitions}


def pir(age_ms: int, occupied: bool, pulses: int, active_s: int = 0) -> dict[Any, Any]:
    common = {"kind": 2, "age_ms": age_ms, "channel": 0, "age_error_ms": 0}
    return {**common, "occupied": occupied, "pulses": pulses, "active_s": active_s}


def meter(age_ms: int, total: int) -> dict[Any, Any]:
    return {"kind": 3, "age_ms": age_ms, "channel": 0, "age_error_ms": 0, "medium": 0, "total": total, "uncertainty": 0}


def health(age_ms: int, battery_mv: int = 3000) -> dict[Any, Any]:
    fields = {"battery_mv": battery_mv, "wakes": 1, "resets": 0, "dropped": 0, "reset_reason": 0, "heartbeat_s": 3600}
    return {"kind": 4, "age_ms": age_ms, "channel": 0, "age_error_ms": 0, **fields}


class NodeClient:
    """A node as its file describes it; `sequence` is its OSCORE sender sequence number."""

    def __init__(self, file: Path, port: int) -> None:
        fields = json.loads(file.read_text())
        self.node: str = fields["node"]
        self.context = Context(
            bytes.fromhex(fields["master_secret"]), bytes.fromhex(fields["master_salt"]), self.node.encode(), HUB_ID
        )
        self.sequence = 0
        self.outer: list[tuple[int, bytes]] = []  # class U options of its requests
        self._mid = random.randrange(65536)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))

    def close(self) -> None:
        self._socket.close()

    def protect(self, payload: bytes, path: str = "r", code: int = POST) -> tuple[coap.Message, Any]:
        """A protected request with the next sequence number, and what unprotects its response."""
        self._mid = (self._mid + 1) & 0xFFFF
        options = [*self.outer, *coap.path_options(path), (OPTION_CONTENT_FORMAT, bytes([FORMAT_CBOR]))]
        message = coap.Message(CON, code, self._mid, random.randbytes(4), options, payload)
        self.sequence += 1
        return self.context.protect_request(message, self.sequence - 1)

    def exchange(self, message: coap.Message, ack_timeout_ms: int = 2000) -> coap.Message:
        """Send a request until it is answered; raises `Unanswered`."""
        machine = Exchange(message, ack_timeout_ms, max_retransmit=2)
        event: tuple[Any, ...] = ("start",)
        while True:
            deadline = None
            for action, value in machine.step(event, self._now_ms()):
                if action == "send":
                    self._send(value)
                elif action == "wait":
                    deadline = value
                elif action == "done":
                    return value
                else:
                    raise Unanswered(value)
            event = self._next(deadline)

    def send(self, payload: bytes, path: str = "r", code: int = POST) -> coap.Message:
        """The inner response to a protected request, or the outer one where it is not protected."""
        message, binding = self.protect(payload, path, code)
        return self.open(self.exchange(message), binding)

    def open(self, response: coap.Message, binding: Any) -> coap.Message:
        if response.option(9) is None:
            return response
        return self.context.unprotect_response(response, binding)

    def report(self, epoch: int, sequence: int, records: list[dict[Any, Any]]) -> coap.Message:
        return self.send(encode_report(epoch, sequence, records))

    def _send(self, data: bytes) -> None:
        try:
            self._socket.send(data)
        except ConnectionRefusedError:  # the answer of the kernel to the datagram before
            self._socket.send(data)

    def _next(self, deadline: int | None) -> tuple[Any, ...]:
        assert deadline is not None
        while (left := deadline - self._now_ms()) > 0:
            self._socket.settimeout(left / 1000)
            try:
                return ("datagram", self._socket.recv(2048))
            except ConnectionRefusedError:  # nobody listens: a node would not hear of it either
                time.sleep(min(left / 1000, 0.05))
            except TimeoutError:
                break
        return ("timeout",)

    @staticmethod
    def _now_ms() -> int:
        return time.monotonic_ns() // 1_000_000
