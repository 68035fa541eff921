"""Benches of buckets: bulk transfers beside a null relay, and memory however long a file is."""

import contextlib
import socket
import subprocess
import urllib.parse

import gantry
from ftp_wire import close_cleanly, read_all
from measure import BLOCK, BUFFER, GIB, MIB, Usage, download, in_parallel, reset_peak, session, upload

SIZE, STREAMS = GIB, 8
LINE = 1.3           # of the relay's processor time
GROWTH = 1.1         # of resident memory, from the smallest file to the largest
MEMORY_SIZES = (64 * MIB, GIB, 8 * GIB, 64 * GIB, 1024 * GIB)


class Relay:
    """tests/bench/relay in front of a fake store that takes requests without signatures."""

    def __init__(self, fake, dialect, direction, *arguments):
        path = "" if dialect == "cos" else f"/{fake.bucket}"
        self.process = subprocess.Popen(
            [gantry.Setup.program("tests/bench/relay/null_relay"), direction, "--store",
             str(urllib.parse.urlsplit(fake.endpoint).port), "--bucket-path", path, *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.address = ("127.0.0.1", int(self.process.stdout.readline()))

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        gantry.stop(self.process)
        self.process.stdout.close()


def send_to_relay(address, size):
    """`size` bytes to a relay, which must say that they are stored."""
    left = size
    with socket.create_connection(address) as data:
        data.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        while left:
            data.sendall(BLOCK[: min(left, BUFFER)])
            left -= min(left, BUFFER)
        data.shutdown(socket.SHUT_WR)
        if len(read_all(data)) != 17:
            raise AssertionError("the relay did not store everything")


def receive_from_relay(address, size):
    buffer, got = bytearray(BUFFER), 0
    with socket.create_connection(address) as data:
        while count := data.recv_into(buffer):
            got += count
        close_cleanly(data)
    if got != size:
        raise AssertionError(f"the relay sent {got} bytes, not {size}")


# ---- bucket-relay

def bucket_relay(report, options):
    """Processor time of a GiB up and down beside the null relay, in turns; S3 and COS, one stream and eight."""
    for name, dialect, arguments in (("s3", "s3", ("--crc32c",)), ("s3 without CRC-32C", "s3", ()), ("cos", "cos", ())):
        with gantry.Gantry(dialect, store_arguments=("--discard", "--any-signature", *arguments)) as server:
            for streams in (1, STREAMS):
                _beside_relay(report, server, name, streams, options.repeat)


def _beside_relay(report, server, store, streams, repeat):
    dialect = server.store
    # What proves a part to a store without CRC-64 is part of what is promised: the relay does it, too, in a row of its own.
    floors = {"STOR": [("relay", ())] + ([("relay with MD5", ("--md5",))] if dialect == "s3" else []),
              "RETR": [("relay", ())]}
    size = SIZE // streams
    for verb, kinds in floors.items():
        times = {name: [] for name in ("gantryd", *(name for name, _ in kinds))}
        for _ in range(repeat):
            times["gantryd"].append(_through_gantry(server, upload if verb == "STOR" else download, streams, size))
            for name, arguments in kinds:
                direction, move = ("up", send_to_relay) if verb == "STOR" else ("down", receive_from_relay)
                with Relay(server.fake, dialect, direction, *arguments) as relay, Usage(relay.pid) as usage:
                    in_parallel([lambda: move(relay.address, size)] * streams)
                times[name].append(usage.cpu)
        what = f"{store} {verb} {streams} x {size // MIB} MiB"
        for name, samples in times.items():
            report.add("bucket-relay", f"{what}, {name}", samples, "s/GiB")
        for name, _ in kinds:
            report.add("bucket-relay", f"{what}, gantryd to {name}",
                       [ours / floor for ours, floor in zip(times["gantryd"], times[name])], "x")


def _through_gantry(server, move, streams, size):
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(session(server)) for _ in range(streams)]
        with Usage(server.pid) as usage:
            in_parallel([lambda s=s, n=n: move(s, f"bench-{n}", size) for n, s in enumerate(sessions)])
    return usage.cpu


# ---- bucket-memory

def bucket_memory(report, options):
    """Resident memory at its highest during one upload, from 64 MiB to 8 GiB or what `--largest` says: a TiB takes long."""
    with gantry.Gantry("cos", store_arguments=("--discard",)) as server, session(server) as connection:
        upload(connection, "warm", GIB)
        for announced in (True, False):
            _memory_by_size(report, server, connection, options.largest * GIB, announced)


def _memory_by_size(report, server, connection, largest, announced):
    verb = "ALLO, STOR" if announced else "STOR"
    peaks = []
    for size in (size for size in MEMORY_SIZES if size <= largest):
        reset_peak(server.pid)
        if announced:
            connection.command(f"ALLO {size}", 200)
        upload(connection, "bench", size)
        peaks.append(gantry.memory_of(server.pid) / MIB)
        report.add("bucket-memory", f"{verb} {size // MIB} MiB: peak memory", [peaks[-1]], "MiB")
    report.add("bucket-memory", f"{verb}: the highest to the lowest", [max(peaks) / min(peaks)], "x", GROWTH)
