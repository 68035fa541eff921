"""gantryd's own life: killed in mid-upload, drained, reloaded; what it writes into its logs."""

import contextlib
import json
import os
import resource
import signal
import sqlite3
import subprocess
import time

from harness import (
    LARGE, PROMPT, SMALL, Server, Setup, case, check_same, content, fresh_path, remaining_replies, seen_by_viewer, wait_until,
)
from gantry import stop


@case(*[(store, before) for store in ("s3", "cos", "local") for before in ("new", "old")],
      short=lambda store, before: (store, before) in (("s3", "old"), ("local", "new")))
def killed_in_mid_upload(store, before):
    """kill -9: no object, or the old one; the next gantryd serves and takes the same upload."""
    server = Server(store)
    try:
        path, old, new = fresh_path("killed"), content(SMALL, 5) if before == "old" else None, content(LARGE)
        if old:
            with server.connect() as owner:
                owner.store(f"STOR {path}", old)
        session = server.connect()
        data = session.transfer(f"STOR {path}")
        data.sendall(new[:17_000_000])
        if server.fake:
            wait_until(lambda: server.requests("UploadPart"), "a part arrives", 20)
        server.kill()
        data.close()
        session.close()
        check_same(old, server.object(path), "after the kill the store has")
        server.start()
        check_same(old, seen_by_viewer(server, path), "after the restart the viewer sees")
        with server.connect() as owner:
            owner.store(f"STOR {path}", new)
        check_same(new, server.object(path), "after the second try the store has")
        server.stop()
    finally:
        server.kill()
        if server.fake:
            server.fake.stop()


