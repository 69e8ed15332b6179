"""The node's OSCORE context and its sender sequence numbers, which no reset may repeat (RFC 8613 §7.2, B.1)."""

from anju_wire._compat import TYPE_CHECKING
from anju_wire.numbers import HUB_ID

if TYPE_CHECKING:
    from anju_node.config import Config
    from anju_node.outbox import Outbox
    from anju_wire.oscore import Context

_STEP = 64


class Keystore:
    """Sequence numbers are reserved on flash `_STEP` at a time; between two wakes the next one is in RTC memory."""

    def __init__(self, config: "Config", outbox: "Outbox") -> None:
        self._config = config
        self._outbox = outbox
        self.next = 0

    def cold_boot(self) -> None:
        """RTC memory is gone: everything that was reserved counts as used."""
        self.next = self._outbox.reserved

    def take(self) -> int:
        """The next sender sequence number."""
        if self.next >= self._outbox.reserved:
            self._outbox.reserve(self.next + _STEP)
        number = self.next
        self.next += 1
        return number

    def context(self) -> "Context":
        """The security context, derived when a report is due and dropped with the wake."""
        from anju_wire.oscore import Context

        config = self._config
        return Context(config.master_secret, config.master_salt, config.node.encode(), HUB_ID)
