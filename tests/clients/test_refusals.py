"""Uploads the server must not accept, or not to that name: how clients hear of it, and what is left behind."""

import re

from ftp_wire import Connection
from gantry import Gantry, Setup
from harness import ClientTest, Servers, for_stores
from trees import MIB, content

LIMIT = 12 * MIB


def held_size(session, name, whole):
    """Sends all but the end of `whole`, then ends before the announced size; how much the server holds."""
    session.command(f"ALLO {len(whole)}", 200)
    session.store(f"STOR {name}", whole[:-1], final=426)
    return int(session.command(f"SIZE {name}", 213).text.split()[1])


class Limited(ClientTest):
    """Every test has a server of its own with a size limit."""

    def setUp(self):
        self.server = Gantry(self.store, transfer={"max_file_size": LIMIT})
        self.addCleanup(self.server.stop)
        self.scratch = Setup.directory("client")
        self.place = "."

    def assert_nothing_left(self, *present):
        session = self.ftp()
        self.assertEqual(sorted(session.retrieve("NLST").decode().split()), sorted(present))
        if self.server.fake:
            self.assertEqual(self.server.fake.keys(), sorted(present))
            self.assertEqual(self.server.fake.open_uploads(), [])
        if self.store == "local":
            self.assertEqual(sorted(p.name for p in self.server.root.rglob("*")), sorted(present))

    def assert_logged(self, name):
        lines = [line for line in self.server.log().splitlines() if "file too large" in line]
        self.assertTrue(lines, "no line in the log")
        self.assertRegex(lines[-1], rf"error +file too large .*path=/{name} limit={LIMIT}")


