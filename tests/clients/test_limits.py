"""Speeds, places and bans: what many people on one server may take from each other, and what they may try."""

import json
import signal
import subprocess
import threading
import time

from ftp_wire import Connection, wait_until
from gantry import Gantry, Setup
from harness import ClientTest, client_context, for_stores
from trees import MIB, content

STRANGER = "127.0.0.2"  # an address of this machine that the tests do not use otherwise
NO_TRUST = {"allow": ["127.0.0.1"]}


class Own(ClientTest):
    """Every test starts a server of its own."""

    def setUp(self):
        self.scratch = Setup.directory("client")

    def serve(self, **settings):
        self.server = Gantry(self.store, **settings)
        self.addCleanup(self.server.stop)
        return self.server

    def connect(self, source=None, server=None, expect=220):
        server = server or self.server
        session = Connection(server.address, source=(source, 0) if source else None)
        self.addCleanup(session.close)
        if expect is not None:
            session.expect(expect)
        return session

    def logged_in(self, user="demo", source=None):
        session = self.connect(source)
        session.login(user, user)
        return session

    def assert_turned_away(self, words, source=None, server=None):
        session = self.connect(source, server, None)
        self.assertIn(words, session.expect(421).text)
        self.assertTrue(session.at_end(), "the connection is still open")

    def reload(self, old, new):
        text = self.server.config.read_text()
        self.assertIn(old, text)
        self.server.config.write_text(text.replace(old, new))
        before = self.server.log().count("reloaded ")
        self.server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.server.log().count("reloaded ") > before, "the reload")


def guess(session, name="demo", times=1):
    """Tries a wrong password; the last answer."""
    for _ in range(times):
        session.command(f"USER {name}", 331)
        answer = session.command("PASS wrong", (530, 421))
    return answer


# ---- speeds


