"""Checks of a hub, clause 7 and 13: OSCORE, replays, restarts, discovery."""

from __future__ import annotations

import re
import secrets

from anju_tools.conform.hub.delivery import deliver, report
from anju_tools.conform.hub.peer import Answer, HubUnderTest, Unanswered, expect, need
from anju_tools.conform.hub.registry import hub_check
from anju_tools.conform.verdict import CheckFailed, Level
from anju_wire import coap, numbers, oscore
from anju_wire.oscore import Binding, Context

_FAR_BEHIND = 1_000
_AHEAD = 100_000
_MAX_DISCOVERY = 500
_OPTION_URI_QUERY = 15
_LINK_FORMAT = 40


@hub_check("replayed", "7.5", Level.MUST, "Check the replay window; 4.01, or 2.04 when all in it is stored.")
def replayed(hub: HubUnderTest) -> str:
    """The bytes of an old request under a new message ID are not taken as new."""
    node = hub.node
    message, binding = node.protect(node.request(report(node, node.door())))
    first = node.exchange(message, binding)
    expect(first, numbers.CHANGED)
    return _replay(hub, message, binding, first)


def _replay(hub: HubUnderTest, message: coap.Message, binding: Binding, first: Answer) -> str:
    message.mid ^= 0x4000
    message.token = secrets.token_bytes(4)
    try:
        outer = hub.node.link.ask(message)
    except Unanswered:
        return "no answer"
    option = outer.option(numbers.OPTION_OSCORE)
    if option is None:
        expect(Answer(outer, outer, False), numbers.UNAUTHORIZED, protected=False, after="a replay")
        return "4.01"
    piv, _, _ = oscore.decode_option(option)
    if piv is None and outer.payload != first.outer.payload:
        raise CheckFailed("two different answers under the nonce of one request (7.4): the keys are lost")
    answer = hub.node.open(outer, binding) if piv is not None else Answer(first.message, outer, True)
    expect(answer, numbers.CHANGED, numbers.UNAUTHORIZED, after="a replay")
    return answer.code


@hub_check("replay-not-stored", "7.5", Level.MUST, "Refuse sequence numbers behind the window with 4.01.")
def behind_window(hub: HubUnderTest) -> None:
    """A request with a sequence number far behind the window gets 4.01, even with records that are new."""
    node = hub.node
    deliver(node, report(node, node.door()))
    low = node.sequence - _FAR_BEHIND
    request = node.request(report(node, node.door()))
    answer = node.exchange(*node.protect(request, sequence=low))
    expect(answer, numbers.UNAUTHORIZED, protected=answer.protected, after="a sequence number 1000 behind")


@hub_check("numbers-ahead", "7.2", Level.MUST, "Take any sequence number that is higher than all before.")
def numbers_ahead(hub: HubUnderTest) -> None:
    """A node that skips sequence numbers, as after a reset, is heard."""
    hub.node.sequence += _AHEAD
    deliver(hub.node, report(hub.node, hub.node.door()), "a sequence number 100000 ahead")


@hub_check("wrong-key", "7.5", Level.MUST, "Answer 4.00 in the clear when decryption fails, and keep nothing.")
def wrong_key(hub: HubUnderTest) -> None:
    """Other keys under an enrolled name, and a tampered ciphertext, get 4.00 in the clear."""
    node = hub.node
    stranger = Context(secrets.token_bytes(16), b"", node.context.sender_id, numbers.HUB_ID)
    forged, binding = node.protect(node.request(report(node, node.door())), context=stranger)
    expect(_plain_answer(hub, forged, binding), numbers.BAD_REQUEST, protected=False, after="other keys")
    tampered, binding = node.protect(node.request(report(node, node.door())))
    tampered.payload = tampered.payload[:-1] + bytes((tampered.payload[-1] ^ 1,))
    expect(_plain_answer(hub, tampered, binding), numbers.BAD_REQUEST, protected=False, after="a tampered ciphertext")
    deliver(node, report(node, node.door()), "a good report after forged ones")


def _plain_answer(hub: HubUnderTest, message: coap.Message, binding: Binding) -> Answer:
    outer = hub.node.link.ask(message)
    if outer.option(numbers.OPTION_OSCORE) is not None:
        return hub.node.open(outer, binding)
    return Answer(outer, outer, False)


@hub_check("forged-number", "7.5", Level.MUST, "Strike a sequence number out only after decryption.")
def forged_number(hub: HubUnderTest) -> None:
    """A forged request with a high sequence number does not lock the node out."""
    node = hub.node
    stranger = Context(secrets.token_bytes(16), b"", node.context.sender_id, numbers.HUB_ID)
    request = node.request(report(node, node.door()))
    forged, binding = node.protect(request, sequence=(1 << 40) - 1, context=stranger)
    _plain_answer(hub, forged, binding)
    deliver(node, report(node, node.door()), "a good report after a forged high number")


@hub_check("unknown-node", "7.5", Level.MUST, "Answer 4.01 in the clear to a kid that is nobody's.")
def unknown_node(hub: HubUnderTest) -> None:
    """A request of a node that is not enrolled gets 4.01 in the clear."""
    node = hub.node
    stranger = Context(secrets.token_bytes(16), b"", b"zz-none", numbers.HUB_ID)
    message, binding = node.protect(node.request(report(node, node.door())), context=stranger)
    expect(_plain_answer(hub, message, binding), numbers.UNAUTHORIZED, protected=False, after="an unknown kid")


