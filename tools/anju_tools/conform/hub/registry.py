"""The decorator that makes a check of a hub out of a function: its docstring is the explanation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from anju_tools.conform.hub.peer import HubUnderTest
from anju_tools.conform.verdict import Check, Level, first_paragraph


@dataclass(frozen=True)
class HubCheck:
    """`run` raises CheckFailed or CheckNotRun, and may return something to add."""

    check: Check
    run: Callable[[HubUnderTest], str | None]


def hub_check(
    name: str, clause: str, level: Level, remedy: str
) -> Callable[[Callable[[HubUnderTest], str | None]], HubCheck]:
    def wrap(run: Callable[[HubUnderTest], str | None]) -> HubCheck:
        return HubCheck(Check(name, clause, level, first_paragraph(run.__doc__), remedy), run)

    return wrap
