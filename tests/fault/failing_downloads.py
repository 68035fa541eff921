"""Downloads that break on either side: 226 only after identical bytes, otherwise an end the client can see."""

import contextlib
import os
import socket
import ssl
import time

from harness import (
    LARGE, PROMPT, SMALL, Servers, case, check_same, content, cut, fresh_path, impatient, read_all, remaining_replies,
    reset,
)

FOR_EVER = 100_000
PIECE = 1 << 16


def server_for(store):
    return Servers.get(store, store_settings=impatient() if store in ("s3", "cos") else {},
                       server={"data_stall_timeout": "1500ms"})


def receive(data):
    """All bytes, and how it ended: "clean", "reset" or "cut" (TLS without close_notify)."""
    parts = []
    try:
        while chunk := data.recv(PIECE):
            parts.append(chunk)
        return b"".join(parts), "clean"
    except ConnectionResetError:
        return b"".join(parts), "reset"
    except ssl.SSLError:
        return b"".join(parts), "cut"


FAULTS = {
    "cut once": (dict(action="truncate", bytes=70_000, times=1), True),
    "reset once": (dict(action="reset_response", bytes=70_000, times=1), True),
    "reset before the answer": (dict(action="reset", times=1), True),
    "503 twice": (dict(action="error", status=503, code="ServiceUnavailable", times=2), True),
    "stalls once": (dict(action="stall_response", bytes=70_000, times=1), False),
    "cut for ever": (dict(action="truncate", bytes=70_000, times=FOR_EVER), False),
    "reset for ever": (dict(action="reset_response", bytes=70_000, times=FOR_EVER), False),
    "cut without a byte for ever": (dict(action="truncate", bytes=0, times=FOR_EVER), False),
    "503 for ever": (dict(action="error", status=503, code="ServiceUnavailable", times=FOR_EVER), False),
    "stalls for ever": (dict(action="stall", times=FOR_EVER), False),
    "stalls in mid-body for ever": (dict(action="stall_response", bytes=70_000, times=FOR_EVER), False),
    "403": (dict(action="error", status=403, code="AccessDenied", times=FOR_EVER), False),
}
READERS = [(store, size, tls, name) for store in ("s3", "cos") for size in ("small", "large")
           for tls in ("plain", "tls") for name in FAULTS if tls == "plain" or name in ("cut for ever", "cut once")
           # Each try brings a large one 70000 bytes further: that goes on, a second for each, and rightly so.
           if (size, name) != ("large", "stalls in mid-body for ever")]


@case(*READERS, short=lambda store, size, tls, name: (store, size) == ("s3", "large") and "cut" in name)
def download_from_failing_store(store, size, tls, name):
    rule, must_succeed = FAULTS[name]
    server = server_for(store)
    path, body = fresh_path("reader"), content(LARGE if size == "large" else SMALL, 3)
    server.control("PUT", f"objects/{path}", body)
    with server.connect(tls=tls == "tls") as session:
        server.fault(op="GetObject", key=path, **rule)
        plain = session.open_data(session.passive())
        answer = session.command(f"RETR {path}")
        if answer.code == 150:
            received, end = receive(session.wrap_data(plain))
            answer = session.reply()
        else:
            plain.close()
            received, end = b"", "refused"
        server.forgive()
        if answer.code == 226:
            check_same(body, received, "226, but received were")
            assert end == "clean", f"226 after an end that looks {end}"
        else:
            assert not must_succeed, f"one failure of the store became {answer!r}"
            session.check("RETR", answer, (426, 450, 451, 550))
            assert end != "clean", f"{answer.code}, but {len(received)} bytes ended cleanly"
            assert body.startswith(received), "wrong bytes before the failure"
        check_same(body, session.retrieve(f"RETR {path}"), "the next download")
    server.settle()


@case(("s3",), ("cos",), short=lambda store: store == "s3")
def download_of_a_replaced_object(store):
    """The object is replaced while its first half is on the way: the old one whole, or no success."""
    server = server_for(store)
    path, old, new = fresh_path("replaced"), content(LARGE, 3), content(LARGE, 4)
    for fault in (None, dict(op="GetObject", key=path, action="reset_response", bytes=3_000_000, times=1)):
        server.control("PUT", f"objects/{path}", old)
        with server.connect() as session:
            if fault:
                server.fault(**fault)
            data = session.transfer(f"RETR {path}")
            first = data.recv(PIECE)
            server.control("PUT", f"objects/{path}", new)
            rest, end = receive(data)
            answer = session.reply()
            if answer.code == 226:
                check_same(old, first + rest, "226, but received were")
            else:
                session.check("RETR", answer, (450, 451, 426))
                assert end == "reset", f"{answer.code}, but the data ended cleanly"
            assert old.startswith(first + rest), "a mixture of two objects"
            check_same(new, session.retrieve(f"RETR {path}"), "the next download")


@case(("local",), ("memory",), ("s3",), short=lambda store: store == "local")
def download_of_a_file_that_shrinks_or_goes(store):
    """Deleted or overwritten over FTP meanwhile: the reader gets the old one whole, or an error."""
    server = server_for(store)
    path, old = fresh_path("shrinks"), content(LARGE, 3)
    for what in ("delete", "overwrite"):
        with server.connect() as session, server.connect() as other:
            other.store(f"STOR {path}", old)
            data = session.transfer(f"RETR {path}")
            first = data.recv(PIECE)
            if what == "delete":
                other.command(f"DELE {path}", 250)
            else:
                other.store(f"STOR {path}", b"short")
            rest, end = receive(data)
            answer = session.reply()
            if answer.code == 226:
                check_same(old, first + rest, "226, but received were")
            else:
                session.check("RETR", answer, (426, 450, 451))
                assert end != "clean"