@case(("local",), ("s3",), short=lambda store: store == "s3")
def drain_lets_a_running_upload_finish(store):
    """SIGTERM: nobody new, the upload ends with 226, then 421, and gantryd ends with status 0."""
    server = Server(store)
    try:
        path, body = fresh_path("drained"), content(LARGE)
        session, idle = server.connect(), server.connect()
        data = session.transfer(f"STOR {path}")
        data.sendall(body[: LARGE // 2])
        os.kill(server.pid, signal.SIGTERM)
        assert remaining_replies(idle) == [421], "an idle session hears 421"
        wait_until(lambda: not server._listens(), "nobody new is let in")
        data.sendall(body[LARGE // 2:])
        data.close()
        heard = remaining_replies(session)
        assert heard == [226, 421], f"heard {heard}, not 226, then 421"
        assert server.process.wait(20) == 0, "gantryd did not end well"
        check_same(body, server.object(path), "the store has")
    finally:
        stop(server.process)
        if server.fake:
            server.fake.stop()


@case(())
def draining_server_says_that_it_lives():
    """Other servers on the state database must not take over an upload that SIGTERM lets finish."""
    with Server("s3") as server:
        def last_word():
            with contextlib.closing(sqlite3.connect(f"file:{server.directory}/gantry.db?mode=ro", uri=True)) as book:
                return book.execute("SELECT MAX(seen) FROM nodes").fetchone()[0]

        path, body = fresh_path("drained"), content(LARGE)
        session = server.connect()
        data = session.transfer(f"STOR {path}")
        data.sendall(body[: LARGE // 2])
        os.kill(server.pid, signal.SIGTERM)
        wait_until(lambda: not server._listens(), "it drains")
        before = last_word()
        wait_until(lambda: last_word() > before, "it says that it lives", 30)
        data.sendall(body[LARGE // 2:])
        data.close()
        assert remaining_replies(session) == [226, 421]
        assert server.process.wait(20) == 0
        check_same(body, server.object(path), "the store has")


@case((), short=True)
def interrupt_stops_at_once():
    """SIGINT: a running upload is not waited for and not published."""
    with Server("s3") as server:
        path = fresh_path("interrupted")
        session = server.connect()
        data = session.transfer(f"STOR {path}")
        data.sendall(content(LARGE)[:17_000_000])
        wait_until(lambda: server.requests("UploadPart"), "a part arrives", 20)
        os.kill(server.pid, signal.SIGINT)
        heard = remaining_replies(session)
        assert heard and heard[0] == 421 and 226 not in heard, f"heard {heard}"
        assert server.process.wait(20) == 0
        data.close()
        check_same(None, server.object(path), "the store has")
        assert len(server.open_uploads()) == 1, "what has arrived is held for its owner"


def reload(server):
    """SIGHUP, and the new lines of the log once one of them tells the outcome."""
    before = len(server.log())
    os.kill(server.pid, signal.SIGHUP)
    wait_until(lambda: "reload" in server.log()[before:], "the reload is logged", 20)
    return server.log()[before:]


@case((), short=True)
def reload_of_users_and_mistakes():
    with Server("memory") as server:
        good = server.config.read_text()
        staying = server.connect()
        server.config.write_text(good + '[[user]]\nname = "late"\npassword = "late"\nhome = "main:/"\n')
        assert "reloaded" in reload(server)
        server.connect(user="late").close()
        server.config.write_text(good + '[[user]]\nname = "later"\npassword = "later"\nhome = "nowhere:/"\nfoo = 1\n')
        lines = reload(server)
        assert "reload failed" in lines and "nowhere" in lines and "foo" in lines, lines
        server.connect(user="late").close()
        server.config.write_text("[server\n")
        assert "reload failed" in reload(server)
        server.connect(user="late").close()
        server.config.write_text(good)
        assert "reloaded" in reload(server)
        session = server.connect()
        session.command("REIN", 220)
        session.command("USER late", 331)
        session.command("PASS late", 530)
        session.close()
        staying.command("NOOP", 200)
        staying.close()


@case((), short=True)
def a_limit_of_sessions_that_the_descriptors_cannot_carry_is_told():
    """At the start what the descriptors are enough for; after a reload with a limit beyond it a warning, which goes again."""
    with Server("memory") as server:
        assert " descriptors limit=" in server.log()
        _, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        soft = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)[0]
        assert soft == hard, f"the soft limit is {soft} and not {hard}"
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (400, hard))
        good = server.config.read_text()
        server.config.write_text(good.replace("max_sessions = 0", "max_sessions = 200"))
        lines = reload(server)
        assert "reloaded" in lines and "server.max_sessions: 200 sessions may need" in lines, lines
        server.config.write_text(good.replace("max_sessions = 0", "max_sessions = 100"))
        lines = reload(server)
        assert "reloaded" in lines and "may need" not in lines, lines


def make_certificate(name, days="30"):
    directory = Setup.directory("cert")
    cert, key = directory / "cert.pem", directory / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", days, "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


def served_certificate(server):
    import socket
    import ssl

    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(socket.create_connection((server.host, server.tls_port), 20)) as connection:
        return connection.getpeercert(binary_form=True)


@case((), short=True)
def reload_of_the_certificate():
    """The renewed files count after SIGHUP; sessions that run stay; broken files change nothing."""
    import ssl

    first, second = make_certificate("first"), make_certificate("second")
    cert, key = (Setup.directory("live") / name for name in ("cert.pem", "key.pem"))
    cert.write_bytes(first[0].read_bytes())
    key.write_bytes(first[1].read_bytes())
    with Server("memory", tls={"certificate": cert, "key": key}) as server:
        assert served_certificate(server) == ssl.PEM_cert_to_DER_cert(first[0].read_text())
        cert.write_bytes(second[0].read_bytes())
        assert "reload failed" in reload(server), "a key that does not fit was taken"
        assert served_certificate(server) == ssl.PEM_cert_to_DER_cert(first[0].read_text())
        key.write_bytes(second[1].read_bytes())
        assert "reloaded" in reload(server)
        assert served_certificate(server) == ssl.PEM_cert_to_DER_cert(second[0].read_text())


class TemporaryKeys:
    """Keys and a token for a store, each in a file that gantryd's configuration names."""

    def __init__(self, server):
        self.server = server
        self.turn = 0
        text = server.config.read_text()
        for name in ("access_key", "secret_key"):
            line = next(line for line in text.splitlines() if line.startswith(name + " = "))
            text = text.replace(line, f'{name}_file = "{name}"')
        server.config.write_text(text.replace('secret_key_file = ', 'session_token_file = "session_token"\nsecret_key_file = '))

    def issue(self):
        """The next set."""
        self.turn += 1
        return {"access_key": f"AKTEMP{self.turn}", "secret_key": f"temporary/secret+{self.turn}",
                "session_token": f"token-{self.turn}-of-the-test"}

    def write(self, keys):
        for name, value in keys.items():
            new = self.server.directory / (name + ".new")
            new.write_text(value + "\n")
            new.rename(self.server.directory / name)

    def accept(self, keys, stale="ExpiredToken", beside=False):
        self.server.fake.accept(keys["access_key"], keys["secret_key"], keys["session_token"], stale, beside)

    def rotate(self, stale):
        """As the vendors do it: the old keys end some time after the new ones begin."""
        following = self.issue()
        self.accept(following, stale, beside=True)
        self.write(following)
        self.accept(following, stale)


def start_with_temporary_keys(server):
    keys = TemporaryKeys(server)
    first = keys.issue()
    server.kill()  # before it could take them for a replacement
    keys.write(first)
    keys.accept(first)
    server.start()
    return keys


@case(("cos", "ExpiredToken"), ("cos", "AccessDenied"), ("s3", "InvalidToken"),
      short=lambda store, stale: (store, stale) == ("cos", "ExpiredToken"))
def transfers_outlive_temporary_keys(store, stale):
    """New keys in the files and refused old ones: a running upload and the sessions go on, without SIGHUP."""
    server = Server(store)
    try:
        keys = start_with_temporary_keys(server)
        path, body = fresh_path("temporary"), content(3 * LARGE)
        session, other = server.connect(), server.connect()
        data = session.transfer(f"STOR {path}")
        third = len(body) // 3
        data.sendall(body[:third])
        wait_until(lambda: server.requests("UploadPart"), "a part arrives", 20)
        for turn in (1, 2):
            keys.rotate(stale)
            data.sendall(body[turn * third:(turn + 1) * third])
            other.store(f"STOR small-{turn}.bin", content(SMALL))
        data.close()
        session.expect(226)
        check_same(body, server.object(path), "the store has")
        wait_until(lambda: server.log().count("credentials replaced") >= 2, "both replacements are logged")
        session.close()
        other.close()
        log = server.log()
        assert "store=main" in log.split("credentials replaced")[1].splitlines()[0], log
        for secret in ("temporary/secret", "-of-the-test"):
            assert secret not in log, f"{secret} is in the log"
        server.stop()
    finally:
        server.kill()
        server.fake.stop()


@case((), short=True)
def broken_files_keep_the_keys():
    """A configuration that cannot be read changes nothing and is complained of once; SIGHUP takes new keys as well."""
    server = Server("cos")
    try:
        keys = start_with_temporary_keys(server)
        good = server.config.read_text()
        server.config.write_text("[server\n")
        wait_until(lambda: "credentials not read again" in server.log(), "the broken file is noticed", 20)
        with server.connect() as session:
            session.store("STOR kept.bin", content(SMALL))
        (server.directory / "session_token").unlink()
        server.config.write_text(good)
        wait_until(lambda: server.log().count("credentials not read again") == 2, "the missing file is noticed", 20)
        with server.connect() as session:
            session.store("STOR kept-2.bin", content(SMALL))
        assert "credentials replaced" not in server.log()
        following = keys.issue()
        keys.write(following)
        keys.accept(following)
        assert "reloaded" in reload(server)
        assert server.log().count("credentials replaced") == 1, server.log()
        with server.connect() as session:
            session.store("STOR new.bin", content(SMALL))
        assert server.log().count("credentials not read again") == 2, server.log()
        server.stop()
    finally:
        server.kill()
        server.fake.stop()


@case((), short=True)
def logs_are_json_and_hide_secrets():
    directory = Setup.directory("logs")
    with Server("s3") as server:
        server.config.write_text(server.config.read_text().replace(
            'directory = ""\nlevel = "info"', f'directory = "{directory}"\nlevel = "debug"\nformat = "json"\nxferlog = true'))
        os.kill(server.pid, signal.SIGTERM)
        server.process.wait(20)
        server.start()
        with server.connect(tls=True) as session:
            session.store("STOR with blank\xe9.bin", content(SMALL))
            session.retrieve("RETR with blank\xe9.bin")
            session.transfer("STOR cut.bin").close()  # without close_notify
            session.expect(426)
        from ftp_wire import Connection

        with Connection(server.address) as session:
            session.expect(220)
            session.command("USER demo", 331)
            session.command("PASS wrong-password-42", 530)
            session.command("HUNTER2-typed-too-early", 530)
            session.command("USER viewer", 331)
            session.command("PASS viewer", 230)
            session.send(b"CWD \xff\xfe\x01\"\\\r\n")
            session.expect((501, 550, 553))
        server.settle()
        lines = (directory / "gantryd.log").read_text(encoding="utf-8").splitlines()
        events = [json.loads(line) for line in lines]
        assert all(event["time"] and event["level"] and event["event"] for event in events)
        transfers = [event for event in events if event["event"] == "transfer"]
        assert [t["outcome"] for t in transfers][:2] == ["complete", "complete"], transfers
        assert transfers[0]["bytes"] == SMALL and transfers[0]["direction"] == "upload"
        logins = [event for event in events if event["event"] == "login"]
        assert any(e["outcome"] == "refused" and e["user"] == "demo" for e in logins)
        whole = "\n".join(lines) + server.log()
        for secret in ("wrong-password-42", "HUNTER2", "secret/for+tests"):
            assert secret not in whole, f"{secret} is in the log"
        passwords = [e for e in events if e.get("verb") == "PASS"]
        assert passwords and all(e["argument"] == "***" for e in passwords), passwords[:1]
        records = (directory / "xferlog").read_text().splitlines()
        assert len(records) == len(transfers), f"{len(records)} records of {len(transfers)} transfers"
        words = records[0].split()
        assert words[7] == str(SMALL) and words[-1] == "c" and "demo" in words and " i " in records[0], records[0]
        assert records[2].split()[-1] == "i", records[2]


@case((), short=True)
def logs_follow_sighup():
    """Files that logrotate moved away are opened anew, even beside a broken configuration; log settings count at once."""
    directory = Setup.directory("logs")
    live, moved = directory / "gantryd.log", directory / "gantryd.log-moved"

    def logged(text):
        wait_until(lambda: live.exists() and text in live.read_text(), f"{text} is in the log", 20)

    with Server("memory") as server:
        quiet = server.config.read_text()
        good = quiet.replace('directory = ""', f'directory = "{directory}"')
        server.config.write_text(good)
        os.kill(server.pid, signal.SIGHUP)
        logged("reloaded")
        live.rename(moved)
        server.config.write_text("[server\n")
        os.kill(server.pid, signal.SIGHUP)
        logged("reload failed")
        assert "reload failed" not in moved.read_text()
        server.config.write_text(good.replace('level = "info"', 'level = "debug"\nformat = "json"\nrotate = "second"'))
        os.kill(server.pid, signal.SIGHUP)
        logged('"event":"reloaded"')
        server.connect().close()
        logged('"event":"login"')
        wait_until(lambda: server.connect().close() or len(list(directory.glob("gantryd.log.2*"))) > 0, "a second passes")
        (directory / "in_the_way").write_text("")
        server.config.write_text(good.replace(f'"{directory}"', f'"{directory}/in_the_way/log"'))
        os.kill(server.pid, signal.SIGHUP)
        wait_until(lambda: any("log not opened anew" in f.read_text() for f in directory.glob("gantryd.log*")),
                   "the failure is logged where the log was", 20)


@case((), short=True)
def session_ends_when_idle_and_when_login_takes_too_long():
    from ftp_wire import Connection

    with Server("memory", server={"idle_timeout": "700ms", "login_timeout": "700ms"}) as server:
        for login in (False, True):
            begun = time.monotonic()
            with Connection(server.address) as session:
                session.expect(220)
                if login:
                    session.login()
                session.expect(421)
                assert session.at_end()
            assert time.monotonic() - begun < PROMPT
        session = server.connect()
        data = session.transfer("STOR slow.bin")
        for _ in range(12):
            data.sendall(b"x" * 1000)
            time.sleep(0.1)
        data.close()
        session.expect(226)
        session.close()


