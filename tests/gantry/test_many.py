"""Several things at once: the jobs of the shell, a limit over all transfers, servers that take few connections."""

import re
import time

from bad_proxy import STALL
from ftp_wire import wait_until
from harness import ClientTest, ProxyTest, content, over, start_gantryd

MIB = 1 << 20


@over("local")
class Jobs(ProxyTest):
    def shell(self, *lines, **options):
        return self.gantry(self.url(), text="".join(line + "\n" for line in lines), **options)

    def assert_fetched(self, name="back"):
        self.assert_same((self.scratch / name).read_bytes(), content("file", 3 * MIB), name)

    def setUp(self):
        super().setUp()
        self.prepare("file", content("file", 3 * MIB))

    def test_get_in_the_background(self):
        done = self.shell("get file back &", "jobs", "wait 1", "ls")
        self.assertRegex(done.out, re.compile(r"^\[1\] (running|done).*: get file back$", re.MULTILINE))
        self.assert_fetched()

    def test_two_at_once_beside_the_shell(self):
        # Neither is through before the shell has listed what is there.
        stalled = self.proxy.on_data(STALL, after=MIB, times=2)
        process = self.begin(*self.ways_in(), self.url(), stdin=-1, stdout=-1, stderr=-1, text=True)
        process.stdin.write("queue get file one\nget file two &\n")
        process.stdin.flush()
        stalled.wait(2)
        process.stdin.write("ls\n")
        process.stdin.flush()
        self.assertIn("file", process.stdout.readline())
        stalled.release()
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assert_fetched("one")
        self.assert_fetched("two")

    def test_leaving_waits(self):
        done = self.shell("queue get file back", "bye")
        self.assertIn("[1] done: get file back", done.err)
        self.assert_fetched()

    def test_kill_ends_one_and_keeps_what_came(self):
        stalled = self.proxy.on_data(STALL, after=MIB)
        process = self.begin(*self.ways_in(), self.url(), stdin=-1, stdout=-1, stderr=-1, text=True)
        process.stdin.write("get file back &\n")
        process.stdin.flush()
        stalled.wait()
        # The proxy has sent so much; the client may not have taken any of it yet.
        part = self.scratch / "back.part"
        wait_until(lambda: part.exists() and part.stat().st_size > 0, "something came")
        out, err = process.communicate("kill 1\nwait 1\nkill 7\n", timeout=60)
        self.assertIn("[1] stopped: get file back", err)
        self.assertFalse((self.scratch / "back").exists())
        self.assertGreater(part.stat().st_size, 0)
        self.proxy.forgive()
        self.shell("get file back")
        self.assert_fetched()

    def test_a_failure_counts(self):
        done = self.shell("get missing x &", "get file back &", "wait", expect=3)
        self.assertIn("[1] failed (8): get missing x", done.err)
        self.assert_fetched()

    def test_only_verbs_run_in_the_background(self):
        self.shell("jobs &", expect=64)
        self.shell("nonsense &", expect=64)


@over("local")
class Limit(ClientTest):
    SIZE = 4 * MIB

    def test_all_together_keep_it(self):
        self.prepare("file", content("file", 3 * self.SIZE))
        begun = time.monotonic()
        self.gantry("get", "--limit", "6MiB/s", "--segments", 3, self.url("file"), self.scratch / "back")
        # A moment's worth may go at once.
        self.assertGreater(time.monotonic() - begun, 1.5)
        self.assert_same((self.scratch / "back").read_bytes(), content("file", 3 * self.SIZE), "downloaded")

    def test_uploads_keep_it_in_their_window(self):
        (self.scratch / "file").write_bytes(content("file", self.SIZE))
        begun = time.monotonic()
        self.gantry("put", "--limit", "00:00-24:00=2MiB/s,otherwise=0", self.scratch / "file", self.url("file"))
        self.assertGreater(time.monotonic() - begun, 1.5)
        self.assert_stored("file", content("file", self.SIZE))

    def test_nonsense_is_refused(self):
        done = self.gantry("get", "--limit", "fast", self.url("file"), expect=64)
        self.assertIn("5MiB/s", done.err)


@over("local")
class FullServer(ClientTest):
    def test_a_mirror_goes_on_with_the_connections_it_gets(self):
        self.server = start_gantryd("local", demo={"max_sessions": 2})
        self.addCleanup(self.server.stop)
        self.address = self.server.address
        self._make_directory(self.place)
        for i in range(40):
            self.prepare(f"tree/{i % 4}/file{i}", content(i, 4096))
        self.gantry("mirror", "-P", 6, self.url("tree"), self.scratch / "copy")
        for i in range(40):
            self.assert_same((self.scratch / f"copy/{i % 4}/file{i}").read_bytes(), content(i, 4096), f"file{i}")


@over("local")
class SmallFiles(ClientTest):
    FILES = 60

    def test_they_are_not_kept_waiting(self):
        for i in range(self.FILES):
            self.prepare(f"tree/file{i}", content(i, 4096))
        before = len(self.server.log())
        begun = time.monotonic()
        self.gantry("mirror", self.url("tree"), self.scratch / "copy")
        commands = re.findall(r" verb=(\w+)", self.server.log()[before:])
        asked = {verb: commands.count(verb) for verb in ("RETR", "HASH", "SIZE", "MLST", "MDTM", "OPTS")}
        self.assertEqual((asked["RETR"], asked["HASH"]), (self.FILES, self.FILES), asked)
        self.assertLess(asked["SIZE"] + asked["MLST"] + asked["MDTM"] + asked["OPTS"], 5, asked)
        # A client that looks away for a moment at each of the steps of a transfer takes much longer.
        self.assertLess(time.monotonic() - begun, self.FILES * 0.3)
        for i in range(self.FILES):
            self.assert_same((self.scratch / f"copy/file{i}").read_bytes(), content(i, 4096), f"file{i}")