@for_stores("local", "memory", "s3", "cos")
class Large(Limited):
    def test_the_limit_itself_is_accepted_and_one_byte_more_is_not(self):
        session = self.ftp()
        old = content("old", 100_000)
        session.store("STOR over", old)
        session.store("STOR exact", content("exact", LIMIT))
        session.store("STOR over", content("over", LIMIT + 1), final=552)
        session.store("STOR new", content("over", LIMIT + 1), final=552)
        self.assert_logged("new")
        self.assertEqual(session.retrieve("RETR over"), old)
        self.assert_nothing_left("exact", "over")

    def test_what_is_there_already_counts(self):
        session = self.ftp()
        half = content("half", LIMIT // 2)
        session.store("STOR half", half)
        session.store("APPE half", bytes(LIMIT // 2 + 1), final=552)
        session.command(f"REST {LIMIT // 2}", 350)
        session.store("STOR half", bytes(LIMIT // 2 + 1), final=552)
        self.assertEqual(session.retrieve("RETR half"), half)
        session.store("APPE half", bytes(LIMIT // 2))
        session.command("SIZE half", 213)
        self.assert_nothing_left("half")

    def test_curl_and_lftp_show_the_refusal(self):
        source = self.scratch / "big"
        source.write_bytes(bytes(5 * LIMIT))
        target = f"ftp://demo:demo@localhost:{self.server.port}/big"
        shown = self.run_client("curl", "-sS", "-v", "-T", source, target, expect=70)
        self.assertIn(f"552 Files may have {LIMIT} bytes at most here", shown)
        shown = self.run_client("curl", "-sS", "-v", "--ssl-reqd", "--cacert", Setup.certificate()[0], "-T", source, target,
                                expect=70)
        self.assertIn("552 Files may", shown)
        script = ("set net:max-retries 1; set net:timeout 20; set ftp:ssl-allow no; set cmd:fail-exit true; "
                  f"open -u demo,demo ftp://localhost:{self.server.port}; put {source}")
        self.assertIn("552 Files may", self.run_client("lftp", "-c", script, expect=1))
        self.assert_nothing_left()


@for_stores("local", "s3", "cos")
class LargeHeld(Limited):
    def test_a_continued_upload_past_the_limit_is_dropped_for_good(self):
        session = self.ftp()
        held = held_size(session, "f", content("f", LIMIT))
        session.command(f"REST {held}", 350)
        session.store("STOR f", bytes(LIMIT - held + 1), final=552)
        session.command("SIZE f", 550)
        self.assert_nothing_left()


@for_stores("local", "s3", "cos", "rgw")
class Resumed(ClientTest):
    """Those who may only write, and those who may destroy nothing, continue what was cut."""

    def as_user(self, name):
        session = Connection(self.server.address)
        self.addCleanup(session.close)
        session.expect(220)
        session.login(name, name)
        return session

    def whole(self, name):
        return self.as_user("demo").retrieve(f"RETR {name}")

    def carried(self, name):
        """Bytes of the last upload that ended well under the name, as the log tells."""
        found = re.findall(rf"transfer .*direction=upload path=/{name} bytes=(\d+) .*outcome=complete", self.server.log())
        return int(found[-1])

    def test_by_hand(self):
        data = content("resumed", 11 * MIB)
        for user in ("writer", "keeper"):
            for verb in ("REST", "APPE"):
                name = f"{self.place}-{user}-{verb}"
                session = self.as_user(user)
                held = held_size(session, name, data)
                self.assertGreater(held, 0)
                session = self.as_user(user)
                self.assertEqual(session.command(f"SIZE {name}", 213).text, f"213 {held}")
                if verb == "REST":
                    session.command(f"REST {held}", 350)
                session.store(f"{'STOR' if verb == 'REST' else 'APPE'} {name}", data[held:])
                self.assertTrue(self.whole(name) == data)

    def test_begun_again(self):
        data = content("again", 11 * MIB)
        for user in ("writer", "keeper"):
            session = self.as_user(user)
            held_size(session, f"{self.place}-{user}", data)
            session.store(f"STOR {self.place}-{user}", data)
            self.assertTrue(self.whole(f"{self.place}-{user}") == data)

    def test_curl_and_lftp(self):
        data = content("clients", 11 * MIB)
        source = self.scratch / "source"
        source.write_bytes(data)
        for user in ("writer", "keeper"):
            name = f"{self.place}-{user}"
            held = held_size(self.as_user(user), name + "-curl", data)
            self.run_client("curl", "-sS", "-C", "-", "-T", source,
                            f"ftp://{user}:{user}@localhost:{self.server.port}/{name}-curl")
            self.assertTrue(self.whole(name + "-curl") == data)
            self.assertEqual(self.carried(name + "-curl"), len(data) - held)
            held = held_size(self.as_user(user), name + "-lftp", data)
            script = ("set net:max-retries 1; set net:timeout 20; set ftp:ssl-allow no; set cmd:fail-exit true; "
                      f"open -u {user},{user} ftp://localhost:{self.server.port}; put -c {source} -o {name}-lftp")
            self.run_client("lftp", "-c", script)
            self.assertTrue(self.whole(name + "-lftp") == data)
            self.assertEqual(self.carried(name + "-lftp"), len(data) - held)

    def test_another_one_was_faster(self):
        data = content("race", 11 * MIB if not Servers.short else MIB)
        for name, size in ((self.place + "-small", 10), (self.place + "-large", len(data))):
            slow = self.as_user("keeper")
            connection = slow.transfer(f"STOR {name}")
            connection.sendall(data[:size])
            self.as_user("demo").store(f"STOR {name}", b"first")
            connection.close()
            self.assertIn("use another name", slow.expect(550).text)
            self.assertEqual(self.whole(name), b"first")


@for_stores("local", "s3", "cos")
class Quiet(ClientTest):
    def test_no_reply_shows_a_path_of_the_server(self):
        session = self.ftp()
        session.command(f"MKD {self.place}", 257)
        session.store(f"STOR {self.place}/f", b"x")
        told = []
        for line in ("PWD", f"CWD {self.place}/f", "CWD missing", f"MKD {self.place}", f"RMD {self.place}", "RMD missing",
                     "DELE missing", f"DELE {self.place}", "RNFR missing", "SIZE missing", "MDTM missing",
                     "MFMT 20200101000000 missing", "SITE CHMOD 600 missing", f"SITE CHMOD 600 {self.place}/f",
                     f"MLST {self.place}/f", f"STAT {self.place}", "STAT", "AVBL", f"HASH {self.place}/f", "HELP", "FEAT",
                     "SITE QUOTA", "SYST"):
            told += session.command(line).lines
        for name in (f"{self.place}/f/below", "missing/f", self.place):
            session.command(f"RNFR {self.place}/f", 350)
            told += session.command(f"RNTO {name}").lines
        for line in ("STOR missing/f", f"STOR {self.place}", "RETR missing", f"RETR {self.place}", "LIST missing"):
            target = session.passive()
            answer = session.command(line)
            if answer.code == 150:
                session.open_data(target).close()
                answer = session.reply()
            told += answer.lines
        secrets = [str(self.server.directory), str(self.server.root)]
        if self.server.fake:
            secrets += [self.server.fake.bucket, self.server.fake.endpoint]
        for line in told:
            for secret in secrets:
                self.assertNotIn(secret, line)

