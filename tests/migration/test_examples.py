"""The published forms of the COS FTP Server tool's vsftpd.conf, untouched but for what everybody filled in."""

import hashlib
import re
import signal
import subprocess
import time

import examples
from ftp_wire import Connection
from legacy import SECRET_KEY, SMALL, USUAL, Legacy, MigrationTest, Setup, change, check_file, content, wait_until


def without_blanks(text):
    return re.sub(r"(?m)^(\w+)[ \t]*=[ \t]*", r"\1=", text)


def with_blanks(text):
    return re.sub(r"(?m)^(\w+)[ \t]*=[ \t]*", r"\1 \t =   ", text)


class Example(MigrationTest):
    """Every person logs in with the old password and sees exactly the bucket that was his."""

    def setUp(self):
        pass

    def serves(self, name, change_text=None, **options):
        text = getattr(examples, name)
        server = self.start(change_text(text) if change_text else text, **options)
        digest = hashlib.sha256(server.config.read_bytes()).digest()
        server.photos.put("album/사진 1.jpg", b"photo")
        server.invoices.put("2024/发票.pdf", b"invoice")
        for person in examples.PEOPLE[name]:
            self.acts(server, *person)
        self.assertEqual(hashlib.sha256(server.config.read_bytes()).digest(), digest, "the file was changed")
        self.assertFalse(server.nowhere.exists())
        server.stop()
        for secret in (SECRET_KEY, *(password for _, password, *_ in examples.PEOPLE[name])):
            self.assertNotIn(secret, server.log())
        return server

    def acts(self, server, user, password, reads, writes, bucket):
        mine, other = (server.photos, server.invoices) if bucket == "photos" else (server.invoices, server.photos)
        with server.connect(user, password) as session:
            if reads:
                self.assertEqual(self.names(session, "NLST /"), sorted({key.split("/")[0] for key in mine.keys()}))
            else:
                data = session.open_data(session.passive())
                session.command("NLST /", 550)
                data.close()
            if bucket == "photos" and reads:
                self.assertEqual(session.retrieve("RETR album/사진 1.jpg"), b"photo")
            self.upload(session, f"from-{user}", user.encode(), 226 if writes else 550)
            self.assertEqual(mine.object(f"from-{user}"), user.encode() if writes else None)
            self.assertIsNone(other.object(f"from-{user}"))
        with Connection(server.address) as session:
            session.expect(220)
            session.command(f"USER {user}", 331)
            session.command("PASS wrong", 530)

    def test_old_dialect(self):
        server = self.serves("OLD_DIALECT")
        self.assertRegex(server.log(), r"vsftpd\.conf:14:1: .*masquerade_address.*XXX\.XXX\.XXX\.XXX")

    def test_new_dialect(self):
        server = self.serves("NEW_DIALECT")
        self.assertRegex(server.log(), r"vsftpd\.conf:29:1: .*masquerade_address.*XXX\.XXX\.XXX\.XXX")

    def test_three_accounts(self):
        self.serves("THREE_ACCOUNTS")

    def test_no_blanks_around_equal_signs(self):
        for name in ("OLD_DIALECT", "NEW_DIALECT"):
            self.serves(name, without_blanks)

    def test_many_blanks_around_equal_signs(self):
        self.serves("NEW_DIALECT", with_blanks)

    def test_windows_line_ends(self):
        self.serves("OLD_DIALECT", lambda text: text.replace("\n", "\r\n"))

    def test_byte_order_mark(self):
        self.serves("NEW_DIALECT", encoding="utf-8-sig")

    def test_remarks_in_another_encoding(self):
        """The old tool read bytes; editors of its time wrote GBK."""
        self.serves("OLD_DIALECT", encoding="gbk")

    def test_semicolons_begin_comments_too(self):
        self.serves("NEW_DIALECT", lambda text: re.sub(r"(?m)^# ", "; ", text).replace("  # ", "  ; "))

    def test_account_numbers_with_gaps_and_in_any_order(self):
        self.serves("NEW_DIALECT", lambda text: text.replace("COS_ACCOUNT_0", "COS_ACCOUNT_17"))

    def test_whole_address_as_endpoint(self):
        self.serves("NEW_DIALECT", lambda text: text.replace("cos_endpoint = ", "cos_endpoint = http://")
                    .replace("cos_protocol = http\n", "cos_protocol = https\n"))

    def test_more_than_a_hundred_users(self):
        text = examples.NEW_DIALECT
        account = text[text.index("cos_secretid"):text.index("[COS_ACCOUNT_1]")]
        more = "".join(f"[COS_ACCOUNT_{n}]\n" + account.replace("user0", f"person{n}") for n in range(2, 152))
        server = self.start(text + more)
        server.photos.put("file", b"x")
        with server.connect("person151", "pass0") as session:
            self.assertEqual(self.names(session), ["file"])

    def test_log_is_where_it_was(self):
        server = self.serves("OLD_DIALECT")
        self.assertIn("listening", server.own_log())

    def test_file_is_found_under_any_name(self):
        server = self.start(examples.OLD_DIALECT, started=False)
        server.config = server.config.rename(server.directory / "ftp-settings")
        server.start()
        with server.connect("user1", "pass1") as session:
            session.command("PWD", 257)


