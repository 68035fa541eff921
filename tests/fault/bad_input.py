"""Wrong passwords, paths, buckets, certificates and configurations: the right reply or one clear line, no secret.

Configuration mistakes end with status 78, what cannot be had now with 69 (sysexits.h).
"""

import contextlib
import os
import re
import resource
import socket
import subprocess
import time

from ftp_wire import Connection, close_cleanly
from gantry import ACCESS_KEY, SECRET_KEY, FakeStore, free_port, stop, table, toml
from harness import PROMPT, SMALL, Server, Setup, Skip, case, content, wait_until
from server_life import make_certificate

CONFIGURATION, UNAVAILABLE = 78, 69
PASSWORD = "correct-horse-7"


# ---- names


@case((), short=True)
def names_longer_than_cos_takes():
    """850 bytes of key are COS's limit, a directory's with its slash; beyond it every way to make a name is answered 553
    and nothing is sent."""
    with Server("cos") as server, server.connect() as session:
        for letter in "abcd":
            session.command("MKD " + letter * 200, 257)
            session.command("CWD " + letter * 200, 250)
        longest = "f" * (849 - 4 * 201)
        session.store("STOR " + longest, content(SMALL))
        sent = len(server.requests("PutObject"))
        for line in (f"STOR {longest}x", f"APPE {longest}x", f"MKD {longest}x"):
            data = session.open_data(session.passive())
            session.command(line, 553)
            data.close()
        session.command(f"RNFR {longest}", 350)
        session.command(f"RNTO {longest}x", 553)
        assert len(server.requests("PutObject")) == sent
        session.command(f"SIZE {longest}", 213)


# ---- logins


@case((), short=True)
def logins_tell_nothing():
    """An unknown user, a wrong password, an empty one: the same words, and no early word at USER."""
    with Server("memory") as server:
        heard = {}
        for name, password in (("demo", "wrong"), ("nobody-here", "wrong"), ("demo", "demo "), ("demo", "Demo"),
                               ("", "x"), ("anonymous", "me@example.org"), ("demo\tx", "demo")):
            with Connection(server.address) as session:
                session.expect(220)
                user = session.command(f"USER {name}")
                answer = session.command(f"PASS {password}")
                assert answer.code in (530, 501, 503), f"{name!r}: {answer!r}"
                if user.code == 331:
                    heard.setdefault((user.text, answer.text), []).append(name)
                assert "demo" not in user.text
                session.command("LIST", 530)
        assert len(heard) == 1, f"different replies: {heard}"
        session = server.connect()
        session.close()
        assert "wrong" not in "".join(line for line in server.log().splitlines() if "verb=PASS" in line)


@case((), short=True)
def failed_logins_end_the_session():
    with Server("memory", server={"max_login_attempts": 2}) as server, Connection(server.address) as session:
        session.expect(220)
        session.command("USER demo", 331)
        session.command("PASS wrong", 530)
        session.command("USER demo", 331)
        session.command("PASS wrong", (421, 530))
        assert session.at_end()


# ---- paths


