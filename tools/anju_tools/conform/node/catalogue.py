"""Every check of a node, in the order in which they run."""

from __future__ import annotations

from anju_tools.conform.node import delivery, errors, observed, observed_records, resets, trust

SCENARIOS = (
    delivery.answered,
    errors.unknown_fields,
    errors.downlink,
    errors.malformed_answer,
    errors.oversize_answer,
    errors.garbage,
    delivery.duplicate_answer,
    delivery.separate_response,
    delivery.retransmits,
    delivery.late_answer,
    delivery.foreign_answer,
    trust.unprotected_answer,
    trust.unprotected_error,
    trust.unprotected_ends_nothing,
    trust.wrong_key_answer,
    trust.replayed_answer,
    trust.echo_challenge,
    trust.echo_again,
    errors.service_unavailable,
    errors.refused_record,
    errors.too_large,
    delivery.earlier_attempt,
    delivery.back_off,
    trust.hub_restart,
    delivery.outage,
    resets.reset,
)
OBSERVATIONS = (*observed.OBSERVED, *observed_records.OBSERVED, *resets.OBSERVED)
