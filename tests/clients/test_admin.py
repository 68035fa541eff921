"""gantryd user, sessions and reload against a running server and without one, over SQLite and PostgreSQL."""

import contextlib
import json
import os
import pathlib
import pwd
import select
import signal
import socket
import sqlite3
import subprocess
import threading
import unittest

from ftp_wire import Connection, wait_until
from gantry import Gantry, Setup, client_context, free_port

OK, FAILED, USAGE, UNAVAILABLE, CONFIGURATION = 0, 1, 64, 69, 78


class Relay:
    """Stands between the server and its database, and can be cut."""

    def __init__(self, target):
        self.target = target
        self.port = free_port()
        self.pairs = []
        self.listener = None
        self.open()

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def cut(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for one in self.pairs:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.pairs.clear()

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self.target)
                self.pairs += [client, server]
                threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()

    @staticmethod
    def _pass_on(client, server):
        other = {client: server, server: client}
        with contextlib.suppress(OSError), client, server:
            while True:
                for one in select.select([client, server], [], [])[0]:
                    data = one.recv(65536)
                    if not data:
                        return
                    other[one].sendall(data)


class AdminTest(unittest.TestCase):
    state = "sqlite"
    server_settings = {}

    def setUp(self):
        self.server = Gantry("local", server={**self.state_settings(), **self.server_settings})
        self.addCleanup(self.server.stop)
        self.socket = self.server.directory / "gantryd.sock"

    def state_settings(self):
        if self.state == "sqlite":
            return {}
        host, port = Setup.postgresql()
        return {"state": f"postgresql://gantry@{host}:{port}/{Setup.fresh_database()}"}

    def run_admin(self, *words, text=None, config=None):
        return subprocess.run(
            [Setup.program("src/gantryd/gantryd"), *words, "--config", str(config or self.server.config)], input=text,
            stdin=subprocess.DEVNULL if text is None else None, capture_output=True, text=True, timeout=120, check=False)

    def admin(self, *words, text=None, exit=OK):
        """Runs a command with --json; its answer, once the exit status is the expected one."""
        done = self.run_admin(*words, "--json", text=text)
        self.assertEqual(done.returncode, exit, f"{words}: {done.stdout} {done.stderr}")
        answer = json.loads(done.stdout)
        self.assertEqual(answer["exit"], exit)
        self.assertEqual(bool(answer["problems"]), exit != OK, answer)
        return answer

    def add(self, name, *options, password="secret", exit=OK, home="main:/"):
        return self.admin("user", "add", name, "--home", home, *options, "--password-stdin", text=password + "\n",
                          exit=exit)

    def session(self, user=None, password="secret"):
        session = Connection(self.server.address)
        self.addCleanup(session.close)
        session.expect(220)
        if user:
            session.login(user, password)
        return session

    def login(self, user, password="secret"):
        """The code that answers the password."""
        with Connection(self.server.address) as session:
            session.expect(220)
            session.command(f"USER {user}", 331)
            return session.command(f"PASS {password}").code

    def users(self):
        return {(one["source"], one["name"]): one for one in self.admin("user", "list")["result"]}


