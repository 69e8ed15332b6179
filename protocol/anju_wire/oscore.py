"""OSCORE, RFC 8613, for one pair of endpoints: AES-CCM-16-64-128 and HKDF-SHA256, no I/O, no stored state.

The caller owns what must outlive a reset: the sender sequence number (SPEC 7.2) and, on a server, the `ReplayWindow`.
"""

from . import cbor, coap
from ._compat import const
from .ccm import CCM, aes_ccm
from .errors import LocalError, PeerError
from .hkdf import expand, extract
from .numbers import (
    BAD_OPTION,
    BAD_REQUEST,
    FETCH,
    MAX_NODE_ID_BYTES,
    OPTION_OBSERVE,
    OPTION_OSCORE,
    OPTION_PROXY_URI,
    OPTIONS_CLASS_U,
    POST,
)

_ALGORITHM = const(10)  # AES-CCM-16-64-128, RFC 9053 section 4.2
_VERSION = const(1)
_KEY_LENGTH = const(16)
_NONCE_LENGTH = const(13)
_PIV_LENGTH = const(5)
_FLAG_KID = const(0x08)
_FLAG_KID_CONTEXT = const(0x10)
_FLAGS_RESERVED = const(0xE0)


class Binding:
    """What ties a response to its request: the request's `kid`, `piv` and `nonce`; `sequence` is `piv` as an int."""

    def __init__(self, kid: bytes, piv: bytes, nonce: bytes, observe: bool) -> None:
        self.kid = kid
        self.piv = piv
        self.nonce = nonce
        self.observe = observe  # the request's outer code is FETCH, RFC 8613 section 4.2
        self.answered = False  # the request's nonce has served its one response
        self.notified = -1  # Notification Number of a client, RFC 8613 section 7.4.1

    @property
    def sequence(self) -> int:
        return int.from_bytes(self.piv, "big")


class Context:
    """A security context, RFC 8613 section 3, derived from its input parameters.

    Identifiers are at most 7 bytes.  Keys: `sender_key`, `recipient_key`, `common_iv`.
    """

    def __init__(
        self,
        master_secret: bytes,
        master_salt: bytes,
        sender_id: bytes,
        recipient_id: bytes,
        id_context: "bytes | None" = None,
    ) -> None:
        if len(sender_id) > MAX_NODE_ID_BYTES or len(recipient_id) > MAX_NODE_ID_BYTES:
            raise LocalError("identifier is longer than 7 bytes")
        if sender_id == recipient_id:
            raise LocalError("both ends have the same identifier")
        self.sender_id = sender_id
        self.recipient_id = recipient_id
        self.id_context = id_context
        key = extract(master_salt, master_secret)
        self.sender_key = expand(key, self._info(sender_id, "Key", _KEY_LENGTH), _KEY_LENGTH)
        self.recipient_key = expand(key, self._info(recipient_id, "Key", _KEY_LENGTH), _KEY_LENGTH)
        self.common_iv = expand(key, self._info(b"", "IV", _NONCE_LENGTH), _NONCE_LENGTH)
        self.sender = aes_ccm(self.sender_key)
        self.recipient = aes_ccm(self.recipient_key)

    def _info(self, identity: bytes, kind: str, length: int) -> bytes:
        """The `info` array of RFC 8613 section 3.2.1."""
        return cbor.encode([identity, self.id_context, _ALGORITHM, kind, length])

    def nonce(self, identity: bytes, piv: bytes) -> bytes:
        """The nonce of a Partial IV and of the endpoint that made it, RFC 8613 section 5.2."""
        padded = bytes((len(identity),)) + bytes(_NONCE_LENGTH - 6 - len(identity)) + identity
        padded += bytes(_PIV_LENGTH - len(piv)) + piv
        return bytes([a ^ b for a, b in zip(padded, self.common_iv)])  # noqa: B905 - no strict in MicroPython

    def protect_request(self, message: coap.Message, sequence: int) -> "tuple[coap.Message, Binding]":
        """The protected request, RFC 8613 section 8.1, and what its response will need.

        `sequence` must never repeat under one key: LocalError beyond 2**40 - 1, when the keys are used up.
        """
        if not message.is_request():
            raise LocalError("not a request")
        if message.option(OPTION_PROXY_URI) is not None:
            raise LocalError("Proxy-Uri must be split before protection")
        piv = encode_piv(sequence)
        observe = message.option(OPTION_OBSERVE)
        binding = Binding(self.sender_id, piv, self.nonce(self.sender_id, piv), observe is not None)
        option = encode_option(piv, self.sender_id, self.id_context)
        code = POST if observe is None else FETCH
        outer = outer_message(message, code, option, observe)
        outer.payload = self.sender.seal(binding.nonce, plaintext(message, observe), aad(binding))
        return outer, binding

    def unprotect_response(self, message: coap.Message, binding: Binding) -> coap.Message:
        """The response in a protected message, RFC 8613 section 8.4; PeerError if it is not authentic or not fresh.

        The Observe value of a notification is the end of its Partial IV, by which notifications are ordered.
        """
        if not message.is_response():
            raise error("response")
        piv, kid, _ = decode_option(option_of(message))
        if kid is not None and kid != self.recipient_id:
            raise error("kid")
        if piv is None and binding.answered:
            raise error("replay")
        nonce = binding.nonce if piv is None else self.nonce(self.recipient_id, piv)
        inner = open_message(self.recipient, nonce, message, binding)
        if not inner.is_response():
            raise error("inner code")
        if inner.option(OPTION_OBSERVE) is not None and binding.observe:
            _accept_notification(inner, piv, binding)
        binding.answered = binding.answered or piv is None
        return inner

    def unprotect_request(self, message: coap.Message) -> "tuple[coap.Message, Binding]":
        """The authentic request in a protected message, and what the response will need; see `oscore_server`."""
        from .oscore_server import unprotect_request  # a node has no use for this half: it loads when called

        return unprotect_request(self, message)

    def protect_response(self, message: coap.Message, binding: Binding, sequence: "int | None" = None) -> coap.Message:
        """The protected response; see `oscore_server`."""
        from .oscore_server import protect_response

        return protect_response(self, message, binding, sequence)