@case((), short=True)
def paths_do_not_lead_out_of_a_local_root():
    with Server("local") as server:
        outside = server.directory / "outside"
        outside.mkdir()
        (outside / "secret.txt").write_bytes(b"not for clients")
        (server.root / "link").symlink_to(outside)
        (server.root / "file-link").symlink_to(outside / "secret.txt")
        (server.root / "up").symlink_to("..")
        (server.root / "proc").symlink_to("/proc/self")
        with server.connect() as session:
            session.command("CWD ../../..", (250, 550))
            assert '"/"' in session.command("PWD", 257).text
            for path in ("../outside/secret.txt", "/../outside/secret.txt", "link/secret.txt", "file-link",
                         "up/outside/secret.txt", "proc/root/etc/passwd", "link/../outside/secret.txt",
                         "/etc/passwd", "....//outside/secret.txt", "..\\outside\\secret.txt", "~root/x",
                         "%2e%2e/outside/secret.txt"):
                for verb in ("SIZE", "MDTM", "DELE", "RNFR", "MLST", "XSHA256"):
                    answer = session.command(f"{verb} {path}")
                    linked_itself = verb in ("DELE", "RNFR", "MLST") and path == "file-link"
                    assert answer.code >= 400 or linked_itself, f"{verb} {path}: {answer!r}"
                    if verb == "DELE" and linked_itself:
                        (server.root / "file-link").unlink(missing_ok=True)
                        (server.root / "file-link").symlink_to(outside / "secret.txt")
                for verb in ("RETR", "STOR", "APPE"):
                    data = session.open_data(session.passive())
                    answer = session.command(f"{verb} {path}")
                    if answer.code == 150:
                        data.sendall(b"overwritten")
                    close_cleanly(data)
                    if answer.code == 150:
                        answer = session.reply()
                        assert verb != "RETR", f"{verb} {path} gave data"
            for directory in ("link", "up", "proc", "link/..", "../outside"):
                session.command(f"CWD {directory}", (250, 550))
                assert '"/"' in session.command("PWD", 257).text or directory == "link/..", directory
                session.command("CWD /", 250)
                session.command(f"MKD {directory}/made", (550, 553, 257))
        assert (outside / "secret.txt").read_bytes() == b"not for clients", "written outside of the root"
        assert sorted(p.name for p in outside.iterdir()) == ["secret.txt"], "made outside of the root"
        assert sorted(p.name for p in server.directory.iterdir() if p.name in ("made", "etc")) == []


# ---- stores that are configured wrongly: one line in the log says what to do, the client hears 4yz


STORE_MISTAKES = {
    "wrong bucket": ({"bucket": "nosuchbucket-1250000000"}, ("bucket",)),
    "wrong secret": ({"secret_key": "not-the-secret-key-555"}, ("secret", "key")),
    "unknown access key": ({"access_key": "AKUNKNOWN0000000"}, ("key",)),
    "wrong region": ({"region": "xx-nowhere-9"}, ("region",)),
    "nobody listens": ({"endpoint": None}, ("refused", "connect")),
    "unknown host": ({"endpoint": "http://nowhere.invalid:80"}, ("nowhere.invalid",)),
}


# A COS endpoint of one's own stands for its bucket.
@case(*[(kind, name) for kind in ("s3", "cos") for name in STORE_MISTAKES if (kind, name) != ("cos", "wrong bucket")],
      short=lambda kind, name: kind == "s3" and name in ("wrong secret", "nobody listens"))
def store_mistake(kind, name):
    changes, words = STORE_MISTAKES[name]
    changes = dict(changes, retry_deadline="1s", connect_timeout="1s", request_timeout="2s")
    if "endpoint" in changes and changes["endpoint"] is None:
        changes["endpoint"] = f"http://127.0.0.1:{free_port()}"
    with Server(kind, store_settings=changes) as server:
        with Connection(server.address) as session:
            session.expect(220)
            session.command("USER demo", 331)
            answer = session.command("PASS demo")
            if answer.code == 230:
                data = session.open_data(session.passive())
                session.command("TYPE I", 200)
                answer = session.command("STOR x.bin")
                if answer.code == 150:
                    data.sendall(content(1000))
                    close_cleanly(data)
                    answer = session.reply()
                if name == "wrong region" and answer.code == 226:
                    # Where the bucket lives is found out from the store's answer.
                    assert server.object("x.bin") == content(1000)
                    return
            assert 400 <= answer.code < 500, f"{answer!r}"
            for secret in (SECRET_KEY, "not-the-secret-key-555", "127.0.0.1", server.fake.bucket, ACCESS_KEY):
                assert secret not in answer.text, f"the client was told {secret}"
            if answer.code != 421:
                session.command("NOOP", 200)
        log = server.log()
        reasons = [line for line in log.splitlines() if " warning " in line or " error " in line]
        assert any(any(word in line.lower() for word in words) for line in reasons), f"the log says only {reasons}"
        assert SECRET_KEY not in log and "not-the-secret-key-555" not in log
        checked = run("check", "--config", server.config)
        assert checked.returncode == UNAVAILABLE, f"check ended with {checked.returncode}: {checked.stderr}"
        line = one_line(checked.stderr)
        assert "main" in line and any(word in line.lower() for word in words), line


