"""AES-CCM, RFC 3610, over an injected block cipher.

The cipher is handed all its blocks at once, so a message costs two calls: one ECB call for the whole key stream,
one CBC pass for the whole MAC.
"""

from ._compat import TYPE_CHECKING, aes_cbc_mac, aes_ecb
from .errors import LocalError, PeerError

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK = 16


class CCM:
    """Authenticated encryption with associated data.

    `encrypt` takes any whole number of 16-byte blocks and encrypts each by itself (ECB); `cbc_mac` takes the same and
    gives the last block of a CBC pass with a zero IV, and is made from `encrypt` when it is left out.
    `tag_length` is 4, 6, … 16 bytes (M), `nonce_length` 7 to 13 bytes (15 - L).
    """

    def __init__(
        self,
        encrypt: "Callable[[bytes], bytes]",
        tag_length: int = 8,
        nonce_length: int = 13,
        cbc_mac: "Callable[[bytes], bytes] | None" = None,
    ) -> None:
        if tag_length not in (4, 6, 8, 10, 12, 14, 16) or not 7 <= nonce_length <= 13:
            raise LocalError("no such CCM parameters")
        self.tag_length = tag_length
        self.nonce_length = nonce_length
        self._encrypt = encrypt
        self._cbc_mac = cbc_mac or self._mac_by_block

    def seal(self, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """Ciphertext and tag."""
        self._check(nonce, len(plaintext))
        stream = self._key_stream(nonce, len(plaintext))
        tag = self._tag(nonce, plaintext, aad, stream)
        return _xor(plaintext, stream[_BLOCK : _BLOCK + len(plaintext)]) + tag

    def open(self, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """The plaintext; PeerError if the tag does not match."""
        length = len(ciphertext) - self.tag_length
        if length < 0:
            raise PeerError("CCM: shorter than its tag")
        self._check(nonce, length)
        stream = self._key_stream(nonce, length)
        plaintext = _xor(ciphertext[:length], stream[_BLOCK : _BLOCK + length])
        if not _equal(self._tag(nonce, plaintext, aad, stream), ciphertext[length:]):
            raise PeerError("CCM: wrong tag")
        return plaintext

    def _check(self, nonce: bytes, length: int) -> None:
        if len(nonce) != self.nonce_length:
            raise LocalError("nonce has the wrong length")
        if length >> 8 * (15 - self.nonce_length):
            raise LocalError("message is too long for its nonce")

    def _key_stream(self, nonce: bytes, length: int) -> bytes:
        """S_0 and the blocks S_1, S_2, … that `length` bytes need, RFC 3610 section 2.3."""
        size = 15 - self.nonce_length
        prefix = bytes((size - 1,)) + nonce
        counters = bytearray()
        for counter in range(1 + (length + _BLOCK - 1) // _BLOCK):
            counters.extend(prefix)
            counters.extend(counter.to_bytes(size, "big"))
        return self._encrypt(bytes(counters))

    def _tag(self, nonce: bytes, plaintext: bytes, aad: bytes, stream: bytes) -> bytes:
        """The encrypted authentication field, RFC 3610 section 2.2."""
        size = 15 - self.nonce_length
        flags = (0x40 if aad else 0) | (self.tag_length - 2) // 2 << 3 | size - 1
        blocks = bytearray((flags,))
        blocks.extend(nonce)
        blocks.extend(len(plaintext).to_bytes(size, "big"))
        if aad:
            blocks.extend(_aad_length(len(aad)))
            blocks.extend(aad)
            _pad(blocks)
        blocks.extend(plaintext)
        _pad(blocks)
        mac = self._cbc_mac(bytes(blocks))
        return _xor(mac[: self.tag_length], stream[: self.tag_length])

    def _mac_by_block(self, blocks: bytes) -> bytes:
        mac = bytes(_BLOCK)
        for at in range(0, len(blocks), _BLOCK):
            mac = self._encrypt(_xor(mac, blocks[at : at + _BLOCK]))
        return mac


def aes_ccm(key: bytes) -> CCM:
    """AES-CCM-16-64-128, RFC 9053 section 4.2: 8-byte tag, 13-byte nonce."""
    return CCM(aes_ecb(key), cbc_mac=aes_cbc_mac(key))


def _aad_length(length: int) -> bytes:
    if length < 0xFF00:
        return length.to_bytes(2, "big")
    return b"\xff\xfe" + length.to_bytes(4, "big")


def _pad(blocks: bytearray) -> None:
    blocks.extend(bytes(-len(blocks) % _BLOCK))


def _xor(a: bytes, b: bytes) -> bytes:
    """Big integers do it in C; byte by byte, MicroPython would take longer than for the cipher."""
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).to_bytes(len(a), "big")


def _equal(a: bytes, b: bytes) -> bool:
    """Compare without telling by time where the first difference is."""
    difference = len(a) ^ len(b)
    for x, y in zip(a, b):  # noqa: B905 - MicroPython's zip has no strict
        difference |= x ^ y
    return difference == 0
