"""Results for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from anju_tools.conform.verdict import Level, Outcome, Result, conforms

_STYLE = {
    (Outcome.PASS, Level.MUST): "green",
    (Outcome.PASS, Level.SHOULD): "green",
    (Outcome.FAIL, Level.MUST): "bold red",
    (Outcome.FAIL, Level.SHOULD): "yellow",
    (Outcome.NOT_RUN, Level.MUST): "red",
    (Outcome.NOT_RUN, Level.SHOULD): "yellow",
    (Outcome.SKIPPED, Level.MUST): "yellow",
    (Outcome.SKIPPED, Level.SHOULD): "yellow",
}


def print_report(console: Console, results: Sequence[Result]) -> None:
    """A table of all checks, then each that counts with its remedy, then the verdict."""
    table = Table("check", "clause", "", "outcome", "", box=None, pad_edge=False)
    for result in results:
        check = result.check
        style = _STYLE[result.outcome, check.level]
        table.add_row(check.name, check.clause, str(check.level), f"[{style}]{result.outcome}[/]", result.reason)
    console.print(table)
    for result in results:
        if result.outcome in (Outcome.FAIL, Outcome.NOT_RUN):
            _print_trouble(console, result)
    console.print()
    console.print(verdict(results), style="bold green" if conforms(results) else "bold red")


def _print_trouble(console: Console, result: Result) -> None:
    check = result.check
    console.print()
    console.print(f"[bold]{check.name}[/] ({check.level}, clause {check.clause}): {result.outcome}", highlight=False)
    console.print(f"  what holds   {check.explanation}", highlight=False, markup=False)
    console.print(f"  what was     {result.reason}", highlight=False, markup=False)
    console.print(f"  what to do   {check.remedy}", highlight=False, markup=False)


def verdict(results: Sequence[Result]) -> str:
    """One line."""
    against = [result for result in results if result.counts_against]
    count = Counter(result.outcome for result in results)
    numbers = ", ".join(f"{count[outcome]} {outcome}" for outcome in Outcome if count[outcome])
    if conforms(results):
        skipped = " except for what was skipped" if count[Outcome.SKIPPED] else ""
        return f"conforms{skipped}: {numbers}"
    return f"does not conform, {len(against)} MUST not met: {numbers}"


def document(target: str, results: Sequence[Result]) -> dict[str, Any]:
    """The report as data."""
    return {
        "target": target,
        "conforms": conforms(results),
        "checks": [
            {
                "name": result.check.name,
                "clause": result.check.clause,
                "level": str(result.check.level),
                "outcome": str(result.outcome),
                "reason": result.reason,
                "explanation": result.check.explanation,
                "remedy": result.check.remedy,
            }
            for result in results
        ],
    }


def write_json(path: Path, target: str, results: Sequence[Result]) -> None:
    path.write_text(json.dumps(document(target, results), indent=1, ensure_ascii=False) + "\n")
