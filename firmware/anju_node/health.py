"""The health record: what an operator must know of the node itself. It is the node's heartbeat."""

import gc

from anju_wire import numbers
from anju_wire._compat import TYPE_CHECKING

if TYPE_CHECKING:
    from anju_node.config import Config
    from anju_node.hal.interface import Hal
    from anju_node.outbox import Outbox


def record(hal: "Hal", outbox: "Outbox", wakes: int, overruns: int, config: "Config") -> "dict[str, object]":
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
