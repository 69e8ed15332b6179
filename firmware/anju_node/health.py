"""The health record: what an operator must know of the node itself. It is the node's heartbeat."""

import gc

from anju_wire import numbers


def record(hal, outbox, wakes, overruns, config):
    """The fields of a health record now."""
    gc.collect()
    return {
        "kind": numbers.HEALTH,
        "battery_mv": hal.battery_mv(),
        "wakes": wakes,
        "resets": outbox.resets,
        "dropped": outbox.dropped + overruns,
        "reset_reason": hal.reset_reason,
        "heap_free": gc.mem_free() if hasattr(gc, "mem_free") else 0,
        "heartbeat_s": config.heartbeat_s,
    }
