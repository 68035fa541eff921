"""Transfers that are cut, stalled or reset go on where they were, in the same run, and say so when they cannot."""

import fcntl
import os
import random
import re
import signal
import subprocess

from bad_proxy import CLOSE, DOWN, RESET, STALL, UP
from ftp_wire import wait_until
from harness import ClientTest, ProxyTest, Servers, content, over, start_gantryd

SIZE = 3_000_000
CUT = 1_700_000
TAIL = 64 << 10  # at most so much of a file of this size comes again to be compared
QUICK = ("--retry-pause", "20ms")


@over()
class Cut(ProxyTest):
    def setUp(self):
        super().setUp()
        self.bytes = content(self.id(), SIZE)
        (self.scratch / "source").write_bytes(self.bytes)

    def ways_in(self):
        # A proxy on another address than the certificate's, and faults at commands, which TLS would hide.
        return ["--password-file", self.password_file(), "--plain"]

    def assert_here(self, name="back"):
        self.assert_same((self.scratch / name).read_bytes(), self.bytes, name)
        self.assertFalse((self.scratch / f"{name}.part").exists())

    def sum_of_data(self, way):
        return sum(passage.flowed[way] for passage in self.proxy.of_kind("data"))

    def test_downloads_go_on_behind_the_cut(self):
        self.prepare("file", self.bytes)
        for do in (CLOSE, RESET):
            with self.subTest(do):
                before = self.sum_of_data(DOWN)
                fault = self.proxy.on_data(do, after=CUT)
                self.gantry(*QUICK, "get", self.url("file"), f"back-{do}")
                fault.wait()
                self.assert_here(f"back-{do}")
                if do == CLOSE:  # a reset destroys what was on its way
                    self.assertLess(self.sum_of_data(DOWN) - before, SIZE + TAIL + 100_000)

    def test_uploads_end_whole(self):
        for do in (CLOSE, RESET):
            with self.subTest(do):
                fault = self.proxy.on_data(do, after=CUT, way=UP)
                self.gantry(*QUICK, "put", "source", self.url(f"file-{do}"))
                fault.wait()
                self.assert_stored(f"file-{do}", self.bytes)

    def test_cuts_with_progress_do_not_use_up_the_tries(self):
        # Each try brings more than a MiB.
        self.bytes = content(self.id(), 8_000_000)
        self.prepare("file", self.bytes)
        self.proxy.on_data(CLOSE, after=1_300_000, times=5)
        self.gantry(*QUICK, "--tries", "2", "get", self.url("file"), "back")
        self.assert_here()

    def test_giving_up_says_how_to_go_on(self):
        self.prepare("file", self.bytes)
        fault = self.proxy.on_data(CLOSE, after=1000, times=1000)
        done = self.gantry(*QUICK, "--tries", "3", "get", self.url("file"), "back", expect=None)
        self.assertIn(done.code, (6, 8), done)
        self.assertIn("back.part keeps", done.err)
        self.assertIn("the same command goes on", done.err)
        self.assertFalse((self.scratch / "back").exists())
        self.assertGreater(fault.happened, 1)
        self.proxy.forgive()
        self.gantry("get", self.url("file"), "back")
        self.assert_here()


@over("local", "s3")
class Gantryd(ProxyTest):
    """What only a server that computes checksums makes possible."""

    def ways_in(self):
        return ["--password-file", self.password_file(), "--plain"]

    def setUp(self):
        super().setUp()
        self.bytes = content(self.id(), SIZE)
        self.source = self.scratch / "source"
        self.source.write_bytes(self.bytes)

    def test_a_stall_is_noticed(self):
        self.prepare("file", self.bytes)
        self.proxy.on_data(STALL, after=CUT)
        self.gantry(*QUICK, "--stall-timeout", "2s", "get", self.url("file"), "back")
        self.assert_same((self.scratch / "back").read_bytes(), self.bytes, "back")

    def test_a_lost_last_reply_is_found_out(self):
        fault = self.proxy.on_control(CLOSE, reply="226")
        self.gantry(*QUICK, "put", "source", self.url("file"))
        fault.wait()
        self.assert_stored("file", self.bytes)
        up = sum(passage.flowed[UP] for passage in self.proxy.of_kind("data"))
        self.assertLess(up, SIZE + 100_000, "nothing is sent twice")