class Users(AdminTest):
    def test_what_is_added_without_a_server_can_log_in_once_it_runs(self):
        self.server.stop()
        warnings = self.add("alice", "--permissions", "elr", home="main:/users/%u")["warnings"]
        self.assertIn("was changed directly", " ".join(warnings))
        self.assertNotIn("was changed", str(self.admin("user", "list")["warnings"]))
        self.assertEqual(self.admin("user", "show", "alice")["result"]["settings"]["permissions"], "elr")
        self.assertEqual(self.admin("sessions", "list", exit=UNAVAILABLE)["problems"],
                         ["no server runs with this configuration"])
        self.assertFalse(self.socket.exists())
        self.server.start()
        session = self.session("alice")
        session.command("MKD new", 550)
        self.assertTrue((self.server.root / "users/alice").is_dir())

    def test_every_change_counts_for_the_next_login(self):
        self.add("alice")
        session = self.session("alice")
        session.command("MKD one", 257)
        self.admin("user", "passwd", "alice", "--password-stdin", text="other\n")
        self.assertEqual(self.login("alice"), 530)
        self.assertEqual(self.login("alice", "other"), 230)
        self.admin("user", "disable", "alice")
        self.assertEqual(self.login("alice", "other"), 530)
        session.command("MKD two", 257)  # who is in stays in
        self.assertTrue(self.users()["database", "alice"]["settings"]["disabled"])
        self.admin("user", "enable", "alice")
        self.admin("user", "set", "alice", "--permissions", "el", "--mounts", "/up=main:/one", "--mounts", "/b=main:/two")
        again = self.session("alice", "other")
        again.command("CWD /up", 250)
        again.command("MKD three", 550)
        self.admin("user", "set", "alice", "--mounts", "", "--allow-from", "10.0.0.0/8,192.0.2.0/24")
        self.assertEqual(self.users()["database", "alice"]["settings"]["mounts"], {})
        self.assertEqual(self.login("alice", "other"), 530)
        self.admin("user", "set", "alice", "--allow-from", "127.0.0.0/8")
        self.assertEqual(self.login("alice", "other"), 230)
        self.admin("user", "remove", "alice")
        self.assertEqual(self.login("alice", "other"), 530)
        self.assertNotIn(("database", "alice"), self.users())

    def test_a_quota_below_what_is_stored_is_set_with_a_warning(self):
        self.add("alice", "--quota-bytes", "1MiB", "--quota-files", "5", home="main:/users/%u")
        self.session("alice").store("STOR file", bytes(3000))
        self.assertEqual(self.admin("user", "set", "alice", "--quota-bytes", "3000B")["warnings"], [])
        warnings = self.admin("user", "set", "alice", "--quota-bytes", "2999B")["warnings"]
        self.assertEqual(len(warnings), 1)
        self.assertIn("user.alice.quota_bytes: 3000 are in use already", warnings[0])

    def test_users_of_the_file_are_shown_and_not_changed(self):
        self.assertEqual(self.users()["file", "demo"]["password"], "plain text")
        self.assertNotIn('"demo"', json.dumps(self.users()["file", "demo"]["settings"]))
        for words in (("set", "demo", "--permissions", "elr"), ("disable", "demo"), ("remove", "demo")):
            self.assertIn("change it there", self.admin("user", *words, exit=FAILED)["problems"][0])
        self.admin("user", "passwd", "demo", "--password-stdin", text="x\n", exit=FAILED)
        self.add("demo", exit=FAILED)
        self.assertEqual(self.login("demo", "demo"), 230)

    def test_of_one_name_the_user_of_the_file_counts(self):
        self.add("alice", password="of the database")
        self.server.config.write_text(self.server.config.read_text() +
                                      '[[user]]\nname = "alice"\npassword = "of the file"\nhome = "main:/"\n')
        warnings = self.admin("reload")["warnings"]
        self.assertTrue([one for one in warnings if one.startswith("user.alice: is in the state database, too")], warnings)
        self.assertEqual(self.login("alice", "of the file"), 230)
        self.assertEqual(self.login("alice", "of the database"), 530)
        self.assertTrue(self.users()["database", "alice"]["hidden"])
        self.server.stop()
        self.server.start()
        self.assertIn("user.alice: is in the state database, too", self.server.log())
        self.admin("user", "remove", "alice")
        self.assertNotIn(("database", "alice"), self.users())

    def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_stored(self):
        answer = self.add("a/b", "--permissions", "elx", "--mounts", "/m=nowhere:/", "--allow-from", "10.0.0.0/33",
                          "--quota-bytes", "much", "--max-sessions", "-1", "--delete-enable", "maybe",
                          home="main:/a/../b", exit=USAGE)
        self.assertEqual(
            sorted(problem.split(":")[0] for problem in answer["problems"]),
            sorted("user.a/b." + key for key in ("permissions", "mounts", "allow_from", "quota_bytes", "max_sessions",
                                                 "delete_enable", "home", "name")))
        self.assertIn('known are "elradfmwMT"', " ".join(answer["problems"]))
        self.add("alice")
        self.assertIn("already", self.add("alice", password="x", exit=FAILED)["problems"][0])
        self.admin("user", "set", "alice", "--home", "mian:/", exit=USAGE)
        self.admin("user", "set", "alice", exit=USAGE)
        self.admin("user", "set", "nobody", "--permissions", "elr", exit=FAILED)
        self.admin("user", "show", "nobody", exit=FAILED)
        self.assertEqual(self.login("alice"), 230)
        self.assertEqual([name for source, name in self.users() if source == "database"], ["alice"])
        self.assertEqual(self.run_admin("user", "set", "alice", "--nonsense", "1").returncode, USAGE)
        self.assertEqual(self.run_admin("user").returncode, USAGE)

    def test_passwords_come_from_a_prompt_or_standard_input(self):
        self.assertIn("--password-stdin",
                      self.admin("user", "add", "alice", "--home", "main:/", exit=USAGE)["problems"][0])
        self.admin("user", "add", "alice", "--home", "main:/", "--password-stdin", text="", exit=USAGE)
        hash_of_secret = "$6$rounds=1000$k2XAnEHBqQ1Ct2aM$Kusx4StgTAJKgtQ8A1Ud4OEtpvLZ/2wzq/Tix/" \
                         "qeeqdrvuTHgR6KFuCyOP4TNp5lvuV.tmBxpDTp10bqrWJyv1"
        self.admin("user", "add", "bob", "--home", "main:/", "--hash-stdin", text=hash_of_secret + "\n")
        self.assertEqual(self.users()["database", "bob"]["password"], "6")
        self.assertEqual(self.login("bob"), 230)
        # Imported hashes are made stronger as soon as the password is at hand.
        self.assertEqual(self.users()["database", "bob"]["password"], "argon2id")
        self.assertEqual(self.login("bob"), 230)
        self.assertEqual(self.login("bob", "wrong"), 530)
        for damaged in (hash_of_secret[:-1], "$argon2id$v=19$m=65536"):
            self.admin("user", "add", "carol", "--home", "main:/", "--hash-stdin", text=damaged + "\n", exit=USAGE)
            self.admin("user", "passwd", "bob", "--hash-stdin", text=damaged + "\n", exit=USAGE)
        self.admin("user", "add", "carol", "--home", "main:/", "--hash-stdin", text="no hash\n", exit=USAGE)
        self.assert_prompted(["new password", "new password"], "dave", OK)
        self.assertEqual(self.login("dave", "new password"), 230)
        self.assert_prompted(["one", "another"], "erin", USAGE)

    def assert_prompted(self, lines, name, exit):
        primary, secondary = os.openpty()
        process = subprocess.Popen(
            [Setup.program("src/gantryd/gantryd"), "user", "add", name, "--home", "main:/", "--config",
             str(self.server.config)], stdin=secondary, stderr=subprocess.PIPE, stdout=secondary)
        for line in lines:
            while process.stderr.read(1) != b":":  # the prompt comes once the echo is off
                pass
            os.write(primary, line.encode() + b"\n")
        process.stderr.read()
        process.stderr.close()
        self.assertEqual(process.wait(60), exit)
        os.close(secondary)
        shown = b""
        with contextlib.suppress(OSError):  # all is read
            while select.select([primary], [], [], 0)[0] and (more := os.read(primary, 4096)):
                shown += more
        os.close(primary)
        for line in lines:
            self.assertNotIn(line.encode(), shown)


