"""The hub as a process of its own, started by its command line."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

ANJU = (sys.executable, "-c", "from anju_hub.cli import main; main()")
_PATIENCE_S = 30.0


def anju(*arguments: str, code: int = 0) -> str:
    """What a command printed; its exit status must be `code`."""
    done = subprocess.run([*ANJU, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


class HubProcess:
    """`anju hub serve` on the store in `data`; `port` stays the same over restarts."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.log = data.parent / "hub.log"
        self.port = 0
        self._options = options
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start and wait until it says where it listens."""
        bind = f"127.0.0.1:{self.port}"
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [*ANJU, "hub", "serve", "--data", str(self.data), "--bind", bind, *self._options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        end = time.monotonic() + _PATIENCE_S
        for line in self._process.stdout:
            if line.startswith("listening on coap://127.0.0.1"):
                self.port = int(line.rpartition(":")[2])
                return
            assert time.monotonic() < end
        raise AssertionError(self.log.read_text())

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.send_signal(number)
        code = self._process.wait(_PATIENCE_S)
        self._process.stdout.close()
        return code