@over("local", "s3")
class Held(ProxyTest):
    """What a server that holds broken uploads makes possible; a bucket holds whole parts."""

    SIZE, CUT = 20 << 20, 17 << 20

    def ways_in(self):
        return ["--password-file", self.password_file(), "--plain"]

    def break_upload(self):
        self.source = self.scratch / "source"
        self.source.write_bytes(content("held", self.SIZE))
        self.proxy.on_data(CLOSE, after=self.CUT, way=UP)
        before = len(self.server.log())
        self.gantry("--tries", "1", "put", "source", self.url("file"), expect=6)
        wait_until(lambda: re.search(r"upload interrupted.* held_bytes=[1-9]", self.server.log()[before:]), "it is held")
        self.assertIsNone(self.stored("file"))

    def test_they_go_on_in_another_run(self):
        self.break_upload()
        self.gantry("put", "source", self.url("file"))
        self.assert_stored("file", self.source.read_bytes())
        # How much the server had taken when it saw the end is its own affair.
        self.assertLess(self.proxy.of_kind("data")[-1].flowed[UP], self.SIZE)

    def test_the_beginning_of_another_file_does_not_stay(self):
        self.break_upload()
        other = content("other", self.SIZE)
        self.source.write_bytes(other)
        self.gantry(*QUICK, "put", "source", self.url("file"))
        self.assert_stored("file", other)


@over("local")
class RandomCuts(ProxyTest):
    ROUNDS, SHORT_ROUNDS = 40, 6

    def ways_in(self):
        return ["--password-file", self.password_file(), "--plain"]

    def test_files_end_equal_wherever_they_are_cut(self):
        seed = random.SystemRandom().randrange(1 << 32)
        print(f"      seed {seed}", flush=True)
        chance = random.Random(seed)
        for number in range(self.SHORT_ROUNDS if Servers.short else self.ROUNDS):
            size, do, way = chance.randrange(200_000, 2_000_000), chance.choice((CLOSE, RESET)), chance.choice((UP, DOWN))
            whole = chance.randbytes(size)
            cuts = [self.proxy.on_data(do, after=chance.randrange(size), way=way) for _ in range(chance.randrange(1, 3))]
            name = f"file-{number}"
            with self.subTest(number=number, size=size, do=do, way=way, after=[cut.after for cut in cuts]):
                if way == DOWN:
                    self.prepare(name, whole)
                    self.gantry(*QUICK, "get", self.url(name), name)
                    self.assert_same((self.scratch / name).read_bytes(), whole, name)
                else:
                    (self.scratch / name).write_bytes(whole)
                    self.gantry(*QUICK, "put", name, self.url(name))
                    self.assert_stored(name, whole)
                self.assertGreaterEqual(sum(cut.happened for cut in cuts), 1)
            self.proxy.forgive()


@over("local")
class Changes(ClientTest):
    """Files that change between the tries, or while they move."""

    def test_a_part_of_an_older_file_is_not_continued(self):
        old, new = content("old", SIZE), content("new", SIZE + 1000)
        self.prepare("file", new)
        (self.scratch / "back.part").write_bytes(old[:CUT])
        self.gantry("get", self.url("file"), "back")
        self.assert_same((self.scratch / "back").read_bytes(), new, "back")

    def test_a_part_whose_end_happens_to_fit_is_found_out(self):
        # Where nothing remembers the source, the last bytes decide; where these lie, the checksum does.
        new = content("new", SIZE)
        self.prepare("file", new)
        (self.scratch / "back.part").write_bytes(bytes(CUT - TAIL) + new[CUT - TAIL:CUT])
        self.gantry(*QUICK, "get", self.url("file"), "back")
        self.assert_same((self.scratch / "back").read_bytes(), new, "back")

    def test_a_file_is_not_written_by_two(self):
        self.prepare("file", content("file", SIZE))
        with open(self.scratch / "back.part", "wb") as part:
            fcntl.flock(part, fcntl.LOCK_EX)
            done = self.gantry("get", self.url("file"), "back", expect=7)
        self.assertIn("another transfer writes it", done.err)

    def test_links_are_not_written_through(self):
        self.prepare("file", content("file", 1000))
        (self.scratch / "precious").write_bytes(b"mine")
        (self.scratch / "back.part").symlink_to("precious")
        self.gantry("get", self.url("file"), "back", expect=7)
        self.assertEqual((self.scratch / "precious").read_bytes(), b"mine")


