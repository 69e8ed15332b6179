"""Runs the bare `test_*` functions of modules: `micropython run_upy.py [-p FOLDER]… MODULE.py…`.

The test runner of MicroPython, which has no pytest: prints a line for each test and exits with 1 if one failed.
"""

import gc
import sys


def run(path):
    """How many tests of the module failed."""
    folder, name = path.rsplit("/", 1) if "/" in path else (".", path)
    sys.path.insert(0, folder)
    module = __import__(name[:-3])
    failed = 0
    tests = sorted([key for key in dir(module) if key.startswith("test_")])
    for test in tests:
        gc.collect()
        try:
            getattr(module, test)()
            print(f"ok   {name}::{test}")
        except Exception as error:  # noqa: BLE001 - whatever a test raises is its failure
            failed += 1
            print(f"FAIL {name}::{test}")
            sys.print_exception(error)
    print(f"{name}: {len(tests) - failed} passed, {failed} failed")
    return failed if tests else 1


def main(arguments):
    failed = 0
    while arguments:
        if arguments[0] == "-p":
            sys.path.insert(0, arguments[1])
            arguments = arguments[2:]
        else:
            failed += run(arguments[0])
            arguments = arguments[1:]
    sys.exit(1 if failed else 0)


main(sys.argv[1:])
