"""The display while the kit runs: each check as it ends, and below them what is waited for."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.status import Status

from anju_tools.conform.verdict import Check, Outcome, Result

_MARKS = {
    Outcome.PASS: "[green]✓[/]",
    Outcome.FAIL: "[red]✗[/]",
    Outcome.NOT_RUN: "[yellow]?[/]",
    Outcome.SKIPPED: "[dim]–[/]",
}


class Progress:
    """Call it when a check begins (result None) and when it ends."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._status = Status("", console=console)
        self._total = total
        self._done = 0
        self._running = ""

    def __call__(self, check: Check, result: Result | None) -> None:
        if result is None:
            self._running = check.name
            self.note("")
            return
        self._done += 1
        reason = f"  {result.reason}" if result.reason else ""
        self._console.print(f"{_MARKS[result.outcome]} {check.name} [dim]{check.clause}[/]", reason, highlight=False)

    def note(self, text: str) -> None:
        """What the running check is doing."""
        self._status.update(f"{self._done}/{self._total} {self._running} {text}")

    def __enter__(self) -> Progress:
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._status.stop()
