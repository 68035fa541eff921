"""Connections of the client: whom it trusts, where it finds passwords, how long it waits, and how it comes back."""

import stat
import threading

import hostile_server as hostile
from fake_ftp import Session
from harness import HostileTest, content

LOGIN, TLS, NETWORK = 4, 5, 6


class Trust(HostileTest):
    def known_hosts(self):
        return self.home / ".config" / "gantry" / "known_hosts"

    def ls(self, *options, expect=0):
        words = ["--password-file", self.password_file(), *options]
        return self.gantry("ls", self.url(), ways_in=words, expect=expect)

    def pin_in(self, text):
        return next(word.rstrip(",.") for word in text.split() if word.startswith("sha256//"))

    def test_unknown_server_is_refused_with_all_that_is_needed(self):
        self.meet(hostile.with_tls())
        done = self.ls(expect=TLS)
        for words in ("self-signed", "SHA-256 fingerprint is ", "--trust-on-first-use", "--pin sha256//", "--ca-file"):
            self.assertIn(words, done.err)
        self.assertFalse(self.known_hosts().exists())
        self.assertNotIn("PASS", self.server.verbs(), "the password, to whom?")
        self.ls("--pin", self.pin_in(done.err))
        self.assertFalse(self.known_hosts().exists(), "a pin is for one run")

    def test_first_use_is_remembered(self):
        self.meet(hostile.with_tls())
        self.ls("--trust-on-first-use")
        self.assertEqual(stat.S_IMODE(self.known_hosts().stat().st_mode), 0o600)
        self.assertTrue(self.known_hosts().read_text().startswith(f"127.0.0.1:{self.address[1]} sha256//"))
        self.ls()

    def test_changed_key(self):
        self.meet(hostile.changing_certificate())
        self.ls("--trust-on-first-use")
        before = self.known_hosts().read_text()
        for options in ([], ["--trust-on-first-use"]):
            done = self.ls(*options, expect=TLS)
            self.assertIn("HAS CHANGED", done.err)
            self.assertIn(str(self.known_hosts()), done.err)
        self.assertEqual(self.known_hosts().read_text(), before)
        self.assertEqual(self.server.verbs().count("PASS"), 1)

    def test_what_is_wrong_is_said(self):
        for certificate, words in ((hostile.expired(), "has expired on "), (hostile.other_name(), "is for elsewhere.example, not")):
            self.meet(hostile.with_tls(certificate))
            self.assertIn(words, self.ls("--ca-file", certificate[0], expect=TLS).err)

    def test_wrong_pin(self):
        self.meet(hostile.with_tls())
        done = self.ls("--pin", "sha256//" + "A" * 43 + "=", expect=TLS)
        self.assertIn("not the pinned one", done.err)
        self.ls("--pin", "sha256//short", expect=64)

    def test_server_without_tls(self):
        self.meet()
        self.assertIn("offers no TLS", self.ls(expect=TLS).err)
        self.assertNotIn("PASS", self.server.verbs())
        done = self.ls("--plain")
        self.assertEqual(done.err.count("NO TLS"), 1, done)


class Passwords(HostileTest):
    def test_netrc(self):
        self.meet()
        netrc = self.home / ".netrc"
        netrc.touch(0o600)
        netrc.write_text("machine 127.0.0.1 login demo password from-netrc\n")
        self.gantry("ls", self.url(), ways_in=["--plain"])
        self.assertIn(b"PASS from-netrc", self.server.commands)
        netrc.chmod(0o644)
        done = self.gantry("ls", self.url(), ways_in=["--plain"])
        self.assertIn(f"chmod 600 {netrc}", done.err)
        self.assertNotIn("from-netrc", done.err)

    def test_nobody_knows_it(self):
        self.meet()
        done = self.gantry("ls", self.url(), ways_in=["--plain"], expect=LOGIN)
        self.assertIn("--password-file", done.err)
        self.assertEqual(self.server.connections, 0)


class ClosesIdle(Session):
    """Says 421 and closes after the first listing, while the client asks nothing."""

    def do_MLSD(self, argument):
        super().do_MLSD(argument)
        if self.number > 1:
            return None
        self.say("421 nothing was asked for too long")
        return False


class Waits(HostileTest):
    def test_idle_end_is_not_noticed(self):
        self.meet(ClosesIdle)
        done = self.gantry("ls", self.url(), self.url("directory"))
        self.assertIn("inner", done.out)
        self.assertEqual(self.server.connections, 2)

    def test_says_what_it_waited_for(self):
        class SaysNothing(Session):
            def do_FEAT(self, argument):
                self.never.wait(60)

        never = threading.Event()
        self.meet(SaysNothing, never=never)
        self.addCleanup(never.set)  # before the server ends
        done = self.gantry("--reply-timeout", "1s", "ls", self.url(), expect=NETWORK, limit=30)
        self.assertIn("did not answer FEAT within 1s", done.err)

    def test_upload_not_confirmed(self):
        class Unconfirmed(Session):
            def do_STOR(self, argument):
                self.server.files[self.path(argument)] = self.receive_data()
                self.server.drop(self.connection)

        self.meet(Unconfirmed)
        source = self.scratch / "source"
        source.write_bytes(content("source", 1000))
        self.gantry("put", source, self.url("new"), expect=None, limit=60)
        self.assertEqual(self.server.files["/new"], source.read_bytes())

    def test_tls_end_of_small_uploads(self):
        """Session tickets that come while the client closes must not cost the end of a file."""
        self.meet(hostile.with_tls())
        for number in range(10):
            source = self.scratch / "source"
            source.write_bytes(content(number, 1 + number * 5000))
            self.gantry("put", source, self.url(f"new{number}"))
            self.assert_same(self.server.files[f"/new{number}"], source.read_bytes(), f"upload {number}")
