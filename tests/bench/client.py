"""Bench of gantry, the client, beside lftp, ncftp and curl: the same work over the same server, in turn."""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import gantry
from measure import GIB, KIB, MIB
from transfers import SharedMemoryGantry

sys.path.append(str(pathlib.Path(gantry.__file__).resolve().parent))
from bad_proxy import BadProxy  # noqa: E402
from peers import PASSIVE_PORTS, free_ports  # noqa: E402

LIMIT = 1800  # seconds for one run
FILES, FILE_SIZE, AT_ONCE, LATENCY_MS = 1000, 4 * KIB, 8, 20
SEGMENTS, LINK = 4, 20_000_000  # bytes per second of one connection
LFTP = "set ftp:ssl-allow no; set cmd:fail-exit yes; set net:max-retries 2; set xfer:log no; "


class Clients:
    """The commands of each client for one server; nobody uses TLS, because ncftp has none."""

    def __init__(self, directory, server, address=None):
        self.directory = directory
        self.host, self.port = address or server.address
        self.password = directory / "password"
        self.password.write_text("demo\n")
        self.password.chmod(0o600)

    def gantry(self, *words):
        return [gantry.Setup.program("src/gantry/gantry"), words[0], "--plain", "--quiet", "--password-file", self.password,
                *words[1:]]

    def url(self, path):
        return f"ftp://demo@{self.host}:{self.port}/{path}"

    def lftp(self, script):
        return ["lftp", "-u", "demo,demo", "-p", str(self.port), "-e", LFTP + script + "; bye", self.host]

    def ncftp(self, program, *words):
        return [program, "-u", "demo", "-p", "demo", "-P", str(self.port), "-V", *words]

    def curl(self, *words):
        return ["curl", "-sS", "--user", "demo:demo", *words]

    def run(self, command):
        """Wall and processor seconds of a command that must succeed."""
        environment = {**os.environ, "HOME": str(self.directory)}
        with open(self.directory / "said", "w+b") as said:
            begun = time.monotonic()
            process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                       cwd=self.directory, env=environment)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                said.seek(0)
                raise AssertionError(f"{command}: exit code {process.returncode}\n{said.read().decode(errors='replace')}")
        return wall, usage.ru_utime + usage.ru_stime


def client(report, options):
    """gantry, lftp, ncftp and curl: a big file both ways, many small ones on a slow store, a link slow per connection."""
    size = int(os.environ.get("GANTRY_BENCH_CLIENT_SIZE", GIB))
    files = int(os.environ.get("GANTRY_BENCH_CLIENT_FILES", FILES))
    with tempfile.TemporaryDirectory(prefix="gantry-bench.", dir="/dev/shm") as scratch:
        scratch = pathlib.Path(scratch)
        _big_file(report, options, scratch, size)
        _many_files(report, options, scratch, files)
        _slow_link(report, options, scratch, size)


def _in_turn(report, options, what, runs, before=lambda: None, after=lambda: None):
    """Each of `runs`, by name: a client and its command. The first one is who the others are compared with."""
    results = {name: [] for name in runs}
    for _ in range(options.repeat):
        for name, (clients, command) in runs.items():
            before()
            results[name].append(clients.run(command))
            after()
    first = statistics.median(wall for wall, _ in results[next(iter(runs))])
    for name, samples in results.items():
        walls = [wall for wall, _ in samples]
        report.add("client", f"{what}, {name}: time", walls, "s")
        report.add("client", f"{what}, {name}: times gantry's", [statistics.median(walls) / first], "")
        report.add("client", f"{what}, {name}: processor", [cpu for _, cpu in samples], "s")


def _assert_equal(first, second):
    subprocess.run(["cmp", str(first), str(second)], check=True)


def _write_big(path, size):
    block = os.urandom(MIB)
    with open(path, "wb") as file:
        for left in range(size, 0, -MIB):
            file.write(block[: min(left, MIB)])


def _big_file(report, options, scratch, size):
    with SharedMemoryGantry() as server:
        clients = Clients(scratch, server)
        source, back, there = scratch / "source", scratch / "back", server.root / "file"
        _write_big(source, size)
        there.unlink(missing_ok=True)
        label = f"{size // MIB} MiB"

        def stored():
            _assert_equal(source, there)
            there.unlink()

        _in_turn(report, options, f"put {label}", {
            "gantry": (clients, clients.gantry("put", source, clients.url("file"))),
            "lftp": (clients, clients.lftp(f"put {source} -o file")),
            "ncftp": (clients, clients.ncftp("ncftpput", "-C", server.address[0], source, "file")),
            "curl": (clients, clients.curl("-T", source, clients.url("file"))),
        }, after=stored)
        shutil.copyfile(source, there)

        def fetched():
            _assert_equal(source, back)
            back.unlink()

        _in_turn(report, options, f"get {label}", {
            "gantry": (clients, clients.gantry("get", clients.url("file"), back)),
            "lftp": (clients, clients.lftp(f"get file -o {back}")),
            "ncftp": (clients, clients.ncftp("ncftpget", "-C", server.address[0], "file", back)),
            "curl": (clients, clients.curl("-o", back, clients.url("file"))),
        }, after=fetched)
        source.unlink()
        there.unlink()


def _many_files(report, options, scratch, files):
    tree, copy = scratch / "tree", scratch / "copy"
    for i in range(files):
        file = tree / f"{i % 10}" / f"file{i}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(FILE_SIZE))
    with gantry.Gantry("s3", latency_ms=LATENCY_MS) as server:
        clients = Clients(scratch, server)
        numbers = iter(range(10**6))
        label = f"{files} x {FILE_SIZE // KIB} KiB, {LATENCY_MS} ms store"

        def up(command_of):
            def command():
                return command_of(f"up{next(numbers)}")
            return command

        ways = {
            f"gantry -P {AT_ONCE}": lambda to: clients.gantry("mirror", "-P", AT_ONCE, tree, clients.url(to)),
            f"lftp -P {AT_ONCE}": lambda to: clients.lftp(f"mirror -R --parallel={AT_ONCE} {tree} {to}"),
            "ncftp": lambda to: clients.ncftp("ncftpput", "-R", "-m", server.address[0], to, *sorted(tree.iterdir())),
        }
        _trees_in_turn(report, options, f"mirror up {label}", clients, {n: up(w) for n, w in ways.items()})
        for i in range(files):
            server.fake.put(f"down/{i % 10}/file{i}", (tree / f"{i % 10}" / f"file{i}").read_bytes())

        def fetched():
            found = next(path for path in (copy / "down", copy) if path.exists())
            subprocess.run(["diff", "-r", str(tree), str(found)], check=True)
            shutil.rmtree(copy)

        _trees_in_turn(report, options, f"mirror down {label}", clients, {
            f"gantry -P {AT_ONCE}": lambda: clients.gantry("mirror", "-P", AT_ONCE, clients.url("down"), copy),
            f"lftp -P {AT_ONCE}": lambda: clients.lftp(f"mirror --parallel={AT_ONCE} down {copy}"),
            "ncftp": lambda: clients.ncftp("ncftpget", "-R", server.address[0], copy, "down"),
        }, before=copy.mkdir, after=fetched)
    shutil.rmtree(tree)


def _trees_in_turn(report, options, what, clients, commands, before=lambda: None, after=lambda: None):
    """Like _in_turn, but each run has a command of its own."""

    class Fresh:
        def __init__(self, command):
            self.command = command

        def __iter__(self):
            return iter(self.command())

    _in_turn(report, options, what, {name: (clients, Fresh(command)) for name, command in commands.items()}, before, after)


def _slow_link(report, options, scratch, size):
    ports = free_ports(PASSIVE_PORTS)
    with SharedMemoryGantry(server={"passive_ports": f"{ports[0]}-{ports[-1]}"}) as server:
        server.passive = ports
        source, back = server.root / "file", scratch / "back"
        _write_big(source, size)
        proxy = BadProxy(server)
        try:
            proxy.rate = LINK
            clients = Clients(scratch, server, proxy.address)

            def fetched():
                _assert_equal(source, back)
                back.unlink()

            _in_turn(report, options, f"get {size // MIB} MiB, {LINK // 10**6} MB/s a connection", {
                f"gantry --segments {SEGMENTS}":
                    (clients, clients.gantry("get", "--segments", SEGMENTS, clients.url("file"), back)),
                f"lftp pget -n {SEGMENTS}": (clients, clients.lftp(f"pget -n {SEGMENTS} file -o {back}")),
                "curl": (clients, clients.curl("-o", back, clients.url("file"))),
            }, after=fetched)
        finally:
            proxy.stop()
