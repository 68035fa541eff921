"""One big file over several connections: equality, speed, refusals, death and continuation."""

import json
import os
import re
import signal

from bad_proxy import DOWN, RESET, STALL, UP
from ftp_wire import wait_until
from harness import LIMIT, ClientTest, ProxyTest, Servers, content, over, start_gantryd

MIB = 1 << 20
SIZE = 40 * MIB + 12345


class SegmentTest(ProxyTest):
    def big(self, size=SIZE):
        return content("big", size)

    def get(self, *words, **options):
        return self.gantry("get", "--segments", 4, *words, self.url("file"), self.scratch / "back", **options)

    def assert_fetched(self, data):
        self.assert_same((self.scratch / "back").read_bytes(), data, "downloaded")
        self.assertEqual(sorted(name.name for name in self.scratch.glob("back*")), ["back"])

    def put(self, *words, data=None, **options):
        source = self.scratch / "source"
        if not source.exists():
            source.write_bytes(self.big() if data is None else data)
        return self.gantry("put", "--segments", 4, *words, source, self.url("file"), **options)

    def names(self):
        if self._fake():
            below = self.place + "/"
            return [key.removeprefix(below) for key in self._fake().keys() if key.startswith(below) and key != below]
        return os.listdir(self.server.root / self.place)

    def kill_with_three_parts_there(self):
        (self.scratch / "source").write_bytes(self.big())
        fault = self.proxy.on_data(STALL, after=3 * MIB, way=UP, skip=2)
        process = self.begin(*self.ways_in(), "put", "--segments", 4, self.scratch / "source", self.url("file"))
        fault.wait()
        wait_until(lambda: len(self.parts()) >= 3, "three of four parts there")
        process.send_signal(signal.SIGKILL)
        process.wait()
        fault.release()
        self.proxy.cut_all()

    def parts(self):
        """The parts that are complete and not joined yet."""
        return sorted(filter(re.compile(r"\.gantry-[0-9a-f]{16}\.[0-9]{4}").fullmatch, self.names()))

    def data_connections(self, way, least):
        return [one for one in self.proxy.of_kind("data") if one.flowed[way] >= least]


@over("local", "s3", "vsftpd", "pureftpd")
class Down(SegmentTest):
    def test_equal_over_several_connections(self):
        self.prepare("file", self.big())
        self.get()
        self.assert_fetched(self.big())
        self.assertGreaterEqual(len(self.data_connections(DOWN, MIB)), 2)  # who comes late finds less

    def test_a_cut_connection_is_replaced(self):
        self.prepare("file", self.big())
        self.proxy.on_data(RESET, after=3 * MIB, times=3)
        self.get()
        self.assert_fetched(self.big())


@over("local")
class DownInDetail(SegmentTest):
    def kill_midway(self, begin):
        """Kills the client once it has put some of the file on record; returns what is missing then."""
        journal = self.scratch / "back.part.segments"
        self.proxy.rate = 3 * MIB
        process = begin()
        wait_until(lambda: journal.exists() and len(journal.read_text().splitlines()) >= 6, "so many runs on record", 60)
        process.send_signal(signal.SIGKILL)
        process.wait()
        # A client faster than the link leaves little on its way when it has enough of a stretch.
        self.proxy.rate = 16 * MIB
        self.proxy.cut_all()
        self.assertFalse((self.scratch / "back").exists())
        runs = [line.split() for line in journal.read_text().splitlines()[3:-1]]
        return SIZE - sum(int(end) - int(begin) for begin, end, _ in runs)

    def begin_get(self):
        return self.begin(*self.ways_in(), "get", "--segments", 4, self.url("file"), self.scratch / "back")

    def flowed(self):
        return sum(one.flowed[DOWN] for one in self.proxy.of_kind("data"))

    def test_goes_on_after_a_kill(self):
        self.prepare("file", self.big())
        missing = self.kill_midway(self.begin_get)
        self.assertLess(missing, SIZE)
        before = self.flowed()
        self.get()
        self.assert_fetched(self.big())
        self.assertLess(self.flowed() - before, missing + 2 * MIB)

    def test_one_connection_goes_on_with_the_beginning(self):
        self.prepare("file", self.big())
        self.kill_midway(self.begin_get)
        before = self.flowed()
        self.gantry("get", self.url("file"), self.scratch / "back")
        self.assert_fetched(self.big())
        self.assertLess(self.flowed() - before, SIZE)

    def test_a_file_that_changed_meanwhile_is_fetched_anew(self):
        self.prepare("file", self.big())
        self.kill_midway(self.begin_get)
        other = content("other", SIZE + 1)
        self.prepare("file", other)
        self.get()
        self.assert_fetched(other)

    def test_segments_multiply_a_slow_link(self):
        self.prepare("file", self.big())
        self.proxy.rate = 100_000
        process = self.begin_get()
        wait_until(lambda: len([one for one in self.data_connections(DOWN, 1) if not one.ended]) == 4,
                   "four connections carry at the same time", 60)
        self.proxy.rate = 0
        self.assertEqual(process.wait(LIMIT), 0)
        self.assert_fetched(self.big())
        ranges = self.server.log().count("verb=RANG ")
        self.assertGreaterEqual(ranges, 4, "the server offers RANG")
        self.assertEqual(len(self.proxy.of_kind("control")), 4, "no connection is lost at the end of a range")

    def test_small_files_take_one_connection(self):
        self.prepare("file", content("small", 100_000))
        self.get()
        self.assert_fetched(content("small", 100_000))
        self.assertEqual(len(self.proxy.of_kind("control")), 1)

    def test_what_is_there_is_not_fetched(self):
        self.prepare("file", self.big())
        (self.scratch / "back").write_bytes(self.big())
        self.get()
        self.assertEqual(self.data_connections(DOWN, MIB), [])
        self.assert_fetched(self.big())


