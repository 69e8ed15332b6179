"""Reed contact: leading-edge debounce. Every transition is an event of its own.

The first edge counts at once and opens a lock-out of `debounce_ms`; what bounces inside is not counted, but if
the level at its end differs from the one reported, that is a second transition, stamped with the last edge seen.
So two changes further apart than the lock-out are both kept, and a contact never ends on the wrong side.
"""

# state: (level reported, transitions, lock-out until or 0, level last seen, time of that edge)
START = (0, 0, 0, 0, 0)


def _transition(state, t_ms, level, config):
    count = state[1] + 1
    fields = {"open": bool(level), "transitions": count}
    return (level, count, t_ms + config.debounce_ms, level, t_ms), ((t_ms, True, fields),)


def edge(state, t_ms, level, config):
    state, emitted = tick(state, t_ms, state[3], config)
    if t_ms < state[2] or level == state[0]:
        return (state[0], state[1], state[2], level, t_ms), emitted
    state, more = _transition(state, t_ms, level, config)
    return state, emitted + more


def tick(state, t_ms, level, config):
    if not state[2] or t_ms < state[2]:
        return state, ()
    if level == state[0]:
        return (state[0], state[1], 0, level, state[4]), ()
    return _transition(state, state[4] if level == state[3] else t_ms, level, config)


def missed(state, t_ms, config):
    """Woken by the pin, but its level is the one reported already: it went and came back while the chip booted."""
    state, first = _transition(state, t_ms, 1 - state[0], config)
    state, second = _transition(state, t_ms, 1 - state[0], config)
    return state, first + second


def deadline(state, config):
    return state[2] or None


def armed_from(state, config):
    return 0


def wake_level(level):
    return 1 - level


def counters(state):
    return (state[1],)


def restored(saved, level, lost_power, config):
    return (level, saved[0] if saved else 0, 0, level, 0), ()
