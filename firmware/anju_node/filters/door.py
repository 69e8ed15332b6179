"""Reed contact: leading-edge debounce. Every transition is an event of its own.

The first edge counts at once and opens a lock-out of `debounce_ms`; what bounces inside is not counted, but if
the level at its end differs from the one reported, that is a second transition, stamped with the last edge seen.
So two changes further apart than the lock-out are both kept, and a contact never ends on the wrong side.
"""

from anju_wire._compat import TYPE_CHECKING

if TYPE_CHECKING:
    from anju_node.config import Config
    from anju_node.filters import State, Step

# state: (level reported, transitions, lock-out until or 0, level last seen, time of that edge)
START: "State" = (0, 0, 0, 0, 0)


def _transition(state: "State", t_ms: int, level: int, config: "Config") -> "Step":
    count = state[1] + 1
    fields: "dict[str, object]" = {"open": bool(level), "transitions": count}
    return (level, count, t_ms + config.debounce_ms, level, t_ms), ((t_ms, True, fields),)


def edge(state: "State", t_ms: int, level: int, config: "Config") -> "Step":
    state, emitted = tick(state, t_ms, state[3], config)
    if t_ms < state[2] or level == state[0]:
        return (state[0], state[1], state[2], level, t_ms), emitted
    state, more = _transition(state, t_ms, level, config)
    return state, emitted + more


def tick(state: "State", t_ms: int, level: int, config: "Config") -> "Step":
    if not state[2] or t_ms < state[2]:
        return state, ()
    if level == state[0]:
        return (state[0], state[1], 0, level, state[4]), ()
    return _transition(state, state[4] if level == state[3] else t_ms, level, config)


def missed(state: "State", t_ms: int, config: "Config") -> "Step":
    """Woken by the pin, but its level is the one reported already: it went and came back while the chip booted."""
    state, first = _transition(state, t_ms, 1 - state[0], config)
    state, second = _transition(state, t_ms, 1 - state[0], config)
    return state, first + second


def deadline(state: "State", config: "Config") -> "int | None":
    return state[2] or None


def armed_from(state: "State", config: "Config") -> int:
    return 0


def wake_level(level: int) -> int:
    return 1 - level


def counters(state: "State") -> "State":
    return (state[1],)


def restored(saved: "State", level: int, lost_power: bool, config: "Config") -> "Step":
    return (level, saved[0] if saved else 0, 0, level, 0), ()
