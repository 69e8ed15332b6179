"""AES-CCM and HKDF on both interpreters: RFC 3610 section 8, RFC 5869 Appendix A, RFC 4231."""

from anju_wire import hkdf
from anju_wire._compat import aes_cbc_mac, aes_ecb
from anju_wire.ccm import CCM, aes_ccm
from anju_wire.errors import LocalError, PeerError
from vectors import load, raised, unhex


def _ciphers(vector):
    """The vector's cipher with the MAC in one CBC pass, and with the MAC block by block."""
    key = unhex(vector["key"])
    lengths = vector["tag_length"], len(vector["nonce"]) // 2
    return CCM(aes_ecb(key), *lengths, aes_cbc_mac(key)), CCM(aes_ecb(key), *lengths)


def test_rfc_3610_vectors_seal_and_open():
    count = 0
    for vector in load("ccm"):
        if "error" in vector:
            continue
        nonce, aad = unhex(vector["nonce"]), unhex(vector["aad"])
        plaintext, sealed = unhex(vector["plaintext"]), unhex(vector["hex"])
        for cipher in _ciphers(vector):
            assert cipher.seal(nonce, plaintext, aad) == sealed, vector["name"]
            assert cipher.open(nonce, sealed, aad) == plaintext, vector["name"]
        count += 1
    assert count >= 24


def test_rfc_3610_forgeries_are_the_peers_error():
    count = 0
    for vector in load("ccm"):
        if "error" in vector:
            for cipher in _ciphers(vector):
                raised(PeerError, cipher.open, unhex(vector["nonce"]), unhex(vector["hex"]), unhex(vector["aad"]))
            count += 1
    assert count == 3


def test_every_flipped_bit_is_noticed():
    cipher = aes_ccm(b"k" * 16)
    nonce, aad = b"n" * 13, b"header"
    sealed = cipher.seal(nonce, b"a report", aad)
    for bit in range(8 * len(sealed)):
        forged = bytearray(sealed)
        forged[bit >> 3] ^= 1 << (bit & 7)
        raised(PeerError, cipher.open, nonce, bytes(forged), aad)
    raised(PeerError, cipher.open, nonce, sealed, aad + b"\x00")
    raised(PeerError, cipher.open, b"m" * 13, sealed, aad)
    assert cipher.open(nonce, sealed, aad) == b"a report"


def test_all_lengths_round_trip():
    cipher = aes_ccm(b"k" * 16)
    for length in range(70):
        sealed = cipher.seal(b"n" * 13, b"\x00" * length, b"h" * (69 - length))
        assert len(sealed) == length + 8
        assert cipher.open(b"n" * 13, sealed, b"h" * (69 - length)) == b"\x00" * length


def test_associated_data_beyond_65279_bytes_has_a_long_length():
    cipher = CCM(aes_ecb(b"k" * 16), 8, 13, aes_cbc_mac(b"k" * 16))
    # RFC 3610 section 2.2; computed with OpenSSL
    assert cipher.seal(b"n" * 13, b"x", bytes(65279)).hex() == "d3e8a45b60c3b6dcef"
    assert cipher.seal(b"n" * 13, b"x", bytes(65280)).hex() == "d3ba4bd8010c8b7883"


def test_wrong_parameters_are_our_own_error():
    for lengths in ((3, 13), (5, 13), (18, 13), (2, 13), (8, 6), (8, 14)):
        raised(LocalError, CCM, aes_ecb(b"k" * 16), *lengths)
    cipher = aes_ccm(b"k" * 16)
    raised(LocalError, cipher.seal, b"n" * 12, b"", b"")
    raised(LocalError, cipher.open, b"n" * 12, bytes(8), b"")
    raised(LocalError, cipher.seal, b"n" * 13, bytes(65536), b"")


def test_rfc_4231_hmac_sha256():
    assert hkdf.hmac_sha256(b"Jefe", b"what do ya want for nothing?").hex() == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
    assert hkdf.hmac_sha256(b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First").hex() == (
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    )


def test_rfc_5869_appendix_a_hkdf_sha256():
    key = hkdf.extract(bytes(range(13)), b"\x0b" * 22)
    assert key.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    assert hkdf.expand(key, bytes(range(0xF0, 0xFA)), 42).hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    key = hkdf.extract(b"", b"\x0b" * 22)  # A.3: neither salt nor info
    assert hkdf.expand(key, b"", 42).hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )
