"""`protocol/SPEC.md` against the code: tables, limits, the worked exchange; and every MUST is checked somewhere."""

import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

import anju_wire
from anju_wire import downlink, numbers, numbers_more, record, senml_report
from tests import worked_exchange

_ROOT = Path(__file__).parents[1]
_SPEC = (_ROOT / "protocol" / "SPEC.md").read_text()
_BODY = _SPEC[_SPEC.index("\n## 1. ") :]
_CLAUSES = set(re.findall(r"^(?:## )?(\d+(?:\.\d+)?)\.? ", _BODY, re.M))
_TYPES = {
    "bool": (None, None),
    "list": (list, list),
    "count": (0, numbers.MAX_COUNT),
    "1…255": (1, 255),
    "0…255": (0, 255),
    "0…65535": (0, 65535),
    "−128…127": (-128, 127),
    "1…2^32 − 1": (1, 2**32 - 1),
}
_KINDS = {
    "4.3": numbers.DOOR,
    "4.4": numbers.PIR,
    "4.5": numbers.METER,
    "4.6": numbers.HEALTH,
    "4.9": numbers.READINGS,
}

# MUSTs of people and of what no program in this repository does, with the reason; everything else needs a check.
_NOT_CHECKED = {
    "2.5": "moving a node is an installer's act",
    "7.6": "random secrets: `anju hub enrol` draws each one by itself",
    "7.7": "what to do with a lost or copied flash is an installer's act",
    "12.3": "the reference node heeds no configuration yet (clause 21)",
    "12.4": "the reference node heeds no commands yet (clause 21)",
    "12.5": "the reference node heeds nothing but the time (clause 21)",
    "12.6": "no firmware over the wire yet (clause 21)",
    "7.10": "there is no restore command yet (clause 21)",
    "13.2": "the hub joins no multicast group (clause 21)",
    "13.4": "nodes have a configured address only (clause 21)",
}


def _clause(number: str) -> str:
    """The text of one clause."""
    text = re.split(r"^(?:## )?\d+\.(?:\d+)? ", _BODY.split(f"\n{number} ")[1], maxsplit=1, flags=re.M)[0]
    return text.replace("\n", " ")


def _presence(meaning: str) -> int:
    return 1 if "left out when" in meaning else 2 if meaning.startswith("optional") else 0


def _table(clause: str) -> "record.Table":
    """The field table that stands under a clause, as `anju_wire.record` writes it."""
    text = re.split(r"^\d+\.\d+ ", _BODY.split(f"\n{clause} ")[1], maxsplit=1, flags=re.M)[0]
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", text, re.M)
    return tuple((int(key), name, *_TYPES[kind], _presence(meaning)) for key, name, kind, meaning in rows)


def test_4_field_tables() -> None:
    assert _table("4.1") == record._COMMON
    assert {kind: _table(clause) for clause, kind in _KINDS.items()} == record._FIELDS


def test_12_3_configuration_table() -> None:
    text = _BODY.split("\n12.3 ")[1].split("\n12.4 ")[0]
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (\d+)…(\d+) \|", text, re.M)
    assert tuple((int(key), name, int(low), int(high), 2) for key, name, low, high in rows) == downlink._CONFIG


def test_15_1_mapping_table() -> None:
    kinds = {"any": 0, "door": numbers.DOOR, "pir": numbers.PIR, "meter": numbers.METER, "health": numbers.HEALTH}
    rows = re.findall(r"^\| (\w+) \| `(\w+)`[^|]* \| `(\w+)`( \(vb\))? \| ([^|]*)\|", _BODY.split("\n15.1 ")[1], re.M)
    said = {
        name: (kinds[kind], field, bool(is_bool), tuple(re.findall(r"\w+", units)) or (None,))
        for kind, field, name, is_bool, units in rows
    }
    done = {
        name: (kind, field, holds == "bool", tuple(unit[0] for unit in units))
        for name, kind, field, holds, units in senml_report._QUANTITIES
    }
    assert said == done


def test_16_2_uuids() -> None:
    for uuid in (numbers_more.BLE_SERVICE, numbers_more.BLE_UP, numbers_more.BLE_DOWN):
        assert uuid in _SPEC


