"""Benches of sessions that do little: NOOP beside hanging transfers, and memory of idle sessions."""

import contextlib
import pathlib
import resource
import statistics
import time

import gantry
from ftp_wire import wait_until
from measure import KIB, control, in_parallel, session

HANGING, NOOPS, IDLE = 50, 200, 1000
LOGIN_THREADS = 20


def sockets(pid):
    """How many sockets the process has open."""
    found = 0
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found += str(entry.readlink()).startswith("socket:")
    return found


def noop_latency(report, options):
    """One session's NOOPs while the store never answers fifty others."""
    with gantry.Gantry("s3") as server, contextlib.ExitStack() as sessions:
        control(server, "PUT", "/_fake/objects/object", b"x" * 1024)
        control(server, "POST", "/_fake/fault", f"op=GetObject action=stall times={10 * HANGING}".encode())
        prober = sessions.enter_context(session(server))
        for _ in range(HANGING):
            hanging = sessions.enter_context(session(server))
            sessions.enter_context(hanging.open_data(hanging.passive()))
            hanging.send("RETR object\r\n")
        wait_until(lambda: len(control(server, "GET", "/_fake/requests")) == HANGING, "every RETR hangs in the store")
        samples = []
        for _ in range(NOOPS):
            start = time.perf_counter()
            prober.command("NOOP", 200)
            samples.append((time.perf_counter() - start) * 1000)
            time.sleep(0.005)
        name = f"NOOP beside {HANGING} hanging RETR"
        report.add("noop-latency", name, samples, "ms", limit=50)
        report.add("noop-latency", name + ", 99th percentile", [statistics.quantiles(samples, n=100)[98]], "ms")


def idle_sessions(report, options):
    """Resident memory of a thousand logged-in sessions that do nothing, plain and under TLS."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8 * IDLE)), hard))
    for label, context in (("plain", None), ("TLS", gantry.client_context())):
        with gantry.Gantry("s3") as server, contextlib.ExitStack() as sessions:
            quiet = sockets(server.pid)
            # What every process pays once (pools, caches, the first handshake) is not a session's share.
            in_parallel([lambda: session(server, context).close() for _ in range(LOGIN_THREADS)])
            # The connection that found the server ready may have been counted: there may be fewer now.
            wait_until(lambda: sockets(server.pid) <= quiet, "the first sessions end")
            before = gantry.memory_of(server.pid, "VmRSS")
            opened = []

            def log_in():
                for _ in range(IDLE // LOGIN_THREADS):
                    opened.append(session(server, context))

            in_parallel([log_in] * LOGIN_THREADS)
            for one in opened:
                sessions.enter_context(one)
            after = gantry.memory_of(server.pid, "VmRSS")
            report.add("idle-sessions", f"memory of a session, {label} ({IDLE} sessions)",
                       [(after - before) / IDLE / KIB], "KiB")