# ---- programs that must not start


def run(*arguments, text=None, environment=None, limit=30):
    done = subprocess.run([Setup.program("src/gantryd/gantryd"), *map(str, arguments)], capture_output=True, text=True,
                          input=text, stdin=subprocess.DEVNULL if text is None else None, timeout=limit, check=False,
                          env=dict(os.environ, **(environment or {})), cwd=Setup.directory("cwd"))
    for secret in (SECRET_KEY, PASSWORD):
        assert secret not in done.stdout + done.stderr, "a secret is printed"
    return done


def one_line(text):
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("warning:")
             and not re.match(r"\d{4}-\d\d-\d\dT", line)]
    assert len(lines) == 1, f"not one line: {lines}"
    return lines[0]


def configuration(server=None, tls=None, store=None, user=None, extra="", transfer=None):
    directory = Setup.directory("config")
    (directory / "root").mkdir()
    values = {"listen": [f"127.0.0.1:{free_port()}"], **(server or {})}
    text = table("[server]", values)
    text += table("[tls]", tls) if tls else ""
    text += table("[transfer]", transfer) if transfer else ""
    text += table("[log]", {"directory": ""})
    text += table("[[store]]", store or {"name": "main", "type": "local", "root": directory / "root"})
    text += table("[[user]]", {"name": "demo", "password": PASSWORD, "home": "main:/", **(user or {})})
    file = directory / "gantry.toml"
    file.write_text(text + extra)
    file.chmod(0o600)
    return file


def bucket_settings(**changes):
    settings = {"name": "main", "type": "s3", "bucket": "b", "region": "us-east-1", "access_key": ACCESS_KEY,
                "secret_key": SECRET_KEY, **changes}
    return {k: v for k, v in settings.items() if v is not None}


def must_refuse(file, *words, status=CONFIGURATION, check_too=True):
    """Serving and checking both end at once with the status and a line that holds the words."""
    for arguments in ([["--config", file], ["check", "--config", file]] if check_too else [["--config", file]]):
        done = run(*arguments, limit=20)
        checked = arguments[0] == "check"
        assert done.returncode in ((status, UNAVAILABLE) if checked else (status,)), (
            f"{arguments[0]} ended with {done.returncode}: {done.stderr}")
        line = one_line(done.stderr)
        for word in words:
            assert word in line, f"{arguments[0]}: {word!r} is not in: {line}"


@case((), short=True)
def configuration_file_missing():
    must_refuse(Setup.directory("none") / "nothere.toml", "nothere.toml")


@case((), short=True)
def malformed_toml():
    file = configuration()
    file.write_text('[server]\nbanner = "open\n')
    must_refuse(file, str(file), ":2")


@case((), short=True)
def unknown_key_with_line_and_column():
    file = configuration(extra="  flavour = 3\n")
    line = file.read_text().splitlines().index("  flavour = 3") + 1
    must_refuse(file, "flavour", f":{line}:3")


@case((), short=True)
def several_mistakes_at_once():
    file = configuration(server={"idle_timeout": "soon", "passive_ports": "9-1", "lanes": 9999},
                         user={"home": "nowhere:/", "permissions": "elx"}, extra="[serve]\nx = 1\n")
    done = run("--config", file)
    assert done.returncode == CONFIGURATION
    lines = [line for line in done.stderr.splitlines() if not line.startswith("warning:")]
    for word in ("idle_timeout", "passive_ports", "lanes", "home", "permissions", "serve"):
        assert any(word in line for line in lines), f"nothing about {word}: {done.stderr}"
    assert all(re.search(r":\d+:\d+", line) for line in lines), f"a line without a place: {lines}"


