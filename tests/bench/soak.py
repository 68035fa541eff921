"""Bench of long work: rounds of everything that sessions do, for as long as asked; what a server holds must not grow.

After each round all sessions are gone, and what is left is counted. The first quarter of the time warms up; the median of
the second quarter is compared with that of the last.
"""

import collections
import contextlib
import dataclasses
import functools
import itertools
import os
import socket
import sqlite3
import statistics
import struct
import sys
import time

import gantry
from ftp_wire import Connection, close_cleanly, wait_until
from load_run import Load
from measure import KIB, MIB, in_parallel, session
from sessions import sockets
from transfers import SHARED_MEMORY

ROUND = 15               # seconds of work before each count
SIZES = (0, 1, 4 * KIB, 300 * KIB, 2 * MIB + 17)
LONG = 4 * MIB + 321     # of the uploads that are cut: more than three of these parts
PART = MIB
NAMES = 20               # that each worker uses, again and again
GROWTH, SLACK = 1.1, 4   # of resident memory: times what it was, and MiB on top
DESCRIPTORS, THREADS = 4, 0
DATABASE = 64            # KiB
KINDS = ((False, True), (True, True), (True, False))  # (TLS, taken up again for data connections)
STRANGERS = 4            # failed logins in each round
SETTLED = 30             # seconds that sockets may take to go after a round
HELD = 2                 # seconds until an upload that broke off is known, or was too short
ROWS = 100               # more of them than early
LEAST_ROUNDS = 4
LISTENERS = 6            # listening sockets, and those that wake threads
STORE_CONNECTIONS = 128  # most that wait for the next request: 64 for each lane
COMMON = os.urandom(LONG)


@dataclasses.dataclass
class Count:
    """What one server held at one moment without clients."""

    memory: float      # MiB
    descriptors: int
    threads: int
    database: float    # KiB
    rows: int

    @classmethod
    def of(cls, server):
        return cls(gantry.memory_of(server.pid, "VmRSS") / MIB, len(os.listdir(f"/proc/{server.pid}/fd")),
                   len(os.listdir(f"/proc/{server.pid}/task")), *_database(server.directory / "gantry.db"))


def _database(file):
    """KiB and rows. The pages are those of the database: its log of writes grows to 4 MiB and begins again."""
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as opened:
        pages, size = (opened.execute(f"pragma {what}").fetchone()[0] for what in ("page_count", "page_size"))
        tables = [name for name, in opened.execute("select name from sqlite_master where type = 'table'")]
        return pages * size / KIB, sum(opened.execute(f'select count(*) from "{table}"').fetchone()[0] for table in tables)


