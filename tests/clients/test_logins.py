"""Logins by client certificate, and logins that a program or an HTTP server decides."""

import http.server
import json
import pathlib
import shlex
import socket
import ssl
import struct
import threading

from ftp_wire import Connection, wait_until
from gantry import Gantry, Setup, client_context
from harness import ClientTest, for_stores
from trees import content


class LoginTest(ClientTest):
    def setUp(self):
        self.scratch = Setup.directory("client")

    def serve(self, **options):
        self.server = self.enterContext(Gantry("local", **options))
        return self.server

    def session(self, tls=None):
        session = Connection(self.server.address)
        self.addCleanup(session.close)
        session.expect(220)
        if tls:
            session.auth_tls(tls)
        return session

    def answer(self, user, password, session=None):
        """The code that the password gets."""
        session = session or self.session()
        session.command(f"USER {user}", 331)
        return session.command(f"PASS {password}").code


@for_stores("local")
class Certificates(LoginTest):
    def both_ways(self, user):
        source, target = self.scratch / "source", self.scratch / "target"
        source.write_bytes(content("certificate", 300_001))
        cert, key = Setup.client_certificate(user)
        ca = Setup.certificate()[0]
        return source, target, cert, key, ca

    def test_curl_without_a_password(self):
        for mode in ("accept", "require"):
            for version in ("1.2", "1.3"):
                with self.subTest(mode=mode, version=version), Gantry("local", tls={"client_certificates": mode}) as self.server:
                    source, target, cert, key, ca = self.both_ways("carrier")
                    url = f"ftp://carrier:wrong@localhost:{self.server.port}/file"
                    curl = ["curl", "-sSv", "-4", "--max-time", "60", "--ssl-reqd", "--tls-max", version, "--cacert", ca]
                    mine = ["--cert", cert, "--key", key]
                    said = self.run_client(*curl, *mine, "-T", source, url)
                    self.assertIn("< 232 ", said)
                    self.run_client(*curl, *mine, "-o", target, url)
                    self.assertEqual(target.read_bytes(), source.read_bytes())
                    # Without the certificate: a wrong password, or no handshake.
                    self.run_client(*curl, "-o", target, url, expect=67 if mode == "accept" else None)
                    if mode == "require":
                        wait_until(lambda: "tls handshake failed" in self.server.log(), "the server says why")

    def test_lftp_without_a_password(self):
        for mode in ("accept", "require"):
            with self.subTest(mode=mode), Gantry("local", tls={"client_certificates": mode}) as self.server:
                source, target, cert, key, ca = self.both_ways("carrier")
                target.unlink(missing_ok=True)
                script = [f"set ssl:ca-file {ca}", f"set ssl:cert-file {cert}", f"set ssl:key-file {key}",
                          "set ftp:ssl-force yes", "set ftp:ssl-protect-data yes", "set net:max-retries 1",
                          "set net:timeout 20", "set cmd:fail-exit true",
                          f"open -u carrier,wrong ftp://localhost:{self.server.port}",
                          f"put {shlex.quote(str(source))} -o file", f"get file -o {shlex.quote(str(target))}"]
                self.run_client("lftp", "-c", "; ".join(script))
                self.assertEqual(target.read_bytes(), source.read_bytes())

    def test_a_foreign_certificate_is_refused(self):
        self.serve(tls={"client_certificates": "accept"})
        context = client_context()
        context.load_cert_chain(*Setup.certificate())  # of nobody's authority
        with self.assertRaises((ssl.SSLError, ConnectionError, EOFError)):
            session = self.session(context)
            session.command("NOOP")
        self.assertEqual(self.answer("demo", "demo", self.session(client_context())), 230)

    def test_data_connections_need_no_certificate(self):
        self.serve(tls={"client_certificates": "require", "session_reuse": "accept"})
        session = self.session(client_context(certificate="carrier"))
        session.command("USER carrier", 232)
        session.protect()
        session.command("TYPE I", 200)
        session.context = client_context()  # the data connections' own, without a certificate and not resumed
        data = session.open_data(session.passive())
        session.command("LIST", 150)
        private = session.wrap_data(data, resume=False)
        private.recv(1)
        private.close()
        session.expect(226)