MISTAKES = {
    "missing secret file": (dict(store=bucket_settings(secret_key=None, secret_key_file="/nothere/secret")),
                            ("secret_key", "/nothere/secret")),
    "missing environment variable": (dict(store=bucket_settings(secret_key="env:GANTRY_TEST_UNSET")),
                                     ("secret_key", "GANTRY_TEST_UNSET")),
    "no secret at all": (dict(store=bucket_settings(secret_key=None)), ("secret_key",)),
    "no bucket": (dict(store=bucket_settings(bucket=None)), ("bucket",)),
    "endpoint without scheme": (dict(store=bucket_settings(endpoint="cos.example.org")), ("endpoint",)),
    "unknown store type": (dict(store={"name": "main", "type": "tape"}), ("type", "local")),
    "root missing": (dict(store={"name": "main", "type": "local", "root": "/nothere/root"}), ("root", "/nothere/root")),
    "root is a file": (dict(store={"name": "main", "type": "local", "root": "/etc/passwd"}), ("root", "/etc/passwd")),
    "certificate missing": (dict(tls={"certificate": "/nothere/cert.pem", "key": "/nothere/key.pem"}),
                            ("certificate", "/nothere/cert.pem")),
    "listen_tls without certificate": (dict(server={"listen_tls": ["127.0.0.1:9900"]}), ("certificate",)),
    "tls required without certificate": (dict(tls={"required": True}), ("certificate",)),
    "home without store": (dict(user={"home": "/srv"}), ("home",)),
    "bad address": (dict(server={"listen": ["localhost:zwei"]}), ("listen", "localhost:zwei")),
}


@case(*[(name,) for name in MISTAKES], short=lambda name: name in ("missing secret file", "root missing"))
def mistake(name):
    settings, words = MISTAKES[name]
    must_refuse(configuration(**settings), *words)


@case((), short=True)
def certificates_that_cannot_be_used():
    first, second = make_certificate("first"), make_certificate("second")
    garbage = Setup.directory("garbage") / "garbage.pem"
    garbage.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    must_refuse(configuration(tls={"certificate": first[0], "key": second[1]}), "tls", str(second[1]), "belong")
    must_refuse(configuration(tls={"certificate": garbage, "key": first[1]}), "tls", str(garbage), "PEM")
    must_refuse(configuration(tls={"certificate": first[0], "key": garbage}), "tls", str(garbage), "key")
    must_refuse(configuration(tls={"certificate": first[0], "key": "/nothere/key.pem"}), "key", "/nothere/key.pem")
    locked = Setup.directory("locked") / "key.pem"
    subprocess.run(["openssl", "rsa", "-aes128", "-passout", "pass:" + PASSWORD, "-in", first[1], "-out", locked],
                   check=True, capture_output=True)
    must_refuse(configuration(tls={"certificate": first[0], "key": locked}), "tls", "pass phrase")
    if os.geteuid() != 0:
        unreadable = Setup.directory("unreadable") / "key.pem"
        unreadable.write_bytes(first[1].read_bytes())
        unreadable.chmod(0)
        must_refuse(configuration(tls={"certificate": first[0], "key": unreadable}), str(unreadable), "denied")


@contextlib.contextmanager
def serving(file):
    """gantryd on a configuration of the test's own, with what it says."""
    output = file.parent / "output"
    with open(output, "wb") as out:
        process = subprocess.Popen([Setup.program("src/gantryd/gantryd"), "--config", str(file)],
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=file.parent)
    try:
        wait_until(lambda: "listening" in output.read_text() or process.poll() is not None, "gantryd listens", 30)
        yield process, lambda: output.read_text(errors="replace")
    finally:
        stop(process)