@pytest.mark.parametrize(
    ("clause", "text"),
    [
        ("8.1", f"{numbers.MAX_RECORDS} records"),
        ("8.2", f"{numbers.MAX_REPORT_BYTES} bytes"),
        ("8.2", f"an answer {numbers.MAX_ANSWER_BYTES}"),
        ("8.4", str(numbers.MAX_COUNT)),
        ("8.5", f"{numbers_more.MAX_DATAGRAM_BYTES} bytes"),
        ("7.3", f"1 to {numbers_more.MAX_ECHO_BYTES} bytes"),
        ("2.2", f"`{numbers.HUB_ID.decode()}`"),
        ("3.2", f"Uri-Path `{numbers.PATH_REPORT}` with Content-Format {numbers.FORMAT_CBOR}"),
        ("14.1", f"Content-Format {numbers_more.FORMAT_SENML_CBOR}"),
    ],
)
def test_numbers(clause: str, text: str) -> None:
    assert text in _clause(clause)


def test_20_the_worked_exchange_is_computed() -> None:
    assert worked_exchange.replaced(_SPEC) == _SPEC, "run: python -m tests.worked_exchange --write"


def test_20_the_worked_exchange_opens_with_what_it_prints() -> None:
    """With the AES-CCM of `cryptography` and the values as printed, nothing of ours."""
    text = _SPEC.split(worked_exchange.BEGIN)[1]
    keys = dict(re.findall(r"^\| ([^|]*) \| `(\w+)` \|$", text, re.M))
    for part, key in (("20.3", "node's Sender Key"), ("20.4", "hub's Sender Key")):
        rows = re.findall(r"^\| ([^|]*) \| `(\w+)` \|$", text.split(f"| {part} ")[1].split("\n\n")[0], re.M)
        values = {name.split(":")[0].split(" ")[0]: bytes.fromhex(value) for name, value in rows}
        aead = AESCCM(bytes.fromhex(keys[key]), tag_length=8)
        assert aead.decrypt(values["nonce"], values["ciphertext"], values["AAD"]) == values["plaintext"]


def _vector_clauses() -> set[str]:
    return {
        vector["clause"].removeprefix("SPEC ")
        for path in (Path(anju_wire.__file__).parent / "vectors").glob("*.json")
        for vector in json.loads(path.read_text())
        if vector["clause"].startswith("SPEC ")
    }


def _test_clauses() -> set[str]:
    """Clauses that tests say they are about (`SPEC 7.3`), or name where the module is about SPEC (`test_7_3_…`, as in
    others it may be an RFC's), and those of the checks of `anju conform`."""
    found: set[str] = set()
    for path in [*(_ROOT / "tests").rglob("test_*.py"), *(_ROOT / "hil_tests").rglob("test_*.py")]:
        text = path.read_text()
        if "SPEC" in text.split('"""')[1]:
            found |= {f"{a}.{b}" for a, b in re.findall(r"def test_(\d+)_(\d+)_[a-z]", text)}
        found |= set(re.findall(r"SPEC (\d+\.\d+)", text))
    for path in (_ROOT / "tools" / "anju_tools" / "conform").rglob("*.py"):
        found |= set(re.findall(r'"(\d+\.\d+)", Level\.', path.read_text()))
    return found


def test_cited_clauses_exist() -> None:
    cited = _vector_clauses()
    for package in ("protocol", "firmware", "hub", "tools"):
        for path in (_ROOT / package).rglob("*.py"):
            cited |= set(re.findall(r"SPEC (?:section |§ ?)?(\d+(?:\.\d+)?)", path.read_text()))
    assert cited and sorted(cited - _CLAUSES) == []


def test_10_4_every_must_is_checked() -> None:
    musts = {clause for clause in _CLAUSES if "." in clause and re.search(r"\bMUST\b", _clause(clause))}
    assert len(musts) > 40
    unchecked = musts - _vector_clauses() - _test_clauses()
    assert sorted(unchecked - set(_NOT_CHECKED)) == []
    assert set(_NOT_CHECKED) <= musts, "a reason for nothing"


def test_10_at_least_150_vectors_with_all_fields() -> None:
    vectors = [
        vector
        for path in (Path(anju_wire.__file__).parent / "vectors").glob("*.json")
        for vector in json.loads(path.read_text())
    ]
    assert len(vectors) >= 150
    for vector in vectors:
        assert {"name", "clause"} <= set(vector), vector