def start_unread(server, session, path):
    """A download that cannot finish, because nothing of it is read."""
    data = socket.socket()
    data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    data.connect(session.passive())
    session.command(f"RETR {path}", 150)
    return session.wrap_data(data)


def put_large(server, size=LARGE):
    path = f"unread-{size}.bin"
    with server.connect() as session:
        if session.command(f"SIZE {path}").code != 213:
            session.store(f"STOR {path}", content(size, 3))
    return path


@case(*[(store, tls, how) for store in ("local", "s3", "memory") for tls in ("plain", "tls")
        for how in ("plain", "telnet", "urgent")],
      short=lambda store, tls, how: store == "local" and how == "plain")
def abort_of_an_unread_download(store, tls, how):
    """ABOR works at once though the client reads nothing; STAT and NOOP work before."""
    server = Servers.get(store)
    path = put_large(server)
    if tls == "tls" and how != "plain":
        return  # urgent data cannot be sent through TLS
    with server.connect(tls=tls == "tls") as session:
        data = start_unread(server, session, path)
        session.command("NOOP", 200)
        status = session.command("STAT", 211)
        assert path in status.text and "bytes so far" in status.text, f"STAT does not show the transfer: {status!r}"
        begun = time.monotonic()
        if how == "telnet":
            session.send(b"\xff\xf4\xff")
            session.socket.send(b"\xf2", socket.MSG_OOB)
        if how == "urgent":
            session.socket.send(b"\xff\xf4\xff\xf2ABOR\r\n", socket.MSG_OOB)
        else:
            session.send("ABOR\r\n")
        session.expect(426)
        session.expect(226)
        took = time.monotonic() - begun
        assert took < PROMPT, f"ABOR took {took:.1f} s"
        received, end = receive(data)
        assert len(received) < LARGE and end != "clean", f"{len(received)} bytes, then an end that looks {end}"
        data.close()
        session.command("NOOP", 200)
        check_same(content(LARGE, 3), session.retrieve(f"RETR {path}"), "the next download")
    server.settle()


@case(*[(store, way) for store in ("local", "memory", "s3") for way in
        ("data reset", "data closed", "control reset", "control closed", "both closed", "never read")],
      short=lambda store, way: store == "local")
def client_dies_in_mid_download(store, way):
    server = server_for(store)
    path = put_large(server)
    session = server.connect()
    data = start_unread(server, session, path)
    if way == "data reset":
        reset(data)
        session.expect((426, 451))
    elif way == "data closed":
        cut(data)
        session.expect((426, 451))
    elif way == "never read":
        session.expect((426, 451))
    elif way == "control reset":
        reset(session)
    elif way == "control closed":
        cut(session)
    else:
        cut(session)
        cut(data)
    if way in ("control reset", "control closed"):
        server.settle(limit=15)
    session.close()
    data.close()
    server.settle()
    with server.connect() as other:
        check_same(content(LARGE, 3), other.retrieve(f"RETR {path}"), "another download")


@case(("local",), ("s3",), short=lambda store: store == "local")
def quit_in_mid_transfer(store):
    """RFC 959 section 4.1.1: the connection stays for the reply of the transfer; then it closes."""
    server = server_for(store)
    path = put_large(server)
    with server.connect() as session:
        data = start_unread(server, session, path)
        session.send("QUIT\r\n")
        check_same(content(LARGE, 3), read_all(data), "the download")
        data.close()
        assert remaining_replies(session) == [226, 221], "not 226, then 221"
    stored = fresh_path("quit")
    with server.connect() as session:
        data = session.transfer(f"STOR {stored}")
        data.sendall(content(SMALL // 2))
        session.send("QUIT\r\n")
        time.sleep(0.1)
        data.sendall(content(SMALL)[SMALL // 2:])
        data.close()
        assert remaining_replies(session) == [226, 221], "not 226, then 221"
    check_same(content(SMALL // 2) + content(SMALL)[SMALL // 2:], server.object(stored), "the upload")
    server.settle()


@case(("local",), ("s3",))
def noop_and_stat_in_mid_upload(store):
    server = server_for(store)
    path, body = fresh_path("busy"), content(LARGE)
    with server.connect() as session:
        data = session.transfer(f"STOR {path}")
        for begin in range(0, LARGE, LARGE // 5):
            data.sendall(body[begin: begin + LARGE // 5])
            for verb, code in (("NOOP", 200), ("STAT", 211)):
                begun = time.monotonic()
                answer = session.command(verb, code)
                assert time.monotonic() - begun < PROMPT
            assert path in answer.text
        data.close()
        session.expect(226)
    check_same(body, server.object(path), "the upload")


@case((), short=True)
def truncated_local_file_under_the_reader():
    """Somebody on the machine shortens the file in place: no 226 for what cannot be whole."""
    server = server_for("local")
    path = fresh_path("truncated")
    (server.root / path).write_bytes(content(LARGE, 3))
    with server.connect() as session:
        data = start_unread(server, session, path)
        os.truncate(server.root / path, 1000)
        _, end = receive(data)
        session.expect((426, 450, 451))
        assert end == "reset", f"the data ended {end}"
    with contextlib.suppress(OSError):
        data.close()


