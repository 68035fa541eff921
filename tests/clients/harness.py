"""What every client suite shares: servers by store, running a client, comparing trees."""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import gantry  # noqa: E402
import trees  # noqa: E402
from gantry import Gantry, Setup, client_context, stop_each  # noqa: E402,F401

USER = "demo"
TREE_STORES = ("local", "s3", "rgw")


class Servers:
    """One server a store for all suites; tests that need settings of their own start their own."""

    running = {}
    short = False
    wanted = gantry.STORES  # chosen on the command line
    _trees = {}
    used = 0

    @classmethod
    def get(cls, store):
        if store not in cls.running:
            cls.running[store] = Gantry(store)
        return cls.running[store]

    @classmethod
    def stop_all(cls):
        """Stops every server; returns what was wrong with any of them."""
        return stop_each(cls.running)

    @classmethod
    def tree(cls, **options):
        """The awkward tree, made once for each set of options."""
        key = tuple(sorted(options.items()))
        if key not in cls._trees:
            cls._trees[key] = trees.make_tree(Setup.directory("tree"), short=cls.short, **options)
        return cls._trees[key]

    @classmethod
    def fresh_name(cls, label):
        """A directory of its own for each test, so that servers can be shared."""
        cls.used += 1
        return f"{label}-{cls.used}"


class ClientTest(unittest.TestCase):
    """A test of one client against `store`; subclasses for each store are made by for_stores."""

    store = None

    def setUp(self):
        self.server = Servers.get(self.store)
        self.scratch = Setup.directory("client")
        self.place = Servers.fresh_name(type(self).__name__)

    def run_client(self, *command, limit=120, expect=0, text=None, environment=None, cwd=None):
        """Runs a client to its end. Its output, both streams; its exit status must be the expected one."""
        done = subprocess.run(
            [str(part) for part in command], input=text, stdin=subprocess.DEVNULL if text is None else None,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=limit,
            cwd=cwd or self.scratch, check=False,
            env=dict(os.environ, HOME=str(self.scratch), LC_ALL="C.UTF-8", **(environment or {})),
        )
        if expect is not None and done.returncode != expect:
            raise AssertionError(
                f"{command[0]} ended with {done.returncode}, not {expect}:\n{done.stdout[-3000:]}\n"
                f"--- the end of gantryd's log:\n{self.server.log()[-3000:]}")
        return done.stdout

    def assert_same_tree(self, expected, actual):
        self.assertEqual(trees.differences(expected, actual), [])

    def assert_stored(self, expected):
        """Compares with what lies in the store itself, where it can be seen: names and sizes."""
        stored = self.server.stored()
        if stored is None:
            return
        prefix = self.place + "/"
        below = {name.removeprefix(prefix): size for name, size in stored.items() if name.startswith(prefix)}
        wanted = {str(p.relative_to(expected)): p.stat().st_size for p in pathlib.Path(expected).rglob("*") if p.is_file()}
        self.assertEqual(below, wanted)
        if self.server.bucket:
            open_uploads = [key for key, _ in self.server.bucket.open_uploads() if key.startswith(self.server.prefix + prefix)]
            self.assertEqual(open_uploads, [], "multipart uploads left open")

    def ftp(self, tls=None, login=True):
        """A raw session on the plain port; tls: "explicit" or "implicit"."""
        from ftp_wire import Connection

        context = client_context() if tls else None
        if tls == "implicit":
            session = Connection((self.server.host, self.server.tls_port), context=context)
        else:
            session = Connection(self.server.address)
        self.addCleanup(session.close)
        session.expect(220)
        if tls == "explicit":
            session.auth_tls(context)
        if login:
            session.login()
            if tls:
                session.protect()
        return session


def for_stores(*stores):
    """Class decorator: makes NAME_store for each store and hides the class itself from the loader."""

    def decorate(base):
        module = sys.modules[base.__module__]
        for store in stores:
            if store in Servers.wanted:
                name = f"{base.__name__}_{store}"
                setattr(module, name, type(name, (base,), {"store": store, "__module__": base.__module__}))
        return None

    return decorate
