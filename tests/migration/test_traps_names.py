"""The COS FTP Server tool's traps 9 to 13: names, errors, listings, the server's own disk."""

import contextlib
import re
import time

from legacy import FOR_EVER, SMALL, USUAL, MigrationTest, change, content, long, permissions, read_all


def on_disk(directory):
    """Everything below a directory but logs and the database, with times: what must not change."""
    return {str(path): (path.stat().st_mode, path.stat().st_mtime_ns, path.stat().st_size)
            for path in directory.rglob("*")
            if path.is_file() and "log" not in path.parts[-2:] and path.name != "output" and "gantry.db" not in path.name}


class Existence(MigrationTest):
    """9. A name exists, or it does not; the beginning of another is neither."""

    def setUp(self):
        super().setUp()
        for name in ("report.txt", "report-2.txt", "dir/inside.txt"):
            self.store.put(self.path(name), b"12345")
        self.session = self.connect()
        self.session.command(f"CWD {self.place}", 250)

    def test_trap_09_beginning_of_a_name_is_no_file(self):
        for verb in ("SIZE", "MDTM", "DELE", "RNFR", "MLST", "CWD", "RMD"):
            for name in ("rep", "report", "report.tx", "di"):
                self.session.command(f"{verb} {name}", 550)
        data = self.session.open_data(self.session.passive())
        self.session.command("RETR report", 550)
        data.close()
        self.assert_stored(self.path("report.txt"), b"12345")

    def test_trap_09_missing_names_are_refused(self):
        self.session.command("DELE missing", 550)
        self.session.command("RMD missing", 550)
        self.session.command("RNFR missing", 550)
        self.session.command("DELE report.txt", 250)
        self.session.command("DELE report.txt", 550)

    def test_trap_09_full_directory_is_not_removed(self):
        self.session.command("RMD dir", 550)
        self.assert_stored(self.path("dir/inside.txt"), b"12345")
        self.session.command("DELE dir/inside.txt", 250)
        self.session.command("RMD dir", 250)
        self.session.command("CWD dir", 550)

    def test_trap_09_directory_beside_1500_siblings(self):
        for number in range(1500):
            self.store.put(self.path(f"many/pfx-{number:04}"), b"")
        self.store.put(self.path("many/pfx/file"), b"12345")
        self.session.command("CWD many/pfx", 250)
        self.session.command("SIZE file", 213)
        self.session.command("CWD ..", 250)
        self.session.command("CWD pfx-0001", 550)
        self.session.command("CWD pf", 550)


class StoreErrors(MigrationTest):
    """10. A store that refuses or is away is not a store without the file, and costs nobody the session."""

    @long
    def test_trap_10_store_that_is_away_is_not_an_empty_one(self):
        server = self.start_impatient()
        server.fake.put("dir/file", b"12345")
        with self.connect_to(server) as session:
            server.fake.fault(action="error", status=503, code="ServiceUnavailable", times=FOR_EVER)
            for line in ("CWD dir", "SIZE dir/file", "MDTM dir/file", "RNFR dir/file", "DELE dir/file", "RMD dir",
                         "MKD new"):
                answer = session.command(line, (450, 451))
                self.assertNotRegex(answer.text, "(?i)no such|not exist")
            server.fake.forgive()
            session.command("CWD dir", 250)
            session.command("SIZE file", 213)

    def test_trap_10_refusal_keeps_the_session(self):
        self.store.put(self.path("file"), b"12345")
        session = self.connect()
        self.store.fault(action="error", status=403, code="AccessDenied", times=FOR_EVER)
        for line in (f"SIZE {self.path('file')}", f"DELE {self.path('file')}", f"RNFR {self.path('file')}",
                     f"CWD {self.place}", f"MKD {self.path('new')}"):
            answer = session.command(line, 550)
            self.assertNotRegex(answer.text, "(?i)no such|not exist")
            session.command("NOOP", 200)
        self.store.forgive()
        session.command(f"SIZE {self.path('file')}", 213)


