"""One virtual board: a MicroPython process while awake, RTC memory, a flash file and pins while not.

The board answers nothing by itself: the conductor starts its wakes, reads its requests and replies, because the
conductor owns the time. The line protocol is described in `anju_node.hal.virtual`.
"""

from __future__ import annotations

import os
import socket
import tomllib
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from anju_tools.rig.forkserver import ForkServer
from anju_tools.rig.image import boards_folder

_WRITE = """\
import sys
from anju_node.hal.virtual import mount
with open(sys.argv[2]) as source:
    with open(mount(sys.argv[1]) + "/" + sys.argv[3], "w") as target:
        target.write(source.read())
"""


class Reset(IntEnum):
    """Why a board starts (SPEC, health record)."""

    DEEP_SLEEP_WAKE = 0
    POWER_ON = 1


class BoardError(Exception):
    """The firmware ended with an error; the message holds its console output."""


@dataclass(frozen=True)
class BoardFacts:
    """What `boards/virtual/board.toml` says."""

    heap_bytes: int
    rtc_bytes: int
    flash_bytes: int
    boot_ms: int
    round_trip_ms: int
    full_mv: int
    empty_mv: int

    @classmethod
    def load(cls) -> BoardFacts:
        data = tomllib.loads((boards_folder() / "virtual" / "board.toml").read_text())
        memory, timing = data["memory"], data["timing"]
        return cls(
            memory["heap_bytes"],
            memory["rtc_bytes"],
            memory["flash_bytes"],
            timing["boot_ms"],
            timing["round_trip_ms"],
            data["battery"]["full_mv"],
            data["battery"]["empty_mv"],
        )


@dataclass
class Sleep:
    """What the board asked for when it fell asleep; times in ms of its own clock."""

    until_ms: int
    pin: int
    level: int | None


@dataclass
class VirtualBoard:
    """State of one board. `powered_at` is the simulated time of its cold boot [ms], None while it has no power."""

    name: str
    folder: Path
    image: Path
    server: ForkServer
    facts: BoardFacts
    levels: dict[int, int] = field(default_factory=dict)
    battery_mv: int = 0
    rtc: bytes = b""
    powered_at: int | None = None
    asleep: Sleep | None = None
    waiting_until: int | None = None
    wakes: int = 0
    _control: socket.socket | None = None
    _lines: bytes = b""
    _pid: int = 0

    def __post_init__(self) -> None:
        self.battery_mv = self.battery_mv or self.facts.full_mv
        self.folder.mkdir(parents=True, exist_ok=True)
        self.console = self.folder / f"{self.name}.log"
        self.flash = self.folder / f"{self.name}.flash"
        if not self.flash.exists():
            self.flash.write_bytes(b"\xff" * self.facts.flash_bytes)

    @property
    def running(self) -> bool:
        return self._control is not None

    def own_time(self, now_ms: int) -> int:
        """Simulated time [ms] as the board counts it, from its cold boot."""
        assert self.powered_at is not None
        return now_ms - self.powered_at

    def write_file(self, name: str, text: str) -> None:
        """Put a file on the board's flash, as an installer does over USB."""
        script, source = self.folder / f"{self.name}.write.py", self.folder / f"{self.name}.write"
        script.write_text(_WRITE)
        source.touch(mode=0o600)  # it may hold keys
        source.write_text(text)
        try:
            self._spawn([str(script), str(self.flash), str(source), name])
            self._finish()
        finally:
            script.unlink()
            source.unlink()

    def start(self, now_ms: int, woke_ms: int, reset: Reset, wake_pin: int = -1, wake_level: int = -1) -> None:
        """Run the firmware from boot; it asks for the facts of its wake first."""
        self._spawn(["-m", "main", str(self.flash)])
        self.asleep = None
        self.wakes += 1
        request = self.request()
        if request != "H":
            raise self._crash(f"expected the hello, got {request!r}")
        rtc = self.rtc.hex() or "-"
        self.reply(now_ms, f"{self.own_time(woke_ms)} {int(reset)} {wake_pin} {wake_level} {rtc}")

    def request(self) -> str | None:
        """The next line from the firmware, None when the process has ended."""
        assert self._control is not None
        while b"\n" not in self._lines:
            data = self._control.recv(65536)
            if not data:
                return None
            self._lines += data
        line, _, self._lines = self._lines.partition(b"\n")
        return line.decode()

    def reply(self, now_ms: int, text: str) -> None:
        assert self._control is not None
        self.waiting_until = None
        self._control.sendall(f"{self.own_time(now_ms)} {text}\n".encode())

    def fall_asleep(self, fields: list[str]) -> None:
        """The firmware's last request: keep its RTC memory, note what wakes it."""
        until, pin, level, rtc = fields
        self.rtc = bytes.fromhex(rtc)
        if len(self.rtc) > self.facts.rtc_bytes:
            raise self._crash(f"{len(self.rtc)} bytes do not fit the RTC memory")
        self.asleep = Sleep(int(until), int(pin), None if level == "-" else int(level))
        self._finish()

    def power_cut(self) -> None:
        """Supply off: RAM and RTC memory are gone, flash stays."""
        if self._control is not None:
            self._control.close()
            self.server.exit_status(self._pid)
            self._control = None
            self._lines = b""
        self.rtc = b""
        self.powered_at = self.asleep = self.waiting_until = None

    def crashed(self) -> BoardError:
        return self._crash("the firmware ended by itself")

    def _spawn(self, arguments: list[str]) -> None:
        ours, theirs = socket.socketpair()
        console = os.open(self.console, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        heap = ["-X", f"heapsize={self.facts.heap_bytes}"]
        self._pid = self.server.spawn([*heap, *arguments], self.image, theirs, console)
        os.close(console)
        theirs.close()
        self._control = ours

    def _finish(self) -> None:
        assert self._control is not None
        status = self.server.exit_status(self._pid)
        self._control.close()
        self._control = None
        self._lines = b""
        if status:
            raise self._crash(f"exit status {status}")

    def _crash(self, reason: str) -> BoardError:
        tail = self.console.read_text(errors="replace").splitlines()[-12:] if self.console.exists() else []
        return BoardError("\n".join([f"{self.name}: {reason}; its console ({self.console}) ends with:", *tail]))
