"""What the fault tests share: the list of tests, servers kept for several of them, evidence, rude endings.

A test is a function of a module, marked with @case. It gets what it needs by itself, and fails with an exception.
"""

import contextlib
import dataclasses
import hashlib
import itertools
import pathlib
import random
import signal
import socket
import ssl
import struct
import sys
import time
import traceback
import typing
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import gantry  # noqa: E402
from ftp_wire import Connection, close_cleanly, read_all, wait_until  # noqa: E402,F401
from gantry import PROMPT, Gantry, Setup, client_context, stop_each  # noqa: E402,F401

SMALL, LARGE = 100_000, 20_000_000
HARD_LIMIT = 60  # seconds a test may take; a sanitized server on a busy machine needs some
SLOW = 10  # seconds after which a test is named
DECIDED = 5  # seconds until a server must have drawn the consequences of what it saw
PASSIVE = range(60000, 65536)  # the default of server.passive_ports


class Skip(Exception):
    """The machine cannot do what the test needs; says why."""


@dataclasses.dataclass
class Case:
    name: str
    run: typing.Callable[[], None]
    short: bool
    limit: int  # seconds


class Cases:
    all = []
    short = False  # this is the shortened run


def chosen(words, short):
    return [one for one in Cases.all if (one.short or not short) and all(word in one.name for word in words)]


def case(*variants, short=False, limit=HARD_LIMIT):
    """Marks a test; each variant is a tuple of arguments. short: also in the shortened run."""

    def mark(function):
        for arguments in variants or ((),):
            words = " ".join(a if isinstance(a, str) else getattr(a, "__name__", str(a)) for a in arguments)
            name = f"{function.__name__} {words}".strip()
            in_short = short(*arguments) if callable(short) else short
            Cases.all.append(Case(name, lambda arguments=arguments: function(*arguments), in_short, limit))
        return function

    return mark


class HardLimit(Exception):
    pass


def _ring(*_):
    raise HardLimit("the hard limit of the test has passed")


def run_cases(cases):
    """Runs them one after the other. (passed, failed), a line a failure, and the reasons of what was skipped."""
    passed = failed = 0
    signal.signal(signal.SIGALRM, _ring)
    for one in cases:
        name, begun = one.name, time.monotonic()
        signal.alarm(one.limit)
        try:
            one.run()
            passed += 1
        except Skip as reason:
            print(f"skipped {name}: {reason}")
        except Exception as problem:  # a test may fail in any way; the next ones run all the same
            failed += 1
            where = traceback.extract_tb(problem.__traceback__)
            place = next((f for f in reversed(where) if "/tests/fault/" in f.filename and f.name != "_ring"), where[-1])
            text = " ".join(str(problem).split()) or repr(problem)
            print(f"FAILED {name}: {pathlib.Path(place.filename).name}:{place.lineno}: {type(problem).__name__}: {text}")
        finally:
            signal.alarm(0)
        if (took := time.monotonic() - begun) > SLOW:
            print(f"slow: {name} took {took:.1f} s")
        sys.stdout.flush()
    return passed, failed


# ---- servers


