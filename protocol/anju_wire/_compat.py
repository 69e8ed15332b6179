"""What differs between CPython and MicroPython, and nothing else.

`aes_ecb(key)` gives `encrypt(blocks) -> blocks`; `aes_cbc_mac(key)` gives `mac(blocks) -> 16 bytes`, the last block
of a CBC pass with a zero IV.  Both take whole blocks of 16 bytes, so a message costs one C call each.
`text` decodes UTF-8 or raises UnicodeError; `pack_float` is `struct.pack` for one float.
`MAX_ITEMS` bounds what one CBOR message may unfold into: a byte or two can cost 100 bytes of a
node's heap, garbage included.
"""

import struct
import sys

TYPE_CHECKING = False  # MicroPython has no typing module; type checkers take this name for true

if TYPE_CHECKING or sys.implementation.name != "micropython":
    from collections.abc import Callable

    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

    MAX_ITEMS = 1 << 24
    pack_float = struct.pack

    def const(value: int) -> int:
        return value

    def aes_ecb(key: bytes) -> Callable[[bytes], bytes]:
        return Cipher(AES(key), ECB()).encryptor().update

    def aes_cbc_mac(key: bytes) -> Callable[[bytes], bytes]:
        cipher = Cipher(AES(key), CBC(bytes(16)))

        def mac(blocks: bytes) -> bytes:
            return cipher.encryptor().update(blocks)[-16:]

        return mac

    def text(data: bytes) -> str:
        return data.decode()

else:
    from cryptolib import aes
    from micropython import const  # noqa: F401 - for the others

    MAX_ITEMS = 80

    def pack_float(form, value):
        scaled = abs(value) * 16777216
        if form == ">e" and 0 < scaled < 1024:  # the port shifts half precision's subnormals one bit too far
            return struct.pack(">H", int(scaled) | (0x8000 if value < 0 else 0))
        return struct.pack(form, value)

    def aes_ecb(key):
        return aes(key, 1).encrypt

    def aes_cbc_mac(key):
        def mac(blocks):
            cipher = aes(key, 2, bytes(16))  # the object carries the chain on, so one for each message
            buffer = bytearray(blocks)
            cipher.encrypt(buffer, buffer)
            return bytes(buffer[-16:])

        return mac

    def text(data):
        decoded = str(data, "utf-8")
        if len(decoded) != len(data):
            _check_code_points(decoded, len(data))
        return decoded

    def _check_code_points(decoded, length):
        """The port's own check lets overlong forms, surrogates and numbers above U+10FFFF pass."""
        for character in decoded:
            code = ord(character)
            length -= 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
            if 0xD800 <= code < 0xE000 or code > 0x10FFFF:
                raise UnicodeError
        if length:
            raise UnicodeError
