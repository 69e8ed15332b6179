"""The sizes that `anju bench wire` reports; its rates are measured, not tested."""

from __future__ import annotations

from anju_tools import bench_wire, bench_wire_rate
from anju_tools.bench_wire import EVENTS, _ours, _sizes
from anju_wire import cbor, coap, numbers
from anju_wire.oscore import Context
from anju_wire.report import decode_report


def test_a_door_event_takes_44_bytes_of_udp_payload_at_most() -> None:
    assert _sizes()["anju"]["door_event_bytes"] <= 44


def test_the_measured_datagram_is_a_report_that_the_hub_can_read() -> None:
    for event in EVENTS.values():
        message = coap.decode(_ours(event))
        hub = Context(bytes(16), b"", numbers.HUB_ID, bench_wire.NODE)
        inner, binding = hub.unprotect_request(message)
        report = decode_report(inner.payload)
        assert (report.epoch, report.sequence, binding.sequence) == (300, 100_000, 100_000)
        assert event.items() <= report.records[0].items()


def test_every_other_form_is_larger() -> None:
    sizes = _sizes()
    assert set(sizes) == {"anju", "senml_cbor", "senml_json", "mqtt_json"}
    for figure, ours in sizes["anju"].items():
        assert all(ours < other[figure] for name, other in sizes.items() if name != "anju")


def test_the_rate_is_measured_on_the_same_report() -> None:
    assert cbor.encode(bench_wire_rate.REPORT) == bench_wire_rate.DATA
