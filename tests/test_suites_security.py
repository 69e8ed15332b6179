"""AES-CCM, HKDF and OSCORE against suites written by others: NIST CAVP, RFC 5869, RFC 8613 Appendix C."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from anju_wire import coap, hkdf, oscore
from anju_wire._compat import aes_cbc_mac, aes_ecb
from anju_wire.ccm import CCM
from anju_wire.errors import PeerError

_SUITES = Path(__file__).parents[2] / "shared" / "suites"
_VECTORS = Path(oscore.__file__).parent / "vectors" / "oscore.json"


def _suite(name: str) -> Path:
    path = _SUITES / name
    if not path.exists():
        pytest.skip(f"suite {name} is not beside this checkout")
    return path


def test_nist_cavp_aes_128_ccm() -> None:
    vectors = json.loads(_suite("aes-ccm-nist/ccm128.json").read_text())
    for *texts, tag_length, expected, _ in vectors:
        key, nonce, aad, plaintext, sealed = map(bytes.fromhex, texts)
        for cbc_mac in (aes_cbc_mac(key), None):
            cipher = CCM(aes_ecb(key), tag_length, len(nonce), cbc_mac)
            if expected == "Pass":
                assert cipher.seal(nonce, plaintext, aad) == sealed
                assert cipher.open(nonce, sealed, aad) == plaintext
            else:
                with pytest.raises(PeerError):
                    cipher.open(nonce, sealed, aad)
    assert len(vectors) == 960


def test_rfc_5869_appendix_a() -> None:
    text = _suite("hkdf-rfc5869/rfc-5869-HKDF-SHA256.txt").read_text()
    cases = [dict(re.findall(r"^(\w+) *= *(\S*)$", block, re.M)) for block in text.split("COUNT")[1:]]
    for case in cases:
        key = hkdf.extract(bytes.fromhex(case["salt"]), bytes.fromhex(case["IKM"]))
        assert key.hex() == case["PRK"]
        assert hkdf.expand(key, bytes.fromhex(case["info"]), int(case["L"])).hex() == case["OKM"]
    assert len(cases) == 3


def test_our_copy_of_rfc_8613_appendix_c_is_the_rfcs() -> None:
    suite: dict[str, Any] = json.loads(_suite("oscore-rfc8613/rfc8613_appendix_c.json").read_text())["vectors"]
    ours = {vector["name"]: vector for vector in json.loads(_VECTORS.read_text())}
    assert len(suite) == 11
    for name, vector in suite.items():
        for field, value in vector.items():
            if field.startswith("protected_coap_"):
                assert ours[name]["hex"] == value
            elif field.startswith("unprotected_coap_"):
                assert ours[name]["decoded"] == value
            else:
                assert ours[name][field] == value, (name, field)


def test_rfc_8613_appendix_c_plaintexts_open() -> None:
    """The ciphertexts open to the RFC's plaintexts with the keys as printed, our key derivation aside."""
    suite = json.loads(_suite("oscore-rfc8613/rfc8613_appendix_c.json").read_text())["vectors"]
    opened = 0
    for vector in suite.values():
        if "ciphertext" not in vector:
            continue
        key, nonce, aad, sealed = (bytes.fromhex(vector[n]) for n in ("encryption_key", "nonce", "aad", "ciphertext"))
        plaintext = CCM(aes_ecb(key)).open(nonce, sealed, aad)
        assert plaintext.hex() == vector["plaintext"]
        coap.read_body(plaintext, 1)
        opened += 1
    assert opened == 5
