"""Bench of a thousand slow uploads in little memory, and of a fast one beside them."""

import contextlib
import multiprocessing
import resource
import socket
import time

import gantry
from measure import BLOCK, KIB, MIB, in_parallel, reset_peak, session

CLIENTS, LOGINS_AT_ONCE = 1000, 20
RATE = 64 * KIB         # bytes a second of each client
BUDGET, RSS = 256, 350  # MiB
WATCHED, LAST = 60, 20  # seconds: the whole, and its end, in which every client must get on
ALONE = 10              # seconds
TICK = 0.25             # seconds


class SlowClient:
    """Sends at its rate; what the server does not take waits here."""

    def __init__(self, control, number):
        self.control = control
        self.data = control.transfer(f"STOR slow-{number}")
        self.data.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, RATE)
        self.data.setblocking(False)
        self.begun, self.sent = time.monotonic(), 0

    def tick(self, now):
        self.due = int((now - self.begun) * RATE)
        with contextlib.suppress(BlockingIOError):
            while self.sent < self.due:
                self.sent += self.data.send(BLOCK[: min(self.due - self.sent, len(BLOCK))])


def bucket_slow(report, options):
    """A minute of a thousand slow uploads that do not end: who gets on, memory, and what is left for a fast one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8 * CLIENTS)), hard))
    with gantry.Gantry("cos", server={"memory_budget": f"{BUDGET}MiB"}, store_arguments=("--discard",)) as server:
        alone = _fast(server, ALONE)
        clients = _start(server)
        reset_peak(server.pid)
        # In a process of its own: what drives the slow ones would take its time.
        results, ours = multiprocessing.Pipe(duplex=False)
        fast = multiprocessing.get_context("fork").Process(target=lambda: ours.send(_fast(server, WATCHED)))
        fast.start()
        _drive(clients, WATCHED - LAST)
        before = [client.sent for client in clients]
        _drive(clients, LAST)
        beside = results.recv()
        fast.join()
        peak = gantry.memory_of(server.pid) / MIB
        got_on = sum(client.sent > old for client, old in zip(clients, before))
        shares = [client.sent / client.due for client in clients]
        for client in clients:
            client.control.close()
            client.data.close()
    what = f"{CLIENTS} uploads at {RATE // KIB} KiB/s, memory_budget {BUDGET} MiB"
    report.add("bucket-slow", what + ": peak memory", [peak], "MiB", RSS)
    report.add("bucket-slow", what + f": clients without a byte in the last {LAST} s", [CLIENTS - got_on], "", 0)
    report.add("bucket-slow", what + f": taken in {WATCHED} s, of what they had", shares, "x")
    report.add("bucket-slow", "a fast upload beside them, of its speed alone", [beside / alone], "x")


def _start(server):
    controls = []

    def log_in():
        for _ in range(CLIENTS // LOGINS_AT_ONCE):
            controls.append(session(server))

    in_parallel([log_in] * LOGINS_AT_ONCE)
    return [SlowClient(control, number) for number, control in enumerate(controls)]


def _fast(server, seconds):
    """Bytes a second that an upload gets rid of in so much time; it is broken off then."""
    with session(server) as connection:
        data, sent = connection.transfer("STOR fast"), 0
        data.settimeout(1)
        begun = time.monotonic()
        while time.monotonic() < begun + seconds:
            with contextlib.suppress(TimeoutError):
                sent += data.send(BLOCK)
        data.close()
    return sent / seconds


def _drive(clients, seconds):
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        for client in clients:
            client.tick(now)
        time.sleep(TICK)
