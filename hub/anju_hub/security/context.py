"""One security context, its replay window, and what came out of unprotecting a request."""

import secrets
from dataclasses import dataclass
from typing import Any

from aiocoap import Message, oscore
from cryptography.hazmat.primitives import hashes

from anju_hub.security import window
from anju_hub.security.fast import Exchanges, FastContext
from anju_hub.security.piv import PivSource
from anju_hub.security.window import Window
from anju_hub.store.registry import KeyRow
from anju_wire.numbers import HUB_ID
from anju_wire.oscore import Context


@dataclass(frozen=True, slots=True)
class Opened:
    """An unprotected request.

    `fresh` is false for a replay: nothing may happen that has not happened before.  `request_id` binds the
    response; it carries the permission to use the request's nonce, which is off until somebody who has made the
    request's number durable turns it on.
    """

    message: Message
    request_id: oscore.RequestIdentifiers
    partial_iv: int
    fresh: bool

    def allow_nonce_reuse(self) -> None:
        """After a commit that a crash cannot undo: the response needs no Partial IV of its own."""
        self.request_id.can_reuse_nonce = self.fresh


class _Window:
    """What aiocoap's `unprotect` asks for: lets replays through and remembers that they were."""

    def __init__(self, value: Window | None) -> None:
        self.value = value
        self.fresh = False

    def is_initialized(self) -> bool:
        return self.value is not None

    def is_valid(self, _number: int) -> bool:
        return True

    def strike_out(self, number: int) -> None:
        assert self.value is not None
        self.fresh = window.is_fresh(self.value, number)
        self.value = window.strike(self.value, number)

    def initialize_from_freshlyseen(self, number: int) -> None:
        self.value = window.only_after(number)
        self.fresh = True


class HubContext(oscore.CanProtect, oscore.CanUnprotect, oscore.SecurityContextUtils):
    """AES-CCM-16-64-128 and HKDF SHA-256, the hub's Sender ID being "H".

    Nodes come with a persisted window; operators prove their freshness by Echo (Appendix B.1.2) once after
    each start of the hub, so their window needs no disk.
    """

    alg_aead = oscore.AES_CCM_16_64_128()
    hashfun = hashes.SHA256()
    id_context = None

    def __init__(self, key: KeyRow, pivs: PivSource) -> None:
        self.key = key
        self.role, self.name, self.node_id = key.role, key.name, key.node_id
        self.sender_id, self.recipient_id = HUB_ID, key.recipient_id
        self.authenticated_claims = [f"{key.role}:{key.name}"]
        self.recipient_replay_window = _Window(key.window)
        self.echo_recovery = secrets.token_bytes(8)
        self.committed: Window | None = key.window
        self.exchanges = Exchanges()
        self._fast: FastContext | None = None
        self._pivs = pivs
        self.derive_keys(key.master_salt, key.master_secret)

    def __repr__(self) -> str:
        return f"<HubContext {self.role}:{self.name}>"

    def open(self, message: Message) -> Opened:
        """Unprotect a request.

        Raises
        ------
        oscore.ProtectionInvalid
            It was not protected in this context; as `ReplayErrorWithEcho` it is an answer.
        """
        opened, request_id = self.unprotect(message)
        request_id.can_reuse_nonce = False
        number = int.from_bytes(request_id.partial_iv, "big")
        return Opened(opened, request_id, number, self.recipient_replay_window.fresh)

    @property
    def fast(self) -> FastContext:
        """The same context for the hot path; both share the replay window and the Partial IVs."""
        if self._fast is None:
            key = self.key
            self._fast = FastContext(Context(key.master_secret, key.master_salt, HUB_ID, key.recipient_id))
        return self._fast

    @property
    def has_window(self) -> bool:
        return self.recipient_replay_window.is_initialized()

    def strike(self, number: int) -> bool:
        """Strike out the number of an authentic request; whether it was fresh."""
        self.recipient_replay_window.strike_out(number)
        return self.recipient_replay_window.fresh

    def committing(self, numbers: list[int]) -> Window:
        """The window that belongs in the transaction which commits the requests with these numbers."""
        value = self.committed
        for number in numbers:
            value = window.only_after(number) if value is None else window.strike(value, number)
        return value or window.EMPTY

    def new_sequence_number(self) -> int:
        return self._pivs.next()

    def post_seqnoincrease(self) -> None:
        """Nothing: `PivSource` is ahead of every number it gives."""


def unprotected_kid(message: Message) -> bytes | None:
    """Which peer a protected request claims to come from; None if it does not say or speaks of a group."""
    found: dict[Any, Any] = oscore.verify_start(message)
    kid = found.get(oscore.COSE_KID)
    return kid if isinstance(kid, bytes) and oscore.COSE_KID_CONTEXT not in found else None