class Worker:
    """One client after another on a directory of its own, until the round ends."""

    def __init__(self, server, number, done):
        self.server, self.done = server, done
        self.tls, self.resume = KINDS[number % len(KINDS)]
        self.directory = f"/work-{number}"
        self.stranger = itertools.count(number * 10_000)
        with self.open() as connection:
            connection.command(f"MKD {self.directory}", 257)

    def open(self):
        return session(self.server, gantry.client_context() if self.tls else None)

    def begin(self, connection, line):
        return connection.transfer(line, resume=self.resume)

    # ---- what it does

    def files(self, until):
        """Files up, looked at, down, renamed, removed; a directory comes and goes."""
        for turn in itertools.count():
            with self.open() as connection:
                connection.command(f"CWD {self.directory}", 250)
                connection.command("MKD below", 257)
                for number in range(NAMES):
                    size = SIZES[(turn + number) % len(SIZES)]
                    self._one_file(connection, f"below/file-{number}", size)
                connection.command("RMD below", 250)
                connection.command("QUIT", 221)
            self.done["sessions of files"] += 1
            if time.monotonic() > until:
                return

    def _one_file(self, connection, name, size):
        self._put(connection, f"STOR {name}", COMMON[:size])
        self._same(self._get(connection, f"RETR {name}"), COMMON[:size], name)
        listing = self._get(connection, "MLSD below").decode()
        if f" {name.removeprefix('below/')}\r\n" not in listing:
            raise AssertionError(f"{name} is not in its directory: {listing}")
        connection.command(f"RNFR {name}", 350)
        connection.command(f"RNTO {name}-renamed", 250)
        if connection.command(f"SIZE {name}-renamed", 213).text != f"213 {size}":
            raise AssertionError(f"{name}: another size")
        connection.command(f"MDTM {name}-renamed", 213)
        connection.command(f"DELE {name}-renamed", 250)
        self.done["files up and down"] += 1

    def cuts(self, until):
        """Downloads and uploads that break off, by a reset of the data or the end of the control connection."""
        path = f"{self.directory}/long"
        for turn in itertools.count():
            with self.open() as connection:
                self._put(connection, f"STOR {path}", COMMON)
                data = self.begin(connection, f"RETR {path}")
                data.recv(64 * KIB)
                if turn % 2:
                    reset(data)
                    connection.expect((426, 451))
                else:
                    connection.close()
                    data.close()
            self._continued(f"{self.directory}/held-{turn % NAMES}", by_reset=turn % 2 == 0)
            if time.monotonic() > until:
                return

    def _continued(self, path, by_reset):
        """An upload that breaks off after most of it and is continued from where SIZE says."""
        with self.open() as connection:
            data = self.begin(connection, f"STOR {path}")
            data.sendall(COMMON[: LONG - PART])
            if by_reset:
                reset(data)
                connection.expect((426, 451))
            else:
                reset(connection.socket)
                reset(data)
        with self.open() as connection:
            at = self._held(connection, path)
            if at:
                connection.command(f"REST {at}", 350)
                self.done["uploads continued"] += 1
            self._put(connection, f"STOR {path}", COMMON[at:])
            self._same(self._get(connection, f"RETR {path}"), COMMON, path)
            connection.command(f"DELE {path}", 250)
        self.done["uploads cut"] += 1

    @staticmethod
    def _held(connection, path):
        """What is kept of the upload, once the server has seen its end; 0 when too little had come."""
        deadline = time.monotonic() + HELD
        while (answer := connection.command(f"SIZE {path}")).code != 213:
            if time.monotonic() > deadline:
                return 0
            time.sleep(0.05)
        return int(answer.text.split()[-1])

    def failed_logins(self, until):
        """Names that nobody has, and wrong passwords of somebody, each from an address of its own."""
        for number in itertools.islice(self.stranger, STRANGERS):
            source = (f"127.{2 + number // 60_000 % 200}.{number // 250 % 240}.{number % 250 + 1}", 0)
            with contextlib.closing(gantry_connection(self.server, source)) as connection:
                connection.command("USER " + (f"nobody-{number}" if number % 2 else "viewer"), 331)
                connection.command("PASS wrong", 530)
            self.done["failed logins"] += 1
            if time.monotonic() > until:
                return

    # ---- how

    def _put(self, connection, line, content):
        data = self.begin(connection, line)
        try:
            data.sendall(content)
        finally:
            close_cleanly(data)
        connection.expect(226)

    def _get(self, connection, line):
        data, parts = self.begin(connection, line), []
        try:
            while chunk := data.recv(256 * KIB):
                parts.append(chunk)
        finally:
            close_cleanly(data)
        connection.expect(226)
        return b"".join(parts)

    @staticmethod
    def _same(got, wanted, name):
        if got != wanted:
            raise AssertionError(f"{name}: {len(got)} bytes came that are not the {len(wanted)} that were sent")


