"""The vector files of `anju_wire`, one vector a line, read one at a time: a node's heap holds no whole file."""

import json

import anju_wire

_FOLDER = anju_wire.__file__.replace("\\", "/").rsplit("/", 1)[0] + "/vectors/"


def load(name):
    with open(_FOLDER + name + ".json", encoding="utf-8") as file:
        for line in file:
            if line.startswith("{"):
                yield json.loads(line.rstrip().rstrip(","))


def unhex(text):
    return bytes.fromhex(text)


def raised(error, function, *arguments):
    """The error of class `error` that the call raises; anything else is a failure."""
    try:
        result = function(*arguments)
    except error as caught:
        return caught
    raise AssertionError("no " + error.__name__ + " but " + repr(result))
