"""The client against servers that are evil or broken: nothing is believed that should not be, nothing is written outside
the target, nothing runs for ever, and no control character of theirs reaches the terminal."""

import itertools
import os
import re
import threading

import hostile_server as hostile
from fake_ftp import FILES, Session
from harness import HostileTest, content

LOGIN, TLS, NETWORK, LOCAL, REFUSED = 4, 5, 6, 7, 8
BAD = (3, NETWORK, REFUSED)  # it did not work, and the client says so
ENOUGH = 32 << 20  # of a reply without end: what buffers between the two swallow
RAW_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class WithoutMlsd(Session):
    features = tuple(one for one in Session.features if not one.startswith("MLST"))

    def do_MLSD(self, argument):
        self.say("500 not known")

    do_MLST = do_MLSD


class Hostile(HostileTest):
    def run_client(self, *words, codes=BAD, **options):
        """Runs it to its end: an exit code of these, and nothing raw on the screen."""
        done = self.gantry(*words, expect=None, **options)
        self.assertIn(done.code, codes, f"gantry {words}: {done}{self._server_log()}")
        self.assertEqual(RAW_CONTROL.findall(done.out + done.err), [])
        if done.code != 0:
            self.assertNotEqual(done.err, "", "no reason")
        return done

    def ls(self, **options):
        return self.run_client("ls", self.url(), **options)

    def get(self, name="file", **options):
        """Fetches; what then is there under its own name, which must be right or nothing."""
        target = self.scratch / "target"
        done = self.run_client("get", "--retry-pause", "10ms", self.url(name), target, **options)
        if done.code != 0:
            self.assertFalse(target.exists(), f"a failed download under its name: {done}")
        return target.read_bytes() if target.exists() else None

    def put(self, data=b"content", **options):
        source = self.scratch / "source"
        source.write_bytes(data)
        return self.run_client("put", "--retry-pause", "10ms", source, self.url("new"), **options)

    # ---- addresses

    def test_addresses_elsewhere(self):
        for session in (hostile.PasvElsewhere, hostile.EpsvElsewhere):
            canary = hostile.Canary()
            self.meet(session, canary=canary)
            self.ls(codes=(0, *BAD))
            self.assertEqual(canary.stop(), 0)

    def test_nonsense_addresses(self):
        for epsv, pasv in itertools.zip_longest(hostile.NONSENSE_229, hostile.NONSENSE_227, fillvalue=b"500 no\r\n"):
            self.meet(hostile.saying(EPSV=epsv, PASV=pasv))
            self.ls()

    # ---- replies

    def test_replies_without_end(self):
        for verb, code in (("GREETING", b"220"), ("USER", b"331"), ("PWD", b"257"), ("FEAT", b"211")):
            for endless in (lambda code=code: hostile.one_long_line(code + b" "), lambda code=code: hostile.endless_lines(code)):
                server = self.meet(hostile.saying(**{verb: endless}))
                self.ls(codes=(0, LOGIN, *BAD))
                server.stop()
                self.assertLess(server.taken, ENOUGH, verb)

    def test_odd_directories(self):
        for said in hostile.ODD_257:
            self.meet(hostile.saying(PWD=said))
            self.ls(codes=(0, *BAD))

    def test_control_characters_in_replies(self):
        for verb, code in (("PASS", b"530"), ("STOR", b"553"), ("GREETING", b"421")):
            self.meet(hostile.saying(**{verb: code + b" " + hostile.ESCAPES + b"\r\n"}))
            self.put(codes=(LOGIN, *BAD))

    def test_two_finals(self):
        for verb in ("PWD", "TYPE", "SIZE"):
            self.meet(hostile.two_finals(verb, b"257 \"/\"\r\n" if verb == "PWD" else b"213 5\r\n"))
            received = self.get(codes=(0, *BAD))
            self.assertIn(received, (None, FILES["/file"]))

    def test_early_end(self):
        self.meet(hostile.EarlyEnd)
        self.assertIn(self.get(codes=(0, *BAD)), (None, FILES["/file"]))

    def test_long_banner(self):
        self.meet(hostile.saying(GREETING=hostile.banner()))
        self.assertIn("file", self.ls(codes=(0,)).out)

    def test_delayed_greeting(self):
        go = threading.Event()
        go.set()
        self.meet(hostile.Delayed, go=go)
        self.ls(codes=(0, NETWORK))  # libcurl does not wait for the 220

    # ---- login

    def test_login_refused(self):
        for session in (hostile.RefusesLogin, hostile.WantsAccount):
            self.meet(session)
            self.ls(codes=(LOGIN,))

    def test_always_full(self):
        self.meet(hostile.full_for(1, 1000))
        self.assertIn("421", self.ls(codes=(LOGIN, NETWORK, REFUSED)).err)

    # ---- listings

    def test_evil_names_shown(self):
        for base in (Session, WithoutMlsd):
            self.meet(type("Names", (hostile.EvilNames, base), {"features": base.features}))
            self.assertIn("good", self.ls(codes=(0, 3)).out)

    def test_evil_names_mirrored(self):
        for base in (Session, WithoutMlsd):
            self.meet(type("Names", (hostile.EvilNames, base), {"features": base.features}))
            inner = self.scratch / "outer" / "inner" / base.__name__
            inner.mkdir(parents=True)
            self.run_client("mirror", self.url(), inner, codes=(0, *BAD))
            self.assertTrue((inner / "good").exists())
            self.assertEqual(os.listdir(inner.parent), [base.__name__])
            self.assertEqual(os.listdir(inner.parent.parent), ["inner"])
            self.assertFalse(os.path.exists("/tmp/absolute"))
            self.assertEqual(RAW_CONTROL.findall("".join(os.listdir(inner))), [])
            for directory, _, _ in os.walk(self.scratch):
                self.assertNotIn("owned", os.listdir(directory))
            inner.rename(self.scratch / base.__name__)

    def test_name_too_long_for_the_disk(self):
        name = "x" * 300
        self.meet().files["/" + name] = b"content"
        self.run_client("get", self.url(name), codes=(LOCAL,))
        self.run_client("mirror", self.url(), self.scratch / "mirrored")
        self.assertTrue((self.scratch / "mirrored" / "file").exists())

    def test_link_then_inside(self):
        outside = self.scratch / "outside"
        outside.mkdir()
        for session in (hostile.LinkThenInside, hostile.LinkInMlsd):
            self.meet(session, target=str(outside))
            self.run_client("mirror", self.url(), self.scratch / session.__name__, codes=(0, *BAD))
            self.assertEqual(os.listdir(outside), [])

    def test_odd_sizes(self):
        self.meet(hostile.OddSizes)
        self.ls(codes=(0, *BAD))
        for number in range(len(hostile.ODD_SIZES)):
            self.assertIn(self.get(f"size{number}", codes=(0, *BAD)), (None, b"four"))
            (self.scratch / "target").unlink(missing_ok=True)

    def test_huge_listing(self):
        self.meet(hostile.huge_listing(10_000_000))
        self.assertIn("the directory has more than 2000000 entries", self.ls(codes=(6,)).err)
        self.assertLess(self.server.taken, 200 << 20)

    def test_bottomless(self):
        self.meet(hostile.Bottomless)
        self.run_client("mirror", self.url(), self.scratch / "deep")

    # ---- files

    def test_other_length(self):
        self.meet(hostile.sending(-7))
        self.assertIsNone(self.get())
        self.meet(hostile.sending(7))
        self.assertIn(self.get(codes=(0, *BAD)), (None, FILES["/file"]))

    def test_refused_midway(self):
        self.meet(hostile.RefusingMidway)
        self.assertIsNone(self.get(codes=(REFUSED,)))
        self.assertLessEqual(self.server.verbs().count("RETR"), 2)

    def test_changing_size(self):
        self.meet(hostile.ChangingSize)
        self.assertIn(self.get(codes=(0, *BAD)), (None, FILES["/file"]))

    def test_upload_refused(self):
        for code in (450, 452, 550, 552, 553):
            for after_data in (False, True):
                self.meet(hostile.refusing("STOR", code, "the reason", after_data))
                self.assertIn("the reason", self.put(codes=(REFUSED,)).err)

    def test_wrong_content(self):
        for session in (hostile.Corrupting, hostile.LyingHash):
            self.meet(session)
            self.assertIsNone(self.get(codes=(REFUSED,)))

    def test_upload_forgotten(self):
        for session in (hostile.Forgetting, hostile.LyingHash):
            self.meet(session)
            self.put(content("upload", 100_000), codes=(REFUSED,))

    def test_rest_ignored(self):
        self.meet(hostile.IgnoringRest)
        (self.scratch / "target.part").write_bytes(FILES["/file"][:1234])
        self.assertIn(self.get(codes=(0, *BAD)), (None, FILES["/file"]))

    # ---- TLS: no password goes to whom it does not belong

    def refuses_tls(self, session, codes=(TLS,)):
        server = self.meet(session)
        words = ["--password-file", self.password_file(), "--ca-file", self.trusted]
        self.run_client("ls", self.url(), ways_in=words, codes=codes)
        self.assertFalse({"USER", "PASS"} & set(server.verbs()), server.log())

    def test_no_tls(self):
        self.trusted = hostile.Setup.certificate()[0]
        self.refuses_tls(Session)

    def test_bad_certificates(self):
        for cert in (hostile.other_name(), hostile.expired()):
            self.trusted = cert[0]
            self.refuses_tls(hostile.with_tls(cert))
        self.trusted = hostile.Setup.certificate()[0]
        self.refuses_tls(hostile.with_tls(hostile.certificate("untrusted")))

    def test_injected_behind_auth(self):
        self.trusted = hostile.Setup.certificate()[0]
        self.refuses_tls(hostile.injecting(), codes=(TLS, NETWORK, REFUSED))

    def test_plain_text_behind_auth(self):
        self.trusted = hostile.Setup.certificate()[0]
        self.refuses_tls(hostile.PlainAfterAuth, codes=(TLS, NETWORK))

    def test_other_certificate_for_data(self):
        self.meet(hostile.other_certificate_for_data())
        self.assertIsNone(self.get(codes=(TLS, *BAD)))