def gantry_connection(server, source):
    connection = Connection(server.address, 120, source=source)
    connection.expect(220)
    return connection


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Site:
    """A server under work, and what was counted after each round."""

    def __init__(self, store):
        settings = {"store_settings": {}} if store == "local" else {"transfer": {"part_size": PART}}
        self.store = store
        self.server = gantry.Gantry(store, **settings)
        self.done = collections.Counter()
        self.workers = [Worker(self.server, number, self.done) for number in range(len(KINDS))]
        wait_until(lambda: sockets(self.server.pid) <= self._quiet(), "the first sessions end")
        self.counts = []
        self.complaints = 0

    def _quiet(self):
        """Listeners and what else stays: connections to a store are closed when they were idle for a while."""
        return LISTENERS + (STORE_CONNECTIONS if self.server.fake else 0)

    def round(self, until):
        loads = [functools.partial(self._load, *words) for words in (
            ("login", "--connections", 2, "--count", 100),
            ("login", "--connections", 2, "--count", 20, "--tls"),
            ("stor", "--connections", 4, "--count", 10, "--size", 64 * KIB, "--name", "load-{c}"),
            ("stor", "--connections", 2, "--count", 4, "--size", 3 * MIB, "--name", "load-{c}", "--tls"))]
        in_parallel([functools.partial(work, until) for worker in self.workers
                     for work in (worker.files, worker.cuts, worker.failed_logins)] + loads)

    def _load(self, *words):
        with Load("%s:%d" % self.server.address, *words, "--limit", 120) as load:
            self.done["load: " + words[0]] += load.go()["operations"]

    def count(self):
        wait_until(lambda: sockets(self.server.pid) <= self._quiet(), "the sessions of the round end", SETTLED)
        self.counts.append(Count.of(self.server))
        self.complaints += sum(line.split()[1:2] == ["error"] for line in self.server.log().splitlines())
        os.truncate(self.server.log_file, 0)  # gantryd appends; it would fill the memory that it lies in
        if self.server.fake:
            self.server.fake.control("DELETE", "requests")


def soak(report, options):
    """Everything at once on a local store and on a bucket, `--minutes` long."""
    with gantry.Setup.scratch_on(SHARED_MEMORY), contextlib.ExitStack() as stack:
        sites = []
        for store in ("local", "cos"):
            sites.append(Site(store))
            stack.enter_context(sites[-1].server)
        end = time.monotonic() + options.minutes * 60
        while time.monotonic() < end or len(sites[0].counts) < LEAST_ROUNDS:
            until = time.monotonic() + ROUND
            try:
                in_parallel([functools.partial(site.round, until) for site in sites])
            except BaseException:
                for site in sites:
                    lines = [line for line in site.server.log().splitlines() if line.split()[1:3] != ["info", "command"]]
                    print("\n".join([f"  {site.store}, the log of the round without its commands:", *lines]), file=sys.stderr, flush=True)
                raise
            for site in sites:
                site.count()
                print(f"  {site.store} {site.counts[-1]}", file=sys.stderr, flush=True)
        for site in sites:
            _report(report, site, options.minutes)


def _report(report, site, minutes):
    quarter = len(site.counts) // 4
    early, late = site.counts[quarter : 2 * quarter], site.counts[-quarter:]

    def compare(what, field, unit, most):
        before, after = (statistics.median(getattr(count, field) for count in part) for part in (early, late))
        report.add("soak", f"{site.store}, {minutes} min: {what}, early", [before], unit)
        report.add("soak", f"{site.store}, {minutes} min: {what}, last", [after], unit, most(before))

    compare("resident memory", "memory", "MiB", lambda early: early * GROWTH + SLACK)
    compare("descriptors", "descriptors", "", lambda early: early + DESCRIPTORS)
    compare("threads", "threads", "", lambda early: early + THREADS)
    compare("state database", "database", "KiB", lambda early: early + DATABASE)
    compare("rows of the state database", "rows", "", lambda early: early + ROWS)
    report.add("soak", f"{site.store}, {minutes} min: errors in the log", [site.complaints], "", 0)
    for what, number in site.done.items():
        report.add("soak", f"{site.store}, {minutes} min: {what}", [number], "")
