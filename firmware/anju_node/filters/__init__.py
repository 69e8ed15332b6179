"""Edge filters: pure `step()` functions from pin edges and time to record fields.

Each filter module has the same surface, so `recorder` drives them by table:

`START`                      the state of a new node, a tuple of small ints
`edge(state, t_ms, level, config) -> (state, emitted)`   the pin changed to `level` at `t_ms`
`tick(state, t_ms, level, config) -> (state, emitted)`   a deadline passed; `level` is the pin now
`missed(state, t_ms, config) -> (state, emitted)`        the pin woke us and is already back
`deadline(state, config) -> t_ms or None`                when `tick` wants to be called
`armed_from(state, config) -> t_ms`                      from when on the pin may wake the node
`wake_level(level) -> 0|1`   the level to wake on, given the pin's level now
`counters(state) -> tuple`, `restored(counters, level, lost_power, config)`  what survives a power cut

`emitted` is a tuple of `(t_ms, urgent, fields)`; times are ms of the node's own clock (SPEC: age).
States are tuples of ints because they live in RTC memory between two wakes.
"""

from anju_wire._compat import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    State: TypeAlias = tuple[int, ...]
    Emitted: TypeAlias = tuple[tuple[int, bool, dict[str, object]], ...]
    Step: TypeAlias = tuple[State, Emitted]
