"""`anju bench`: the one place where speed and size are measured."""

import json
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

from anju_hub.errors import HubError

BENCHES = "anju.benches"
Bench = Callable[[Callable[[str], None]], dict[str, Any]]


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; progress goes to standard error.")
def bench(name: str | None, as_json: bool) -> None:
    """Measure speed and size; without NAME say what there is."""
    points = {point.name: point for point in entry_points(group=BENCHES)}
    if name is None:
        for known, point in sorted(points.items()):
            click.echo(f"{known:12} {point.value}")
        return
    result = _load(points, name)(lambda text: click.echo(text, err=True))
    if as_json:
        click.echo(json.dumps(result))
    else:
        _print_table(result)


def _load(points: dict[str, EntryPoint], name: str) -> Bench:
    if name not in points:
        raise HubError(f"there is no benchmark {name!r}", f"One of {', '.join(sorted(points))}.")
    loaded: Bench = points[name].load()
    return loaded


def _print_table(result: dict[str, Any]) -> None:
    click.echo(f"bench {result['bench']}")
    for who, figures in result["results"].items():
        for figure, value in figures.items():
            click.echo(f"  {who:24} {figure:24} {_number(value):>14}")
    for figure, value in result["ratios"].items():
        click.echo(f"  {'ratio':24} {figure:24} {_number(value):>14}")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
