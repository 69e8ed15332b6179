"""The server's half of OSCORE, RFC 8613 sections 8.2 and 8.3: methods of `Context` that a node never calls."""

from . import coap
from .errors import LocalError, PeerError
from .numbers import BAD_OPTION, CHANGED, CONTENT, FETCH, OPTION_OBSERVE, UNAUTHORIZED
from .oscore import (
    Binding,
    Context,
    aad,
    decode_option,
    encode_option,
    encode_piv,
    open_message,
    option_of,
    outer_message,
    plaintext,
    without,
)


def unprotect_request(context: Context, message: coap.Message) -> "tuple[coap.Message, Binding]":
    """The authentic request in a protected message and the binding that its response needs.

    The caller must then refuse it (4.01) unless `ReplayWindow.check(binding.sequence)`.  PeerError carries 4.02 when
    the option is malformed, 4.01 when the context is another one, 4.00 when decryption fails.
    """
    if not message.is_request():
        raise PeerError("OSCORE: not a request")
    piv, kid, kid_context = decode_option(option_of(message))
    if piv is None or kid is None:
        raise PeerError("OSCORE: request without Partial IV or kid", BAD_OPTION)
    if kid != context.recipient_id or (kid_context is not None and kid_context != context.id_context):
        raise PeerError("OSCORE: security context not found", UNAUTHORIZED)
    binding = Binding(kid, piv, context.nonce(kid, piv), message.code == FETCH)
    inner = open_message(context.recipient, binding.nonce, message, binding)
    if not inner.is_request():
        raise PeerError("OSCORE: inner code is not a request's")
    if inner.option(OPTION_OBSERVE) == b"" and message.option(OPTION_OBSERVE) != b"":
        # Somebody on the way does not know Observe: answer once, RFC 8613 section 4.1.3.5.1.
        inner.options = without(inner.options, OPTION_OBSERVE)
    return inner, binding


def protect_response(
    context: Context, message: coap.Message, binding: Binding, sequence: "int | None" = None
) -> coap.Message:
    """The protected response.

    Without `sequence` it uses the nonce of the request, once: LocalError the second time.  A repeated request gets
    the same bytes again, or a response with a `sequence` of its own; notifications always need one.
    """
    if not message.is_response():
        raise LocalError("not a response")
    observe = message.option(OPTION_OBSERVE)
    if sequence is None:
        if binding.answered or observe is not None:
            raise LocalError("this response needs a sequence number")
        binding.answered = True
        piv, nonce = None, binding.nonce
    else:
        piv = encode_piv(sequence)
        nonce = context.nonce(context.sender_id, piv)
    code = CONTENT if binding.observe else CHANGED
    outer = outer_message(message, code, encode_option(piv, None, None), observe)
    inner_observe = None if observe is None else b""
    outer.payload = context.sender.seal(nonce, plaintext(message, inner_observe), aad(binding))
    return outer