@case()
def expired_certificate_warns():
    directory = Setup.directory("expired")
    cert, key = make_certificate("old")
    expired = directory / "cert.pem"
    # A certificate of yesterday, signed with its own key.
    subprocess.run(["openssl", "req", "-new", "-key", key, "-subj", "/CN=old.example", "-out", directory / "csr"],
                   check=True, capture_output=True)
    (directory / "index").write_text("")
    (directory / "serial").write_text("01\n")
    (directory / "ca.cnf").write_text(
        f"[ca]\ndefault_ca=d\n[d]\ndatabase={directory}/index\nserial={directory}/serial\nnew_certs_dir={directory}\n"
        "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
    subprocess.run(["openssl", "ca", "-batch", "-selfsign", "-config", directory / "ca.cnf", "-keyfile", key, "-in",
                    directory / "csr", "-out", expired, "-startdate", "20200101000000Z", "-enddate", "20200201000000Z"],
                   check=True, capture_output=True)
    file = configuration(tls={"certificate": expired, "key": key})
    with serving(file) as (process, output):
        assert process.poll() is None, output()
        warnings = [line for line in output().splitlines() if "warning" in line and "certificate" in line]
        assert any("EXPIRED" in line and "old.example" in line for line in warnings), output()
    checked = run("check", "--config", file)
    assert checked.returncode == UNAVAILABLE and "EXPIRED" in one_line(checked.stderr), checked.stderr


@case((), short=True)
def port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        file = configuration(server={"listen": [f"127.0.0.1:{port}"]})
        must_refuse(file, "server.listen", str(port), "in use", status=UNAVAILABLE, check_too=False)
    file = configuration(server={"listen": ["192.0.2.1:2121"]})
    must_refuse(file, "server.listen", "192.0.2.1", status=UNAVAILABLE, check_too=False)


@case()
def log_directory_that_cannot_be_made():
    file = configuration()
    file.write_text(file.read_text().replace('directory = ""', 'directory = "/proc/nothere"'))
    must_refuse(file, "log.directory", "/proc/nothere", check_too=False)


# ---- a full disk


@case((), short=True)
def full_disk():
    """452 and nothing published when the disk is full; room again, and uploads work."""
    mount = Setup.directory("full")
    if os.geteuid() != 0:
        raise Skip("mounting a small tmpfs needs root")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", mount], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise Skip("mounting a small tmpfs is not allowed here: " + done.stderr.strip())
    try:
        with Server("memory") as server:
            # The store "main" becomes the small disk.
            server.config.write_text(re.sub(r'type = "memory"', f'type = "local"\nroot = {toml(mount)}',
                                            server.config.read_text()))
            stop(server.process)
            server.start()
            with server.connect() as session:
                session.store("STOR old.bin", content(SMALL, 5))
                for target in ("new.bin", "old.bin"):
                    data = session.transfer(f"STOR {target}")
                    with contextlib.suppress(OSError):
                        data.sendall(content(8_000_000))
                    close_cleanly(data)
                    session.expect((452, 552))
                session.command("SIZE old.bin", 213)
                assert (mount / "old.bin").read_bytes() == content(SMALL, 5), "the old file is harmed"
                assert not (mount / "new.bin").exists(), "half a file is published"
                session.command("DELE old.bin", 250)
                session.command("DELE new.bin", (250, 550))
                session.store("STOR fits.bin", content(2_000_000))
            assert (mount / "fits.bin").read_bytes() == content(2_000_000)
    finally:
        subprocess.run(["umount", "-l", mount], check=True)


@case((), short=True)
def largest_file_of_the_system():
    """552 beyond RLIMIT_FSIZE, whose signal ends programs that do not expect it; everybody else goes on."""
    with Server("local") as server:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        with server.connect() as other:
            for tls in (False, True):
                with server.connect(tls=tls) as session:
                    data = session.transfer("STOR large.bin")
                    with contextlib.suppress(OSError):
                        data.sendall(content(2_000_000))
                    close_cleanly(data)
                    session.expect(552)
                    session.command("SIZE large.bin", 550)
            other.store("STOR fits.bin", content(1 << 20))
        assert (server.root / "fits.bin").read_bytes() == content(1 << 20)


# ---- the other commands


@case((), short=True)
def check_and_print_and_hash():
    file = configuration(store=bucket_settings(session_token=SECRET_KEY))
    printed = run("--print-config", "--config", file)
    assert printed.returncode == 0, printed.stderr
    for word in ("passive_ports", "retry_deadline", ACCESS_KEY, "demo"):
        assert word in printed.stdout, f"{word} is not printed"
    good = configuration()
    assert run("check", "--config", good).returncode == 0
    assert run("--check", "--config", good).returncode == 0
    again = configuration()
    again.write_text(run("--print-config", "--config", good).stdout.replace('password = "***"', 'password = "x"'))
    assert run("check", "--config", again).returncode == 0, "what is printed cannot be read again"
    hashed = run("hash-password", text=PASSWORD + "\n")
    assert hashed.returncode == 0 and hashed.stdout.startswith("$argon2id$"), hashed.stdout
    assert run("hash-password", text=PASSWORD + "\n").stdout != hashed.stdout, "no salt"
    assert run("hash-password", text="").returncode == 64
    assert run("--nonsense").returncode == 64
    assert re.search(r"\d+\.\d+", run("--version").stdout)
    file = configuration(user={"password": hashed.stdout.strip()})
    with serving(file) as (_, output):
        port = int(re.search(r"127\.0\.0\.1:(\d+)", file.read_text()).group(1))
        with Connection(("127.0.0.1", port)) as session:
            session.expect(220)
            session.login("demo", PASSWORD)
        assert PASSWORD not in output()


@case()
def checking_a_good_bucket_and_secret_files():
    fake = FakeStore("s3")
    try:
        secret = Setup.directory("secret") / "secret"
        secret.write_text(SECRET_KEY + "\n")
        settings = bucket_settings(bucket=fake.bucket, endpoint=fake.endpoint, path_style=True, secret_key=None,
                                   secret_key_file=secret)
        checked = run("check", "--config", configuration(store=settings))
        assert checked.returncode == 0, checked.stderr
        settings = bucket_settings(bucket=fake.bucket, endpoint=fake.endpoint, path_style=True,
                                   secret_key="env:GANTRY_TEST_SECRET")
        checked = run("check", "--config", configuration(store=settings), environment={"GANTRY_TEST_SECRET": SECRET_KEY})
        assert checked.returncode == 0, checked.stderr
    finally:
        fake.stop()


@case()
def plain_password_warns():
    done = run("check", "--config", configuration())
    warnings = [line for line in done.stderr.splitlines() if line.startswith("warning:")]
    assert len(warnings) == 1 and "password" in warnings[0] and "hash-password" in warnings[0], done.stderr


@case((), short=True)
def nonsense_on_the_control_connection():
    """Random bytes, endless lines, a thousand pipelined commands: the session ends or answers, others live."""
    import random

    with Server("memory") as server, server.connect() as other:
        source = random.Random(5)
        for shape in range(6):
            with Connection(server.address) as session:
                session.expect(220)
                with contextlib.suppress(OSError, EOFError, AssertionError):
                    if shape == 0:
                        session.send(source.randbytes(100_000))
                    elif shape == 1:
                        session.send(b"A" * 1_000_000)
                    elif shape == 2:
                        session.send(b"NOOP\r\n" * 1000)
                        for _ in range(1000):
                            session.expect((200, 530))
                    elif shape == 3:
                        session.send(b"\xff\xfd\x18" * 5000 + b"NOOP\r\n")
                    elif shape == 4:
                        session.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + source.randbytes(500))
                    else:
                        session.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                begun = time.monotonic()
                other.command("NOOP", 200)
                assert time.monotonic() - begun < PROMPT
        other.close()
        server.settle()