class Listings(MigrationTest):
    """11. Listings are complete, of what was asked for, in order, with dates and rights that are true."""

    def setUp(self):
        super().setUp()
        for name, size in (("b.txt", 1), ("a.txt", 300), ("sub/a.txt", 20), ("sub/b.txt", 20), ("c.txt", 2)):
            self.store.put(self.path(name), b"x" * size)
        self.session = self.connect()

    @staticmethod
    def last_words(lines):
        return [line.split(" ")[-1] for line in lines]

    def listed(self, line, session=None):
        return self.last_words(self.names(session or self.session, line))

    def test_trap_11_complete(self):
        count = 2500
        for number in range(count):
            self.store.put(self.path(f"many/{number:05}"), b"")
        expected = [f"{number:05}" for number in range(count)]
        for verb in ("LIST", "NLST", "MLSD"):
            found = [name.rpartition("/")[2] for name in self.listed(f"{verb} {self.path('many')}")]
            self.assertEqual([name for name in found if name not in ("many", ".", "..")], expected, verb)

    def test_trap_11_a_limit_that_cuts_is_told(self):
        server = self.start(change(USUAL, log_level="INFO\nmax_list_file = 100"))
        for number in range(150):
            server.photos.put(f"many/{number:03}", b"")
        session = server.connect()
        session.command("CWD many", 250)
        for verb in ("LIST", "NLST", "MLSD"):
            data = session.transfer(verb)
            lines = [line for line in read_all(data).splitlines() if b"type=cdir" not in line and b"type=pdir" not in line]
            data.close()
            answer = session.expect(226)
            self.assertEqual(len(lines), 100, verb)
            self.assertIn("50", answer.text)
        self.assertRegex(server.log(), r"anna.*/many.*50")
        session.command("CWD /", 250)
        self.assertNotRegex(self.final(session, "LIST"), r"\d+ (more|left|not)")

    def test_trap_11_listing_that_breaks_is_no_success(self):
        for number in range(1200):
            self.store.put(self.path(f"broken/{number:04}"), b"")
        for verb in ("LIST", "NLST", "MLSD"):
            self.store.fault(op="ListObjects", skip=1, action="error", status=403, code="AccessDenied", times=FOR_EVER)
            session = self.connect()
            data = session.open_data(session.passive())
            answer = session.command(f"{verb} {self.path('broken')}")
            if answer.code == 150:
                with contextlib.suppress(ConnectionError):
                    read_all(data)
                answer = session.reply()
            data.close()
            self.assertIn(answer.code, range(400, 600), verb)
            session.command("NOOP", 200)
            self.store.forgive()

    @staticmethod
    def final(session, line):
        data = session.transfer(line)
        read_all(data)
        data.close()
        return session.expect(226).text

    def test_trap_11_names_of_another_directory(self):
        expected = ["a.txt", "b.txt"]
        self.assertEqual(self.listed(f"LIST /{self.place}/sub"), expected)
        self.session.command(f"CWD {self.place}", 250)
        self.assertEqual(self.listed("LIST sub"), expected)
        self.assertEqual(self.listed(f"LIST /{self.place}/sub"), expected)
        self.session.command("CWD sub", 250)
        self.assertEqual(self.listed("LIST .."), ["a.txt", "b.txt", "c.txt", "sub"])
        self.assertEqual(self.listed("LIST ."), expected)

    def test_trap_11_list_of_a_file(self):
        lines = self.names(self.session, f"LIST {self.path('a.txt')}")
        self.assertEqual(len(lines), 1)
        self.assertRegex(lines[0], r"^-\S+ .* 300 .*a\.txt$")

    def test_trap_11_nlst_and_mlst_keep_the_session(self):
        self.session.command(f"CWD {self.place}", 250)
        self.assertEqual(self.names(self.session, "NLST"), ["a.txt", "b.txt", "c.txt", "sub"])
        answer = self.session.command("MLST a.txt", 250)
        self.assertRegex(answer.lines[1], r"^ .*[Ss]ize=300;.* /" + self.path("a.txt") + "$")
        self.session.command("MLST sub", 250)
        self.session.command("NOOP", 200)

    def test_trap_11_sorted_by_name(self):
        self.assertEqual(self.listed(f"LIST {self.place}"), ["a.txt", "b.txt", "c.txt", "sub"])

    def test_trap_11_no_dates_of_1970(self):
        for line in self.names(self.session, f"LIST {self.place}"):
            self.assertNotIn("1970", line)
            self.assertNotRegex(line, r"Jan +1 +00:00")
        for line in self.names(self.session, f"MLSD {self.place}"):
            self.assertNotIn("modify=1970", line.lower())

    def test_trap_11_dates_of_files(self):
        now = time.time()
        for line in self.names(self.session, f"MLSD {self.place}"):
            if line.endswith(" a.txt"):
                stamp = re.search(r"modify=(\d{14});", line).group(1)
                age = now - time.mktime(time.strptime(stamp, "%Y%m%d%H%M%S")) + time.timezone
                self.assertLess(abs(age), 600, line)

    def test_trap_11_rights_are_those_of_the_user(self):
        def facts(user):
            lines = self.connect(user).retrieve(f"MLSD {self.place}").decode().splitlines()
            return {line.split(" ", 1)[1]: permissions(line) for line in lines}

        all_rights, reading = facts("anna"), facts("reader")
        self.assertIn("d", all_rights["a.txt"])
        self.assertIn("w", all_rights["a.txt"])
        self.assertIn("r", all_rights["a.txt"])
        self.assertEqual(set(reading["a.txt"]), {"r"})
        self.assertEqual(set(reading["sub"]), {"e", "l"})
        self.assertTrue({"e", "l", "c", "m"} <= set(all_rights["sub"]), all_rights["sub"])

    def test_trap_11_control_characters_reach_nobody(self):
        for name in ("line\nbreak", "return\rhere", "tab\there"):
            self.store.put(self.path(name), b"")
        for verb in ("LIST", "NLST", "MLSD"):
            body = self.session.retrieve(f"{verb} {self.place}")
            self.assertNotRegex(body.replace(b"\r\n", b""), rb"[\x00-\x1f\x7f]")
            self.assertNotIn(b"break", body)


