"""The tables of `protocol/SPEC.md` are the tables of `anju_wire.record`, and its clauses exist where they are cited."""

import json
import re
from pathlib import Path

import anju_wire
from anju_wire import numbers, record

_ROOT = Path(__file__).parents[1]
_SPEC = (_ROOT / "protocol" / "SPEC.md").read_text()
_CLAUSES = set(re.findall(r"^(?:## )?(\d+(?:\.\d+)?)\.? ", _SPEC, re.M))
_TYPES = {
    "bool": (None, None),
    "count": (0, numbers.MAX_COUNT),
    "1…255": (1, 255),
    "0…255": (0, 255),
    "0…65535": (0, 65535),
    "−128…127": (-128, 127),
    "1…2^32 − 1": (1, 2**32 - 1),
}
_KINDS = {"4.3": numbers.DOOR, "4.4": numbers.PIR, "4.5": numbers.METER, "4.6": numbers.HEALTH}


def _presence(meaning: str) -> int:
    return 1 if "left out when 0" in meaning else 2 if meaning.startswith("optional") else 0


def _table(clause: str) -> "record.Table":
    """The field table that stands under a clause, as `anju_wire.record` writes it."""
    text = re.split(r"^\d+\.\d+ ", _SPEC.split(f"\n{clause} ")[1], maxsplit=1, flags=re.M)[0]
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", text, re.M)
    return tuple((int(key), name, *_TYPES[kind], _presence(meaning)) for key, name, kind, meaning in rows)


def test_4_field_tables() -> None:
    assert _table("4.1") == record._COMMON
    assert {kind: _table(clause) for clause, kind in _KINDS.items()} == record._FIELDS


def test_8_limits() -> None:
    for clause, text in (
        ("8.1", f"{numbers.MAX_RECORDS} records"),
        ("8.2", f"{numbers.MAX_REPORT_BYTES} bytes"),
        ("8.2", f"an answer {numbers.MAX_ANSWER_BYTES}"),
        ("8.4", str(numbers.MAX_COUNT)),
        ("2.2", f"`{numbers.HUB_ID.decode()}`"),
        ("3.2", f"Uri-Path `{numbers.PATH_REPORT}` with Content-Format {numbers.FORMAT_CBOR}"),
    ):
        paragraph = _SPEC.split(f"\n{clause} ")[1].split("\n\n")[0].replace("\n", " ")
        assert text in paragraph, (clause, text)


def test_cited_clauses_exist() -> None:
    cited = {
        vector["clause"].removeprefix("SPEC ")
        for path in (Path(anju_wire.__file__).parent / "vectors").glob("*.json")
        for vector in json.loads(path.read_text())
        if vector["clause"].startswith("SPEC ")
    }
    for package in ("protocol", "firmware", "hub", "tools"):
        for path in (_ROOT / package).rglob("*.py"):
            cited |= set(re.findall(r"SPEC (?:section |§ ?)?(\d+(?:\.\d+)?)", path.read_text()))
    assert cited and sorted(cited - _CLAUSES) == []
