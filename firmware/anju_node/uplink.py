"""When to send: a pure function of what waits, the last contact and the last failures.

state: (failures in a row, earliest next try [ms], last acknowledged contact [ms], something urgent waits 0|1)
"""

from anju_wire._compat import TYPE_CHECKING

if TYPE_CHECKING:
    from anju_node.config import Config
    from anju_node.filters import State

START: "State" = (0, 0, 0, 0)

_BACK_OFF_MS = 15000
_BACK_OFF_MAX_MS = 3600000


def recorded(state: "State", urgent: bool) -> "State":
    """A record was put into the outbox."""
    return (state[0], state[1], state[2], 1) if urgent else state


def delivered(state: "State", now_ms: int, waiting: int) -> "State":
    """The hub acknowledged; `waiting` records are left and go at once."""
    return (0, now_ms, now_ms, 1 if waiting else 0)


def failed(state: "State", now_ms: int, at_least_ms: int = 0) -> "State":
    """No answer, or one that asks to wait `at_least_ms`: back off, doubling up to an hour."""
    pause = min(max(_BACK_OFF_MS << min(state[0], 12), at_least_ms), _BACK_OFF_MAX_MS)
    return (state[0] + 1, now_ms + pause, state[2], state[3])


def heartbeat_due(state: "State", now_ms: int, config: "Config") -> bool:
    """Whether the promised check-in is due (any report counts as one)."""
    return now_ms >= state[2] + config.heartbeat_s * 1000


def deadline(state: "State", config: "Config") -> int:
    """When the radio is wanted next [ms]: at once for something urgent, else at the heartbeat."""
    due = state[1] if state[3] else state[2] + config.heartbeat_s * 1000
    return max(due, state[1])
