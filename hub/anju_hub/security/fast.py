"""OSCORE for reports as fast as Python goes: OpenSSL's AES-CCM, and everything that does not change made once.

The rules are those of `anju_wire.oscore`, whose `Context` is the twin that the tests hold this against.
"""

from collections import OrderedDict
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from anju_wire import coap
from anju_wire.errors import PeerError
from anju_wire.numbers import CHANGED, OPTION_OSCORE
from anju_wire.oscore import Context, encode_option, encode_piv

# A node has one exchange at a time (RFC 7252, Section 4.7); the rest is for networks that deliver late.
_REMEMBERED = 8

Options = list[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class FastBinding:
    """What the response to a request needs."""

    piv: bytes
    nonce: bytes
    aad: bytes


class FastContext:
    """The server's half of a security context, for requests and responses without class U options and Observe."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._recipient = AESCCM(context.recipient_key, tag_length=8)
        self._sender = AESCCM(context.sender_key, tag_length=8)
        # RFC 8613, Section 5.4: [1, [10], kid, piv, h''] in CBOR, up to the piv.
        self._external = b"\x85\x01\x81\x0a" + bytes([0x40 | len(context.recipient_id)]) + context.recipient_id
        self._base = int.from_bytes(context.nonce(context.recipient_id, b"\0"), "big")

    def unprotect(self, piv: bytes, ciphertext: bytes) -> tuple[int, Options, bytes, FastBinding]:
        """Code, options and payload of an authentic request (Section 8.2), and what its response needs.

        Raises
        ------
        PeerError
            It was not protected in this context, or is no CoAP inside.
        """
        # The nonce of a Partial IV is that of 0 with the Partial IV in its last bytes (Section 5.2).
        nonce = (self._base ^ int.from_bytes(piv, "big")).to_bytes(13, "big")
        external = self._external + bytes([0x40 | len(piv)]) + piv + b"\x40"
        binding = FastBinding(piv, nonce, b"\x83\x68Encrypt0\x40" + _byte_string(external))
        try:
            plaintext = self._recipient.decrypt(nonce, ciphertext, binding.aad)
        except (InvalidTag, ValueError) as problem:
            raise PeerError("OSCORE: decryption failed") from problem
        if not plaintext:
            raise PeerError("OSCORE: empty plaintext")
        options, payload = coap.read_body(plaintext, 1)
        return plaintext[0], options, payload, binding

    def protect(
        self, outer: coap.Message, code: int, options: Options, payload: bytes, binding: FastBinding, own: int | None
    ) -> coap.Message:
        """Make `outer` the protected response (Section 8.3), with a Partial IV of its own where `own` is given."""
        plaintext = bytearray((code,))
        coap.append_body(plaintext, options, payload)
        nonce, option = binding.nonce, b""
        if own is not None:
            piv = encode_piv(own)
            nonce, option = self._context.nonce(self._context.sender_id, piv), encode_option(piv, None, None)
        outer.code, outer.options = CHANGED, [(OPTION_OSCORE, option)]
        outer.payload = self._sender.encrypt(nonce, bytes(plaintext), binding.aad)
        return outer


def _byte_string(data: bytes) -> bytes:
    """A CBOR byte string of less than 24 bytes has its length in the first one; this one may be longer."""
    return (bytes([0x40 | len(data)]) if len(data) < 24 else bytes([0x58, len(data)])) + data


class Exchanges:
    """The last requests of a peer by Partial IV, each with its response once there is one.

    The same datagram gets the same bytes (RFC 7252, Section 4.2), which repeats no nonce with another plaintext.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[bytes, bytes | None]] = OrderedDict()

    def find(self, piv: bytes, datagram: bytes) -> tuple[bool, bytes | None]:
        """Whether this very datagram came before, and its response unless that is still to come."""
        known = self._known.get(piv)
        if known is None or known[0] != datagram:
            return False, None
        return True, known[1]

    def begin(self, piv: bytes, datagram: bytes) -> None:
        self._known[piv] = datagram, None
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def end(self, piv: bytes, response: bytes) -> None:
        known = self._known.get(piv)
        if known is not None:
            self._known[piv] = known[0], response