@for_stores("local", "memory", "s3")
class Speeds(Own):
    """A limit may make nothing faster; how exact it is, the bench tells: a busy machine proves nothing here."""

    def timed(self, action):
        begin = time.monotonic()
        action()
        return time.monotonic() - begin

    def test_every_limit_slows_every_kind_of_transfer(self):
        limits = {"user": ("users", [{"name": "slow", "password": "slow", "max_upload": "1MiB/s", "max_download": "1MiB/s"}]),
                  "session": ("users", [{"name": "slow", "password": "slow", "max_session_upload": "1MiB/s",
                                         "max_session_download": "1MiB/s"}]),
                  "server": ("server", {"max_upload": "1MiB/s", "max_download": "1MiB/s"})}
        data = content("speed", MIB // 2)
        for kind, (where, value) in limits.items():
            settings = {where: value}
            settings.setdefault("users", [{"name": "slow", "password": "slow"}])
            with Gantry(self.store, **settings) as self.server:
                for tls in (False, True):
                    session = self.connect()
                    if tls:
                        session.auth_tls(client_context())
                        session.protect()
                    session.login("slow", "slow")
                    for verb, action in (("STOR", lambda: session.store("STOR f", data)),
                                         ("RETR", lambda: self.assertTrue(session.retrieve("RETR f") == data))):
                        # A fifth of a second may have been saved up.
                        self.assertGreater(self.timed(action), 0.25, f"{verb} with a limit of the {kind}, TLS: {tls}")
                    session.close()

    def test_sessions_of_a_user_share_and_others_do_not(self):
        self.serve(users=[{"name": "slow", "password": "slow", "max_download": "1MiB/s"}])
        data = content("shared", MIB)
        self.logged_in().store("STOR f", data)
        sessions = [self.logged_in("slow") for _ in range(3)]
        threads = [threading.Thread(target=session.retrieve, args=("RETR f",)) for session in sessions]
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertGreater(time.monotonic() - begin, 2.6)

    def test_a_running_transfer_follows_a_reload(self):
        self.serve(users=[{"name": "slow", "password": "slow", "max_download": "64KiB/s", "max_upload": "64KiB/s"}],
                   server={"max_download": "64KiB/s"})
        data = content("reload", 4 * MIB)  # a minute at the old speed
        self.logged_in().store("STOR f", data)
        down, up = self.logged_in("slow"), self.logged_in("slow")
        receiving, sending = down.transfer("RETR f"), up.transfer("STOR g")
        receiving.recv(1)
        sender = threading.Thread(target=lambda: (sending.sendall(data), sending.close()))
        sender.start()
        self.reload('64KiB/s', '1GiB/s')
        begin = time.monotonic()
        got = 1
        while block := receiving.recv(1 << 20):
            got += len(block)
        receiving.close()
        sender.join()
        down.expect(226)
        up.expect(226)
        self.assertEqual(got, len(data))
        self.assertLess(time.monotonic() - begin, 40)
        # And the other way round.
        self.reload('1GiB/s', '1MiB/s')
        self.assertGreater(self.timed(lambda: self.assertEqual(len(down.retrieve("RETR f")), len(data))), 3)

    def test_a_slow_transfer_hears_abor_and_keeps_nobody_waiting(self):
        self.serve(users=[{"name": "slow", "password": "slow", "max_download": "1KiB/s"}])
        fast = self.logged_in()
        fast.store("STOR f", content("abor", MIB))
        slow = self.logged_in("slow")
        data = slow.transfer("RETR f")
        self.assertLess(self.timed(lambda: fast.retrieve("RETR f")), 30)
        slow.command("ABOR", 426)
        slow.expect((226, 225))
        data.close()
        slow.command("NOOP", 200)


# ---- places


@for_stores("memory")
class Places(Own):
    ADMIN = [{"name": "admin", "password": "admin", "administrator": True}]

    def test_the_last_two_places_are_for_administrators(self):
        self.serve(server={"max_sessions": 1}, users=self.ADMIN)
        first = self.in_ordinary_place()
        second, third = self.once_free(), self.once_free()
        self.assert_turned_away("The server is full")
        second.command("USER demo", 331)
        self.assertIn("administrators", second.command("PASS demo", 421).text)
        self.assertTrue(second.at_end())
        third.login("admin", "admin")
        third.command("NOOP", 200)
        # Once an ordinary place is free, whoever has taken one of the reserve gets it.
        fourth = self.once_free()
        first.command("QUIT", 221)
        self.assertTrue(first.at_end())
        fourth.close()
        self.in_ordinary_place()

    def in_ordinary_place(self):
        """A session of a user who is no administrator, once there is a place for one: others may just be leaving."""

        def attempt():
            self.session = self.once_free()
            self.session.command("USER demo", 331)
            return self.session.command("PASS demo").code == 230

        wait_until(attempt, "an ordinary place")
        return self.session

    def once_free(self, source=None):
        """A greeted connection, once there is a place for one."""

        def attempt():
            self.session = self.connect(source, expect=None)
            return self.session.reply().code == 220

        wait_until(attempt, "a place")
        return self.session

    def test_an_address_is_told_before_a_password_is_asked_for(self):
        self.serve(server={"max_sessions_per_ip": 1})
        first = self.connect(STRANGER)
        self.assert_turned_away("from your address", STRANGER)
        first.command("QUIT", 221)
        self.assertTrue(first.at_end())
        self.once_free(STRANGER)

    def test_a_user_has_so_many_sessions(self):
        self.serve(users=[{"name": "single", "password": "single", "max_sessions": 1}])
        first = self.logged_in("single")
        second = self.connect()
        second.command("USER single", 331)  # here it would tell that the user exists
        self.assertIn("Too many sessions of this user", second.command("PASS single", 421).text)
        self.assertTrue(second.at_end())
        first.command("REIN", 220)
        self.logged_in("single")

    def test_nobody_stays_without_a_login(self):
        self.serve(server={"login_timeout": "1500ms"})

        def lines_until_closed(line):
            session, begin = self.connect(), time.monotonic()
            answer = None
            try:
                while time.monotonic() - begin < 20:
                    session.send(line)
                    answer = session.reply()
            except (EOFError, ConnectionError):
                return answer
            self.fail(f"{line!r} keeps a connection without a login open")

        # Whatever is sent, and however fast.
        for line in ("NOOP\r\n", "REIN\r\n", "USER demo\r\n", "NOOP\r\n" * 50):
            lines_until_closed(line)
        silent, begin = self.connect(), time.monotonic()
        silent.expect(421)
        self.assertGreater(time.monotonic() - begin, 1)

    def test_so_many_wrong_passwords_close_the_connection(self):
        self.serve(server={"max_login_attempts": 2})
        session = self.connect()
        self.assertEqual(guess(session).code, 530)
        self.assertEqual(guess(session, "nobody").code, 421)
        self.assertTrue(session.at_end())
        # REIN is no way around.
        session = self.connect()
        guess(session)
        session.command("REIN", 220)
        self.assertEqual(guess(session).code, 421)


# ---- bans


@for_stores("memory")
class Bans(Own):
    def test_who_guesses_is_banned_and_nobody_else(self):
        self.serve(defender={**NO_TRUST, "threshold": 4}, server={"max_login_attempts": 100})
        working = self.logged_in(source=STRANGER)
        other = self.connect(STRANGER)
        session = self.connect(STRANGER)
        self.assertEqual(guess(session, times=3).code, 530)
        self.assertEqual(guess(session).code, 421)
        self.assertTrue(session.at_end())
        self.assert_turned_away("banned", STRANGER)
        # A connection from before gets no further guess.
        other.command("USER demo", 331)
        other.command("PASS demo", 421)
        # Who works goes on, and others come in.
        working.command("NOOP", 200)
        self.logged_in()
        self.assertRegex(self.server.log(), r"banned network=127\.0\.0\.2 reason=\"?failed logins\"? seconds=300 times=1")

    def test_changing_names_and_other_protocols_cost_more(self):
        self.serve(defender={**NO_TRUST, "threshold": 4}, server={"max_login_attempts": 100})
        session = self.connect(STRANGER)
        self.assertEqual(guess(session, "nobody").code, 530)
        self.assertEqual(guess(session, "demo").code, 530)
        self.assertEqual(guess(session, "viewer").code, 421)
        for number, garbage in enumerate(("GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\xa5\x01\x00\r\n", "A" * 5000 + "\r\n")):
            source = f"127.0.0.{10 + number}"
            session = self.connect(source)
            session.send(garbage)
            self.assertTrue(session.at_end())
            self.assert_turned_away("banned", source)

    def test_a_login_takes_points_off(self):
        self.serve(defender={**NO_TRUST, "threshold": 5}, server={"max_login_attempts": 100})
        for _ in range(4):
            session = self.connect(STRANGER)
            self.assertEqual(guess(session, times=2).code, 530)
            session.login()
        self.logged_in(source=STRANGER)

    def test_an_allowed_address_is_slowed_but_not_banned(self):
        self.serve(defender={"allow": [STRANGER], "threshold": 2}, server={"max_login_attempts": 100})
        session = self.connect(STRANGER)
        begin = time.monotonic()
        self.assertEqual(guess(session, times=6).code, 530)
        self.assertGreater(time.monotonic() - begin, 0.8)
        self.connect(STRANGER)

    def test_denied_networks_hear_it_at_once(self):
        self.serve(defender={"allow": ["127.0.0.1"], "deny": ["127.0.0.0/8"]})
        self.assert_turned_away("banned", STRANGER)
        self.logged_in()
        self.reload('deny = ["127.0.0.0/8"]', 'deny = []')
        self.connect(STRANGER)

    def test_a_ban_ends(self):
        self.serve(defender={**NO_TRUST, "threshold": 1, "ban_time": "1s"})
        self.assertEqual(guess(self.connect(STRANGER)).code, 421)
        wait_until(lambda: self.connect(STRANGER, expect=None).reply().code == 220, "the end of the ban")


@for_stores("s3")
class SharedBans(Own):
    def test_a_ban_reaches_the_other_server(self):
        state = {"state": f"sqlite:{self.scratch}/state.db"}
        first = self.serve(defender={**NO_TRUST, "threshold": 1}, server=state)
        second = self.serve(defender=NO_TRUST, server=state)
        self.connect(STRANGER, second)
        self.assertEqual(guess(self.connect(STRANGER, first)).code, 421)
        self.assert_turned_away("banned", STRANGER, first)
        wait_until(lambda: self.connect(STRANGER, second, None).reply().code == 421, "the ban on the other server", 20)
        # And it outlives a restart.
        second.stop()
        second.start()
        wait_until(lambda: self.connect(STRANGER, second, None).reply().code == 421, "the ban after a restart", 20)


@for_stores("local")
class BanCommands(Own):
    def gantryd(self, *words, exit=0):
        done = subprocess.run([Setup.program("src/gantryd/gantryd"), *words, "--config", str(self.server.config)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, exit, done.stdout + done.stderr)
        return done.stdout

    def test_bans_by_hand(self):
        self.serve(defender={**NO_TRUST, "threshold": 1})
        working = self.logged_in(source=STRANGER)
        self.gantryd("ban", "add", "127.0.0.0/28", "--for", "1h")
        self.assert_turned_away("banned", STRANGER)
        self.connect()
        working.command("NOOP", 200)
        bans = json.loads(self.gantryd("ban", "list", "--json"))["result"]
        self.assertEqual([(ban["network"], ban["times"], ban["reason"]) for ban in bans], [("127.0.0.0/28", 1, "by hand")])
        self.gantryd("ban", "remove", "127.0.0.0/28")
        self.connect(STRANGER)
        self.gantryd("ban", "remove", "127.0.0.0/28", exit=1)
        # What the server has just done by itself is known, too.
        self.assertEqual(guess(self.connect(STRANGER)).code, 421)
        self.assertRegex(self.gantryd("ban", "list"), rf"{STRANGER} .*failed logins")
        self.gantryd("ban", "remove", STRANGER)
        self.connect(STRANGER)
        for wrong in (("alice",), ("127.0.0.1/8",), (STRANGER, "--for", "never"), (STRANGER, "--for", "0")):
            self.gantryd("ban", "add", *wrong, exit=64)

    def test_bans_without_a_server(self):
        self.serve(defender=NO_TRUST)
        self.server.stop()
        self.gantryd("ban", "add", STRANGER)
        self.assertRegex(self.gantryd("ban", "list"), rf"{STRANGER} .*for ever")
        self.server.start()
        wait_until(lambda: self.connect(STRANGER, expect=None).reply().code == 421, "the ban of before the start")

    def test_speeds_of_users_in_the_database_change_at_once(self):
        self.serve()
        add = subprocess.run(
            [Setup.program("src/gantryd/gantryd"), "user", "add", "slow", "--home", "main:/", "--max-download", "64KiB/s",
             "--password-stdin", "--config", str(self.server.config)],
            input="slow\n", capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(add.returncode, 0, add.stderr)
        data = content("set", 4 * MIB)
        self.logged_in().store("STOR f", data)
        session = self.logged_in("slow")
        receiving, begin = session.transfer("RETR f"), time.monotonic()
        got = len(receiving.recv(1))
        self.gantryd("user", "set", "slow", "--max-download", "0")
        while block := receiving.recv(1 << 20):
            got += len(block)
        receiving.close()
        session.expect(226)
        self.assertEqual(got, len(data))
        self.assertLess(time.monotonic() - begin, 40)
