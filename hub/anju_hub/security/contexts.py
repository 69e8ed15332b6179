"""All security contexts: loaded from the store when first asked for, dropped when the store has others."""

from anju_hub.security.context import HubContext
from anju_hub.security.piv import PivSource
from anju_hub.store import numbers, registry
from anju_hub.store.engine import Store


class Contexts:
    """Contexts by the peer's Sender ID."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._loaded: dict[bytes, HubContext] = {}
        self.pivs = PivSource(self._reserve)

    def find(self, recipient_id: bytes) -> HubContext | None:
        """The context of a peer, also of one that was enrolled a moment ago."""
        context = self._loaded.get(recipient_id)
        if context is None:
            with self._store.read() as connection:
                key = registry.find_key(connection, recipient_id)
            if key is None:
                return None
            context = self._loaded[recipient_id] = HubContext(key, self.pivs)
        return context

    def stored_secrets(self) -> dict[bytes, bytes]:
        """The master secret of every context in the store, by recipient; may be called from another thread."""
        with self._store.read() as connection:
            return registry.secrets(connection)

    def keep(self, stored: dict[bytes, bytes]) -> None:
        """Forget loaded contexts whose secret is not among `stored` any more."""
        for recipient_id, context in list(self._loaded.items()):
            if stored.get(recipient_id) != context.key.master_secret:
                del self._loaded[recipient_id]

    def _reserve(self, amount: int) -> int:
        with self._store.write() as connection:
            return numbers.reserve(connection, numbers.PIV_RESERVED, amount)
