"""Pulse meter (S0 or reed): a cumulative total, reported at most once per interval while something flows.

The total is checkpointed to flash every `checkpoint_pulses`; after a power cut it resumes from the checkpoint and
says how much may be missing (`uncertainty`), once, with the next record.
"""

# state: (total pulses, pulses reported, first unreported pulse, last pulse, level, lost pulses not yet told)
START = (0, 0, 0, 0, 0, 0)


def _fields(state, config):
    fields = {"medium": config.medium, "total": state[0] * config.pulse_weight}
    if state[5]:
        fields["uncertainty"] = state[5] * config.pulse_weight
    return fields


def edge(state, t_ms, level, config):
    total, told, first, last, before, lost = state
    if not level or before:
        return (total, told, first, last, level, lost), ()
    if total == told:
        first = t_ms
    return tick((total + 1, told, first, t_ms, level, lost), t_ms, level, config)


def tick(state, t_ms, level, config):
    total, told, first, last, _, lost = state
    state = (total, told, first, last, level, lost)
    if total - told < max(1, config.dead_band_pulses) or t_ms < first + config.interval_ms:
        return state, ()
    return (total, total, 0, last, level, 0), ((last, True, _fields(state, config)),)


def missed(state, t_ms, config):
    """Woken by the pin, which is back at its level: one whole pulse went by."""
    total, told, first, last, _, lost = state
    return edge((total, told, first, last, 0, lost), t_ms, 1, config)


def deadline(state, config):
    return state[2] + config.interval_ms if state[0] - state[1] >= max(1, config.dead_band_pulses) else None


def armed_from(state, config):
    return 0


def wake_level(level):
    return 1 - level


def counters(state):
    return (state[0],)


def restored(saved, level, lost_power, config):
    total = saved[0] if saved else 0
    lost = config.checkpoint_pulses - 1 if saved and lost_power else 0
    return (total, total, 0, 0, level, lost), ()
