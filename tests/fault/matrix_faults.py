"""What the fault matrix does wrong: kinds of faults of stores, clients and gantryd itself, and which fit which call."""

import dataclasses

import dying_clients

FOR_EVER = 100_000


@dataclasses.dataclass(frozen=True)
class Kind:
    """A rule of the fake store. ops: the calls it can strike (empty: all); permanent: 5yz is the honest answer; maybe:
    the call may have been executed; spoils: what the store made of it is damaged; on: also from this call on for ever.
    """

    name: str
    rule: str
    ops: tuple = ()
    stores: tuple = ("s3", "cos")
    permanent: bool = False
    maybe: bool = False
    spoils: bool = False
    on: bool = False

    def fields(self):
        return dict(item.split("=") for item in self.rule.split())


BODIES = ("PutObject", "UploadPart")
PROVED = ("PutObject", "UploadPart", "CopyObject", "UploadPartCopy", "CompleteMultipartUpload", "HeadObject")

KINDS = {kind.name: kind for kind in (
    Kind("connections refused", "action=refuse ms=150"),
    Kind("reset before the body", "action=reset_request bytes=0"),
    Kind("reset in the body", "action=reset_request bytes=20000", BODIES),
    Kind("reset after the body", "action=reset", on=True),
    Kind("reset when done", "action=execute_then_reset", maybe=True, on=True),
    Kind("reset in the answer", "action=reset_response bytes=30", maybe=True),
    Kind("answer cut short", "action=truncate bytes=30", maybe=True),
    Kind("no answer", "action=stall", on=True),
    Kind("answer stops", "action=stall_response bytes=30", maybe=True),
    Kind("500", "action=error status=500 code=InternalError", on=True),
    Kind("500 when done", "action=execute_then_error status=500 code=InternalError", maybe=True),
    Kind("503", "action=error status=503 code=ServiceUnavailable", on=True),
    Kind("503 before the body", "action=early_error status=503 code=ServiceUnavailable"),
    Kind("503 SlowDown", "action=error status=503 code=SlowDown"),
    Kind("400 RequestTimeout", "action=error status=400 code=RequestTimeout", BODIES),
    Kind("403 skewed clock", "action=error status=403 code=RequestTimeTooSkewed"),
    Kind("403 AccessDenied", "action=error status=403 code=AccessDenied", permanent=True, on=True),
    Kind("200 with an error", "action=ok_with_error code=InternalError",
         ("CompleteMultipartUpload", "CopyObject", "UploadPartCopy"), on=True),
    Kind("wrong ETag", "action=wrong_etag", PROVED, maybe=True),
    Kind("wrong CRC-64", "action=wrong_crc", PROVED, ("cos",), maybe=True, spoils=True),
    Kind("body damaged", "action=corrupt", (*BODIES, "GetObject"), spoils=True),
    # Only a store that says the CRC-64 of the whole can be caught at this.
    Kind("damaged when joined", "action=corrupt", ("CompleteMultipartUpload",), ("cos",), spoils=True),
)}

ENDINGS = {way.__name__.replace("_", " "): way for way in (
    dying_clients.both_closed_control_first, dying_clients.control_closed_then_data,
    dying_clients.control_half_closed_then_data, dying_clients.control_reset, dying_clients.data_reset,
    dying_clients.both_reset, dying_clients.abort_plain, dying_clients.abort_then_end_of_file,
    dying_clients.abort_wholly_urgent, dying_clients.silence)}

# Signal, what the fake store does with the call at which it comes, and whether the call is executed.
DEATHS = {
    "SIGKILL before a call": ("SIGKILL", "stall"),
    "SIGKILL after a call": ("SIGKILL", "stall_response"),
    "SIGTERM in a call": ("SIGTERM", "stall"),
}

FULL_DISK = "state disk full"


@dataclasses.dataclass(frozen=True)
class Run:
    """One fault in one play. call: its number in an undisturbed run; nth: the same call among those of its kind."""

    store: str
    play: str
    who: str  # store, client, process, disk
    kind: str
    seed: int
    call: int = 0  # 0: before the first
    op: str = ""
    nth: int = 0
    on: bool = False  # from this call on
    offset: int = 0  # bytes the client sends before it ends

    def __str__(self):
        if self.who == "disk":
            where = f"from call {self.call} ({self.op} {self.nth})" if self.call else "from the beginning"
        elif self.who == "client":
            where = f"after {self.offset} bytes"
        else:
            where = f"{'from' if self.on else 'at'} call {self.call} ({self.op} {self.nth})"
        return f"{self.store}, {self.play}: {self.kind} {where}"


def store_runs(store, play, calls, rng):
    for kind in KINDS.values():
        for call, op, nth in calls:
            if store not in kind.stores or (kind.ops and op not in kind.ops):
                continue
            for on in (False, True) if kind.on else (False,):
                yield Run(store, play, "store", kind.name, rng.randrange(1 << 30), call, op, nth, on)


def process_runs(store, play, calls, rng):
    for death in DEATHS:
        for call, op, nth in calls:
            yield Run(store, play, "process", death, rng.randrange(1 << 30), call, op, nth)


def disk_runs(store, play, calls, rng):
    for call, op, nth in [(0, "", 0), *calls]:
        yield Run(store, play, "disk", FULL_DISK, rng.randrange(1 << 30), call, op, nth)


def client_runs(store, play, rng):
    """play: one made for this store, with what it is to send."""
    size, part = len(play.whole) - play.offset, play.part
    offsets = {0, 1, rng.randrange(2, size - 1), rng.randrange(2, size - 1), size - 1, size}
    offsets |= {border + more for border in range(part, size, part) for more in (0, 1)}
    for ending in ENDINGS:
        for offset in sorted(offsets):
            yield Run(store, play.name, "client", ending, rng.randrange(1 << 30), offset=offset)
