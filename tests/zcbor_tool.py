"""zcbor as a validator: a CDDL implementation that shares nothing with cddl-verifier."""

from collections.abc import Callable
from typing import Any

import cbor2


def validators(grammar: str) -> dict[str, Callable[[bytes], bool]]:
    """For each rule of `grammar`, whether one CBOR item matches it.

    zcbor 0.9.1 imports an exception class that cbor2 6 has merged into its base class; it gets that.  It sees what
    cbor2 makes of the bytes (bignums are ints, decimal fractions Decimals, duplicate keys and trailing bytes gone),
    and it wants the keys of a map in the order of the grammar.
    """
    if not hasattr(cbor2, "CBORDecodeValueError"):
        cbor2.CBORDecodeValueError = cbor2.CBORDecodeError  # type: ignore[attr-defined]
    from zcbor.zcbor.zcbor import PRELUDE_PATH, CddlValidationError, DataTranslator

    types = DataTranslator.from_cddl(grammar + "\n" + PRELUDE_PATH.read_text(), 16).my_types

    def validator(rule: Any) -> Callable[[bytes], bool]:
        def matches(data: bytes) -> bool:
            try:
                rule.validate_str(data)
            except (CddlValidationError, cbor2.CBORDecodeError):
                return False
            return True

        return matches

    return {name: validator(rule) for name, rule in types.items()}
