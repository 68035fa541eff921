"""Quotas under a race, and after gantryd was killed: what is said to be used is what is there."""

import contextlib
import re
import threading
import time

from harness import Server, Setup, case, content, fresh_path, wait_until
from gantry import stop
from held_uploads import MIB, PART, Node, break_off, leave

SESSIONS, LEFT = 50, 10  # MiB


def used(session):
    """Bytes and files that SITE QUOTA calls used."""
    text = session.command("SITE QUOTA", 200).text
    return tuple(int(re.search(rf"{what}: (\d+) used", text).group(1)) for what in ("Bytes", "Files"))


def fresh_postgresql():
    """The location of an empty database."""
    host, port = Setup.postgresql()
    return f"postgresql://gantry@{host}:{port}/{Setup.fresh_database()}"


@contextlib.contextmanager
def serving(store, nodes=1, state=None, **demo):
    first = Server(store, transfer={"part_size": PART}, demo=demo, server={"state": state} if state else {})
    servers = [first]
    try:
        servers += [Node(first) for _ in range(nodes - 1)]
        yield servers
    finally:
        for server in servers:
            stop(server.process)
        if first.fake:
            first.fake.stop()


def attempt(session, path, body, announce):
    """The last reply to an upload that may be refused at any point."""
    if announce:
        session.command(f"ALLO {len(body)}", 200)
    data = session.open_data(session.passive())
    answer = session.command(f"STOR {path}")
    with contextlib.closing(data):
        if answer.code != 150:
            return answer
        with contextlib.suppress(ConnectionError):
            data.sendall(body)
    return session.reply()


def run_race(servers, announce):
    body, replies = content(MIB), []
    ready = threading.Barrier(SESSIONS + 1)

    def one(number):
        with servers[number % len(servers)].connect() as session:
            ready.wait(60)
            replies.append(attempt(session, f"race-{number}", body, announce))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(SESSIONS)]
    for thread in threads:
        thread.start()
    ready.wait(60)
    begun = time.monotonic()
    for thread in threads:
        thread.join(120)
    return [answer.code for answer in replies], time.monotonic() - begun


@case(("local", "sqlite", 1), ("s3", "sqlite", 1), ("local", "sqlite", 2), ("s3", "postgresql", 2), limit=180,
      short=lambda store, database, nodes: (store, nodes) == ("local", 1))
def fifty_sessions_race_for_the_last_bytes(store, database, nodes):
    state = fresh_postgresql() if database == "postgresql" else None
    limit = 30 * MIB
    with serving(store, nodes, state, quota_bytes=limit) as servers:
        with servers[0].connect() as session:
            session.store("STOR before", content(limit - LEFT * MIB))
            for announce in (True, False):
                codes, took = run_race(servers, announce)
                won, refused = codes.count(226), codes.count(552)
                how = "announced" if announce else "not announced"
                print(f"race: {store}, {database}, {nodes} gantryd, {how}: {won} of {SESSIONS} uploads of 1 MiB "
                      f"for the last {LEFT} MiB won, {refused} got 552, in {took:.1f} s")
                assert (won, refused) == (LEFT, SESSIONS - LEFT), codes
                assert used(session) == (limit, LEFT + 1)
                there = [name for name in servers[0].stored() if name.startswith("race-")]
                assert len(there) == LEFT, there
                assert "0 B left" in attempt(session, "one-more", b"x", True).text
                for name in there:
                    session.command(f"DELE {name}", 250)
                assert used(session) == (limit - LEFT * MIB, 1)


@case(("local",), ("s3",), ("cos",), short=lambda store: store == "s3")
def killed_in_the_middle_of_uploads(store):
    """What was promised to a dead process comes back, and what it left in the bucket for its owner counts."""
    with serving(store, quota_bytes=200 * MIB, quota_files=9) as [server]:
        with server.connect() as session:
            session.store("STOR whole", content(3 * MIB))
        path, body = fresh_path("killed"), content(33 * MIB, 5)
        with server.connect() as session:
            session.command("ALLO 50000000", 200)
            announced = session.transfer("STOR announced")
            announced.sendall(body[:MIB])
            if store == "local":
                other = server.connect()
                data = other.transfer(f"STOR {path}")
                data.sendall(body[: 20 * MIB])
            else:
                other, data = break_off(server, path, body, 3)
            with server.connect() as third:
                assert used(third)[0] > 50_000_000
            server.kill()
            leave(other, data)
            announced.close()
        server.start()
        with server.connect() as session:
            wait_until(lambda: used(session)[1] == (1 if store == "local" else 2), "the dead uploads are counted", 30)
            answer = session.command(f"SIZE {path}")
            held = int(answer.text.split()[-1]) if answer.code == 213 else 0
            assert (held > 0) == (store != "local")
            assert used(session) == (3 * MIB + held, 2 if held else 1)
            if held:
                session.command(f"REST {held}", 350)
                session.store(f"STOR {path}", body[held:])
                assert used(session) == (3 * MIB + len(body), 2)
                session.command(f"DELE {path}", 250)
            assert used(session) == (3 * MIB, 1)


@case(("local",), ("s3",), limit=120)
def killed_node_gives_its_promises_back(store):
    """The other node counts anew as soon as it knows, without a restart."""
    with serving(store, 2, quota_bytes=100 * MIB) as [first, second]:
        with first.connect() as session, second.connect() as other:
            session.store("STOR whole", content(MIB))
            session.command(f"ALLO {90 * MIB}", 200)
            data = session.transfer("STOR announced")
            assert used(other)[0] == 91 * MIB
            assert attempt(other, "refused", content(10 * MIB), True).code == 552
            first.kill()
            data.close()
            wait_until(lambda: used(other) == (MIB, 1), "the living node gives them back", 40)
            assert attempt(other, "fits", content(10 * MIB), True).code == 226