@over("local", "s3")
class Up(SegmentTest):
    def test_equal_over_several_connections(self):
        self.put()
        self.assert_stored("file", self.big())
        self.assertEqual(self.names(), ["file"])
        self.assertGreaterEqual(len(self.data_connections(UP, MIB)), 2)  # who comes late finds less

    def test_replaces_when_told(self):
        self.prepare("file", b"old")
        self.put("--overwrite")
        self.assert_stored("file", self.big())
        self.assertEqual(self.names(), ["file"])

    def test_goes_on_after_a_kill(self):
        self.kill_with_three_parts_there()
        self.assertIsNone(self.stored("file"))
        before = sum(one.flowed[UP] for one in self.proxy.of_kind("data"))
        self.put()
        self.assert_stored("file", self.big())
        self.assertEqual(self.names(), ["file"])
        self.assertLess(sum(one.flowed[UP] for one in self.proxy.of_kind("data")) - before, SIZE // 2)


@over("local")
class UpUnread(SegmentTest):
    """A user who may not read: the server tells him no checksum of anything."""

    def setUp(self):
        self.server_name = "who may not read"
        if self.server_name not in Servers.running:
            Servers.running[self.server_name] = start_gantryd("local", demo={"permissions": "eladfmwMT"})
        super().setUp()

    def test_size_is_all_that_can_be_proved(self):
        told = json.loads(self.put("--json").out.splitlines()[-1])
        self.assertEqual(told["proof"], "size")
        self.assert_stored("file", self.big())

    def test_a_file_that_cannot_be_compared_is_not_continued(self):
        self.prepare("file", content("other", MIB))
        (self.scratch / "source").write_bytes(self.big())
        done = self.gantry("put", self.scratch / "source", self.url("file"), expect=8)
        self.assertIn("cannot be read to compare it", done.err)
        self.assert_stored("file", content("other", MIB))
        self.gantry("put", "--overwrite", self.scratch / "source", self.url("file"))
        self.assert_stored("file", self.big())

    def test_parts_that_nobody_compared_are_not_believed(self):
        self.kill_with_three_parts_there()
        with open(self.server.root / self.place / self.parts()[0], "r+b") as part:
            part.write(b"damaged")
        self.put()
        self.assert_stored("file", self.big())
        self.assertEqual(self.names(), ["file"])


@over("vsftpd")
class UpElsewhere(SegmentTest):
    def test_one_stream_where_nothing_can_be_joined(self):
        self.put()
        self.assert_stored("file", self.big())
        self.assertEqual(self.names(), ["file"])


@over("local")
class FullServer(ClientTest):
    """Two connections a user, and no more."""

    def setUp(self):
        super().setUp()
        self.server = start_gantryd("local", demo={"max_sessions": 2})
        self.addCleanup(self.server.stop)
        self.address = self.server.address
        self._make_directory(self.place)

    def test_goes_on_with_those_it_gets(self):
        self.prepare("file", content("big", SIZE))
        done = self.gantry("get", "--segments", 4, self.url("file"), self.scratch / "back")
        self.assert_same((self.scratch / "back").read_bytes(), content("big", SIZE), "downloaded")
        self.assertEqual(done.err.count("no further connection"), 1, done.err)
        (self.scratch / "source").write_bytes(content("big", SIZE))
        self.gantry("put", "--segments", 4, self.scratch / "source", self.url("up"))
        self.assert_stored("up", content("big", SIZE))