@hub_check("malformed-option", "7.5", Level.MUST, "Answer 4.02 to an OSCORE option that breaks RFC 8613, 6.1.")
def malformed_option(hub: HubUnderTest) -> None:
    """Malformed OSCORE options get 4.02 in the clear."""
    name = hub.node.context.sender_id
    for value in (b"\xe9\x01" + name, b"\x0e" + bytes(6) + name, b"\x19\x01", b"\x0a\x00\x01" + name, b"\x00"):
        request = coap.Message(
            numbers.CON, numbers.POST, secrets.randbelow(65536), b"o", [(numbers.OPTION_OSCORE, value)], bytes(20)
        )
        answer = hub.node.ask_plainly(request)
        expect(answer, numbers.BAD_OPTION, protected=False, after=f"the OSCORE option {value.hex()}")


@hub_check("pairwise", "7.1", Level.MUST, "Look the key up by the kid, and by nothing else.")
def pairwise(hub: HubUnderTest) -> None:
    """One node's keys do not open the hub under another node's name (give --credentials twice)."""
    need(hub.other is not None, "a second node is needed: give --credentials twice")
    assert hub.other is not None
    deliver(hub.other, report(hub.other, hub.other.door()), "the second node's report")
    message, binding = hub.node.protect(hub.node.request(report(hub.node, hub.node.door())))
    piv, _, _ = oscore.decode_option(message.option(numbers.OPTION_OSCORE) or b"")
    kid = hub.other.context.sender_id
    message.options = [(numbers.OPTION_OSCORE, oscore.encode_option(piv, kid, None))]
    answer = _plain_answer(hub, message, binding)
    if answer.message.code >> 5 == 2:
        raise CheckFailed("the keys of one node were taken under the name of another")
    expect(answer, numbers.BAD_REQUEST, numbers.UNAUTHORIZED, protected=False, after="another node's name")


@hub_check("restart", "7.9", Level.MUST, "Keep the replay window with the records; go on after a kill.")
def restart(hub: HubUnderTest) -> str:
    """After the hub was killed and started again an old datagram is not taken as new, and new reports are."""
    need(hub.restart is not None, "nobody can restart the hub: give --restart-command")
    assert hub.restart is not None
    node = hub.node
    payload = report(node, node.door())
    message, binding = node.protect(node.request(payload))
    first = node.exchange(message, binding)
    expect(first, numbers.CHANGED)
    hub.restart()
    hub.alive()
    outcome = _replay(hub, message, binding, first)
    deliver(node, payload, "the old report in a new request after the restart")
    deliver(node, report(node, node.door()), "a new report after the restart")
    return f"the old datagram got {outcome}"


@hub_check("discovery", "13.1", Level.MUST, 'Serve /.well-known/core with </r>;rt="anju.report";ct="60 112".')
def discovery(hub: HubUnderTest) -> None:
    """/.well-known/core names the report resource with its type and formats, to everybody."""
    links = _links(hub, None)
    found = [link for link in links if link.startswith("</r>")]
    if not found or "anju.report" not in found[0]:
        raise CheckFailed(f"no </r> with rt=anju.report among {len(links)} links")
    formats = found[0].partition(";ct=")[2].partition(";")[0].strip('"').split()
    if not {"60", "112"} <= set(formats):
        raise CheckFailed(f"</r> has ct={formats}, 60 and 112 are due")


@hub_check("discovery-filter", "13.1", Level.MUST, "Filter /.well-known/core by ?rt= (RFC 6690, 4.1).")
def discovery_filter(hub: HubUnderTest) -> None:
    """?rt= filters: anju.report leaves /r alone, an unknown type leaves nothing."""
    links = _links(hub, b"rt=anju.report")
    if len(links) != 1 or not links[0].startswith("</r>"):
        raise CheckFailed(f"?rt=anju.report leaves {links}")
    if _links(hub, b"rt=anju.nothing"):
        raise CheckFailed("?rt=anju.nothing leaves something")


def _links(hub: HubUnderTest, query: bytes | None) -> list[str]:
    node = hub.node
    options = [] if query is None else [(_OPTION_URI_QUERY, query)]
    request = node.request(path=".well-known/core", code=numbers.GET, content_format=None, options=options)
    answer = node.ask_plainly(request)
    if query is not None and answer.message.code == 0x84:
        return []  # 4.04 for an empty selection is common (RFC 6690, 4.1 leaves it open for unicast)
    expect(answer, numbers.CONTENT, protected=False, after="GET /.well-known/core")
    if answer.message.option(numbers.OPTION_CONTENT_FORMAT) != bytes((_LINK_FORMAT,)):
        raise CheckFailed("/.well-known/core has no Content-Format 40")
    return [link for link in re.split(r",(?=<)", answer.message.payload.decode()) if link]


@hub_check("discovery-size", "18.7", Level.SHOULD, "Keep /.well-known/core below 500 bytes.")
def discovery_size(hub: HubUnderTest) -> str:
    """The answer that everybody can ask for is no amplifier: below 500 bytes."""
    request = hub.node.request(path=".well-known/core", code=numbers.GET, content_format=None)
    size = len(coap.encode(hub.node.ask_plainly(request).outer))
    if size >= _MAX_DISCOVERY:
        raise CheckFailed(f"{size} bytes")
    return f"{size} bytes"
