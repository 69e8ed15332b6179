"""OSCORE (RFC 8613) with contexts that live in the hub's store."""
