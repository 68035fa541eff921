"""What the tests of the client share: servers of several kinds, the client with a home of its own, a look behind.

A test class is written once and runs against every kind of server that @over names.
"""

import dataclasses
import os
import pathlib
import random
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.append("/usr/lib/python3/dist-packages")  # Debian's pexpect and pyte, also where another Python comes first
from bad_proxy import BadProxy  # noqa: E402
from fake_ftp import FakeFtp  # noqa: E402
from gantry import Gantry, Setup, stop_each  # noqa: E402
from peers import NOBODY, PASSIVE_PORTS, PEERS, free_ports  # noqa: E402

GANTRYD = ("local", "s3")  # gantryd on a directory, and on the fake S3 store
SERVERS = (*GANTRYD, *PEERS)
# libcurl 7.88 begins TLS on a data connection earlier than this one can take it.
CLEAR = ("pyftpdlib",)
LIMIT = 120  # seconds for one run of the client; a sanitized one on a busy machine needs some


def start_gantryd(store, server=None, **options):
    """A gantryd of the test's own, with few passive ports: `passive`, so that a BadProxy can stand in front of it."""
    ports = free_ports(PASSIVE_PORTS)
    made = Gantry(store, server={"passive_ports": f"{ports[0]}-{ports[-1]}", **(server or {})}, **options)
    made.passive = ports
    return made


class Servers:
    """One server of a kind for all tests; those that need settings of their own start their own."""

    running = {}
    short = False  # small files, fewer kinds of servers
    wanted = SERVERS
    _places = 0

    @classmethod
    def get(cls, name):
        if name not in cls.running:
            cls.running[name] = start_gantryd(name) if name in GANTRYD else PEERS[name](tls=name not in CLEAR)
        return cls.running[name]

    @classmethod
    def stop_all(cls):
        """Stops every server; returns what was wrong with any of them."""
        return stop_each(cls.running)

    @classmethod
    def fresh_name(cls, label):
        cls._places += 1
        return f"{label}-{cls._places}"


def content(seed, size):
    """Reproducible bytes, different for each seed (a name, a number)."""
    return random.Random(seed).randbytes(size)


def over(*names):
    """Class decorator: makes NAME_server for each kind of server (default: all) and hides the class itself."""

    def decorate(base):
        module = sys.modules[base.__module__]
        for name in names or SERVERS:
            if name in Servers.wanted:
                made = f"{base.__name__}_{name}"
                setattr(module, made, type(made, (base,), {"server_name": name, "__module__": base.__module__}))
        return None

    return decorate


@dataclasses.dataclass
class Done:
    """How one run of the client ended, and what it said."""

    code: int  # negative: killed by this signal
    out: str
    err: str

    def __str__(self):
        return f"exit code {self.code}\n--- out:\n{self.out[-3000:]}\n--- err:\n{self.err[-3000:]}"