class Server(Gantry):
    """A gantryd with ways to look behind it."""

    # ---- the fake store, from behind

    def control(self, method, path, body=""):
        return self.fake.control(method, path, body)

    def fault(self, **rule):
        self.fake.fault(**rule)

    def forgive(self):
        self.fake.forgive()

    def requests(self, op):
        return self.fake.requests(op)

    def object(self, path):
        """The content under a path as the store has it; None without one."""
        if self.fake:
            return self.fake.object(path)
        if self.store == "local":
            file = self.root / path.lstrip("/")
            return file.read_bytes() if file.exists() else None
        return None

    def open_uploads(self, below=""):
        return self.fake.open_uploads(below)

    # ---- sessions

    def connect(self, tls=False, user="demo"):
        session = Connection(self.address)
        session.expect(220)
        if tls:
            session.auth_tls(client_context())
        session.login(user, user)
        if tls:
            session.protect()
        return session

    def sockets(self):
        """Control and data connections and passive listeners that gantryd has open."""
        ours = {self.port, self.tls_port, *PASSIVE}
        # Connections to the store begin at ports that may lie in the passive range.
        store = urllib.parse.urlsplit(self.fake.endpoint).port if self.fake else None
        mine = set()
        for descriptor in pathlib.Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                mine.add(str(descriptor.readlink()))
        found = 0
        for table in ("tcp", "tcp6"):
            for line in pathlib.Path(f"/proc/{self.pid}/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                port = int(fields[1].rpartition(":")[2], 16)
                listener_of_server = fields[3] == "0A" and port in (self.port, self.tls_port)
                to_store = int(fields[2].rpartition(":")[2], 16) == store
                if port in ours and not listener_of_server and not to_store and f"socket:[{fields[9]}]" in mine:
                    found += 1
        return found

    def settle(self, left=0, limit=15):
        """Waits until no session but `left` sockets of the test's own are there."""
        if self.process.poll() is not None:
            raise AssertionError(f"gantryd is gone: {self.log()[-2000:]}")
        wait_until(lambda: self.sockets() <= left, f"{left} sockets left", limit)


def impatient():
    """Settings of a store that is not waited for long; a sanitized server needs more time for its own part."""
    slow = 3 if Setup.sanitized() else 1
    return {"retry_deadline": f"{1500 * slow}ms", "request_timeout": f"{slow}s", "connect_timeout": f"{slow}s"}


class Servers:
    running = {}

    @classmethod
    def get(cls, store, **options):
        key = (store, repr(options))
        if key not in cls.running or cls.running[key].process.poll() is not None:
            cls.running[key] = Server(store, **options)
        server = cls.running[key]
        if server.fake:
            server.forgive()
        return server

    @classmethod
    def stop_all(cls):
        return stop_each(cls.running)


# ---- content and evidence

_names = itertools.count(1)


def fresh_path(label="file"):
    return f"{label}-{next(_names)}.bin"


def content(size, seed=1):
    return random.Random(seed).randbytes(size)


def sha(data):
    return None if data is None else hashlib.sha256(data).hexdigest()


def check_same(expected, actual, what):
    if sha(expected) != sha(actual):
        size = "nothing" if actual is None else f"{len(actual)} bytes"
        raise AssertionError(f"{what}: {size} instead of {'nothing' if expected is None else len(expected)}")


def seen_by_viewer(server, path):
    """What another user gets; None for 550."""
    with server.connect(user="viewer") as session:
        data = session.open_data(session.passive())
        answer = session.command(f"RETR {path}")
        if answer.code == 550:
            data.close()
            # A directory has no owners of held uploads: whoever shares it may continue there, so SIZE tells.
            if server.store != "local":
                session.command(f"SIZE {path}", 550)
            return None
        session.check("RETR", answer, 150)
        received = read_all(data)
        data.close()
        session.expect(226)
        return received


def check_published(server, path, expected):
    """Others and the store itself have exactly this under the name (None: nothing)."""
    if server.store != "memory":
        check_same(expected, server.object(path), f"the store has {path}")
    check_same(expected, seen_by_viewer(server, path), f"the viewer sees {path}")


# ---- rude endings


def reset(connection):
    """Ends with RST instead of FIN."""
    plain = connection.socket if isinstance(connection, Connection) else connection
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    plain.close()


def cut(connection):
    """Ends with FIN, without close_notify even over TLS."""
    plain = connection.socket if isinstance(connection, Connection) else connection
    if isinstance(plain, ssl.SSLSocket):
        plain = socket.socket(fileno=plain.detach())
    plain.close()


def remaining_replies(session):
    """Every reply until the server closes."""
    found = []
    with contextlib.suppress(EOFError, OSError):
        while True:
            found.append(session.reply().code)
    return found
