"""The numeric core: who is home, and which silence matters.

Event-timed, causal, vectorised over homes.  `Watch` is the one object to use; the rest is plain data.
"""

from .rules import Rule, RuleError, load_rules
from .types import (
    KIND_CODES,
    STATES,
    Alert,
    Cleared,
    Events,
    HomeSpec,
    Kind,
    SensorSpec,
    Settings,
    StateSpan,
    Update,
    merge_spans,
)
from .watch import Watch

__all__ = [
    "KIND_CODES",
    "STATES",
    "Alert",
    "Cleared",
    "Events",
    "HomeSpec",
    "Kind",
    "Rule",
    "RuleError",
    "SensorSpec",
    "Settings",
    "StateSpan",
    "Update",
    "Watch",
    "load_rules",
    "merge_spans",
]