class UsersOverPostgresql(Users):
    state = "postgresql"


class Sessions(AdminTest):
    def ids(self, user=None):
        return [one["id"] for one in self.admin("sessions", "list")["result"] if user in (None, one["user"])]

    def test_the_list_shows_who_does_what(self):
        session = self.session("demo", "demo")
        session.command("MKD up", 257)
        session.command("CWD up", 250)
        stranger = self.session()
        data = session.transfer("STOR slow")
        data.sendall(b"x" * 100_000)
        wait_until(lambda: [one for one in self.admin("sessions", "list")["result"] if one["bytes"] == 100_000],
                   "the bytes in the list")
        mine, other = sorted(self.admin("sessions", "list")["result"], key=lambda one: one["id"])
        self.assertEqual((mine["user"], mine["peer"], mine["directory"], mine["transfer"], mine["tls"]),
                         ("demo", "127.0.0.1", "/up", "STOR /up/slow", False))
        self.assertEqual((other["user"], other["transfer"]), ("", ""))
        table = self.run_admin("sessions", "list").stdout.splitlines()
        self.assertRegex(table[0], r"^ID +USER +PEER")
        self.assertEqual(len(table), 3)
        data.close()
        session.expect(226)
        stranger.command("NOOP", (200, 530))

    def test_kill_ends_one_session_and_what_it_uploads_is_no_file(self):
        victim, other = self.session("demo", "demo"), self.session("demo", "demo")
        data = victim.transfer("STOR cut")
        data.sendall(b"x" * 100_000)
        number = next(one["id"] for one in self.admin("sessions", "list")["result"] if one["transfer"])
        self.assertEqual(self.admin("sessions", "kill", str(number))["result"], {"ended": 1})
        self.assertTrue(victim.at_end())
        data.close()
        wait_until(lambda: number not in self.ids(), "the end of the session")
        other.command("NOOP", 200)
        self.assertFalse((self.server.root / "cut").exists())
        self.admin("sessions", "kill", str(number), exit=FAILED)
        self.admin("sessions", "kill", exit=USAGE)
        self.assertEqual(self.run_admin("sessions", "kill", "x").returncode, USAGE)
        self.assertEqual(self.run_admin("sessions", "kill", "1", "--user", "demo").returncode, USAGE)

    def test_kill_ends_all_of_a_user_and_nobody_else(self):
        victims = [self.session("demo", "demo") for _ in range(5)]
        other = self.session("viewer", "viewer")
        self.assertEqual(self.admin("sessions", "kill", "--user", "demo")["result"], {"ended": 5})
        for victim in victims:
            self.assertEqual(victim.expect(421).code, 421)
        other.command("NOOP", 200)
        self.assertEqual(len(self.ids("viewer")), 1)
        self.admin("sessions", "kill", "--user", "nobody", exit=FAILED)

    def test_who_removes_a_user_may_end_the_sessions_too(self):
        self.add("alice")
        session = self.session("alice")
        self.admin("user", "remove", "alice")
        session.command("NOOP", 200)
        self.admin("sessions", "kill", "--user", "alice")
        self.assertTrue(session.at_end())

    def test_sessions_can_be_ended_while_the_server_waits_for_transfers(self):
        session = self.session("demo", "demo")
        data = session.transfer("STOR slow")
        data.sendall(b"x")
        self.server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "draining" in self.server.log(), "draining")
        self.assertEqual(self.admin("sessions", "kill", "--user", "demo")["result"], {"ended": 1})
        self.assertEqual(self.server.process.wait(20), 0)
        data.close()