class Question(http.server.BaseHTTPRequestHandler):
    """Answers as its server's `decide` says: a status and a text, after `patience` where that is set."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.questions.append((self.path, json.loads(body)))
        if self.server.hold:
            self.server.hold.wait(30)
        status, text = self.server.decide(json.loads(body))
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        try:
            self.wfile.write(text.encode())
        except ConnectionError:
            pass

    def log_message(self, *_):
        pass


def decide(question):
    """What the tests' hooks think of their users."""
    user, right = question["user"], question["password"] == "right " + question["user"]
    answers = {
        "garbage": (200, "never heard of"),
        "list": (200, "[]"),
        "mute": (200, "{}"),
        "sick": (500, '{"allow": true, "home": "main:/"}'),
        "homeless": (200, '{"allow": true}'),
        "lost": (200, '{"allow": true, "home": "nowhere:/"}'),
        "odd": (200, '{"allow": true, "home": "main:/", "colour": "red"}'),
        "thief": (200, '{"allow": true, "home": "main:/", "password_file": "/etc/passwd"}'),
        "viewer2": (200, json.dumps({"allow": right, "home": "main:/%u", "permissions": "el", "max_sessions": 2,
                                     "max_upload": "1MiB/s", "mounts": {"/shared": "main:/shared"}})),
    }
    return answers.get(user, (200, json.dumps({"allow": right, "home": "main:/homes/%u", "quota_files": None})))


HOOK = """#!/usr/bin/env python3
import json, pathlib, sys, time
question = json.load(sys.stdin)
pathlib.Path({log!r}).open("a").write(json.dumps(question) + "\\n")
user, right = question["user"], question["password"] == "right " + question["user"]
if user == "slow":
    pathlib.Path({log!r} + ".slow").touch()
    time.sleep(1000)
if user == "crash":
    sys.exit(1)
if user == "flood":
    print("x" * 100_000)
print(json.dumps({{"allow": right, "home": "main:/homes/%u"}}))
"""


