"""Uploads that broke off are continued: after kill -9 of gantryd at any moment, after a stop, through another gantryd."""

import contextlib
import os
import signal
import subprocess

from harness import Server, Setup, case, check_same, content, fresh_path, wait_until
from gantry import free_port, stop

MIB = 1 << 20
PART = 5 * MIB  # the least S3 takes
SIZE = 33 * MIB + 4321


class Node(Server):
    """Another gantryd on the store and the state database of the first."""

    def __init__(self, first):
        self.store, self.fake, self.bucket, self.prefix = first.store, first.fake, first.bucket, first.prefix
        self.directory = first.directory
        self.port, self.tls_port = free_port(), free_port()
        text = first.config.read_text()
        text = text.replace(f":{first.port}\"", f":{self.port}\"").replace(f":{first.tls_port}\"", f":{self.tls_port}\"")
        self.config = self.directory / f"node-{self.port}.toml"
        self.config.write_text(text)
        self.log_file = self.directory / f"log-{self.port}"
        self.start()

    def stores_behind(self):
        return []


@contextlib.contextmanager
def serving(store, **options):
    server = Server(store, transfer={"part_size": PART, **options.pop("transfer", {})}, **options)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            stop(server.process)
        if server.fake:
            server.fake.stop()


def size_of(session, path):
    """What SIZE says; None for 550."""
    answer = session.command(f"SIZE {path}")
    return int(answer.text.split()[-1]) if answer.code == 213 else None


def send(server, path, body, offset=0, user="demo"):
    with server.connect(user=user) as session:
        if offset:
            session.command(f"REST {offset}", 350)
        session.store(f"STOR {path}", body[offset:])


