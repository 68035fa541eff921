"""Starts gantryd, and the store behind it, on free loopback ports in a scratch directory.

Nothing here sleeps for luck: readiness is polled with a limit, and what was started is
stopped by its process id. A server that does not end cleanly fails the test that used it.
"""

import atexit
import contextlib
import http.client
import os
import pathlib
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.dont_write_bytecode = True
SUPPORT = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(SUPPORT))
import s3  # noqa: E402

ROOT = SUPPORT.parent.parent
STORES = ("local", "memory", "s3", "cos", "rgw")
ACCESS_KEY, SECRET_KEY = "AKTEST0000000000", "secret/for+tests=0123456789"
START_LIMIT = 30  # seconds; a sanitized server on a busy machine needs a few
STOP_LIMIT = 20
# Seconds that an answer which waits for nobody may take, however busy the machine; what it could wait for takes longer.
PROMPT = 10


class Setup:
    """What one test run shares: the build, a scratch directory, the real object store."""

    build = ROOT / "build" / "release"
    _scratch = None
    _rgw = None
    _postgresql = None

    @classmethod
    def scratch(cls):
        if cls._scratch is None:
            cls._scratch = pathlib.Path(tempfile.mkdtemp(prefix="gantry-test."))
            atexit.register(shutil.rmtree, cls._scratch, True)
        return cls._scratch

    @classmethod
    @contextlib.contextmanager
    def scratch_on(cls, file_system):
        """In this block the scratch directory is another one, on this file system; it is gone afterwards."""
        before = cls._scratch
        cls._scratch = pathlib.Path(tempfile.mkdtemp(prefix="gantry-test.", dir=file_system))
        try:
            yield
        finally:
            shutil.rmtree(cls._scratch, ignore_errors=True)
            cls._scratch = before

    @classmethod
    def directory(cls, name):
        return pathlib.Path(tempfile.mkdtemp(prefix=name + ".", dir=cls.scratch()))

    @classmethod
    def program(cls, path):
        return str(cls.build / path)

    @classmethod
    def sanitized(cls):
        return any(word in cls.build.name for word in ("asan", "tsan"))

    @classmethod
    def certificate(cls):
        """Paths of a self-made certificate for localhost and of its key."""
        cert, key = cls.scratch() / "cert.pem", cls.scratch() / "key.pem"
        if not cert.exists():
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost",
                 "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:127.0.0.2,IP:::1", "-keyout", key, "-out", cert],
                check=True, capture_output=True,
            )
        return cert, key

    @classmethod
    def client_authority(cls):
        """The certificate of an authority that issues clients' certificates."""
        cert, key = cls.scratch() / "clients.pem", cls.scratch() / "clients-key.pem"
        if not cert.exists():
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=clients",
                 "-keyout", key, "-out", cert],
                check=True, capture_output=True,
            )
        return cert

    @classmethod
    def client_certificate(cls, name):
        """Paths of a client's certificate with this common name, and of its key."""
        authority = cls.client_authority()
        base = cls.scratch() / f"client-{name}"
        cert, key, request = (base.with_suffix(suffix) for suffix in (".pem", ".key", ".csr"))
        if not cert.exists():
            subprocess.run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key,
                            "-out", request], check=True, capture_output=True)
            subprocess.run(["openssl", "x509", "-req", "-in", request, "-CA", authority, "-CAkey",
                            authority.with_name("clients-key.pem"), "-CAcreateserial", "-days", "30", "-out", cert],
                           check=True, capture_output=True)
        return cert, key

    @classmethod
    def rgw(cls):
        """The environment of a running Ceph gateway, started on first use."""
        if cls._rgw is None:
            directory = cls.scratch() / "rgw"
            script = [str(SUPPORT / "rgw")]
            atexit.register(subprocess.run, [*script, "down", "--dir", directory], check=False)
            done = subprocess.run(
                [*script, "up", "--dir", directory], check=True, stdout=subprocess.PIPE, text=True
            )
            pairs = (line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines())
            cls._rgw = {name: value.strip("'") for name, value in pairs}
        return cls._rgw


    @classmethod
    def postgresql(cls):
        """Host and port of a running PostgreSQL server, started on first use; the user is gantry."""
        if cls._postgresql is None:
            script, directory = str(SUPPORT / "postgresql"), tempfile.mkdtemp(prefix="gantry-postgresql.")
            atexit.register(subprocess.run, [script, "down", directory], check=False)
            done = subprocess.run([script, "up", directory], check=True, stdout=subprocess.PIPE, text=True)
            location = urllib.parse.urlsplit(done.stdout.split("=", 1)[1].strip())
            cls._postgresql = (location.hostname, location.port)
        return cls._postgresql

    @classmethod
    def fresh_database(cls):
        """The name of a new, empty database of that server."""
        host, port = cls.postgresql()
        name = f"test_{random.randrange(10**12)}"
        subprocess.run(["psql", "-h", host, "-p", str(port), "-U", "gantry", "-q", "-c", f"CREATE DATABASE {name}",
                        "postgres"], check=True, stdin=subprocess.DEVNULL)
        return name


