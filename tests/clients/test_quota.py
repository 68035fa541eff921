"""Quotas as clients meet them: what counts, what gives space back, and how a refusal sounds."""

import json
import re
import signal
import subprocess

from ftp_wire import wait_until
from gantry import Gantry, Setup, stop
from harness import ClientTest, for_stores
from trees import MIB, content

LIMIT = 40 * MIB
BUCKETS = ("s3", "cos")


class WithQuota(ClientTest):
    demo = {"quota_bytes": LIMIT, "quota_files": 5}

    def setUp(self):
        self.server = Gantry(self.store, transfer={"part_size": 5 * MIB}, demo=self.demo)
        self.addCleanup(self.server.stop)
        self.scratch = Setup.directory("client")

    def used(self, session):
        text = session.command("SITE QUOTA", 200).text
        return tuple(int(re.search(rf"{what}: (\d+) used", text).group(1)) for what in ("Bytes", "Files"))

    def refused_at_once(self, session, line):
        data = session.open_data(session.passive())
        answer = session.command(line, 552)
        data.close()
        return answer.text

    def break_off(self, session, line, body):
        """Ends before the announced size, so that the upload is held where the store can hold."""
        session.command(f"ALLO {len(body) + 1}", 200)
        session.store(line, body, final=426)


@for_stores("local", "memory", "s3", "cos")
class Quota(WithQuota):
    def test_every_change_counts_and_gives_back(self):
        session = self.ftp()
        session.store("STOR a", content("a", MIB))
        self.assertEqual(self.used(session), (MIB, 1))
        session.store("STOR a", content("b", 3 * MIB))
        self.assertEqual(self.used(session), (3 * MIB, 1))
        session.store("STOR a", content("c", 2 * MIB))
        self.assertEqual(self.used(session), (2 * MIB, 1))
        session.store("APPE a", content("d", 1000))
        session.command("REST 1000", 350)
        session.store("STOR a", content("e", MIB))
        self.assertEqual(self.used(session), (MIB + 1000, 1))
        session.store("STOU", b"x" * 10)
        session.command("MKD dir", 257)
        session.store("STOR dir/b", content("f", MIB))
        self.assertEqual(self.used(session), (2 * MIB + 1010, 3))
        session.command("RNFR dir/b", 350)
        session.command("RNTO dir/c", 250)
        session.command("RNFR dir", 350)
        session.command("RNTO moved", 250)
        self.assertEqual(self.used(session), (2 * MIB + 1010, 3))
        session.command("RNFR moved/c", 350)
        session.command("RNTO a", 250)
        self.assertEqual(self.used(session), (MIB + 10, 2))
        session.command("DELE a", 250)
        session.command("DELE nosuch", 550)
        self.assertEqual(self.used(session), (10, 1))

    def test_segments_are_joined_in_the_room_they_have(self):
        session = self.ftp()
        session.store("STOR other", content("other", 10 * MIB))
        segments = [content(str(i), 6 * MIB) for i in range(4)]
        for i, segment in enumerate(segments):
            session.store(f"STOR s{i}", segment)
        self.assertEqual(self.used(session), (34 * MIB, 5))
        answer = session.command("COMB whole s0 s1 s2 s3", 250)
        self.assertIn(f"4 files are joined: {24 * MIB} bytes", answer.text)
        self.assertEqual(self.used(session), (34 * MIB, 2))
        self.assertEqual(session.retrieve("RETR whole"), b"".join(segments))
        # What is free now is what was: 6 MiB, no more.
        session.store("STOR more", content("more", 6 * MIB))
        self.refused_at_once(session, "STOR again")
        session.command("COMB other whole", 250)
        self.assertEqual(self.used(session), (30 * MIB, 2))

    def test_refusals_say_what_is_left_and_leave_what_is_there(self):
        session = self.ftp()
        old = content("old", 36 * MIB)
        session.store("STOR big", old)
        session.command(f"ALLO {5 * MIB}", 200)
        self.assertEqual(self.refused_at_once(session, "STOR new"), "552 Quota exceeded: 4.0 MiB and 4 files left")
        session.store("STOR new", content("new", 5 * MIB), final=552)
        session.store("APPE big", content("more", 5 * MIB), final=552)
        session.command(f"ALLO {LIMIT + 1}", 200)
        self.refused_at_once(session, "STOR big")
        session.store("STOR big", content("larger", LIMIT + 1), final=552)
        self.assertEqual(self.used(session), (36 * MIB, 1))
        self.assertEqual(session.retrieve("RETR big"), old)
        self.assertEqual(session.retrieve("NLST").decode().split(), ["big"])
        session.store("STOR big", content("fits", LIMIT))
        self.assertEqual(session.command("AVBL", 213).text, "213 0")
        self.assertIn("0 B and 4 files left", self.refused_at_once(session, "STOR new"))
        session.store("STOR big", content("again", LIMIT))
        if self.server.fake:
            self.assertEqual(self.server.fake.open_uploads(), [])

    def test_a_stream_without_a_size_is_cut_off(self):
        session = self.ftp()
        data = session.transfer("STOR endless")
        sent = 0
        block = bytes(MIB)
        try:
            while sent < 4 * LIMIT:
                data.sendall(block)
                sent += MIB
        except ConnectionError:
            pass
        data.close()
        session.expect(552)
        self.assertEqual(self.used(session), (0, 0))
        session.command("SIZE endless", 550)

    def test_files_count(self):
        session = self.ftp()
        for name in "abcde":
            session.store(f"STOR {name}", b"")
        self.assertEqual(self.used(session), (0, 5))
        self.assertIn("0 files left", self.refused_at_once(session, "STOR f"))
        session.store("STOR e", b"new content")
        session.command("DELE a", 250)
        session.store("STOR f", b"")

    def test_avbl_and_site_quota_tell_what_is_left(self):
        session = self.ftp()
        session.store("STOR a", content("a", MIB))
        self.assertEqual(session.command("AVBL", 213).text, f"213 {39 * MIB}")
        lines = session.command("SITE QUOTA", 200).lines
        self.assertIn(f"Bytes: {MIB} used, {LIMIT} allowed, {39 * MIB} left", lines[1])
        self.assertIn("Files: 1 used, 5 allowed, 4 left", lines[2])

    def test_a_quota_below_what_is_used_lets_only_shrink(self):
        session = self.ftp()
        session.store("STOR a", content("a", 20 * MIB))
        session.store("STOR b", content("b", MIB))
        text = self.server.config.read_text().replace(f"quota_bytes = {LIMIT}", f"quota_bytes = {10 * MIB}")
        self.server.config.write_text(text)
        self.server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "reloaded" in self.server.log(), "the configuration is read again")
        session = self.ftp()
        self.assertIn("0 B", self.refused_at_once(session, "STOR c"))
        self.assertEqual(session.command("AVBL", 213).text, "213 0")
        session.store("STOR a", content("smaller", 12 * MIB))
        session.command("DELE a", 250)
        session.store("STOR c", content("c", MIB))
        self.assertEqual(self.used(session), (2 * MIB, 2))

    def test_others_in_the_same_home_change_nothing_until_it_is_counted(self):
        session = self.ftp()
        session.store("STOR a", content("a", MIB))
        other = self.ftp(login=False)
        other.login("writer", "writer")
        other.store("STOR b", content("b", MIB))
        self.assertEqual(self.used(session), (MIB, 1))


