"""The hub beside the rig: the real `anju hub serve` as a process of its own, on loopback, with a simulated clock."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from anju_wire import cbor, coap, numbers
from anju_wire.errors import PeerError

_START_S = 30.0
_CLOCK_PATIENCE_S = 120.0  # a PUT returns when everything due up to then has run
_POLL_S = 0.05
_RETRANSMIT_S = 2.0
_ANJU = (sys.executable, "-c", "from anju_hub.cli import main; main()")


class HubError(Exception):
    """The hub does not start or does not do what it is told; the message ends with its log."""


def free_port() -> int:
    """A UDP port of the loopback interface that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class HubProcess:
    """`anju hub serve --clock simulated` on one port and data folder, started as often as needed."""

    def __init__(self, data: Path, port: int | None = None) -> None:
        self.data = data
        self.port = port or free_port()
        self.log = data / "hub.log"
        self.starts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._clock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._clock.connect(("127.0.0.1", self.port))
        self._mid = 0
        data.mkdir(parents=True, exist_ok=True)

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def command(self) -> list[str]:
        """The command line that starts this hub, for a person who wants to do it by hand."""
        return ["anju", "hub", *self._serve()]

    def _serve(self) -> list[str]:
        bind = f"127.0.0.1:{self.port}"
        return ["serve", "--data", str(self.data), "--bind", bind, "--clock", "simulated"]

    def run(self, arguments: Sequence[str]) -> str:
        """Run another `anju hub` command on the same data; what it printed. Raises HubError."""
        done = subprocess.run([*_ANJU, "hub", *arguments, "--data", str(self.data)], capture_output=True, text=True)
        if done.returncode:
            raise HubError(f"anju hub {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def start(self, utc_ms: int) -> None:
        """Start the process and wait until it answers a clock of `utc_ms`."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([*_ANJU, "hub", *self._serve()], stdout=log, stderr=log)
        self.starts += 1
        end = time.monotonic() + _START_S
        while not self._try_clock(utc_ms, 1.0):
            if self._process.poll() is not None or time.monotonic() > end:
                raise HubError(f"the hub does not start:\n{self._log_tail()}")
            time.sleep(_POLL_S)

    def alive(self) -> bool:
        """Whether the process that we started last still runs."""
        return self._process is not None and self._process.poll() is None

    def answers(self) -> bool:
        """Whether somebody is there: a CoAP ping (RFC 7252 §4.3) is answered by a reset."""
        self._mid = (self._mid + 1) & 0xFFFF
        try:
            self._clock.send(coap.encode(coap.Message(numbers.CON, numbers.EMPTY, self._mid)))
            self._clock.settimeout(5.0)
            while True:
                message = coap.decode(self._clock.recv(1280))
                if message.mtype == numbers.RST and message.mid == self._mid:
                    return True
        except (ConnectionError, TimeoutError):
            return False

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """Clean shutdown."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._clock.close()

    def set_clock(self, utc_ms: int) -> bool:
        """Tell the hub the time; True when it has done everything due up to then, False when nobody listens.

        Raises HubError when it answers with an error.
        """
        return self._try_clock(utc_ms, _CLOCK_PATIENCE_S)

    def _try_clock(self, utc_ms: int, patience_s: float) -> bool:
        self._mid = (self._mid + 1) & 0xFFFF
        token = self._mid.to_bytes(2, "big")
        options = [(numbers.OPTION_URI_PATH, b"clock"), (numbers.OPTION_CONTENT_FORMAT, bytes([numbers.FORMAT_CBOR]))]
        put = coap.Message(numbers.CON, numbers.PUT, self._mid, token, options, cbor.encode(utc_ms))
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            try:
                self._clock.send(coap.encode(put))
                self._clock.settimeout(min(patience_s, _RETRANSMIT_S))
                while not self._is_done(self._clock.recv(1280), token):
                    pass
                return True
            except ConnectionError:  # nobody listens, or not any more
                return False
            except TimeoutError:  # busy, or killed with our request in its hands: the same message again (§4.2)
                continue
        return False

    def _is_done(self, data: bytes, token: bytes) -> bool:
        """Whether this is the response to our PUT; a separate one (RFC 7252 §5.2.2) is acknowledged."""
        try:
            message = coap.decode(data)
        except PeerError:
            return False
        if message.mtype == numbers.CON:
            self._clock.send(coap.encode(coap.Message(numbers.ACK, numbers.EMPTY, message.mid)))
        if message.token != token:
            return False
        if message.code != numbers.CHANGED:
            raise HubError(f"PUT /clock: {message.code >> 5}.{message.code & 31:02d} {message.payload!r}")
        return True

    def _log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
