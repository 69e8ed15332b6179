"""One run of the kit against a hub, as the command line starts it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence

from rich.console import Console

from anju_tools.conform.hub.catalogue import CHECKS
from anju_tools.conform.hub.peer import HubUnderTest, PlayedNode, Socket, Unanswered
from anju_tools.conform.hub.registry import HubCheck
from anju_tools.conform.keys import NodeKeys
from anju_tools.conform.progress import Progress
from anju_tools.conform.verdict import CheckFailed, CheckNotRun, Outcome, Result
from anju_wire.errors import WireError

_RESTART_TIMEOUT_S = 120


def run(
    console: Console,
    address: tuple[str, int],
    nodes: Sequence[NodeKeys],
    timeout_s: float,
    restart_command: str | None,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
) -> list[Result]:
    """Run the chosen checks against the hub at `address` as `nodes`, and say how each ended."""
    restart = None if restart_command is None else lambda: _run_command(restart_command)
    with Progress(console, len(CHECKS)) as progress:
        return examine(address, nodes, timeout_s, restart, only, skip, progress)


def examine(
    address: tuple[str, int],
    nodes: Sequence[NodeKeys],
    timeout_s: float,
    restart: Callable[[], None] | None,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    listener: Callable[..., None] = lambda _check, _result: None,
) -> list[Result]:
    """The same without a terminal."""
    utc_ms = time.time_ns() // 1_000_000
    links = [Socket(address, timeout_s) for _ in nodes[:2]]
    played = [PlayedNode(node, link, utc_ms) for node, link in zip(nodes, links, strict=False)]
    other = played[1] if len(played) > 1 else None
    hub = HubUnderTest(played[0], other, lambda: Socket(address, timeout_s), restart)
    results = []
    try:
        for item in CHECKS:
            if only and item.check.name not in only:
                continue
            listener(item.check, None)
            result = Result(item.check, Outcome.SKIPPED) if item.check.name in skip else _outcome(item, hub)
            listener(item.check, result)
            results.append(result)
    finally:
        for link in links:
            link.close()
    return results


def _outcome(item: HubCheck, hub: HubUnderTest) -> Result:
    try:
        return Result(item.check, Outcome.PASS, item.run(hub) or "")
    except CheckFailed as error:
        return Result(item.check, Outcome.FAIL, str(error))
    except Unanswered as error:
        return Result(item.check, Outcome.FAIL, f"no answer: {error}")
    except WireError as error:
        return Result(item.check, Outcome.FAIL, f"the hub sent something malformed: {error}")
    except CheckNotRun as error:
        return Result(item.check, Outcome.NOT_RUN, str(error))


def _run_command(command: str) -> None:
    subprocess.run(command, shell=True, check=True, timeout=_RESTART_TIMEOUT_S, stdout=subprocess.DEVNULL)
