"""HMAC-SHA256 and HKDF, RFC 2104 and RFC 5869; MicroPython has no hmac module."""

from hashlib import sha256

_BLOCK = 64
_HASH = 32


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """The 32-byte MAC of `data`."""
    if len(key) > _BLOCK:
        key = sha256(key).digest()
    key += bytes(_BLOCK - len(key))
    inner = sha256(bytes([byte ^ 0x36 for byte in key]))
    inner.update(data)
    outer = sha256(bytes([byte ^ 0x5C for byte in key]))
    outer.update(inner.digest())
    return outer.digest()


def extract(salt: bytes, secret: bytes) -> bytes:
    """The pseudo-random key; an empty salt stands for 32 zero bytes, RFC 5869 section 2.2."""
    return hmac_sha256(salt, secret)


def expand(key: bytes, info: bytes, length: int) -> bytes:
    """`length` bytes (at most 255 * 32) of key material, RFC 5869 section 2.3."""
    out = b""
    block = b""
    while len(out) < length:
        block = hmac_sha256(key, block + info + bytes((len(out) // _HASH + 1,)))
        out += block
    return out[:length]