class Reload(AdminTest):
    def change(self, old, new):
        text = self.server.config.read_text()
        self.assertIn(old, text)
        self.server.config.write_text(text.replace(old, new, 1))

    def test_users_limits_and_log_level_count_at_once(self):
        running = self.session("viewer", "viewer")
        self.change('name = "demo"\npassword = "demo"', 'name = "demo"\npassword = "changed"')
        self.change("max_sessions = 0", "max_sessions = 1")
        self.change('level = "info"', 'level = "debug"')
        self.assertNotIn("debug ", self.server.log())
        self.admin("reload")
        self.assertEqual(self.login("viewer", "viewer"), 421)
        running.command("QUIT", 221)
        wait_until(lambda: self.admin("sessions", "list")["result"] == [], "the end of the session")
        self.assertEqual(self.login("demo", "demo"), 530)
        wait_until(lambda: self.admin("sessions", "list")["result"] == [], "the end of the session")
        self.assertEqual(self.login("demo", "changed"), 230)
        self.assertIn("debug ", self.server.log())

    def test_a_renewed_certificate_counts_at_once(self):
        cert, key = self.server.directory / "cert.pem", self.server.directory / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj",
                        "/CN=renewed", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
                       check=True, capture_output=True)
        self.change(f'certificate = "{Setup.certificate()[0]}"\nkey = "{Setup.certificate()[1]}"',
                    f'certificate = "{cert}"\nkey = "{key}"')
        self.admin("reload")
        context = client_context()
        context.load_verify_locations(cert)
        session = self.session()
        session.auth_tls(context)
        self.assertIn("renewed", str(session.socket.getpeercert()["subject"]))

    def test_a_broken_file_changes_nothing_and_says_why(self):
        self.change('name = "demo"\npassword = "demo"', 'name = "demo"\npassword = "changed"')
        self.change("[log]", '[log]\nlevle = "debug"')
        self.assertIn("log.levle: there is no such setting", self.admin("reload", exit=CONFIGURATION)["problems"][0])
        self.assertIn("log.levle", self.run_admin("reload").stderr)
        self.server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "reload failed" in self.server.log(), "SIGHUP")
        self.assertEqual(self.login("demo", "demo"), 230)

    def test_what_only_the_server_finds_is_said_too(self):
        """The command's own look at another file finds nothing wrong."""
        good = self.server.directory / "good.toml"
        good.write_text(self.server.config.read_text())
        self.change(f'key = "{Setup.certificate()[1]}"', f'key = "{Setup.certificate()[0]}"')
        self.change('name = "demo"\npassword = "demo"', 'name = "demo"\npassword = "changed"')
        done = self.run_admin("reload", config=good)
        self.assertEqual(done.returncode, CONFIGURATION)
        self.assertIn("tls", done.stderr)
        self.assertEqual(self.login("demo", "demo"), 230)

    def test_what_needs_a_restart_is_said(self):
        self.change("max_sessions = 0", "max_sessions = 0\nlanes = 1")
        self.assertIn("server.lanes: the change counts after a restart", self.admin("reload")["warnings"])