@for_stores("local")
class Hooks(LoginTest):
    def serve_url(self, **options):
        hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Question)
        hook.questions, hook.decide, hook.hold = [], decide, None
        thread = threading.Thread(target=hook.serve_forever)
        thread.start()
        self.addCleanup(hook.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(hook.shutdown)
        self.serve(login_hook={"url": f"http://127.0.0.1:{hook.server_port}/check?key=1", **options})
        return hook

    def serve_program(self, **options):
        program, log = self.scratch / "hook", self.scratch / "questions"
        program.write_text(HOOK.format(log=str(log)), encoding="utf-8")
        program.chmod(0o700)
        self.serve(login_hook={"program": program, **options})
        return log

    def test_a_server_decides(self):
        hook = self.serve_url()
        session = self.session()
        self.assertEqual(self.answer("stranger", "right stranger", session), 230)
        session.command("TYPE I", 200)
        session.store("STOR file", b"mine")
        self.assertEqual((self.server.root / "homes/stranger/file").read_bytes(), b"mine")
        self.assertEqual(hook.questions, [("/check?key=1", {
            "user": "stranger", "password": "right stranger", "address": "127.0.0.1", "encrypted": False,
            "protocol": "ftp"})])
        self.assertEqual(self.answer("stranger", "wrong"), 530)
        self.assertEqual(self.answer("demo", "demo", self.session(client_context())), 230)
        self.assertEqual(len(hook.questions), 2, "our own users are nobody else's business")
        self.assertEqual(self.answer("käthe \"q\" \\", "right käthe \"q\" \\", self.session(client_context())), 230)
        self.assertEqual(hook.questions[-1][1]["protocol"], "ftps")
        self.assertTrue(hook.questions[-1][1]["encrypted"])

    def test_the_answer_says_what_the_user_may(self):
        self.serve_url()
        session = self.session()
        self.assertEqual(self.answer("viewer2", "right viewer2", session), 230)
        session.command("MKD x", 550)
        session.command("CWD /shared", 250)
        self.assertEqual(self.answer("viewer2", "right viewer2"), 230)
        self.assertEqual(self.answer("viewer2", "right viewer2"), 421)  # the third session

    def test_answers_that_are_not_good_let_nobody_in(self):
        self.serve_url()
        for user in ("garbage", "list", "mute", "sick"):
            self.assertEqual(self.answer(user, f"right {user}"), 421, user)
        for user in ("homeless", "lost", "odd", "thief"):
            self.assertEqual(self.answer(user, f"right {user}"), 530, user)
        log = self.server.log()
        for reason in ("not a JSON object", "status 500", "home: is missing", "no store", "colour", "allow"):
            self.assertIn(reason, log)
        self.assertNotIn("right ", log)  # no password

    def test_a_slow_server_holds_up_nobody_else(self):
        hook = self.serve_url(timeout="1s")
        hook.hold = threading.Event()
        self.addCleanup(hook.hold.set)
        slow = self.session()
        slow.command("USER stranger", 331)
        slow.send("PASS right stranger\r\n")
        wait_until(lambda: hook.questions, "the hook is asked")
        self.assertEqual(self.answer("demo", "demo"), 230)
        slow.expect(421)
        self.assertIn("no answer in time", self.server.log())

    def test_a_server_that_is_gone(self):
        self.serve(login_hook={"url": "http://127.0.0.1:1/"})
        self.assertEqual(self.answer("stranger", "x"), 421)
        self.assertEqual(self.answer("demo", "demo"), 230)

    def test_a_program_decides(self):
        log = self.serve_program()
        self.assertEqual(self.answer("stranger", "right stranger"), 230)
        self.assertEqual(self.answer("stranger", "wrong"), 530)
        self.assertEqual(self.answer("demo", "demo"), 230)
        asked = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertEqual([q["password"] for q in asked], ["right stranger", "wrong"])

    def test_programs_that_fail(self):
        self.serve_program()
        self.assertEqual(self.answer("crash", "x"), 421)
        self.assertEqual(self.answer("flood", "x"), 421)
        self.assertIn("status 1", self.server.log())
        self.assertIn("too much", self.server.log())

    def test_a_slow_program_is_killed(self):
        log = self.serve_program(timeout="3s")
        started = log.with_suffix(".slow")
        slow = self.session()
        slow.command("USER slow", 331)
        slow.send("PASS x\r\n")
        wait_until(started.exists, "the program runs")
        self.assertEqual(self.answer("demo", "demo"), 230)
        slow.expect(421)
        self.assertEqual(self.children(), [])

    def test_the_end_of_the_session_ends_the_program(self):
        log = self.serve_program(timeout="1m")
        slow = self.session()
        slow.command("USER slow", 331)
        slow.send("PASS x\r\n")
        wait_until(log.with_suffix(".slow").exists, "the program runs")
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        slow.close()
        wait_until(lambda: self.children() == [], "the program is gone")

    def children(self):
        tasks = pathlib.Path(f"/proc/{self.server.pid}/task").iterdir()
        return [child for task in tasks for child in (task / "children").read_text().split()]

    def test_few_questions_at_once(self):
        hook = self.serve_url(at_once=2)
        hook.hold = threading.Event()
        sessions = [self.session() for _ in range(5)]
        for number, session in enumerate(sessions):
            session.command(f"USER u{number}", 331)
            session.send(f"PASS right u{number}\r\n")
        wait_until(lambda: len(hook.questions) == 2, "two are asked about")
        self.assertEqual(self.answer("demo", "demo"), 230)
        self.assertEqual(len(hook.questions), 2)
        hook.hold.set()
        for session in sessions:
            session.expect(230)
