"""Benches of many sessions: ten thousand that idle beside five hundred at work, and logins at a steady rate."""

import contextlib
import dataclasses
import functools
import os
import threading

import gantry
from ftp_wire import wait_until
from load_run import Load
from logins import hashed
from measure import KIB, MIB, in_parallel, reset_peak, session, upload
from sessions import sockets
from transfers import SHARED_MEMORY

IDLE, ACTIVE = 10_000, 500
SECONDS = 30             # of work
NOOPS = 200              # a second, of all idle sessions in turn
NOOP_LIMIT = 50          # ms, 99th percentile
SIZES = (4 * KIB, 64 * KIB, MIB, 16 * MIB)
BUDGET = 256             # MiB
OF_A_SESSION = 35        # KiB, the line for an idle session under TLS
OF_THE_PROGRAM = 64      # MiB
RATE, STEADY = 2000, 60  # logins a second, and for how many seconds
LOGIN_THREADS = 64
GROWTH, SLACK = 1.1, 4   # of resident memory: times what it was, and MiB on top


@dataclasses.dataclass(frozen=True)
class Held:
    memory: float  # MiB
    descriptors: int
    threads: int

    @classmethod
    def by(cls, pid):
        return cls(gantry.memory_of(pid, "VmRSS") / MIB, len(os.listdir(f"/proc/{pid}/fd")),
                   len(os.listdir(f"/proc/{pid}/task")))


def _errors(server):
    return sum(line.split()[1:2] == ["error"] for line in server.log().splitlines())


# ---- scale

def scale(report, options):
    """Half of all under TLS, half of the transfers up; a local store in memory, then a bucket."""
    with gantry.Setup.scratch_on(SHARED_MEMORY):
        for store in ("local", "cos"):
            with gantry.Gantry(store, server={"memory_budget": f"{BUDGET}MiB", "idle_timeout": "1h"},
                               store_arguments=("--discard",)) as server:
                _scale(report, server, store)


def _scale(report, server, store):
    with session(server) as connection:
        for size in SIZES:
            upload(connection, f"down-{size}", size)
    reset_peak(server.pid)
    address = "%s:%d" % server.address
    sizes = ("--size", *SIZES)
    with contextlib.ExitStack() as stack:
        idle, active = [], []
        for tls in ((), ("--tls",)):
            idle.append(stack.enter_context(Load(address, "idle", "--connections", IDLE // 2, "--seconds", SECONDS,
                                                 "--rate", NOOPS / 2, "--limit", 120, *tls)))
            quiet = Held.by(server.pid)
            for words in (("retr", "--name", "down-{s}"), ("stor", "--name", f"up-{len(tls)}-{{c}}")):
                active.append(stack.enter_context(Load(address, *words, "--connections", ACTIVE // 4, "--seconds", SECONDS,
                                                       "--limit", 120, *sizes, *tls)))
        said, most = _work_together(server, idle, active)
        what = f"{IDLE} idle and {ACTIVE} active, {store}"
        # The waits of both halves: the worse one counts.
        report.add("scale", what + ": NOOP, median", [one["p50_ms"] for one in said[:2]], "ms")
        report.add("scale", what + ": NOOP, 99th percentile", [one["p99_ms"] for one in said[:2]], "ms", NOOP_LIMIT, max)
        report.add("scale", what + ": transfers", [sum(one["operations"] for one in said[2:])], "")
        report.add("scale", what + ": moved", [sum(one["bytes"] for one in said[2:]) / MIB], "MiB")
        report.add("scale", what + ": data connections not resumed",
                   [sum(one["data_connections"] - one["resumed"] for one in said[2:] if one["protocol"])], "", 0)
    report.add("scale", what + ": memory with half of the idle ones", [quiet.memory], "MiB")
    report.add("scale", what + ": peak memory", [gantry.memory_of(server.pid) / MIB], "MiB",
               BUDGET + OF_THE_PROGRAM + (IDLE + ACTIVE) * OF_A_SESSION * KIB / MIB)
    report.add("scale", what + ": descriptors at most", [most], "")
    report.add("scale", what + ": errors in the log", [_errors(server)], "", 0)


def _work_together(server, idle, active):
    """What each load said, the idle ones first; and the most descriptors that were seen open."""
    said, most = {}, 0
    ended = threading.Event()

    def work():
        try:
            in_parallel([lambda load=load: said.update({load: load.go()}) for load in (*idle, *active)])
        finally:
            ended.set()

    worker = threading.Thread(target=work)
    worker.start()
    while not ended.wait(0.5):
        most = max(most, Held.by(server.pid).descriptors)
    worker.join()
    missing = [load for load in (*idle, *active) if load not in said]
    if missing:
        raise AssertionError("these did not come to an end: " + "; ".join(" ".join(load.words) for load in missing))
    return [said[load] for load in (*idle, *active)], most


# ---- logins-steady

def logins_steady(report, options):
    """So many logins a second for a minute, whatever becomes of those before; what they wait and leave behind."""
    users = [{"name": "steady", "password": hashed("steady"), "home": "main:/"}]
    with gantry.Gantry("memory", users=users) as server:
        login = functools.partial(Load, "%s:%d" % server.address, "login", "--user", "steady", "--password", "steady",
                                  "--connections", LOGIN_THREADS, "--rate", RATE, "--limit", 120)
        quiet = sockets(server.pid)
        with login("--seconds", 5) as warm:
            warm.go()
        early = _left(server, quiet)
        with login("--seconds", STEADY) as load:
            said = load.go()
        late = _left(server, quiet)
        what = f"{RATE} logins/s offered for {STEADY} s"
        report.add("logins-steady", what + ": reached", [said["operations"] / said["wall"]], "1/s")
        for part in ("first", "last"):
            for percentile in ("p50", "p99"):
                report.add("logins-steady", f"{what}: wait in the {part} sixth, {percentile}", [said[f"{part}_{percentile}_ms"]],
                           "ms")
        report.add("logins-steady", what + ": memory before", [early.memory], "MiB")
        report.add("logins-steady", what + ": memory after", [late.memory], "MiB", early.memory * GROWTH + SLACK)
        report.add("logins-steady", what + ": descriptors left", [late.descriptors - early.descriptors], "", 0)
        report.add("logins-steady", what + ": threads left", [late.threads - early.threads], "", 0)
        report.add("logins-steady", what + ": errors in the log", [_errors(server)], "", 0)


def _left(server, quiet):
    """What the server holds when the sessions have ended, as few sockets as when there was none."""
    wait_until(lambda: sockets(server.pid) <= quiet, "the sessions end")
    return Held.by(server.pid)