class Client(unittest.TestCase):
    """Runs the client with a home of its own in a scratch directory. Subclasses set `server`, whose log is told when a
    run goes wrong, and `place`, the directory there."""

    server, address, place = None, None, ""
    maxDiff = 2000

    def setUp(self):
        self.scratch = Setup.directory("client")
        self.home = self.scratch / "home"
        (self.home / ".config").mkdir(parents=True)

    def url(self, path="", user="demo"):
        """Of a path below the test's place. Nothing in it is encoded."""
        return f"ftp://{user}@{self.address[0]}:{self.address[1]}/{self.place + '/' if self.place else ''}{path}"

    def password_file(self, password="demo"):
        path = self.scratch / f"password-{len(password)}"
        if not path.exists():  # a client that was begun before may be reading it
            path.touch(0o600)
            path.write_text(password + "\n")
        return path

    def ways_in(self):
        """The options that every run against the test's server needs: how to log in and whom to trust."""
        secure = getattr(self.server, "tls", True)  # gantryd always offers it
        security = ["--ca-file", Setup.certificate()[0]] if secure else ["--plain"]
        return ["--password-file", self.password_file(), *security]

    def environment(self, **values):
        kept = {name: value for name, value in os.environ.items()
                if name not in ("NO_COLOR", "NETRC") and not name.startswith("XDG_")}
        return {**kept, "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / ".config"), "LC_ALL": "C.UTF-8",
                "TERM": "xterm-256color", **values}

    def begin(self, *words, environment=None, cwd=None, **streams):
        """Starts `gantry WORDS` and returns the process, which is killed at the end of the test."""
        process = subprocess.Popen(
            [Setup.program("src/gantry/gantry"), *(str(word) for word in words)], cwd=cwd or self.scratch,
            env=self.environment(**(environment or {})), **streams)
        self.addCleanup(self._end, process)
        return process

    @staticmethod
    def _end(process):
        process.kill()
        process.communicate()

    def gantry(self, *words, expect=0, text=None, limit=LIMIT, ways_in=None, **options):
        """Runs `gantry WORDS` against the test's server, to its end. The exit code must be the expected one (None: any).
        `text`: what it reads on its standard input, which else is empty. `ways_in`: instead of the usual ones."""
        process = self.begin(
            *(self.ways_in() if ways_in is None else ways_in), *words, stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="surrogateescape", **options)
        try:
            streams = process.communicate(text, limit)
        except subprocess.TimeoutExpired:
            process.kill()
            done = Done("killed", *process.communicate())
            raise AssertionError(f"gantry {words} took more than {limit} s; {done}{self._server_log()}") from None
        done = Done(process.returncode, *streams)
        if expect is not None and done.code != expect:
            raise AssertionError(f"gantry {words}: not exit code {expect}; {done}{self._server_log()}")
        return done

    def _server_log(self):
        return f"\n--- the end of the server's log:\n{self.server.log()[-3000:]}"

    def assert_same(self, actual, expected, what):
        """Compares contents without printing them."""
        sizes = ["nothing" if content is None else f"{len(content)} bytes" for content in (actual, expected)]
        self.assertEqual(sizes[0], sizes[1], what)
        self.assertTrue(actual == expected, f"{what}: other bytes of the same number")


class ClientTest(Client):
    """Has a real server, shared with other tests, and an empty directory `place` on it."""

    server_name = "local"

    def setUp(self):
        super().setUp()
        obstacle = PEERS[self.server_name].obstacle() if self.server_name in PEERS else None
        if obstacle:
            self.skipTest(obstacle)
        self.server = Servers.get(self.server_name)
        self.address = self.server.address
        self.place = Servers.fresh_name(type(self).__name__)
        self._make_directory(self.place)

    # ---- behind the server's back

    def _fake(self):
        return getattr(self.server, "fake", None)

    def _make_directory(self, path):
        if self._fake():
            self._fake().put(path + "/", b"")
            return
        directory = self.server.root / path
        directory.mkdir(parents=True, exist_ok=True)
        self._give(directory)

    def _give(self, path):
        """To the user of a server that has one of its own."""
        if getattr(self.server, "needs_root", False):
            os.chown(path, NOBODY, NOBODY)

    def prepare(self, path, content):
        """Puts a file below the place, with the directories above it."""
        above = pathlib.PurePath(self.place, path).parent
        if self._fake():
            self._fake().put(f"{self.place}/{path}", content)
            return
        for directory in [*reversed(above.parents), above]:
            self._make_directory(str(directory))
        file = self.server.root / self.place / path
        file.write_bytes(content)
        self._give(file)

    def stored(self, path):
        """What lies below the place under this name; None: no such file."""
        if self._fake():
            return self._fake().object(f"{self.place}/{path}")
        file = self.server.root / self.place / path
        return file.read_bytes() if file.is_file() else None

    def assert_stored(self, path, expected):
        self.assert_same(self.stored(path), expected, f"{path} on the server")


class ProxyTest(ClientTest):
    """The client reaches the server through a proxy of the test's own, which errs as it is told."""

    def setUp(self):
        super().setUp()
        self.proxy = BadProxy(self.server)
        self.addCleanup(self.proxy.stop)
        self.address = self.proxy.address


class HostileTest(Client):
    """The client meets a fake server that one test makes for itself."""

    def meet(self, session=None, **options):
        """Serves each connection with this class of hostile_server; see FakeFtp."""
        self.server = FakeFtp(session, **options)
        self.addCleanup(self.server.stop)
        self.address = self.server.address
        return self.server
