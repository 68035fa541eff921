"""Clients that die, stall or change their minds while they upload (STOR, RFC 959): nothing is published.

Each way is played on a new name and over an old object, small and multipart, on stores in memory, on disk and in
buckets. Afterwards others see the old object or nothing, and the same upload, done well, succeeds.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time

from harness import (
    DECIDED, LARGE, SMALL, Cases, Servers, Setup, case, check_published, content, cut, fresh_path, remaining_replies,
    reset, wait_until,
)

STALL = "800ms"


def server_for(store):
    """Small memory: what an upload does not give back is missed by the next ones."""
    interrupted = "discard" if store == "cos" else "hold"
    return Servers.get(store, server={"memory_budget": "24MiB", "data_stall_timeout": STALL},
                       transfer={"interrupted_upload": interrupted})


# ---- the ways; each gets the session and the data connection in mid-upload, returns the replies it heard


def both_closed_control_first(session, data):
    cut(session)
    cut(data)


def both_closed_data_first_with_bytes_under_way(session, data):
    # A killed process: the bytes still queued travel before the FIN of the data connection.
    with contextlib.suppress(BlockingIOError):
        data.setblocking(False)
        data.send(content(1000, 9) * 8000)  # quickly made: the server waits no longer than STALL
    cut(data)
    cut(session)


def control_closed_then_data(session, data):
    cut(session)
    time.sleep(0.2)
    cut(data)


def control_half_closed_then_data(session, data):
    session.socket.shutdown(socket.SHUT_WR)
    time.sleep(0.1)
    cut(data)
    return remaining_replies(session)


def control_reset(session, data):
    reset(session)
    time.sleep(0.1)
    cut(data)


def data_reset(session, data):
    reset(data)
    return [session.reply().code]


def data_reset_control_closed(session, data):
    reset(data)
    cut(session)


def both_reset(session, data):
    reset(session)
    reset(data)


def abort_plain(session, data):
    session.send("ABOR\r\n")
    heard = [session.reply().code, session.reply().code]
    data.close()
    return heard


def abort_then_end_of_file(session, data):
    session.send("ABOR\r\n")
    data.close()
    return [session.reply().code, session.reply().code]


def abort_with_telnet_signals(session, data):
    # RFC 959 section 4.1.3: IP, then Synch (IAC DM, the DM urgent), then the command.
    session.send(b"\xff\xf4\xff")
    session.socket.send(b"\xf2", socket.MSG_OOB)
    return abort_plain(session, data)


def abort_wholly_urgent(session, data):
    session.socket.send(b"\xff\xf4", socket.MSG_OOB)
    session.socket.send(b"\xff\xf2ABOR\r\n", socket.MSG_OOB)
    heard = [session.reply().code, session.reply().code]
    data.close()
    return heard


def silence(session, data):
    heard = [session.reply().code]
    data.close()
    return heard


def allo_mismatch(session, data):
    data.close()
    return [session.reply().code]


def tls_cut(session, data):
    cut(data)
    return [session.reply().code]


def tls_record_cut(session, data):
    # Half a record by hand: a header that promises more than comes.
    plain = socket.socket(fileno=data.detach())
    plain.sendall(b"\x17\x03\x03\x40\x00" + b"x" * 1000)
    plain.close()
    return [session.reply().code]


def tls_both_cut(session, data):
    cut(session)
    cut(data)


PLAIN = (both_closed_control_first, both_closed_data_first_with_bytes_under_way, control_closed_then_data,
         control_half_closed_then_data, control_reset, data_reset, data_reset_control_closed, both_reset, abort_plain,
         abort_then_end_of_file, abort_with_telnet_signals, abort_wholly_urgent, silence, allo_mismatch)
OVER_TLS = (tls_cut, tls_record_cut, tls_both_cut, abort_plain, silence, control_reset)
EXPECTED = {
    data_reset: [426], silence: [426], allo_mismatch: [426], tls_cut: [426], tls_record_cut: [426],
    abort_plain: [426, 226], abort_then_end_of_file: [426, 226], abort_with_telnet_signals: [426, 226],
    abort_wholly_urgent: [426, 226], control_half_closed_then_data: [426],
}


def variants():
    rows = []
    for store in ("memory", "local", "s3", "cos"):
        sizes = ("small", "large") if store in ("s3", "cos") else ("small",)
        for size in sizes:
            rows += [(store, size, "plain", way) for way in PLAIN]
            rows += [(store, size, "tls", way) for way in OVER_TLS]
    return rows


def in_short(store, size, _protection, way):
    return (store, size) in (("local", "small"), ("s3", "large")) and way in (
        both_closed_control_first, data_reset, abort_plain, tls_cut, control_reset)


@case(*variants(), short=in_short)
def interrupted_upload(store, size, protection, way):
    server = server_for(store)
    path, old = fresh_path("interrupted"), content(SMALL // 2, 7)
    new = content(LARGE if size == "large" else SMALL)
    for before in (None, old):
        if before:
            with server.connect() as owner:
                owner.store(f"STOR {path}", before)
        interrupt(server, path, new, protection, way)
        server.settle()
        check_published(server, path, before)
    with server.connect() as owner:
        begun = time.monotonic()
        owner.store(f"STOR {path}", new)
        assert time.monotonic() - begun < 20, "memory of interrupted uploads is missing"
        check_published(server, path, new)
        owner.command(f"DELE {path}", 250)
    if server.fake:
        assert not server.open_uploads(path), "an upload is left open"


def interrupt(server, path, new, protection, way):
    session = server.connect(tls=protection == "tls")
    try:
        if way is allo_mismatch:
            session.command(f"ALLO {len(new)}", (200, 202))
        data = session.transfer(f"STOR {path}")
        # Not a multiple of anything, beyond the first parts of a large one.
        data.sendall(new[: len(new) * 9 // 10 + 1])
        heard = way(session, data)
        if way in EXPECTED:
            assert heard == EXPECTED[way], f"replies {heard}, expected {EXPECTED[way]}"
            if way is not control_half_closed_then_data:
                session.command("NOOP", 200)
    finally:
        session.close()


@case(("local",), ("s3",), short=lambda store: store == "local")
def process_killed(store):
    """A real client, killed: the kernel closes its connections in the order of their descriptors."""
    server = server_for(store)
    source = Setup.directory("killed") / "file"
    source.write_bytes(content(LARGE))
    for attempt in range(2 if Cases.short else 5):
        path = fresh_path("killed")
        client = subprocess.Popen(
            ["curl", "-s", "--limit-rate", "4M", "-T", source, f"ftp://demo:demo@127.0.0.1:{server.port}/{path}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda path=path: transferring(server, path), "an upload begins", 20)
        time.sleep(0.05 * attempt)
        client.send_signal(signal.SIGKILL)
        client.wait()
        server.settle()
        check_published(server, path, None)


def transferring(server, path):
    """True once bytes of this upload can have arrived."""
    return server.sockets() >= 2


@case(("memory",), ("s3",))
def client_gives_up_on_time(store):
    server = server_for(store)
    path = fresh_path("max-time")
    source = Setup.directory("max-time") / "file"
    source.write_bytes(content(LARGE))
    done = subprocess.run(
        ["curl", "-s", "--limit-rate", "2M", "--max-time", "1", "-T", source,
         f"ftp://demo:demo@127.0.0.1:{server.port}/{path}"], stdin=subprocess.DEVNULL, timeout=30, check=False)
    assert done.returncode == 28, f"curl ended with {done.returncode}"
    server.settle()
    check_published(server, path, None)


@case(("memory",), ("local",), ("s3",))
def data_closed_just_before_control(store):
    """A dying process whose data connection has the lower descriptor: FIN and FIN, microseconds apart, nothing queued."""
    server = server_for(store)
    for attempt in range(20):
        path = fresh_path("race")
        session = server.connect()
        data = session.transfer(f"STOR {path}")
        data.sendall(content(SMALL))
        wait_until(lambda data=data: drained(data), "the bytes arrive")
        control, plain = session.socket.detach(), data.detach()
        os.close(plain)
        os.close(control)
        server.settle()
        check_published(server, path, None)


def drained(sock):
    """True when the peer's kernel has acknowledged everything."""
    import fcntl
    import struct

    return struct.unpack("i", fcntl.ioctl(sock.fileno(), 0x5411, b"\0" * 4))[0] == 0  # SIOCOUTQ


@case(("memory",), ("s3",))
def owner_continues_a_held_upload(store):
    """After the cut the owner sees what is safe, continues there, and only then others see the file."""
    server = server_for(store)
    path, new = fresh_path("held"), content(LARGE)
    with server.connect() as session:
        data = session.transfer(f"STOR {path}")
        data.sendall(new[:18_000_000])
        reset_after_arrival(data)
        session.expect(426)
        safe = session.command(f"SIZE {path}", (213, 550))
        offset = int(safe.text.split()[1]) if safe.code == 213 else 0
        assert offset <= 18_000_000
        if store == "s3":
            assert offset >= 8 * 1024 * 1024, f"only {offset} bytes of 18000000 were held"
        check_published(server, path, None)
        if offset:
            session.command(f"REST {offset}", 350)
        session.store(f"STOR {path}", new[offset:])
    check_published(server, path, new)


def reset_after_arrival(data):
    wait_until(lambda: drained(data), "the bytes arrive", DECIDED)
    reset(data)
