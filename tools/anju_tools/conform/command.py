"""`anju conform`: does a node, or a hub, keep to SPEC.md?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click
from rich.console import Console

from anju_tools.conform import keys, report
from anju_tools.conform.verdict import Check, Outcome, Result, conforms

_SHORT_EXIT = 2  # nothing could be judged


@click.group()
def conform() -> None:
    """Check a node or a hub against SPEC.md, clause by clause."""


_json_option = click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the report as JSON too."
)
_only_option = click.option("--only", multiple=True, metavar="CHECK", help="Run this check only; may be repeated.")
_skip_option = click.option("--skip", multiple=True, metavar="CHECK", help="Leave this check out; may be repeated.")
_list_option = click.option("--list", "list_only", is_flag=True, help="Say which checks there are.")


@conform.command()
@click.option("--listen", default="0.0.0.0:5683", show_default=True, metavar="HOST:PORT", help="Where the kit waits.")
@click.option(
    "--keys",
    "keys_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("conform-node.json"),
    show_default=True,
    help="Node file; made with new keys when there is none.",
)
@click.option("--timeout", type=click.FloatRange(1), default=300.0, show_default=True, help="Wait for a report [s].")
@click.option("--tolerance", type=click.FloatRange(0), default=0.5, show_default=True, help="Of all times [s].")
@click.option("--silence", type=click.FloatRange(1), default=150.0, show_default=True, help="Length of an outage [s].")
@click.option("--reset-command", metavar="COMMAND", help="Shell command that resets the node.")
@click.option("--virtual", is_flag=True, help="Check this project's node on a virtual board, in simulated time.")
@click.option("--reset-by-hand", is_flag=True, help="Ask for the reset at the terminal.")
@_json_option
@_only_option
@_skip_option
@_list_option
def node(
    listen: str,
    keys_file: Path,
    timeout: float,
    tolerance: float,
    silence: float,
    reset_command: str | None,
    virtual: bool,
    reset_by_hand: bool,
    json_file: Path | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    list_only: bool,
) -> None:
    """Play the hub that a node reports to, over UDP.

    Give the node the node file (--keys) and let it report often: every 20 s is pleasant, its heartbeat 60 s or less.
    Exit status 0 only when every MUST passed.
    """
    from anju_tools.conform.node import session
    from anju_tools.conform.node.catalogue import OBSERVATIONS, SCENARIOS
    from anju_tools.conform.node.tester import Settings

    checks = [item.check for item in (*SCENARIOS, *OBSERVATIONS)]
    if list_only:
        _list(checks)
        return
    _known(checks, (*only, *skip))
    settings = Settings(
        timeout_ms=round(timeout * 1000),
        tolerance_ms=round(tolerance * 1000),
        silence_ms=round(silence * 1000),
        reset=session.reset_action(reset_command, reset_by_hand),
    )
    host, port = _address(listen)
    console = Console(stderr=True)
    try:
        if virtual:
            results = session.run_virtual(console, settings, only, skip)
            _conclude("anju_node on a virtual board", results, json_file)
        node_keys = keys.read(keys_file) if keys_file.exists() else keys.generate(keys_file, host, port)
        results = session.run(console, (host, port), node_keys, settings, only, skip)
    except (keys.KeyFileError, OSError) as error:
        raise click.ClickException(str(error)) from error
    _conclude(f"node {node_keys.node}", results, json_file)


@conform.command()
@click.option("--uri", required=True, metavar="coap://HOST[:PORT]", help="The hub.")
@click.option(
    "--credentials",
    "files",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Node file of `anju hub enrol`; two of them let the kit check one node's keys under another's name.",
)
@click.option("--timeout", type=click.FloatRange(0.1), default=10.0, show_default=True, help="Wait for an answer [s].")
@click.option("--restart-command", metavar="COMMAND", help="Shell command that kills and restarts the hub.")
@_json_option
@_only_option
@_skip_option
def hub(
    uri: str,
    files: tuple[Path, ...],
    timeout: float,
    restart_command: str | None,
    json_file: Path | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
) -> None:
    """Play nodes against a hub.

    Use nodes enrolled for this test, of a home of their own: what they report is invented.
    Exit status 0 only when every MUST passed.
    """
    from anju_tools.conform.hub import session
    from anju_tools.conform.hub.catalogue import CHECKS

    _known([item.check for item in CHECKS], (*only, *skip))
    console = Console(stderr=True)
    try:
        nodes = [keys.read(file) for file in files]
        results = session.run(console, _uri(uri), nodes, timeout, restart_command, only, skip)
    except (keys.KeyFileError, OSError) as error:
        raise click.ClickException(str(error)) from error
    _conclude(f"hub {uri}", results, json_file)


def _conclude(target: str, results: Sequence[Result], json_file: Path | None) -> None:
    report.print_report(Console(), results)
    if json_file is not None:
        report.write_json(json_file, target, results)
    if not any(result.outcome in (Outcome.PASS, Outcome.FAIL) for result in results):
        sys.exit(_SHORT_EXIT)
    sys.exit(0 if conforms(results) else 1)


def _list(checks: Sequence[Check]) -> None:
    for check in checks:
        click.echo(f"{check.name:26} {check.level:6} {check.clause:16} {check.explanation}")


def _known(checks: Sequence[Check], names: Sequence[str]) -> None:
    unknown = sorted(set(names) - {check.name for check in checks})
    if unknown:
        raise click.BadParameter(f"there is no check {', '.join(unknown)}; --list says which there are")


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise click.BadParameter(f"{text!r} is not HOST:PORT", param_hint="--listen")
    return host.strip("[]"), int(port)


def _uri(uri: str) -> tuple[str, int]:
    parts = urlsplit(uri)
    if parts.scheme != "coap" or not parts.hostname:
        raise click.BadParameter(f"{uri!r} is not coap://HOST[:PORT]", param_hint="--uri")
    return parts.hostname, parts.port or 5683