def error(what: str, code: int = BAD_REQUEST) -> PeerError:
    """Short words: a string of more than 10 characters costs a node about 100 bytes of heap."""
    return PeerError("OSCORE: wrong " + what, code)


def encode_piv(sequence: int) -> bytes:
    """A Partial IV: 1 to 5 bytes without leading zeros, 0 as one zero byte, RFC 8613 section 6.1."""
    if sequence < 0 or sequence >> 8 * _PIV_LENGTH:
        raise LocalError("sequence numbers are used up")
    return coap.encode_uint(sequence) or b"\x00"


def encode_option(piv: "bytes | None", kid: "bytes | None", kid_context: "bytes | None") -> bytes:
    """The compressed COSE header, RFC 8613 section 6.1."""
    flags = len(piv) if piv else 0
    value = piv or b""
    if kid_context is not None:
        flags |= _FLAG_KID_CONTEXT
        value += bytes((len(kid_context),)) + kid_context
    if kid is not None:
        flags |= _FLAG_KID
        value += kid
    return bytes((flags,)) + value if flags else b""


def decode_option(value: bytes) -> "tuple[bytes | None, bytes | None, bytes | None]":
    """`(piv, kid, kid_context)`, None for what is absent; PeerError (4.02) if it is malformed.

    A server looks its context up by `kid` before it unprotects the request.
    """
    if not value:
        return None, None, None
    flags = value[0]
    size = flags & 7
    if flags == 0 or flags & _FLAGS_RESERVED or size > _PIV_LENGTH or len(value) < 1 + size:
        raise error("option", BAD_OPTION)
    at = 1 + size
    piv = value[1:at] if size else None
    if size > 1 and value[1] == 0:  # one number must have one encoding
        raise error("option", BAD_OPTION)
    kid_context = None
    if flags & _FLAG_KID_CONTEXT:
        if at == len(value) or at + 1 + value[at] > len(value):
            raise error("option", BAD_OPTION)
        end = at + 1 + value[at]
        kid_context = value[at + 1 : end]
        at = end
    if not flags & _FLAG_KID:
        if at != len(value):
            raise error("option", BAD_OPTION)
        return piv, None, kid_context
    return piv, value[at:], kid_context


def option_of(message: coap.Message) -> bytes:
    values = message.values(OPTION_OSCORE)
    if len(values) != 1:
        raise error("option", BAD_OPTION)
    return values[0]


def aad(binding: Binding) -> bytes:
    """The Enc_structure around the external_aad of the request, RFC 8613 section 5.4; no class I options."""
    external = cbor.encode([_VERSION, [_ALGORITHM], binding.kid, binding.piv, b""])
    return cbor.encode(["Encrypt0", b"", external])


def outer_message(message: coap.Message, code: int, option: bytes, observe: "bytes | None") -> coap.Message:
    options = [pair for pair in message.options if pair[0] in OPTIONS_CLASS_U and pair[0] != OPTION_OSCORE]
    options.append((OPTION_OSCORE, option))
    if observe is not None:
        options.append((OPTION_OBSERVE, observe))
    return coap.Message(message.mtype, code, message.mid, message.token, options)


def plaintext(message: coap.Message, observe: "bytes | None") -> bytes:
    """Code, class E options and payload, RFC 8613 section 5.3."""
    out = bytearray((message.code,))
    options = [pair for pair in message.options if pair[0] not in OPTIONS_CLASS_U and pair[0] != OPTION_OBSERVE]
    if observe is not None:
        options.append((OPTION_OBSERVE, observe))
    coap.append_body(out, options, message.payload)
    return bytes(out)


def open_message(aead: CCM, nonce: bytes, message: coap.Message, binding: Binding) -> coap.Message:
    """The inner message with the outer class U options; outer class E options are not authentic and are dropped."""
    try:
        plaintext = aead.open(nonce, message.payload, aad(binding))
    except PeerError:
        raise error("decryption") from None
    if not plaintext:
        raise error("plaintext")
    options, payload = coap.read_body(plaintext, 1)
    options = [pair for pair in options if pair[0] not in OPTIONS_CLASS_U]
    options.extend([pair for pair in message.options if pair[0] in OPTIONS_CLASS_U and pair[0] != OPTION_OSCORE])
    return coap.Message(message.mtype, plaintext[0], message.mid, message.token, options, payload)


def _accept_notification(inner: coap.Message, piv: "bytes | None", binding: Binding) -> None:
    """RFC 8613 sections 4.1.3.5.2 and 7.4.1: a notification has a Partial IV higher than all before."""
    number = -1 if piv is None else int.from_bytes(piv, "big")
    if number <= binding.notified:
        raise error("replay")
    binding.notified = number
    inner.options = without(inner.options, OPTION_OBSERVE)
    inner.options.append((OPTION_OBSERVE, coap.encode_uint(number & 0xFFFFFF)))


def without(options: list[tuple[int, bytes]], number: int) -> list[tuple[int, bytes]]:
    return [pair for pair in options if pair[0] != number]