class Warnings(MigrationTest):
    """What the file holds that does not count, or should not be there, is said once, with its place."""

    def setUp(self):
        pass

    def warnings(self, text):
        server = self.start(text, started=False)
        status, output = check_file(server.config, "check")
        self.assertEqual(status, 0, output)
        self.assertNotIn(SECRET_KEY, output)
        return [line for line in output.splitlines() if line.startswith("warning: ")]

    def test_masquerade_placeholder(self):
        found = [line for line in self.warnings(examples.OLD_DIALECT) if "masquerade_address" in line]
        self.assertEqual(len(found), 1)
        self.assertRegex(found[0], r"vsftpd\.conf:14:1: ")

    def test_unknown_keys_and_sections_by_line(self):
        text = examples.NEW_DIALECT.replace("authority=RW\n", "authority=RW\nlucky_number = 7\n", 1) + "\n[EXTRA]\nkey = 1\n"
        found = self.warnings(text)
        line = text.splitlines().index("lucky_number = 7") + 1
        self.assertTrue(any(f"vsftpd.conf:{line}:1: " in w and "lucky_number" in w for w in found), found)
        line = text.splitlines().index("[EXTRA]") + 1
        self.assertTrue(any(f"vsftpd.conf:{line}:1: " in w and "EXTRA" in w for w in found), found)

    def test_plain_passwords(self):
        for text, password, place in ((examples.OLD_DIALECT, "pass1", r"11:1: \S*login_users"),
                                      (examples.NEW_DIALECT, "pass0", r"11:1: \S*ftp_login_user_password")):
            found = [line for line in self.warnings(text) if "plain text" in line]
            self.assertEqual(len(found), 1, found)
            self.assertRegex(found[0], r"vsftpd\.conf:" + place)
            self.assertIn("hash-password", found[0])
            self.assertNotIn(password, found[0])

    def test_home_directories_are_noted_once_in_the_log(self):
        server = self.start(examples.NEW_DIALECT)
        notes = [line for line in server.own_log().splitlines() if "home_dir" in line]
        self.assertEqual(len(notes), 1, notes)
        self.assertIn(" info ", notes[0])


