"""Pulse meter (S0 or reed): a cumulative total, reported at most once per interval while something flows.

The total is checkpointed to flash every `checkpoint_pulses`; after a power cut it resumes from the checkpoint and
says how much may be missing (`uncertainty`), once, with the next record.
"""

from anju_wire._compat import TYPE_CHECKING

if TYPE_CHECKING:
    from anju_node.config import Config
    from anju_node.filters import State, Step

# state: (total pulses, pulses reported, first unreported pulse, last pulse, level, lost pulses not yet told)
START: "State" = (0, 0, 0, 0, 0, 0)


def _fields(state: "State", config: "Config") -> "dict[str, object]":
    fields: "dict[str, object]" = {"medium": config.medium, "total": state[0] * config.pulse_weight}
    if state[5]:
        fields["uncertainty"] = state[5] * config.pulse_weight
    return fields


def edge(state: "State", t_ms: int, level: int, config: "Config") -> "Step":
    total, told, first, last, before, lost = state
    if not level or before:
        return (total, told, first, last, level, lost), ()
    if total == told:
        first = t_ms
    return tick((total + 1, told, first, t_ms, level, lost), t_ms, level, config)


def tick(state: "State", t_ms: int, level: int, config: "Config") -> "Step":
    total, told, first, last, _, lost = state
    state = (total, told, first, last, level, lost)
    if total - told < max(1, config.dead_band_pulses) or t_ms < first + config.interval_ms:
        return state, ()
    return (total, total, 0, last, level, 0), ((last, True, _fields(state, config)),)


def missed(state: "State", t_ms: int, config: "Config") -> "Step":
    """Woken by the pin, which is back at its level: one whole pulse went by."""
    total, told, first, last, _, lost = state
    return edge((total, told, first, last, 0, lost), t_ms, 1, config)


def deadline(state: "State", config: "Config") -> "int | None":
    return state[2] + config.interval_ms if state[0] - state[1] >= max(1, config.dead_band_pulses) else None


def armed_from(state: "State", config: "Config") -> int:
    return 0


def wake_level(level: int) -> int:
    return 1 - level


def counters(state: "State") -> "State":
    return (state[0],)


def restored(saved: "State", level: int, lost_power: bool, config: "Config") -> "Step":
    total = saved[0] if saved else 0
    lost = config.checkpoint_pulses - 1 if saved and lost_power else 0
    return (total, total, 0, 0, level, lost), ()