class ServersDisk(MigrationTest):
    """12 and 13. Everything happens in the bucket; the server's own disk is neither needed, touched nor shown."""

    def setUp(self):
        super().setUp()
        self.store.put(self.path("file.txt"), b"12345")
        self.before = on_disk(self.server.directory)
        self.session = self.connect()

    def tearDown(self):
        self.assertEqual(on_disk(self.server.directory), self.before)
        self.assertFalse(self.server.nowhere.exists())

    def test_trap_12_times_are_those_of_the_object(self):
        path = self.path("file.txt")
        stamp = self.session.command(f"MDTM {path}", 213).text.split()[1][:14]
        age = time.time() - time.mktime(time.strptime(stamp, "%Y%m%d%H%M%S")) + time.timezone
        self.assertLess(abs(age), 600)
        self.session.command(f"MFMT 20200102030405 {path}", 213)
        self.assertEqual(self.session.command(f"MDTM {path}", 213).text[:18], "213 20200102030405")
        self.assertEqual(self.connect("reader").command(f"MDTM {path}", 213).text[:18], "213 20200102030405")
        self.assert_stored(path, b"12345")
        self.session.command("MFMT 20200102030405 /etc/hostname", 550)
        self.session.command("MDTM /etc/passwd", 550)

    def test_trap_12_status_of_a_path(self):
        self.assertIn("file.txt", self.session.command(f"STAT {self.place}", (212, 213)).text)
        for path in ("/etc/passwd", "/etc", str(self.server.directory)):
            answer = self.session.command(f"STAT {path}", (450, 550))
            self.assertNotIn("root:", answer.text)

    def test_trap_12_list_of_a_server_file(self):
        for path in ("/etc/passwd", "/etc", str(self.server.config)):
            data = self.session.open_data(self.session.passive())
            self.session.command(f"LIST {path}", (450, 550))
            data.close()

    def test_trap_12_modes_change_nothing_here(self):
        self.session.command(f"SITE CHMOD 700 {self.path('file.txt')}", tuple(range(200, 600)))
        self.session.command("SITE CHMOD 700 /", tuple(range(200, 600)))
        self.session.command(f"SITE CHMOD 700 {self.server.directory}", tuple(range(500, 600)))

    def test_trap_12_unique_names_are_stored_in_the_bucket(self):
        known = set(self.store.keys())
        channel = self.session.open_data(self.session.passive())
        name = re.search(r"(?:FILE: *)?(\S+)$", self.session.command("STOU", (125, 150)).text).group(1)
        channel.sendall(content(SMALL))
        channel.close()
        self.session.expect((226, 250))
        self.assertEqual(set(self.store.keys()) - known, {name.lstrip("/")})
        self.assert_stored(name.lstrip("/"), content(SMALL))
        self.session.command(f"DELE {name}", 250)

    def test_trap_13_same_home_dir_is_another_bucket(self):
        """anna and bert have one home_dir; in the old tool both saw the bucket of the last one."""
        self.upload(self.session, f"only-anna-{self.place}", b"anna")
        bert = self.connect("bert")
        self.upload(bert, f"only-bert-{self.place}", b"bert")
        self.assertNotIn(f"only-anna-{self.place}", self.names(bert, "NLST /"))
        self.assertNotIn(f"only-bert-{self.place}", self.names(self.session, "NLST /"))
        self.assert_stored(f"only-anna-{self.place}", b"anna")
        self.assert_stored(f"only-bert-{self.place}", b"bert", self.server.invoices)
        self.assert_stored(f"only-bert-{self.place}", None)

    def test_trap_13_two_users_of_one_bucket(self):
        self.upload(self.session, self.path("shared"), b"shared")
        for user in ("reader", "keeper"):
            self.assertEqual(self.connect(user).retrieve(f"RETR {self.path('shared')}"), b"shared")

    def test_trap_13_the_bucket_is_the_root(self):
        self.assertEqual(self.session.command("PWD", 257).text.split('"')[1], "/")
        self.session.command("CWD ../../..", 250)
        self.assertEqual(self.session.command("PWD", 257).text.split('"')[1], "/")

    def test_trap_13_no_local_path_in_replies(self):
        path = self.path("missing")
        texts = [self.session.command(line).text for line in (
            f"SIZE {path}", f"DELE {path}", f"RMD {path}", f"CWD {path}", f"RNFR {path}", f"MDTM {path}", f"MLST {path}",
            f"STAT {path}", f"MKD {self.place}", f"MKD {path}/below", f"SITE CHMOD 700 {path}", "PWD", "STAT", "HELP",
            "SYST", "SITE HELP", f"RMD {self.place}", "CWD /", "STAT /", "MLST /")]
        for line in (f"RETR {path}", f"LIST {path}", f"NLST {path}", f"MLSD {path}", f"STOR {path}/below/file"):
            data = self.session.open_data(self.session.passive())
            answer = self.session.command(line)
            texts.append(answer.text)
            data.close()
            if answer.code == 150:
                texts.append(self.session.reply().text)
        for text in texts:
            for secret in (str(self.server.directory), str(self.server.nowhere), "nowhere", "/tmp/", "photos-1250000001"):
                self.assertNotIn(secret, text)