class Socket(AdminTest):
    def ask(self, data, limit=20):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(limit)
            peer.connect(str(self.socket))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                peer.sendall(data)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while chunk := peer.recv(65536):
                    answer += chunk
            return json.loads(answer)

    def test_only_the_owner_may_use_it_and_it_ends_with_the_server(self):
        self.assertEqual(self.socket.stat().st_mode & 0o777, 0o600)
        self.server.stop()
        self.assertFalse(self.socket.exists())
        self.server.start()

    def test_a_stale_socket_is_replaced_and_a_living_one_is_not(self):
        self.server.kill()
        self.assertTrue(self.socket.exists())
        self.assertEqual(self.admin("sessions", "list", exit=UNAVAILABLE)["exit"], UNAVAILABLE)
        self.server.start()
        self.assertEqual(self.admin("sessions", "list")["result"], [])
        other = self.server.directory / "other.toml"
        other.write_text(self.server.config.read_text().replace(str(self.server.port), str(free_port()))
                         .replace(str(self.server.tls_port), str(free_port())))
        log = self.server.directory / "other.log"
        with open(log, "wb") as file:
            second = subprocess.Popen([Setup.program("src/gantryd/gantryd"), "--config", str(other)], stderr=file,
                                      stdout=file, stdin=subprocess.DEVNULL)
        try:
            wait_until(lambda: b"listening" in log.read_bytes(), "the second server", 30)
            self.assertIn("another server listens on", log.read_text())
        finally:
            second.terminate()
            second.wait(20)
        self.session("demo", "demo")
        self.assertEqual(len(self.admin("sessions", "list")["result"]), 1)

    def test_what_is_no_socket_stays(self):
        self.server.stop()
        self.socket.write_text("mine")
        self.server.start()
        wait_until(lambda: "is there and no socket" in self.server.log(), "the warning")
        self.assertEqual(self.socket.read_text(), "mine")

    def test_a_request_that_makes_no_sense_is_answered(self):
        for request in (b"hello\n", b"[]\n", b"\n", b'{"command": "user.eat"}\n', b'{"command": 5}\n',
                        b'{"command": "user.show"}\n', b'{"command": "user.add", "arguments": []}\n',
                        b'{"command": "sessions.kill", "arguments": {"id": "x"}}\n',
                        b'{"command": "sessions.kill", "arguments": {"id": -1}}\n', b"[" * 100_000 + b"\n",
                        b"x" * 300_000 + b"\n", b'{"command": "\xff"}\n'):
            answer = self.ask(request)
            self.assertIn(answer["exit"], (FAILED, USAGE), (request[:50], answer))
            self.assertTrue(answer["problems"], request[:50])

    def test_bytes_of_strangers_do_not_break_the_list(self):
        session = self.session("demo", "demo")
        session.send(b"CLNT \xff\xfe\"\r\n")
        session.expect((200, 501))
        self.assertEqual(len(self.admin("sessions", "list")["result"]), 1)

    @unittest.skipIf(os.geteuid() != 0, "needs root to become somebody else")
    def test_others_are_turned_away_even_when_they_reach_it(self):
        nobody = pwd.getpwnam("nobody").pw_uid
        place = pathlib.Path("/tmp") / f"gantry-admin-{os.getpid()}.sock"
        self.addCleanup(place.unlink, True)
        self.server.stop()
        self.server.config.write_text(self.server.config.read_text().replace(
            "[server]\n", f'[server]\nadmin_socket = "{place}"\n', 1))
        self.server.start()
        script = ("import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
                  "s.sendall(b'{\"command\": \"sessions.list\"}\\n')\nprint(s.recv(65536).decode())")
        run = ["python3", "-c", script, str(place)]
        refused = subprocess.run(run, user=nobody, capture_output=True, text=True, timeout=20, check=False, cwd="/")
        self.assertIn("PermissionError", refused.stderr)
        place.chmod(0o666)
        answer = json.loads(subprocess.run(run, user=nobody, capture_output=True, text=True, timeout=20, check=True,
                                           cwd="/").stdout)
        self.assertEqual((answer["exit"], answer["result"]), (FAILED, None))


