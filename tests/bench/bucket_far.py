"""Benches of a store that is far: what its latency and the speed of one connection cost a client."""

import contextlib
import time

import gantry
from buckets import Relay, receive_from_relay, send_to_relay
from ftp_wire import close_cleanly
from measure import BLOCK, BUFFER, KIB, MIB, download, in_parallel, session, traffic, upload

LATENCY, SPEED = 20, 20_000_000  # milliseconds before each answer; bytes a second and connection
LARGE, OVER_ONE = 1024 * MIB, 128 * MIB
TIMES_ONE = 8                    # what a single connection to the store moves
SMALL, FILES, SESSIONS = 4 * KIB, 200, 16
FILES_EACH = 25
SLACK = 1.15                     # of so many latencies
FIRST_BYTE_LATENCY = 100
WINDOW = 64 * MIB                # what a download may fetch beyond what its client took


def bucket_far(report, options):
    """One client's upload and download beside one connection to the store; small files in one session and in many."""
    with gantry.Gantry("cos", latency_ms=LATENCY,
                       store_arguments=("--discard", "--any-signature", "--throughput", str(SPEED))) as server:
        _large(report, server, options.repeat)
        _small(report, server)
        _many_sessions(report, server)


def _timed(action):
    begun = time.monotonic()
    action()
    return time.monotonic() - begun


def _large(report, server, repeat):
    what = f"{LATENCY} ms, {SPEED // 1_000_000} MB/s a connection"
    moves = {"STOR": (upload, "up", send_to_relay), "RETR": (download, "down", receive_from_relay)}
    with session(server) as connection:
        upload(connection, "bench-0", OVER_ONE)  # what the relay reads
    for verb, (move, direction, floor) in moves.items():
        ours, single = [], []
        for _ in range(repeat):
            with session(server) as connection:
                ours.append(LARGE / _timed(lambda: move(connection, "large", LARGE)))
            with Relay(server.fake, "cos", direction) as relay:
                single.append(OVER_ONE / _timed(lambda: floor(relay.address, OVER_ONE)))
        report.add("bucket-far", f"{what}: {verb} {LARGE // MIB} MiB", [speed / 1e6 for speed in ours], "MB/s")
        report.add("bucket-far", f"{what}: {verb} over one connection to the store", [s / 1e6 for s in single], "MB/s")
        report.add("bucket-far", f"{what}: {verb}, one connection's part of it",
                   [floor / mine for mine, floor in zip(ours, single)], "x", 1 / TIMES_ONE)


def _move_files(connection, verb, names):
    for name in names:
        if verb == "ALLO, STOR":
            connection.command(f"ALLO {SMALL}", 200)
        if verb.endswith("STOR"):
            connection.store(f"STOR {name}", BLOCK[:SMALL])
        else:
            connection.retrieve(f"RETR {name}")


def _small(report, server):
    for verb in ("STOR", "RETR", "ALLO, STOR"):
        with session(server) as connection:
            took = _timed(lambda: _move_files(connection, verb, [f"small-{i}" for i in range(FILES)]))
        report.add("bucket-far", f"{verb} of {FILES} x {SMALL // KIB} KiB, one session: of {FILES} latencies",
                   [took * 1000 / LATENCY / FILES], "x", SLACK)


def _many_sessions(report, server):
    """How much more files so many sessions store in the same time."""
    def store(number):
        with session(server) as connection:
            _move_files(connection, "STOR", [f"s{number}-{i}" for i in range(FILES_EACH)])

    one = _timed(lambda: store(0))
    many = _timed(lambda: in_parallel([lambda n=n: store(n) for n in range(SESSIONS)]))
    report.add("bucket-far", f"STOR of {FILES_EACH} x {SMALL // KIB} KiB, {SESSIONS} sessions: of the time of one",
               [many / one], "x", SLACK)


# ---- bucket-first-byte, bucket-leavers

def bucket_first_byte(report, options):
    """From RETR of a small file to its first byte."""
    with gantry.Gantry("s3", latency_ms=FIRST_BYTE_LATENCY) as server, session(server) as connection:
        server.fake.put("small", b"x" * SMALL)
        waits = []
        for _ in range(10 * options.repeat):
            with contextlib.closing(connection.open_data(connection.passive())) as data:
                begun = time.monotonic()
                connection.send("RETR small\r\n")
                data.recv(1)
                waits.append((time.monotonic() - begun) * 1000 / FIRST_BYTE_LATENCY)
                while data.recv(BUFFER):
                    pass
            connection.expect(150)
            connection.expect(226)
        report.add("bucket-first-byte", f"RETR of {SMALL // KIB} KiB: first byte", waits, "latencies", SLACK)


def bucket_leavers(report, options):
    """What the store sends for a client that reads a MiB and stops, or leaves."""
    with gantry.Gantry("cos", store_arguments=("--discard", "--any-signature")) as server:
        with session(server) as connection:
            upload(connection, "bench", LARGE)
        for what, leaves in (("stops reading", False), ("leaves", True)):
            before = traffic(server).sent
            with session(server) as connection:
                data = connection.transfer("RETR bench")
                got = 0
                while got < MIB:
                    got += len(data.recv(64 * KIB))
                if leaves:
                    close_cleanly(data)
                    connection.reply()
                fetched = _settled(server) - before - got
                if not leaves:
                    data.close()
            report.add("bucket-leavers", f"a client that reads 1 MiB and {what}: fetched beyond it",
                       [fetched / MIB], "MiB", WINDOW / MIB)


def _settled(server):
    """Bytes the store has sent when nothing has moved for a second."""
    last, since = traffic(server).sent, time.monotonic()
    while time.monotonic() - since < 1:
        time.sleep(0.05)
        now = traffic(server).sent
        if now - last > 64 * KIB:  # the answers to these questions count, too
            last, since = now, time.monotonic()
    return last