@for_stores("local", "s3", "cos")
class Held(WithQuota):
    def held(self, session, name):
        return int(session.command(f"SIZE {name}", 213).text.split()[1])

    def test_what_is_held_counts_until_it_is_continued_or_dropped(self):
        session = self.ftp()
        body = content("body", 12 * MIB)
        self.break_off(session, "STOR a", body)
        held = self.held(session, "a")
        self.assertGreater(held, 0)
        self.assertEqual(self.used(session), (held, 1))
        session.command(f"REST {held}", 350)
        session.store("STOR a", body[held:])
        self.assertEqual(self.used(session), (len(body), 1))
        self.break_off(session, "STOR b", body)
        self.assertEqual(self.used(session), (len(body) + held, 2))
        session.command("DELE b", 250)
        self.assertEqual(self.used(session), (len(body), 1))
        self.break_off(session, "STOR b", body)
        session.store("STOR b", b"short")
        self.assertEqual(self.used(session), (len(body) + 5, 2))

    def test_what_is_held_is_continued_in_the_room_it_has(self):
        session = self.ftp()
        session.store("STOR a", content("a", 28 * MIB))
        body = content("body", 12 * MIB)
        session.command(f"ALLO {len(body)}", 200)
        session.store("STOR b", body[:-1], final=426)
        held = self.held(session, "b")
        session.command(f"REST {held}", 350)
        session.command(f"ALLO {len(body) - held}", 200)
        session.store("STOR b", body[held:])
        self.assertEqual(self.used(session), (LIMIT, 2))

    def test_what_is_there_already_is_counted_first(self):
        viewer = self.ftp(login=False)
        viewer.login("writer", "writer")
        viewer.command("MKD deep", 257)
        for name, size in (("one", MIB), ("deep/two", 2 * MIB)):
            viewer.store(f"STOR {name}", content(name, size))
        session = self.ftp()
        session.command(f"ALLO {38 * MIB}", 200)
        self.refused_at_once(session, "STOR new")
        self.assertEqual(self.used(session), (3 * MIB, 2))

    def quota(self, *words, exit=0):
        done = subprocess.run([Setup.program("src/gantryd/gantryd"), "quota", *words, "--config", str(self.server.config)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, exit, f"{words}: {done.stdout} {done.stderr}")
        return done.stdout

    def test_the_command_line_shows_and_counts(self):
        session = self.ftp()
        session.store("STOR a", content("a", MIB))
        other = self.ftp(login=False)
        other.login("writer", "writer")
        other.store("STOR b", content("b", MIB))
        answer = json.loads(self.quota("show", "demo", "--json"))["result"]
        self.assertEqual((answer["bytes"], answer["files"], answer["bytes_left"]), (MIB, 1, LIMIT - MIB))
        self.assertTrue(answer["counted"] and not answer["to_be_counted"])
        self.assertRegex(self.quota("recount", "demo"),
                         rf"^ +USED +ALLOWED +LEFT\nbytes +{2 * MIB} +{LIMIT} +{LIMIT - 2 * MIB}\nfiles +2 +5 +3")
        self.assertEqual(self.used(session), (2 * MIB, 2))
        for command in ("show", "recount"):
            self.quota(command, "writer", exit=1)
            self.quota(command, "nobody", exit=1)
        other.store("STOR c", content("c", MIB))
        self.assertEqual(stop(self.server.process), 0)
        self.assertRegex(self.quota("show", "demo"), rf"bytes +{2 * MIB} +{LIMIT} ")
        self.assertRegex(self.quota("recount", "demo"), rf"bytes +{3 * MIB} +{LIMIT} ")
        self.assertRegex(self.quota("show", "demo"), rf"bytes +{3 * MIB} +{LIMIT} ")
