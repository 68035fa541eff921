"""What every bench shares: rows of the final table, a process's counters, bulk transfers over raw sockets."""

import json
import pathlib
import socket
import statistics
import sys
import threading
import time
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import gantry  # noqa: E402
from ftp_wire import Connection, close_cleanly  # noqa: E402

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
BUFFER = 1 * MIB  # one send or receive of the measuring client
# What is sent: the same as the fake store gives back of contents that it forgot, so that their checksums agree.
BLOCK = memoryview(b"g" * BUFFER)


class Report:
    """Collects rows; a row with a limit that its judged value exceeds makes the run fail."""

    def __init__(self, file=None):
        """`file`: a path; all rows are in it as soon as they are there, as JSON."""
        self.rows = []
        self._file = file
        self.tables = []  # Markdown that is printed beside the rows

    def add(self, bench, what, samples, unit, limit=None, judge=statistics.median, shown=True):
        """`judge` makes from the samples the value that must stay at or below the limit. What is not `shown` is only kept
        with the rows."""
        samples = list(samples)
        ok = limit is None or judge(samples) <= limit
        row = {"bench": bench, "what": what, "unit": unit, "median": statistics.median(samples), "min": min(samples),
               "max": max(samples), "samples": len(samples), "limit": limit, "ok": ok, "shown": shown}
        self.rows.append(row)
        if self._file:
            pathlib.Path(self._file).write_text(json.dumps(self.rows, indent=1) + "\n", encoding="utf-8")
        if shown:
            print("  " + self._line(row), file=sys.stderr, flush=True)

    @property
    def ok(self):
        return all(row["ok"] for row in self.rows)

    @staticmethod
    def number(value):
        if value is None:
            return ""
        return str(value) if isinstance(value, int) else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"

    def _line(self, row):
        cells = [row["bench"], row["what"], *(self.number(row[name]) for name in ("median", "min", "max")),
                 str(row["samples"]), row["unit"], self.number(row["limit"]), "ok" if row["ok"] else "**TOO MUCH**"]
        return "| " + " | ".join(cells) + " |"

    def markdown(self, base=()):
        """`base`: rows of an earlier run; those that are there too say how they compare."""
        head = ["Bench", "What", "Median", "Min", "Max", "n", "Unit", "Limit", ""]
        lines = [self._line(row) for row in self.rows if row["shown"]]
        if base:
            earlier = {(row["bench"], row["what"]): row["median"] for row in base}
            head += ["Before", "Now / before"]
            lines = [line + self._beside(row, earlier) for line, row in zip(lines, filter(lambda r: r["shown"], self.rows))]
        table = "\n".join(["| " + " | ".join(head) + " |", "| --- " * len(head) + "|", *lines])
        return "\n\n".join([table, *self.tables])

    def _beside(self, row, earlier):
        before = earlier.get((row["bench"], row["what"]))
        return f" {self.number(before)} | {self.number(row['median'] / before) if before else ''} |"


class Usage:
    """What a process used between two moments: `with Usage(pid) as usage: ...`."""

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        self._cpu, self._written = gantry.cpu_seconds(self.pid), written_to_disk(self.pid)
        self._start = time.monotonic()
        return self

    def __exit__(self, *_):
        self.wall = time.monotonic() - self._start
        self.cpu = gantry.cpu_seconds(self.pid) - self._cpu
        self.written = written_to_disk(self.pid) - self._written


def written_to_disk(pid):
    """Bytes this process caused to be written to block devices (whole pages; tmpfs is not counted)."""
    for line in pathlib.Path(f"/proc/{pid}/io").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "write_bytes":
            return int(value)
    raise KeyError("write_bytes")


def control(server, method, path, body=None):
    """An unsigned request to the fake store's control interface; its lines."""
    request = urllib.request.Request(server.fake.endpoint + path, data=body, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode().splitlines()


class Traffic:
    """What the fake store has sent, and how many requests of each kind it had at once at most."""

    def __init__(self, lines):
        self.sent = int(lines[0].split()[1])
        self.most = {op: int(most) for op, _, most in (line.split() for line in lines[1:])}


def traffic(server):
    return Traffic(control(server, "GET", "/_fake/traffic"))


def reset_peak(pid):
    """Makes VmHWM start again from what is resident now."""
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def session(server, context=None, timeout=120, user="demo", password="demo"):
    """A logged-in session; with a context under TLS, data connections included."""
    connection = Connection(server.address, timeout)
    connection.expect(220)
    if context:
        connection.auth_tls(context)
        connection.protect()
    connection.login(user, password)
    return connection


def upload(connection, name, size, verb="STOR"):
    """Stores `size` bytes out of one prebuilt buffer."""
    data = connection.transfer(f"{verb} {name}")
    data.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    try:
        left = size
        while left:
            data.sendall(BLOCK[: min(left, BUFFER)])
            left -= min(left, BUFFER)
    finally:
        close_cleanly(data)
    connection.expect(226)


def download(connection, name, size):
    """RETR into one reused buffer; the number of bytes must be the expected one."""
    buffer = bytearray(BUFFER)
    data = connection.transfer(f"RETR {name}")
    got = 0
    try:
        while count := data.recv_into(buffer):
            got += count
    finally:
        close_cleanly(data)
    connection.expect(226)
    if got != size:
        raise AssertionError(f"{name}: {got} bytes came, not {size}")


def in_parallel(actions):
    """Runs the actions in threads; the first failure is raised when all have ended."""
    failures = []

    def guarded(action):
        try:
            action()
        except Exception as problem:  # noqa: BLE001  (handed to the caller's thread)
            failures.append(problem)

    threads = [threading.Thread(target=guarded, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
