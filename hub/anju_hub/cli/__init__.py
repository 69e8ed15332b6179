"""The command `anju`: subcommands come from the entry points in the group `anju.commands`.

A subcommand's module is imported only when it is used; the overview reads its one-line help from the source, so
that `anju --help` does not wait for numpy.
"""

import ast
import difflib
import importlib.util
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import click

from anju_hub.errors import HubError

COMMANDS = "anju.commands"


def _points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=COMMANDS)}


def _one_line_help(point: EntryPoint) -> str:
    """First line of the command function's docstring, read without importing its module."""
    source = _source(point.module)
    if source is None:
        return "(not installed)"
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == point.attr:
            return (ast.get_docstring(node) or "").partition("\n")[0]
    return (ast.get_docstring(tree) or "").partition("\n")[0]


def _source(module: str) -> Path | None:
    """The file of a module; `find_spec` on the whole name would import the packages above it."""
    package, *rest = module.split(".")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    stem = Path(spec.submodule_search_locations[0], *rest)
    found = (path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file())
    return next(found, None)


class LazyGroup(click.Group):
    """A click group whose members are entry points, imported on use."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(_points())

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        point = _points().get(cmd_name)
        if point is None:
            return None
        command = point.load()
        if not isinstance(command, click.Command):
            raise click.ClickException(f"entry point {point.value} is not a click command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and name not in _points():
            near = difflib.get_close_matches(name, _points(), n=1)
            hint = f"did you mean 'anju {near[0]}'?" if near else "'anju --help' lists the commands."
            raise click.UsageError(f"there is no command '{name}': {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, _one_line_help(point)) for name, point in sorted(_points().items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except HubError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="anju", message="anju %(version)s")
def main() -> None:
    """Anju watches over people who live alone, without cameras.

    Start with `anju demo`, or with `anju hub serve`.
    """