class Slow(ClientTest):
    """A server that sends and takes slowly, so that something can happen meanwhile."""

    RATE = 2 << 20

    def setUp(self):
        if "slow transfers" not in Servers.running:
            Servers.running["slow transfers"] = start_gantryd(
                "local", demo={"max_session_download": self.RATE, "max_session_upload": self.RATE})
        self.server_name = "slow transfers"
        super().setUp()
        self.bytes = content(self.id(), 4 * self.RATE)

    def test_a_server_that_dies_and_comes_back(self):
        (self.scratch / "source").write_bytes(self.bytes)
        self.prepare("file", self.bytes)
        patient = ("--retry-pause", "300ms", "--tries", "100")
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        transfers = self.server.log().count(" verb=EPSV ")
        down = self.begin(*self.ways_in(), *patient, "get", self.url("file"), "back", **pipes)
        up = self.begin(*self.ways_in(), *patient, "put", "source", self.url("up"), **pipes)
        part = self.scratch / "back.part"
        wait_until(lambda: part.exists() and part.stat().st_size > 0, "something came")
        wait_until(lambda: self.server.log().count(" verb=EPSV ") == transfers + 2, "both have begun")
        self.server.kill()
        self.server.start()
        for client in (down, up):
            errors = client.communicate(timeout=100)[1]
            self.assertEqual(client.returncode, 0, errors)
        self.assert_same((self.scratch / "back").read_bytes(), self.bytes, "back")
        self.assert_stored("up", self.bytes)

    def test_a_file_that_changes_on_the_server_begins_anew(self):
        self.prepare("file", self.bytes)
        client = self.begin(*self.ways_in(), "get", self.url("file"), "back", stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        part = self.scratch / "back.part"
        wait_until(lambda: part.exists() and part.stat().st_size > 0, "something came")
        client.kill()
        client.communicate(timeout=60)
        new = self.bytes[:-10] + b"other end "  # the same size, and the same beginning
        self.prepare("file", new)
        self.gantry("get", self.url("file"), "back")
        self.assert_same((self.scratch / "back").read_bytes(), new, "back")

    def test_ctrl_c_keeps_what_came(self):
        self.prepare("file", self.bytes)
        client = self.begin(*self.ways_in(), "get", self.url("file"), "back", stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        part = self.scratch / "back.part"
        wait_until(lambda: part.exists() and part.stat().st_size > 0, "something came")
        client.send_signal(signal.SIGINT)
        errors = client.communicate(timeout=60)[1]
        self.assertEqual(client.returncode, 130, errors)
        self.assertIn("the same command goes on", errors)
        self.assertGreater(part.stat().st_size, 0)
        self.gantry("get", self.url("file"), "back")
        self.assert_same((self.scratch / "back").read_bytes(), self.bytes, "back")

    def test_a_file_that_changes_while_it_is_sent_is_not_called_done(self):
        source = self.scratch / "source"
        source.write_bytes(self.bytes)
        client = self.begin(*self.ways_in(), "put", "source", self.url("file"), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        descriptors = f"/proc/{client.pid}/fd"
        wait_until(lambda: any(os.readlink(f"{descriptors}/{fd}").endswith("/source") for fd in os.listdir(descriptors)),
                   "the file is open")
        with open(source, "r+b") as file:
            file.seek(100)
            file.write(b"changed")
        errors = client.communicate(timeout=100)[1]
        self.assertEqual(client.returncode, 8, errors)
        self.assertIn("changed while it was sent", errors)

