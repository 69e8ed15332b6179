"""CoAP messages against suites written by others: libcoap's parser tests, RIOT's fuzzing seeds."""

import json
from pathlib import Path

import pytest

from anju_wire import coap
from anju_wire.errors import PeerError

_SUITES = Path(__file__).parents[2] / "shared" / "suites"


def _suite(name: str) -> Path:
    path = _SUITES / name
    if not path.exists():
        pytest.skip(f"suite {name} is not beside this checkout")
    return path


def test_libcoap_parse_vectors() -> None:
    vectors = json.loads(_suite("coap-libcoap/pdu_parse_vectors.json").read_text())["vectors"]
    for vector in vectors:
        data = bytes.fromhex(vector["hex"])
        if vector["parse_ok"]:
            assert coap.encode(coap.decode(data)) == data, vector["name"]
        else:
            with pytest.raises(PeerError):
                coap.decode(data)
    assert len(vectors) == 17


def test_riot_seeds_decode() -> None:
    seeds = sorted(_suite("coap-seeds").glob("*.dat"))
    for seed in seeds:
        data = seed.read_bytes()
        message = coap.decode(data)
        assert message.is_request(), seed.name
        assert coap.decode(coap.encode(message)).options == message.options
    assert len(seeds) == 3
