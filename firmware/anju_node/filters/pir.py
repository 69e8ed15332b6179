"""Passive infrared: pulses become activity episodes.

The first pulse opens an episode (`occupied` true, sent at once). Pulses then only count, one per hold-off; every
`summary_ms` with activity leaves one summary record that rides along with the next report. `silent_after_ms` after
the last pulse the episode ends (`occupied` false, stamped with the last pulse, sent at once).
"""

from anju_wire._compat import TYPE_CHECKING

if TYPE_CHECKING:
    from anju_node.config import Config
    from anju_node.filters import State, Step

# state: (occupied, pulses, span start, last pulse)
START: "State" = (0, 0, 0, 0)


def _record(state: "State", occupied: bool) -> "dict[str, object]":
    return {"occupied": occupied, "pulses": state[1], "active_s": (state[3] - state[2] + 500) // 1000}


def edge(state: "State", t_ms: int, level: int, config: "Config") -> "Step":
    state, emitted = tick(state, t_ms, 0, config)
    if not level or (state[1] and t_ms < state[3] + config.hold_off_ms):
        return state, emitted
    if state[0]:
        return (1, state[1] + 1, state[2], t_ms), emitted
    state = (1, state[1] + 1, t_ms, t_ms)
    return state, emitted + ((t_ms, True, _record(state, True)),)


def tick(state: "State", t_ms: int, level: int, config: "Config") -> "Step":
    if not state[0]:
        return state, ()
    if level and t_ms >= state[3] + config.hold_off_ms:  # still high after the hold-off: motion goes on
        state = (1, state[1] + 1, state[2], t_ms)
    if t_ms >= state[3] + config.silent_after_ms:
        return (0, state[1], 0, state[3]), ((state[3], True, _record(state, False)),)
    if state[3] >= state[2] + config.summary_ms:
        return (1, state[1], state[3], state[3]), ((state[3], False, _record(state, True)),)
    return state, ()


def missed(state: "State", t_ms: int, config: "Config") -> "Step":
    """Woken by a pulse that is over already: it was a pulse all the same."""
    return edge(state, t_ms, 1, config)


def deadline(state: "State", config: "Config") -> "int | None":
    return state[3] + config.silent_after_ms if state[0] else None


def armed_from(state: "State", config: "Config") -> int:
    return state[3] + config.hold_off_ms if state[1] else 0


def wake_level(level: int) -> int:
    return 1


def counters(state: "State") -> "State":
    return (state[1],)


def restored(saved: "State", level: int, lost_power: bool, config: "Config") -> "Step":
    return (0, saved[0] if saved else 0, 0, 0), ()
