"""What the hub's own operator can get wrong; what a peer gets wrong is `anju_wire.errors.PeerError`."""


class HubError(Exception):
    """A condition the operator can mend.

    `reason` says what is wrong, `remedy` what to do about it; the command line prints both and exits with 1.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.reason}\n{self.remedy}" if self.remedy else self.reason


class StoreBusyError(Exception):
    """The store cannot commit right now (disk full, locked, failing): answered with 5.03 and Max-Age."""
