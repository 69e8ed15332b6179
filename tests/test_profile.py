"""Vendor profiles: SPEC 17."""

import json
from pathlib import Path
from typing import Any

import pytest

from anju_wire import profile
from anju_wire.errors import PeerError
from anju_wire.profile import ProfileError

_EXAMPLE = Path(__file__).parents[1] / "protocol" / "profiles" / "spirometer.toml"
_SPEC = (Path(__file__).parents[1] / "protocol" / "SPEC.md").read_text()


def _field(**changes: Any) -> dict[str, Any]:
    return {"key": 4, "name": "free", "type": "bool", **changes}


def _document(*fields: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"profile": 1, "kind": [{"number": 200, "name": "bay", "field": list(fields) or [_field()], **changes}]}


def _kind(*fields: dict[str, Any]) -> profile.Kind:
    return profile.parse(_document(*fields))[0]


def _record(**fields: Any) -> dict[Any, Any]:
    return {"kind": 200, "age_ms": 0, "channel": 0, "age_error_ms": 0, **fields}


def test_17_1_the_example_and_the_one_in_the_text(tmp_path: Path) -> None:
    kind = profile.read(_EXAMPLE)[0]
    assert (kind.number, kind.name, len(kind.fields)) == (160, "spirometer", 4)
    in_text = tmp_path / "text.toml"
    in_text.write_text(_SPEC.split("```toml\n")[1].split("```")[0])
    assert [item.name for item in profile.read(in_text)[0].fields] == ["fev1_ml", "comment"]


def test_17_2_json_is_a_profile_too(tmp_path: Path) -> None:
    (tmp_path / "bay.json").write_text(json.dumps(_document()))
    assert list(profile.load(tmp_path).kinds) == [200]
    assert profile.load(tmp_path / "nothing").kinds == {}


@pytest.mark.parametrize(
    ("declared", "good", "bad"),
    [
        ({"type": "uint", "min": 2, "max": 9}, (2, 9), (1, 10, 2.0, True, None, "2")),
        ({"type": "uint"}, (0, 2**53 - 1), (-1, 2**53)),
        ({"type": "int", "max": 0}, (0, -(2**53) + 1), (1, -(2**53), 0.0)),
        ({"type": "float", "min": -0.5, "max": 1}, (-0.5, 0, 1, 0.25), (1.1, float("nan"), float("inf"), True, "1")),
        ({"type": "float"}, (1e300, 2**64), (float("-inf"), 10**400)),
        ({"type": "bool"}, (True, False), (1, 0, None)),
        ({"type": "text", "max": 3}, ("", "abc", "é1"), ("abcd", "éé", b"a", 1)),
        ({"type": "text"}, ("x" * 256,), ("x" * 257,)),
    ],
)
def test_17_2_types_and_ranges(declared: dict[str, Any], good: tuple[Any, ...], bad: tuple[Any, ...]) -> None:
    kind = _kind(_field(**declared))
    for value in good:
        assert kind.named({**_record(), 4: value})["free"] == value
    for value in bad:
        with pytest.raises(PeerError, match="free"):
            kind.named({**_record(), 4: value})


def test_17_3_required_optional_and_unknown_fields() -> None:
    kind = _kind(_field(), _field(key=5, name="note", type="text", optional=True))
    assert kind.named({**_record(), 4: True, 99: [1]}) == {**_record(), "free": True, 99: [1]}
    with pytest.raises(PeerError, match="free is missing"):
        kind.named({**_record(), 5: "x"})


@pytest.mark.parametrize(
    ("document", "about"),
    [
        ([], "table"),
        ({}, "profile = 1"),
        ({"profile": 2, "kind": []}, "profile = 1"),
        ({"profile": 1}, "kind"),
        ({"profile": 1, "kind": {}}, "kind"),
        ({**_document(), "colour": 1}, "colour"),
        ({**_document(), "vendor": 1}, "vendor"),
        (_document(number=127), "128"),
        (_document(number=256), "128"),
        (_document(number=True), "128"),
        (_document(name="Bay"), "name"),
        (_document(name="x" * 33), "name"),
        (_document(field=[]), "field"),
        (_document(colour=1), "colour"),
        (_document(_field(key=3)), "key"),
        (_document(_field(key="4")), "key"),
        (_document(_field(name="age_ms")), "age_ms"),
        (_document(_field(name="bay")), "bay"),
        (_document(_field(type="bytes")), "type"),
        (_document(_field(unit=1)), "unit"),
        (_document(_field(min=0)), "min"),
        (_document(_field(type="uint", min=-1)), "min"),
        (_document(_field(type="uint", min=5, max=4)), "above"),
        (_document(_field(type="uint", max=1.5)), "max"),
        (_document(_field(type="float", max=float("nan"))), "max"),
        (_document(_field(optional=1)), "optional"),
        (_document(_field(colour=1)), "colour"),
        (_document(_field(), _field(name="other")), "4"),
        (_document(_field(), _field(key=5)), "free"),
    ],
)
def test_17_2_what_is_no_profile(document: Any, about: str) -> None:
    with pytest.raises(ProfileError, match=about):
        profile.parse(document)


def test_17_4_two_profiles_for_one_kind_or_name_and_broken_files(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(_document()))
    for number, name, field in ((200, "other", "b"), (201, "bay", "b"), (201, "other", "free")):
        (tmp_path / "b.json").write_text(json.dumps(_document(_field(name=field), number=number, name=name)))
        with pytest.raises(ProfileError, match=r"b\.json.*a\.json already"):
            profile.load(tmp_path)
    for text in ("{", '{"profile": 1e999}', "[" * 100_000):
        (tmp_path / "b.json").write_text(text)
        with pytest.raises(ProfileError, match=r"b\.json"):
            profile.load(tmp_path)
    (tmp_path / "b.json").unlink()
    (tmp_path / "c.toml").write_bytes(b"\xff")
    with pytest.raises(ProfileError, match=r"c\.toml"):
        profile.load(tmp_path)
