"""What a check is, how it may end, and when all of them together say that the other side conforms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a check counts, RFC 2119."""

    MUST = "MUST"
    SHOULD = "SHOULD"


class Outcome(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    NOT_RUN = "not run"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """`clause` is the one of SPEC.md (or `RFC nnnn, n.n`) that is checked; `remedy` is for whoever has to repair it."""

    name: str
    clause: str
    level: Level
    explanation: str
    remedy: str


@dataclass(frozen=True)
class Result:
    """How a check ended; `reason` is empty when it passed and there is nothing to add."""

    check: Check
    outcome: Outcome
    reason: str = ""

    @property
    def counts_against(self) -> bool:
        """A MUST that failed or could not be run; skipping it is somebody's own decision."""
        return self.check.level is Level.MUST and self.outcome in (Outcome.FAIL, Outcome.NOT_RUN)


class CheckFailed(Exception):
    """The other side broke the clause; the message says how."""


class CheckNotRun(Exception):
    """What the check needs did not come about; the message says what."""


def conforms(results: Iterable[Result]) -> bool:
    """Whether every MUST passed or was skipped on purpose; False if there is no result at all."""
    all_results = list(results)
    return bool(all_results) and not any(result.counts_against for result in all_results)


def first_paragraph(docstring: str | None) -> str:
    """The explanation of a check is the first paragraph of its function's docstring, on one line."""
    paragraph = (docstring or "").strip().split("\n\n")[0]
    return " ".join(paragraph.split())
