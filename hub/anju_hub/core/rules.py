"""The field's fixed rules: what a rule says, and reading a pack of them from TOML.

The measures are evaluated by `rule_clocks.RuleClocks`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any

MEASURES = ("no_event", "use_below", "use_above", "use_in_every", "away_for")
CLASSES = ("care", "maintenance", "usage")


class RuleError(ValueError):
    """A rule pack says something that no rule means; the text names the file, the rule and the way out."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One fixed rule.

    no_event      no event of `kinds` in `rooms` (both empty: any indoor event) for `hours`
    use_below     less than `amount` used in the last `hours`
    use_above     more than `amount` used in the last `hours`
    use_in_every  use in every half hour of the last `hours`
    away_for      nobody at home for `hours`
    """

    name: str
    measure: str
    hours: float
    alert_class: str = "care"
    kinds: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    amount: float = 0.0  # litres or Wh
    medium: str = "water"  # water | electricity
    home_only: bool = False  # the clock stands still while nobody is at home
    pause: tuple[int, int] | None = None  # local hours [from, to) in which the clock stands still
    homes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # per home: other hours, amount; off

    def __post_init__(self) -> None:
        if self.measure not in MEASURES:
            raise RuleError(f"rule '{self.name}': measure must be one of {', '.join(MEASURES)}")
        if self.alert_class not in CLASSES:
            raise RuleError(f"rule '{self.name}': class must be one of {', '.join(CLASSES)}")
        if not 0 < self.hours <= 24 * 60:
            raise RuleError(f"rule '{self.name}': hours must be above 0 and at most 1440")
        if self.measure.startswith("use") and self.hours > 24:
            raise RuleError(f"rule '{self.name}': use is kept for 24 hours, so hours may be at most 24")

    def value(self, home: str, name: str) -> Any:
        """This rule's parameter `name`, as changed for `home`."""
        return self.homes.get(home, {}).get(name, getattr(self, name))

    def off(self, home: str) -> bool:
        return bool(self.homes.get(home, {}).get("off", False))


_KEYS = {f.name for f in fields(Rule)} - {"alert_class"} | {"class"}
_PER_HOME = {"hours", "amount", "off"}


def load_rules(path: Path | None = None) -> tuple[Rule, ...]:
    """The rules of a TOML pack; without a path the built-in pack.  Raises `RuleError` for what it cannot mean."""
    if path is None:
        text = resources.files("anju_hub.core").joinpath("rules.toml").read_text(encoding="utf-8")
        return parse_rules(text, "built-in rules.toml")
    try:
        return parse_rules(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise RuleError(f"{path}: cannot be read ({error.strerror})") from error


def parse_rules(text: str, source: str) -> tuple[Rule, ...]:
    """`[[rule]]` tables to rules."""
    try:
        tables = tomllib.loads(text).get("rule", [])
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"{source}: not TOML ({error})") from error
    if not isinstance(tables, list) or not tables:
        raise RuleError(f"{source}: holds no rules; write each as a table [[rule]]")
    return tuple(_rule(table, source) for table in tables)


def _rule(table: dict[str, Any], source: str) -> Rule:
    name = table.get("name", "?")
    if unknown := set(table) - _KEYS:
        raise RuleError(f"{source}: rule '{name}': unknown {_list(unknown)}; known are {_list(_KEYS)}")
    for home, changes in table.get("homes", {}).items():
        if unknown := set(changes) - _PER_HOME:
            raise RuleError(f"{source}: rule '{name}', home '{home}': only {_list(_PER_HOME)} can differ by home")
    values = {("alert_class" if key == "class" else key): value for key, value in table.items()}
    for key in ("kinds", "rooms", "pause"):
        if key in values:
            values[key] = tuple(values[key])
    try:
        return Rule(**values)
    except RuleError as error:
        raise RuleError(f"{source}: {error}") from error
    except TypeError as error:
        raise RuleError(f"{source}: rule '{name}' needs name, measure and hours") from error


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names))
