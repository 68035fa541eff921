"""Benches of bulk transfers: through gantryd to a bucket, and to a local directory beside a raw floor."""

import contextlib
import multiprocessing
import os
import pathlib
import resource
import shutil
import socket
import ssl
import tempfile
import time

import gantry
from ftp_wire import close_cleanly
from measure import BUFFER, GIB, KIB, MIB, Usage, download, in_parallel, reset_peak, session, upload

SIZE, STREAMS = GIB, 8
PEAK_LIMIT = 200 * MIB      # of gantryd, with the default settings
DISK_LIMIT = 1 * MIB        # a GiB on its way to a bucket may leave this much on the local disk, the log aside
SHARED_MEMORY = "/dev/shm"  # a file system that costs no disk


# ---- bucket-transfer

def bucket_transfer(report, options):
    """A GiB up and down, in one stream and in eight, through the default settings, to two kinds of store."""
    # Once to the gateway: what was deleted stays in its memory for a minute.
    for store, label, repeat in (("s3", "fake S3", options.repeat), ("rgw", "RADOS Gateway", 1)):
        for streams in (1, STREAMS):
            with gantry.Gantry(store, store_arguments=("--discard",)) as server:
                _measure_moves(report, server, f"{label}, %s {streams} x {SIZE // streams // MIB} MiB", streams, repeat)


def _measure_moves(report, server, what, streams, repeat):
    moves = {"STOR": upload, "RETR": download}
    rounds, left = {verb: [] for verb in moves}, []
    for _ in range(repeat):
        for verb, move in moves.items():
            rounds[verb].append(_move(server, move, streams))
        _delete(server, streams)
        left.append(gantry.memory_of(server.pid, "VmRSS") / MIB)
    for verb in moves:
        _report_moves(report, what % verb, rounds[verb], PEAK_LIMIT / MIB if streams == 1 else None)
    report.add("bucket-transfer", what % "after STOR and RETR" + ": memory still resident", left, "MiB")


def _names(streams):
    return [f"bench-{i}" for i in range(streams)]


def _move(server, move, streams):
    """Moves SIZE bytes in so many streams. Returns (usage of gantryd, its peak memory, log bytes)."""
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(session(server)) for _ in range(streams)]
        reset_peak(server.pid)
        logged = server.log_file.stat().st_size
        with Usage(server.pid) as usage:
            in_parallel([lambda s=s, n=n: move(s, n, SIZE // streams) for s, n in zip(sessions, _names(streams))])
        return usage, gantry.memory_of(server.pid), server.log_file.stat().st_size - logged


def _delete(server, streams):
    with session(server) as connection:
        for name in _names(streams):
            connection.command(f"DELE {name}", 250)


def _report_moves(report, what, rounds, peak_limit):
    bench = "bucket-transfer"
    report.add(bench, what + ": peak memory", [peak / MIB for _, peak, _ in rounds], "MiB", peak_limit, max)
    # A page of the log that was written again counts again: four times its size is its share at most.
    report.add(bench, what + ": written to disk", [max(0, u.written - 4 * log) / KIB for u, _, log in rounds],
               "KiB", DISK_LIMIT / KIB, max)
    report.add(bench, what + ": processor", [u.cpu * GIB / SIZE for u, _, _ in rounds], "s/GiB")
    report.add(bench, what + ": speed", [SIZE / MIB / u.wall for u, _, _ in rounds], "MiB/s")


# ---- local-transfer

class SharedMemoryGantry(gantry.Gantry):
    """gantryd on a directory of a file system in memory."""

    def _store_settings(self, latency_ms, store_arguments):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="gantry-bench.", dir=SHARED_MEMORY))
        return {"name": "main", "type": "local", "root": self.root}

    def stop(self):
        try:
            super().stop()
        finally:
            shutil.rmtree(self.root, ignore_errors=True)


def local_transfer(report, options):
    """A GiB up and down in memory, plain and TLS; the same bytes through bare sockets as the floor."""
    for label, context in (("plain", None), ("TLS", gantry.client_context())):
        with SharedMemoryGantry() as server:
            rounds = {"STOR": [], "RETR": []}
            for _ in range(options.repeat):
                # Deleted each time, as the floor does: memory never used before costs the machine more.
                (server.root / "bench").unlink(missing_ok=True)
                for verb, move in (("STOR", upload), ("RETR", download)):
                    with session(server, context) as connection, Usage(server.pid) as usage:
                        move(connection, "bench", SIZE)
                    rounds[verb].append((usage.cpu, usage.wall))
            floors = {"STOR": [_floor(_receive_file, server.root, context) for _ in range(options.repeat)],
                      "RETR": [_floor(_send_file, server.root, context) for _ in range(options.repeat)]}
        for verb in rounds:
            what = f"{verb} {SIZE // MIB} MiB, {label}"
            for name, samples in ((what, rounds[verb]), (what + ", floor", floors[verb])):
                report.add("local-transfer", name + ": processor", [cpu * GIB / SIZE for cpu, _ in samples], "s/GiB")
                report.add("local-transfer", name + ": speed", [SIZE / MIB / wall for _, wall in samples], "MiB/s")


def _floor(serve, directory, context):
    """Processor and wall seconds of `serve`, in a process of its own, moving SIZE bytes of directory/bench."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        pipe, answer = multiprocessing.Pipe()
        fork = multiprocessing.get_context("fork")
        child = fork.Process(target=_serve_once, args=(listener, serve, directory, bool(context), answer))
        child.start()
        data = socket.create_connection(listener.getsockname())
    if context:
        data = context.wrap_socket(data, server_hostname="localhost", suppress_ragged_eofs=False)
    with data:
        if serve is _receive_file:
            block, left = memoryview(bytes(BUFFER)), SIZE
            while left:
                data.sendall(block)
                left -= BUFFER
            close_cleanly(data)
        else:
            buffer = bytearray(BUFFER)
            while data.recv_into(buffer):
                pass
            close_cleanly(data)
    used = pipe.recv()
    child.join()
    return used


def _serve_once(listener, serve, directory, tls, answer):
    peer, _ = listener.accept()
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*gantry.Setup.certificate())
        peer = context.wrap_socket(peer, server_side=True, suppress_ragged_eofs=False)
    with _measured(answer):
        serve(peer, pathlib.Path(directory))
        close_cleanly(peer)


@contextlib.contextmanager
def _measured(answer):
    """Sends (processor seconds, wall seconds) of its block down the pipe."""
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    yield
    after = resource.getrusage(resource.RUSAGE_SELF)
    answer.send((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - start))


def _receive_file(peer, directory):
    buffer = memoryview(bytearray(256 * KIB))
    with open(directory / "floor", "wb", buffering=0) as file:
        while count := peer.recv_into(buffer):
            file.write(buffer[:count])
    os.unlink(directory / "floor")


def _send_file(peer, directory):
    with open(directory / "bench", "rb", buffering=0) as file:
        if isinstance(peer, ssl.SSLSocket):
            buffer = memoryview(bytearray(256 * KIB))
            while count := file.readinto(buffer):
                peer.sendall(buffer[:count])
            return
        offset = 0
        while sent := os.sendfile(peer.fileno(), file.fileno(), offset, BUFFER):
            offset += sent
