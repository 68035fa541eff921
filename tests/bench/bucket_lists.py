"""Benches of directories with very many names, and of the rename of one."""

import http.client
import re
import time
import urllib.parse

import gantry
from ftp_wire import close_cleanly
from measure import BUFFER, MIB, in_parallel, reset_peak, session, traffic

NAMES, PAGE = 1_000_000, 1000
FEW, SESSIONS = 5000, 50
GROWTH = 8 * MIB     # of resident memory
OF_PAGING = 1.2      # of the time the store itself needs for its pages
MOVED, LATENCY, COPIES = 10_000, 20, 32


def bucket_lists(report, options):
    """A million names: the first line, memory, and the time beside the store's own; fifty sessions at once."""
    with gantry.Gantry("s3", store_arguments=("--any-signature",)) as server:
        server.fake.control("POST", "many", f"large/ {NAMES}")
        server.fake.control("POST", "many", f"few/ {FEW}")
        with session(server) as connection:
            list_all(connection, "few")  # what every process needs once
        _one(report, server, options.repeat)
        _fifty(report, server)


def list_all(connection, name, verb="MLSD"):
    """Lines that came, and the seconds until the first of them."""
    begun = time.monotonic()
    data, lines, first, buffer = connection.transfer(f"{verb} {name}"), 0, None, bytearray(BUFFER)
    try:
        while count := data.recv_into(buffer):
            first = first or time.monotonic() - begun
            lines += buffer.count(b"\n", 0, count)
    finally:
        close_cleanly(data)
    connection.expect(226)
    return lines, first


def _pages(server, prefix):
    """Seconds for the first page and for all of them, asked for by a client that reads nothing but the cursors."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.fake.endpoint).netloc, timeout=60)
    query = f"/{server.fake.bucket}?list-type=2&delimiter=%2F&encoding-type=url&prefix={prefix}%2F"
    begun, first, token = time.monotonic(), None, ""
    while token is not None:
        connection.request("GET", query + token)
        text = connection.getresponse().read()
        first = first or time.monotonic() - begun
        found = re.search(rb"<NextContinuationToken>([^<]*)<", text[:4096])
        token = f"&continuation-token={found[1].decode()}" if found else None
    connection.close()
    return first, time.monotonic() - begun


def _one(report, server, repeat):
    firsts, totals, growths = [], [], []
    for _ in range(repeat):
        first_page, paging = _pages(server, "large")
        with session(server) as connection:
            reset_peak(server.pid)
            before = gantry.memory_of(server.pid, "VmRSS")
            begun = time.monotonic()
            lines, first = list_all(connection, "large")
            totals.append((time.monotonic() - begun) / paging)
            growths.append((gantry.memory_of(server.pid) - before) / MIB)
        firsts.append(first / first_page)
        if lines != NAMES:
            raise AssertionError(f"{lines} lines of {NAMES}")
    what = f"MLSD of {NAMES} names"
    report.add("bucket-lists", what + ": the first line, of the time of a page", firsts, "x")
    report.add("bucket-lists", what + ": growth of memory", growths, "MiB", GROWTH / MIB, max)
    report.add("bucket-lists", what + ": of the time the store's pages take", totals, "x", OF_PAGING)


def _fifty(report, server):
    def one():
        with session(server, timeout=600) as connection:
            lines, _ = list_all(connection, "large")
        if lines != NAMES:
            raise AssertionError(f"{lines} lines of {NAMES}")

    reset_peak(server.pid)
    before = gantry.memory_of(server.pid, "VmRSS")
    cpu = gantry.cpu_seconds(server.pid)
    in_parallel([one] * SESSIONS)
    what = f"MLSD of {NAMES} names, {SESSIONS} sessions at once"
    report.add("bucket-lists", what + ": growth of memory for each",
               [(gantry.memory_of(server.pid) - before) / MIB / SESSIONS], "MiB", GROWTH / MIB)
    report.add("bucket-lists", what + ": processor for a million names",
               [(gantry.cpu_seconds(server.pid) - cpu) / SESSIONS], "s")


def bucket_rename(report, options):
    """A directory of 10,000 objects on a store with latency: how many copies run at once."""
    with gantry.Gantry("s3", latency_ms=LATENCY) as server, session(server, timeout=600) as connection:
        server.fake.control("POST", "many", f"old/ {MOVED}")
        server.fake.control("DELETE", "traffic")
        begun = time.monotonic()
        connection.command("RNFR old", 350)
        connection.command("RNTO new", 250)
        took = time.monotonic() - begun
        at_once = traffic(server).most["CopyObject"]
        what = f"RNTO of {MOVED} objects, {LATENCY} ms"
        report.add("bucket-rename", what + ": copies at once, less than 32 by", [max(0, COPIES - at_once)], "", 0)
        report.add("bucket-rename", what + ": copies at once", [at_once], "")
        report.add("bucket-rename", what + ": of its latencies one by one", [took * 1000 / LATENCY / MOVED], "x")