def break_off(server, path, body, parts):
    """Sends until the store has so many parts, then leaves the transfer standing. (control, data)"""
    before = len(server.requests("UploadPart"))
    session = server.connect()
    data = session.transfer(f"STOR {path}")
    data.sendall(body[: parts * PART + PART // 2])
    wait_until(lambda: len(server.requests("UploadPart")) >= before + parts, f"{parts} parts arrive", 30)
    return session, data


def leave(session, data):
    data.close()
    session.close()


def continue_and_check(server, path, body, least=0):
    """Goes on where SIZE says; afterwards the object is whole and nothing is left open. The offset."""
    with server.connect() as session:
        offset = size_of(session, path)
    if offset is None and least == 0:
        offset = 0
    assert offset is not None, f"SIZE does not know the upload that is held\n{server.log()[-2000:]}"
    assert least <= offset <= len(body), f"{offset} bytes are safe, at least {least} must be"
    send(server, path, body, offset)
    check_same(body, server.object(path), f"continued at {offset}, the store has")
    wait_until(lambda: not server.open_uploads(), "nothing is left open")
    return offset


@case(*[(store, parts) for store in ("s3", "cos") for parts in (1, 2, 4, 6)],
      short=lambda store, parts: (store, parts) in (("s3", 2), ("cos", 6)))
def killed_and_continued(store, parts):
    """kill -9 with parts stored and parts on their way: the owner goes on behind what was acknowledged."""
    with serving(store) as server:
        path, body = fresh_path("killed"), content(SIZE, parts)
        session, data = break_off(server, path, body, parts)
        server.kill()
        leave(session, data)
        assert server.object(path) is None
        server.start()
        with server.connect(user="viewer") as stranger:
            stranger.command(f"SIZE {path}", 550)
        sent = len(server.requests("UploadPart"))
        # Of the parts on their way, four at most, the ledger need not have heard.
        offset = continue_and_check(server, path, body, least=max(0, parts - 4) * PART)
        assert offset % PART == 0
        again = len(server.requests("UploadPart")) - sent
        assert again == -(-(SIZE - offset) // PART), f"{again} parts were sent after the restart"


@case(("auto", "auto"), ("auto", "strong"), ("strong", "auto"), ("auto", "size"),
      short=lambda begun, then: begun != then)
def continued_under_another_proof(begun, then):
    """Parts proved by CRC-32C go on with it and parts proved by MD5 with that, whatever is in force after a restart."""
    with serving("s3", transfer={"verify": begun}, store_arguments=("--crc32c",)) as server:
        path, body = fresh_path("proved"), content(SIZE, 4)
        session, data = break_off(server, path, body, 2)
        server.kill()
        leave(session, data)
        text = server.config.read_text()
        assert text.count(f'verify = "{begun}"') == 1
        server.config.write_text(text.replace(f'verify = "{begun}"', f'verify = "{then}"'))
        server.start()
        continue_and_check(server, path, body)


@case(("s3", "CreateMultipartUpload"), ("cos", "CreateMultipartUpload"), ("s3", "UploadPart"), ("s3", "CompleteMultipartUpload"),
      ("cos", "CompleteMultipartUpload"), short=lambda store, op: store == "s3")
def killed_while_the_store_works(store, op):
    """kill -9 while the store has a request and has not answered: no orphan is forgotten, and the file gets there."""
    with serving(store) as server:
        path, body = fresh_path("killed"), content(SIZE, 3)
        server.fault(op=op, action="stall_response", times=1)
        session = server.connect()
        data = session.transfer(f"STOR {path}")
        if op == "CompleteMultipartUpload":
            data.sendall(body)
            data.close()
        else:
            data.sendall(body[: 2 * PART])
        wait_until(lambda: server.requests(op), f"{op} arrives", 30)
        server.kill()
        leave(session, data)
        server.forgive()
        server.start()
        if op == "CreateMultipartUpload":
            wait_until(lambda: not server.open_uploads(), "the janitor finds what nobody heard of", 30)
        there = server.object(path)
        assert there is None or there == body, "half an object"
        send(server, path, body)
        check_same(body, server.object(path), "after the second try the store has")


@case(("s3",), ("cos",), short=lambda store: store == "s3")
def stopped_and_continued(store):
    """SIGINT: what is held survives the stop."""
    with serving(store) as server:
        path, body = fresh_path("stopped"), content(SIZE, 9)
        session, data = break_off(server, path, body, 3)
        os.kill(server.pid, signal.SIGINT)
        assert server.process.wait(30) == 0
        leave(session, data)
        server.start()
        continue_and_check(server, path, body, least=3 * PART)


@case(("s3",), ("cos",), short=lambda store: store == "cos")
def continued_through_another_gantryd(store):
    with serving(store) as first:
        second = Node(first)
        try:
            path, body = fresh_path("moved"), content(SIZE, 4)
            session, data = break_off(first, path, body, 2)
            leave(session, data)
            with second.connect() as viewer:
                wait_until(lambda: size_of(viewer, path), "the other node shows what is held", 30)
            continue_and_check(second, path, body, least=2 * PART)
            with first.connect() as session:
                assert size_of(session, path) == SIZE
        finally:
            stop(second.process)


@case((), short=True)
def killed_node_leaves_its_uploads_to_the_others():
    with serving("s3") as first:
        second = Node(first)
        try:
            path, body = fresh_path("orphan"), content(SIZE, 6)
            session, data = break_off(first, path, body, 3)
            first.kill()
            leave(session, data)
            with second.connect() as owner:
                wait_until(lambda: size_of(owner, path), "the living node takes over", 40)
            continue_and_check(second, path, body)
            assert "taken over" in second.log()
        finally:
            stop(second.process)


@case((), short=True)
def dropped_by_its_owner_or_by_a_new_file():
    """DELE drops what is held; so does a new STOR, once it has committed and not before."""
    with serving("s3") as server:
        body = content(SIZE, 7)
        path = fresh_path("dropped")
        leave(*break_off(server, path, body, 2))
        with server.connect() as session:
            wait_until(lambda: size_of(session, path) == 2 * PART, "it is held")
            unused = session.open_data(session.passive())
            assert "not finished" in session.command(f"RETR {path}", 550).text
            unused.close()
            session.command(f"DELE {path}", 250)
            assert size_of(session, path) is None
        wait_until(lambda: not server.open_uploads(), "the parts are gone")
        leave(*break_off(server, path, body, 2))
        with server.connect() as session:
            wait_until(lambda: size_of(session, path) == 2 * PART, "it is held again")
            refused = session.transfer(f"STOR {path}")
            refused.sendall(b"little")
            session.command("ABOR")
            refused.close()
        with server.connect() as session:
            assert size_of(session, path) == 2 * PART, "a try that broke off without a part keeps what is held"
            session.store(f"STOR {path}", b"new")
            assert size_of(session, path) == 3
        check_same(b"new", server.object(path), "the store has")
        wait_until(lambda: not server.open_uploads(), "the parts are gone again")


def uploads(server, *words):
    """gantryd uploads ...: status, the lines it prints, and what it complains of."""
    done = subprocess.run([Setup.program("src/gantryd/gantryd"), "uploads", "--config", server.config, *words],
                          capture_output=True, text=True, timeout=30)
    return done.returncode, [line.split() for line in done.stdout.splitlines()], done.stderr


@case((), short=True)
def shown_and_aborted_on_the_command_line():
    with serving("s3") as server:
        path, body = fresh_path("shown"), content(SIZE, 8)
        session, data = break_off(server, path, body, 2)
        status, [[ticket, state, *_]], _ = uploads(server, "list")
        assert (status, state) == (0, "open")
        assert uploads(server, "abort", ticket)[0] == 75, "what is being sent must not be aborted"
        leave(session, data)
        with server.connect() as owner:
            wait_until(lambda: size_of(owner, path) == 2 * PART, "it is held")
            status, [line], _ = uploads(server, "list")
            assert line[:3] == [ticket, "held", str(2 * PART)] and line[4:] == ["demo", f"main:{path}"], line
            assert uploads(server, "abort", ticket)[0] == 0
            assert size_of(owner, path) is None
        assert not server.open_uploads()
        assert uploads(server, "list")[:2] == (0, [])
        status, _, complaint = uploads(server, "abort", ticket)
        assert status == 66 and ticket in complaint


@case((), short=True)
def two_sessions_do_not_continue_the_same_upload():
    with serving("s3") as server:
        path, body = fresh_path("twice"), content(SIZE, 2)
        leave(*break_off(server, path, body, 2))
        with server.connect() as one, server.connect() as other:
            wait_until(lambda: size_of(one, path) == 2 * PART, "it is held")
            one.command(f"REST {2 * PART}", 350)
            data = one.transfer(f"STOR {path}")
            for command in (f"STOR {path}", f"APPE {path}"):
                idle = other.open_data(other.passive())
                if command.startswith("STOR"):
                    other.command(f"REST {2 * PART}", 350)
                other.command(command, 450)
                idle.close()
            data.sendall(body[2 * PART:])
            data.close()
            one.expect(226)
        check_same(body, server.object(path), "the store has")


@case((), short=True)
def unusable_state_database_is_named():
    with serving("s3") as server:
        stop(server.process)
        text = server.config.read_text().replace(f"sqlite:{server.directory}/gantry.db", "sqlite:/nowhere/at/all.db")
        server.config.write_text(text)
        try:
            server.start()
        except RuntimeError as problem:
            assert "server.state" in str(problem) and "can be written" in str(problem), problem
        else:
            raise AssertionError("it serves without its state database")
