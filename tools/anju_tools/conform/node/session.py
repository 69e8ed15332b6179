"""One run of the kit against a node over UDP, as the command line starts it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import click
from rich.console import Console

from anju_tools.conform.keys import NodeKeys, unused_sequence
from anju_tools.conform.node.carrier import UdpCarrier
from anju_tools.conform.node.catalogue import OBSERVATIONS, SCENARIOS
from anju_tools.conform.node.engine import Engine, Observation, Scenario
from anju_tools.conform.node.tester import Settings
from anju_tools.conform.progress import Progress
from anju_tools.conform.verdict import Outcome, Result

_RESET_TIMEOUT_S = 120


def run(
    console: Console,
    listen: tuple[str, int],
    node_keys: NodeKeys,
    settings: Settings,
    only: Sequence[str],
    skip: Sequence[str],
) -> list[Result]:
    """Listen, run the chosen checks, and say how each ended. Raises OSError when the address cannot be had."""
    scenarios, observations = _chosen(only, skip)
    utc_ms = time.time_ns() // 1_000_000
    with Progress(console, len(scenarios) + len(observations)) as progress:
        engine = Engine(
            node_keys,
            scenarios,
            observations,
            settings,
            utc_ms - time.monotonic_ns() // 1_000_000,
            unused_sequence(utc_ms),
            progress,
        )
        carrier = UdpCarrier(*listen, progress=lambda: progress.note(_waiting(engine)))
        console.print(f"waiting for node {node_keys.node} on coap://{listen[0]}:{carrier.port}")
        try:
            carrier.run(engine)
        finally:
            carrier.close()
    return [*engine.results, *_skipped(skip)]


def run_virtual(console: Console, settings: Settings, only: Sequence[str], skip: Sequence[str]) -> list[Result]:
    """The same for the firmware of this project on a virtual board, which the kit resets itself."""
    from anju_tools.conform.node.virtual import examine  # the rig is needed here only

    scenarios, observations = _chosen(only, skip)
    with Progress(console, len(scenarios) + len(observations)) as progress:
        results = examine(scenarios, observations, lambda reset: replace(settings, reset=reset), progress)
    return [*results, *_skipped(skip)]


def _chosen(only: Sequence[str], skip: Sequence[str]) -> tuple[list[Scenario], list[Observation]]:
    scenarios = [item for item in SCENARIOS if _wanted(item.check.name, only, skip)]
    return scenarios, [item for item in OBSERVATIONS if _wanted(item.check.name, only, skip)]


def _skipped(skip: Sequence[str]) -> list[Result]:
    checks = [item.check for item in (*SCENARIOS, *OBSERVATIONS) if item.check.name in skip]
    return [Result(check, Outcome.SKIPPED) for check in checks]


def _wanted(name: str, only: Sequence[str], skip: Sequence[str]) -> bool:
    return name not in skip and (not only or name in only)


def _waiting(engine: Engine) -> str:
    left_s = (engine.deadline_ms - time.monotonic_ns() // 1_000_000) / 1000
    arrivals = engine.monitor.arrivals
    last = f"{len(arrivals)} datagrams" if arrivals else "no datagram yet"
    return f"{last}, waiting {max(0.0, left_s):.0f} s at most"


def reset_action(command: str | None, by_hand: bool) -> Callable[[], None] | None:
    """How the node is reset, or None when nobody can."""
    if command is not None:
        return lambda: _run_command(command)
    if by_hand:
        return _ask_for_reset
    return None


def _ask_for_reset() -> None:
    click.prompt("Reset the node now, then press Enter", default="", show_default=False, err=True)


def _run_command(command: str) -> None:
    subprocess.run(command, shell=True, check=True, timeout=_RESET_TIMEOUT_S, stdout=subprocess.DEVNULL)