class Refused(MigrationTest):
    """A wrong value stops the start: every one is named with file, line, key and what is accepted, no secret is."""

    WRONG = {  # key: (wrong value, what the message must mention)
        "cos_bucket": ("{bucket name}-123", "appid"),
        "cos_protocol": ("ftp", "http.*https|https.*http"),
        "cos_endpoint": ("http://", "HOST"),
        "authority": ("ALL", "R, W, RW"),
        "delete_enable": ("maybe", "true.*false"),
        "masquerade_address": ("not a host!", "IPv4"),
        "listen_port": ("70000", "65535"),
        "passive_port": ("65535,60000", "FIRST,LAST|first"),
        "single_file_max_size": ("20 elephants", "bytes"),
        "min_part_size": ("small", "default"),
        "upload_thread_num": ("many", "default"),
        "max_connection_num": ("-1", "0"),
        "max_list_file": ("all", "0"),
        "log_level": ("LOUD", "DEBUG.*INFO"),
        "log_rotate_when": ("W", "S, M, H, D"),
        "log_rotate_enabled": ("perhaps", "true.*false"),
        "log_backup_count": ("some", "number"),
    }

    def setUp(self):
        pass

    def refused(self, text):
        """The lines gantryd ends with; nothing is served."""
        server = Legacy(text, started=False)
        self.addCleanup(lambda: [store.stop() for store in server.stores_behind()])
        for arguments in ((), ("check",)):
            status, output = check_file(server.config, *arguments)
            self.assertEqual(status, 78, output)
            self.assertNotIn(SECRET_KEY, output)
            self.assertFalse((server.directory / "log").exists(), "something was begun")
        return output.splitlines()

    def one_wrong(self, key, value, mentions):
        text = change(examples.THREE_ACCOUNTS, **{key: value})
        lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(rf"{key}\s*=", line)]
        output = self.refused(text)
        errors = [line for line in output if not line.startswith("warning: ")]
        for number in lines:
            found = [line for line in errors if re.search(rf"vsftpd\.conf:{number}:\d+: \S*{key}", line)]
            self.assertEqual(len(found), 1, f"line {number} in {errors}")
            self.assertRegex(found[0], mentions)

    def test_each_wrong_value(self):
        for key, (value, mentions) in self.WRONG.items():
            with self.subTest(key=key):
                self.one_wrong(key, value, mentions)

    def test_all_wrong_values_at_once(self):
        output = self.refused(change(examples.THREE_ACCOUNTS, **{key: value for key, (value, _) in self.WRONG.items()}))
        for key in self.WRONG:
            place = rf"vsftpd\.conf:\d+:\d+: \S*{key}"
            self.assertTrue(any(re.search(place, line) for line in output), f"{key} in {output}")

    def test_placeholders_that_must_be_filled(self):
        for key, value in (("cos_secretid", "XXXXXX"), ("cos_secretkey", "XXXX"), ("cos_region", "ap-xxx"),
                           ("cos_bucket", "{bucket}-{appid}")):
            with self.subTest(key=key):
                text = change(examples.OLD_DIALECT, **{key: value})
                if key == "cos_region":
                    text = change(text, cos_endpoint=None)
                output = self.refused(text)
                self.assertTrue(any(re.search(rf"vsftpd\.conf:\d+:1: \S*{key}", line) for line in output), output)

    def test_missing_keys(self):
        for key in ("cos_secretid", "cos_secretkey", "cos_bucket", "ftp_login_user_name", "ftp_login_user_password",
                    "authority"):
            with self.subTest(key=key):
                output = self.refused(change(examples.NEW_DIALECT, **{key: None}))
                self.assertEqual(len([line for line in output if key in line and "missing" in line]), 2, output)

    def test_wrong_items_of_login_users(self):
        for users in ("user1:pass1", "user1:pass1:RWX", ":pass1:RW", "user1:pass1:RW;user1:pass2:R"):
            with self.subTest(users=users):
                output = self.refused(change(examples.OLD_DIALECT, login_users=users))
                self.assertTrue(any("vsftpd.conf:11:1: " in line and "login_users" in line for line in output), output)
                self.assertNotRegex("\n".join(output), r"pass\d")

    def test_name_used_twice(self):
        output = self.refused(examples.NEW_DIALECT.replace("user_name=user1", "user_name=user0"))
        self.assertTrue(any("user0" in line for line in output), output)

    def test_nothing_that_looks_like_an_account(self):
        output = self.refused("[NETWORK]\nlisten_port = 2121\n")
        self.assertTrue(any("COS_ACCOUNT" in line for line in output), output)

    def test_no_secret_is_printed_whatever_is_wrong(self):
        for text in (examples.OLD_DIALECT.replace("cos_secretkey = ", "cos_secretkey "),
                     examples.NEW_DIALECT.replace("ftp_login_user_password=pass0", "ftp_login_user_password pass0"),
                     examples.NEW_DIALECT.replace("[COS_ACCOUNT_0]", "COS_ACCOUNT_0")):
            output = "\n".join(self.refused(text))
            self.assertNotIn(SECRET_KEY, output)
            self.assertNotIn("pass0", output)