class Unreachable(AdminTest):
    """The state database that is not there, at the start and later."""

    def state_settings(self):
        self.relay = Relay(Setup.postgresql())
        self.addCleanup(lambda: self.relay.listener.close())
        return {"state": f"postgresql://gantry@127.0.0.1:{self.relay.port}/{Setup.fresh_database()}"}

    def assert_does_not_start(self, *words):
        done = self.run_admin()
        self.assertEqual(done.returncode, UNAVAILABLE, done.stderr)
        self.assertIn("server.state", done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_at_the_start_it_is_named(self):
        self.server.stop()
        self.relay.cut()
        self.assert_does_not_start("a server that answers")
        self.assertIn("server.state", self.admin("user", "list", exit=UNAVAILABLE)["problems"][0])
        self.server.config.write_text(self.server.config.read_text().replace(
            'state = "postgresql', 'state = "sqlite:/nowhere/at/all.db"\n#'))
        self.assert_does_not_start("must be a file")
        self.server.config.write_text(self.server.config.read_text().replace(
            'state = "sqlite:/nowhere/at/all.db"', f'state = "sqlite:{self.server.directory}/fresh.db"'))
        self.server.start()

    def test_at_run_time_others_go_on(self):
        self.add("alice")
        running = self.session("alice")
        data = running.transfer("STOR big")
        data.sendall(b"x" * 100_000)
        self.relay.cut()
        with Connection(self.server.address) as refused:
            refused.expect(220)
            refused.command("USER alice", 331)
            self.assertIn("cannot be checked now", refused.command("PASS secret", 421).text)
        self.assertEqual(self.login("nobody"), 421)  # who knows
        self.session("demo", "demo").command("NOOP", 200)
        self.assertEqual(self.admin("user", "list", exit=UNAVAILABLE)["exit"], UNAVAILABLE)
        self.assertEqual(len(self.admin("sessions", "list")["result"]), 2)
        data.sendall(b"x" * 100_000)
        data.close()
        running.expect(226)
        self.assertEqual((self.server.root / "big").stat().st_size, 200_000)
        self.relay.open()
        wait_until(lambda: self.login("alice") == 230, "the database is back")


class Broken(AdminTest):
    def test_a_user_that_cannot_be_read_whole_lets_nobody_in(self):
        """It may be of a later version, and what is not understood may be a restriction."""
        self.add("alice")
        with sqlite3.connect(self.server.directory / "gantry.db", timeout=20) as database:
            database.execute("INSERT INTO user_settings VALUES ('alice', 'only_on_sundays', 'true')")
        self.assertEqual(self.login("alice"), 421)
        self.assertIn("only_on_sundays", self.users()["database", "alice"]["problems"][0])
        self.assertRegex(self.run_admin("user", "list").stdout, r"alice +database +broken")