_claims = []  # until the process ends


def claim(port):
    """None when this port was given out already, by this process or by tests that run beside it; else what keeps it from
    being given out as long as it lives: a datagram socket with this number, which nobody here wants for anything else."""
    claimed = socket.socket(type=socket.SOCK_DGRAM)
    try:
        claimed.bind(("127.0.0.1", port))
    except OSError:
        claimed.close()
        return None
    return claimed


def free_port(host="127.0.0.1"):
    """A port below the range of outgoing connections that nobody listens on, and that was not given out before."""
    while True:
        port = random.randrange(10000, 20000)
        claimed = claim(port)
        if claimed is None:
            continue
        _claims.append(claimed)
        with socket.socket() as probe:
            with contextlib.suppress(OSError):
                probe.bind((host, port))
                return port


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def stop(process, limit=STOP_LIMIT):
    """TERM, then KILL after the limit. Returns the exit status; None if it had to be killed."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None
    return process.returncode


def stop_each(servers):
    """Stops the values of a dictionary and empties it; returns what was wrong with any of them."""
    problems = []
    for server in servers.values():
        try:
            server.stop()
        except AssertionError as problem:
            problems.append(str(problem))
    servers.clear()
    return problems


class FakeStore:
    """The strict S3 or COS store of tests/support as a process of its own."""

    def __init__(self, dialect="s3", latency_ms=0, arguments=(), bucket=None):
        self.bucket = bucket or ("examplebucket-1250000000" if dialect == "cos" else "test")
        self.directory = Setup.directory("store")
        port_file = self.directory / "port"
        self.process = subprocess.Popen(
            [Setup.program("tests/support/fake_store"), "--listen", "127.0.0.1:0", "--dialect", dialect,
             "--bucket", self.bucket, "--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY,
             "--latency-ms", str(latency_ms), "--port-file", str(port_file), *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.directory / "log", "wb"),
        )
        deadline = time.monotonic() + START_LIMIT
        while not port_file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                stop(self.process)
                raise RuntimeError("fake_store did not start: " + (self.directory / "log").read_text())
            time.sleep(0.01)
        self.endpoint = f"http://127.0.0.1:{port_file.read_text().strip()}"

    def stop(self):
        stop(self.process)

    # ---- its own interface, see fake_store.hpp

    def control(self, method, path, body=""):
        """An unsigned request that no rule of the store applies to; None when there is no such object."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.endpoint).netloc, timeout=20)
        try:
            connection.request(method, "/_fake/" + path, body or None)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status == 404:
            return None
        if not 200 <= response.status < 300:
            raise AssertionError(f"{method} {path}: {response.status} {content!r}")
        return content

    def fault(self, **rule):
        self.control("POST", "fault", " ".join(f"{k}={v}" for k, v in rule.items()) + "\n")

    def forgive(self):
        self.control("DELETE", "fault")

    def accept(self, access_key, secret_key, token, stale="ExpiredToken", beside=False):
        """These keys with this token are good from now on, alone or beside those before; another token is refused with
        the code `stale`."""
        self.control("POST" if beside else "PUT", "credentials", f"{access_key} {secret_key} {token} {stale}")

    def requests(self, op=""):
        """Lines of METHOD target op status, of all requests or of one kind."""
        lines = self.control("GET", "requests").decode().splitlines()
        return [line for line in lines if not op or f" {op} " in line]

    def object(self, key):
        """The content under a key; None without one."""
        return self.control("GET", "objects/" + urllib.parse.quote(key.lstrip("/")))

    def put(self, key, content):
        self.control("PUT", "objects/" + urllib.parse.quote(key), content)

    def keys(self):
        lines = self.control("GET", "objects").decode().splitlines()
        return sorted(urllib.parse.unquote(line.split(" ")[0]) for line in lines)

    def open_uploads(self, below=""):
        return [line for line in self.control("GET", "uploads").decode().splitlines() if line.startswith(below)]


def toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{toml(k)} = {toml(v)}" for k, v in value.items()) + " }"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def table(header, values):
    return f"{header}\n" + "".join(f"{key} = {toml(value)}\n" for key, value in values.items()) + "\n"


class Daemon:
    """One gantryd process; subclasses set directory, config, log_file and port before start()."""

    host = "127.0.0.1"

    def stores_behind(self):
        """The fake stores that end with it."""
        return []

    def start(self):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [Setup.program("src/gantryd/gantryd"), "--config", str(self.config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
            )
        deadline = time.monotonic() + START_LIMIT
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                stop(self.process)
                raise RuntimeError(f"gantryd did not start on port {self.port}:\n{self.log()[-4000:]}")
            time.sleep(0.02)

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex((self.host, self.port)) == 0

    @property
    def pid(self):
        return self.process.pid

    @property
    def address(self):
        return (self.host, self.port)

    def log(self):
        return self.log_file.read_text(errors="replace")

    def stop(self):
        status = stop(self.process)
        for store in self.stores_behind():
            store.stop()
        if status != 0:
            reason = "had to be killed" if status is None else f"ended with status {status}"
            raise AssertionError(f"gantryd {self.config} {reason}; the end of its log:\n{self.log()[-6000:]}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            with contextlib.suppress(AssertionError):
                self.stop()


class Gantry(Daemon):
    """One running gantryd. Users: demo (everything), viewer (may only look and read), writer (the opposite) and keeper
    (everything but to destroy what exists); where clients are asked for certificates also carrier, who needs no password
    with one, and both, who needs both; `users` are tables of more of them. This machine is never banned unless
    `defender` says so."""

    def __init__(self, store="local", server=None, tls=None, transfer=None, latency_ms=0, store_arguments=(),
                 store_settings=None, demo=None, anonymous=None, defender=None, users=(), other_store=None,
                 login_hook=None, passwords=None):
        """`users`: more of them, each a table; password (the name) and home (all of the store) may be left out.
        `other_store`: how a second one differs from the first."""
        self.store = store
        self.directory = Setup.directory("gantryd")
        self.port, self.tls_port = free_port(), free_port()
        self.root = self.directory / "root"
        self.fake = None
        self.bucket = None  # how to look behind, for stores that speak S3
        self.prefix = ""
        cert, key = Setup.certificate()
        listen = [f"{self.host}:{self.port}"] + ([f"[::1]:{self.port}"] if has_ipv6() else [])
        self.config = self.directory / "gantry.toml"
        values = {"listen": listen, "listen_tls": [f"127.0.0.1:{self.tls_port}"], "max_sessions": 0,
                  "state": f"sqlite:{self.directory}/gantry.db", **(server or {})}
        settings = {**self._store_settings(latency_ms, store_arguments), **(store_settings or {})}
        if (tls or {}).get("client_certificates", "off") != "off":
            tls = {"client_ca": Setup.client_authority(), **tls}
            users = [*users, {"name": "carrier", "password": "carrier", "home": "main:/", "certificate": "carrier"},
                     {"name": "both", "password": "both", "home": "main:/", "certificate": "both",
                      "certificate_and_password": True}]
        self.config.write_text(
            table("[server]", values)
            + table("[tls]", {"certificate": cert, "key": key, **(tls or {})})
            + table("[passwords]", passwords or {})
            + table("[login_hook]", login_hook or {})
            + table("[transfer]", transfer or {})
            + table("[defender]", {"allow": ["127.0.0.0/8", "::1"], **(defender or {})})
            + table("[log]", {"directory": "", "level": "info"})
            + table("[[store]]", settings)
            + (table("[[store]]", {**settings, **other_store}) if other_store else "")
            + table("[[user]]", {"name": "demo", "password": "demo", "home": "main:/", **(demo or {})})
            + table("[[user]]", {"name": "viewer", "password": "viewer", "home": "main:/", "permissions": "elr"})
            + table("[[user]]", {"name": "writer", "password": "writer", "home": "main:/",
                                 "permissions": "eadfmwMT"})
            + table("[[user]]", {"name": "keeper", "password": "keeper", "home": "main:/", "delete_enable": False})
            + "".join(table("[[user]]", {"password": user["name"], "home": "main:/", **user}) for user in users)
            + (table("[anonymous]", anonymous) if anonymous else ""),
            encoding="utf-8",
        )
        self.log_file = self.directory / "log"
        try:
            self.start()
        except RuntimeError:
            for store in self.stores_behind():
                store.stop()
            raise

    def stores_behind(self):
        return [self.fake] if self.fake else []

    def _store_settings(self, latency_ms, store_arguments):
        if self.store == "local":
            self.root.mkdir()
            return {"name": "main", "type": "local", "root": self.root}
        if self.store == "memory":
            return {"name": "main", "type": "memory"}
        if self.store == "rgw":
            env = Setup.rgw()
            self.prefix = self.directory.name + "/"
            access, secret, endpoint, bucket = (
                env[name] for name in ("S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_ENDPOINT", "S3_BUCKET"))
        else:
            self.fake = FakeStore(self.store, latency_ms, store_arguments)
            access, secret, endpoint, bucket = ACCESS_KEY, SECRET_KEY, self.fake.endpoint, self.fake.bucket
        kind = "cos" if self.store == "cos" else "s3"
        settings = {"name": "main", "type": kind, "bucket": bucket, "endpoint": endpoint, "prefix": self.prefix,
                    "region": "ap-guangzhou" if kind == "cos" else "us-east-1",
                    "access_key": access, "secret_key": secret}
        if kind == "s3":
            settings["path_style"] = True
            self.bucket = s3.Bucket(endpoint, bucket, access, secret)
        return settings

    def stored(self):
        """What the store holds by path below the user's /, with sizes, seen without Gantry. None: no such way."""
        if self.store == "local":
            return {str(p.relative_to(self.root)): p.stat().st_size for p in self.root.rglob("*") if p.is_file()}
        if self.bucket:
            return {k.removeprefix(self.prefix): size for k, size in self.bucket.keys(self.prefix).items()
                    if not k.endswith("/")}
        return None


def client_context(certificate=None, **options):
    """A TLS client that trusts the tests' certificate; `certificate`: the common name of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(Setup.certificate()[0])
    if certificate:
        context.load_cert_chain(*Setup.client_certificate(certificate))
    for name, value in options.items():
        setattr(context, name, value)
    return context


def memory_of(pid, field="VmHWM"):
    """A line of /proc/PID/status in bytes."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise KeyError(field)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
