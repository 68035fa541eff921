"""Bench of what an interrupted upload costs, what an append asks of the store, and how long the last reply takes."""

import collections
import fcntl
import struct
import time

import gantry
from ftp_wire import close_cleanly, wait_until
from measure import BUFFER, GIB, MIB, session, upload
from request_budget import in_words

SIZE, CUT = GIB, GIB * 9 // 10 + 12_345
PART = 8 * MIB  # the default
OUTQ = 0x5411   # SIOCOUTQ: bytes the peer's kernel has not acknowledged
LATENCIES = (0, 50, 500)  # milliseconds before each answer of the store
BLOCK = memoryview(bytes(range(256)) * (BUFFER // 256))


def resume(report, options):
    for dialect in ("s3", "cos"):
        with gantry.Gantry(dialect, store_arguments=("--discard",)) as server:
            _cut_and_resume(report, server, dialect)
            _append(report, server, dialect)
    for latency in LATENCIES:
        with gantry.Gantry("s3", latency_ms=latency, store_arguments=("--discard",)) as server:
            _last_reply(report, server, latency, options.repeat)


def _send(data, size):
    while size > 0:
        data.sendall(BLOCK[:min(size, BUFFER)])
        size -= min(size, BUFFER)


def _asked(server):
    return collections.Counter(line.split()[2] for line in server.fake.requests())


def _cut_and_resume(report, server, dialect):
    """The client dies at 90 % of a GiB; another session goes on where SIZE says."""
    with session(server) as connection:
        data = connection.transfer("STOR cut.bin")
        _send(data, CUT)
        wait_until(lambda: struct.unpack("i", fcntl.ioctl(data.fileno(), OUTQ, b"\0" * 4))[0] == 0, "all is received")
    data.close()  # the control connection went first, as when the process was killed
    with session(server) as connection:
        wait_until(lambda: connection.command("SIZE cut.bin").code == 213, "it is held", 60)
        safe = int(connection.command("SIZE cut.bin", 213).text.split()[1])
        report.add("resume", f"{dialect}: cut at {CUT / SIZE:.0%} of 1 GiB: bytes sent again", [CUT - safe], "bytes", PART)
        server.fake.control("DELETE", "requests")
        connection.command(f"REST {safe}", 350)
        data = connection.transfer("STOR cut.bin")
        _send(data, SIZE - safe)
        close_cleanly(data)
        connection.expect(226)
        asked = _asked(server)
        connection.command("SIZE cut.bin", 213)
    parts = -(-(SIZE - safe) // PART)
    report.add("resume", f"{dialect}: going on ({in_words(asked)})", [asked.total()], "requests", parts + 4)


def _append(report, server, dialect):
    """A MiB behind the GiB."""
    with session(server) as connection:
        server.fake.control("DELETE", "requests")
        upload(connection, "cut.bin", MIB, "APPE")
        asked = _asked(server)
        size = connection.command("SIZE cut.bin", 213).text
    if size != f"213 {SIZE + MIB}":
        raise AssertionError(f"after APPE: {size}")
    report.add("resume", f"{dialect}: APPE of 1 MiB to 1 GiB ({in_words(asked)})", [asked.total()], "requests", 7)
    report.add("resume", f"{dialect}: of these, GET", [asked["GetObject"]], "requests", 0)


def _last_reply(report, server, latency, repeat):
    for name, size in (("64 KiB", 64 * 1024), ("256 MiB", 256 * MIB)):
        waits = []
        for _ in range(repeat):
            with session(server) as connection:
                data = connection.transfer("STOR last.bin")
                _send(data, size)
                close_cleanly(data)
                begun = time.monotonic()
                connection.expect(226)
                waits.append((time.monotonic() - begun) * 1000)
        report.add("resume", f"store latency {latency} ms, {name}: last byte to 226", waits, "ms")