class Added(MigrationTest):
    """Keys that the old tool did not have, added to its file; and the file changed under a running server."""

    def setUp(self):
        pass

    def test_prefix_is_the_users_root(self):
        server = self.start(USUAL.replace("authority=R\n", "authority=R\ncos_prefix = shared/public\n", 1))
        server.photos.put("shared/public/seen", b"seen")
        server.photos.put("shared/hidden", b"hidden")
        with server.connect("reader") as session:
            self.assertEqual(self.names(session, "NLST /"), ["seen"])
            session.command("CWD ..", 250)
            self.assertEqual(session.retrieve("RETR /seen"), b"seen")
            for path in ("/hidden", "/../hidden", "/shared/hidden"):
                session.command(f"SIZE {path}", 550)

    def test_interrupted_uploads_as_they_were(self):
        server = self.start(USUAL.replace("[OPTIONAL]\n", "[OPTIONAL]\ninterrupted_upload = keep\n"))
        with server.connect() as session:
            data = session.transfer("STOR cut.bin")
            data.sendall(content(SMALL))
            wait_until(lambda: "bytes so far" in session.command("STAT", 211).text, "the transfer is under way")
            session.send("ABOR\r\n")
            session.expect(426)
            session.expect((225, 226))
            data.close()
        kept = server.photos.object("cut.bin")
        self.assertTrue(kept and content(SMALL).startswith(kept), "what arrived is kept")

    def test_speed_limits(self):
        server = self.start(USUAL.replace("authority=R\n", "authority=R\nmax_download = 200000\n", 1))
        server.photos.put("file.bin", content(600_000))
        with server.connect("reader") as session:
            begun = time.monotonic()
            self.assertEqual(session.retrieve("RETR file.bin"), content(600_000))
            self.assertGreater(time.monotonic() - begun, 1)

    def test_quota_is_told(self):
        server = self.start(USUAL.replace("authority=RW\n", "authority=RW\nquota_bytes = 123456789\n", 1))
        with server.connect() as session:
            self.assertIn("123456789", session.command("SITE QUOTA", tuple(range(200, 300))).text.replace(",", ""))

    def test_changed_file_counts_after_hangup(self):
        server = self.start(USUAL)
        with server.connect() as before:
            text = server.config.read_text().replace("password=anna-pass", "password=new-pass").replace(
                "authority=R\n", "authority=RW\n", 1)
            server.config.write_text(text)
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: self.code(server, "anna", "new-pass") == 230, "the new password counts")
            self.assertEqual(self.code(server, "anna", "anna-pass"), 530)
            before.command("PWD", 257)
        with server.connect("reader") as session:
            self.upload(session, "now-allowed", b"x")
        server.config.write_text(text.replace("authority=RW", "authority=NONE"))
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: re.search(r"vsftpd\.conf:\d+:1: \S*authority", server.log()), "the broken file is reported")
        self.assertEqual(self.code(server, "anna", "new-pass"), 230)

    @staticmethod
    def code(server, user, password):
        with Connection(server.address) as session:
            session.expect(220)
            session.command(f"USER {user}", 331)
            return session.command(f"PASS {password}").code

    def test_user_who_only_writes(self):
        server = self.start(USUAL)
        server.photos.put("inbox/there.txt", b"secret")
        with server.connect("writer") as session:
            session.command("CWD inbox", 250)
            for line in ("SIZE there.txt", "MDTM there.txt", "MLST there.txt"):
                self.assertNotIn("6", session.command(line, 550).text[3:])
            for line in ("RETR there.txt", "LIST", "NLST", "MLSD"):
                data = session.open_data(session.passive())
                session.command(line, 550)
                data.close()
            self.upload(session, "mine.txt", b"mine")
            session.command("MKD made", 257)
            session.command("RNFR mine.txt", 350)
            session.command("RNTO made/mine.txt", 250)
        self.assertEqual(server.photos.object("inbox/made/mine.txt"), b"mine")


class Import(MigrationTest):
    """gantryd import prints a gantry.toml that serves the same."""

    def setUp(self):
        pass

    def try_import(self, server, *options):
        return subprocess.run([Setup.program("src/gantryd/gantryd"), "import", str(server.config), *options], check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)

    def run_import(self, server, *options):
        done = self.try_import(server, *options)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()

    @staticmethod
    def effective(config):
        """The configuration in force, without what must differ: the hash shown as *** anyway."""
        return check_file(config, "--print-config")[1].split("[server]", 1)[1]

    def test_same_configuration_and_ready_to_serve(self):
        for name in ("OLD_DIALECT", "NEW_DIALECT", "THREE_ACCOUNTS"):
            with self.subTest(name=name):
                server = self.start(getattr(examples, name), started=False)
                text = self.run_import(server)
                for _, password, *_ in examples.PEOPLE[name]:
                    self.assertNotIn(f'"{password}"', text)
                self.assertIn("$argon2id$", text)
                toml = server.directory / "gantry.toml"
                toml.write_text(text)
                toml.chmod(0o600)
                self.assertEqual(self.effective(toml), self.effective(server.config))
                server.config = toml
                server.start()
                server.photos.put("album/사진 1.jpg", b"photo")
                for person in examples.PEOPLE[name]:
                    Example.acts(self, server, *person)
                server.stop()

    def test_secrets_in_files_or_the_environment(self):
        server = self.start(examples.NEW_DIALECT, started=False)
        files = server.directory / "secrets"
        text = self.run_import(server, "--secret-files", str(files))
        self.assertNotIn(SECRET_KEY, text)
        self.assertTrue(any(SECRET_KEY in file.read_text() for file in files.iterdir()))
        self.assertTrue(all(file.stat().st_mode & 0o077 == 0 for file in files.iterdir()))
        text = self.run_import(server, "--secret-env")
        self.assertNotIn(SECRET_KEY, text)
        self.assertIn('"env:', text)

    def test_wrong_file_is_refused(self):
        server = self.start(change(examples.NEW_DIALECT, authority="X"), started=False)
        done = self.try_import(server)
        self.assertEqual((done.returncode, done.stdout), (78, b""))
