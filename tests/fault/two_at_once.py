"""Two sessions and one name, or one directory: what they want is done one after the other, or refused with 450."""

import threading

from harness import Server, case, check_same, close_cleanly, content, fresh_path, wait_until
from held_uploads import MIB, PART, break_off, leave, serving, size_of

SLOW_COPIES = {"op": "CopyObject", "action": "latency", "ms": 3000, "times": 1000}


@case(*[(store, size) for store in ("s3", "cos", "local", "memory") for size in ("small", "large")],
      short=lambda store, size: (store, size) in (("s3", "large"), ("local", "small")))
def several_upload_the_same_name(store, size):
    """Whoever was told 226 has his file there whole until the next one; at the end one of them, and nothing besides."""
    with Server(store, transfer={"part_size": PART}) as server:
        path = fresh_path("same")
        bodies = [content(PART * 2 + 1000 * n if size == "large" else 50_000 + n, n) for n in range(4)]
        codes, together = [0] * len(bodies), threading.Barrier(len(bodies))

        def upload(number):
            with server.connect() as session:
                data = session.transfer(f"STOR {path}")
                data.sendall(bodies[number][:-1])
                together.wait(30)
                data.sendall(bodies[number][-1:])
                close_cleanly(data)
                codes[number] = session.reply().code

        threads = [threading.Thread(target=upload, args=(n,)) for n in range(len(bodies))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 226 in codes and set(codes) <= {226, 450}, codes
        with server.connect() as session:
            have = session.retrieve(f"RETR {path}")
        assert have in [body for body, code in zip(bodies, codes) if code == 226], f"{len(have)} bytes of nobody"
        if server.fake:
            wait_until(lambda: not server.open_uploads(), "nothing is left open")


@case(("s3",), ("cos",), short=lambda store: store == "s3")
def upload_ends_while_its_directory_is_renamed(store):
    """The new content of a file that is just being moved is either moved with it or refused: never told 226 and lost."""
    with Server(store) as server:
        tree = fresh_path("tree")
        old, new = content(1000, 1), content(2000, 2)
        for name in ("file", "other"):
            server.fake.put(f"{tree}/{name}", old)
        with server.connect() as one, server.connect() as other, server.connect() as third:
            data = one.transfer(f"STOR {tree}/file")
            data.sendall(new)
            begin_rename(server, other, tree)
            data.close()
            one.expect(450)
            # Nor does anything else get between.
            for command in (f"DELE {tree}/file", f"MKD {tree}/new", f"MFMT 20200102030405 {tree}/file",
                            f"RNFR {tree}/file", f"RMD {tree}"):
                answer = third.command(command)
                if command.startswith("RNFR"):
                    answer = third.command(f"RNTO {tree}/elsewhere")
                third.check(command, answer, 450)
            for command in (f"STOR {tree}/late", f"STOR {tree}-to/late", f"APPE {tree}/other"):
                unused = third.open_data(third.passive())
                third.command(command, 450)
                unused.close()
            other.expect(250)
        moved = {f"{tree}-to/{name}" for name in ("file", "other")}
        assert set(server.fake.keys()) == moved, server.fake.keys()
        for name in ("file", "other"):
            check_same(old, server.object(f"{tree}-to/{name}"), f"moved, the store has {name}")


def begin_rename(server, session, tree):
    server.fault(**SLOW_COPIES)
    session.command(f"RNFR {tree}", 350)
    session.send(f"RNTO {tree}-to\r\n")
    wait_until(lambda: "objects copied" in session.command("STAT", 211).text, "the rename copies", 20)


@case(("s3",), ("cos",), short=lambda store: store == "cos")
def directory_with_an_upload_of_parts_is_not_renamed(store):
    with serving(store) as server:
        tree, body = fresh_path("tree"), content(3 * PART + 5)
        server.fake.put(f"{tree}/old", b"old")
        session, data = break_off(server, f"{tree}/file", body, 1)
        with server.connect() as other:
            other.command(f"RNFR {tree}", 350)
            other.command(f"RNTO {tree}-to", 450)
            data.sendall(body[PART + PART // 2:])
            data.close()
            session.expect(226)
            session.close()
            other.command(f"RNFR {tree}", 350)
            other.command(f"RNTO {tree}-to", 250)
        check_same(body, server.object(f"{tree}-to/file"), "moved, the store has")
        check_same(None, server.object(f"{tree}/file"), "at the old name the store has")


@case(("s3",), ("cos",), ("local",), ("memory",), short=lambda store: store in ("s3", "local"))
def name_is_removed_during_an_upload(store):
    """DELE of the old file, then the end of its successor's upload: serialised in that order."""
    with Server(store) as server:
        path, old, new = fresh_path("removed"), content(1000, 1), content(9 * MIB, 2)
        with server.connect() as one, server.connect() as other:
            one.store(f"STOR {path}", old)
            data = one.transfer(f"STOR {path}")
            data.sendall(new[: 8 * MIB + 1])
            other.command(f"DELE {path}", 250)
            other.command(f"SIZE {path}", 550)
            data.sendall(new[8 * MIB + 1:])
            close_cleanly(data)
            one.expect(226)
            check_same(new, other.retrieve(f"RETR {path}"), "after the upload there is")


@case(*[(store, turn) for store in ("s3", "cos") for turn in (1, 2, 3)], short=lambda store, turn: (store, turn) == ("s3", 1))
def two_go_on_with_one_upload_at_the_same_moment(store, turn):
    """Both send REST and STOR at once: one goes on and gets 226, the other hears 450 (or comes when all is done)."""
    with serving(store) as server:
        path, body = fresh_path("both"), content(4 * PART + turn, turn)
        leave(*break_off(server, path, body, 2))
        with server.connect() as session:
            wait_until(lambda: (size_of(session, path) or 0) >= 2 * PART, "it is held")
            offset = size_of(session, path)
        codes, together = [], threading.Barrier(2)

        def go_on():
            with server.connect() as session:
                data = session.open_data(session.passive())
                session.command(f"REST {offset}", 350)
                together.wait(20)
                answer = session.command(f"STOR {path}")
                if answer.code == 150:
                    data.sendall(body[offset:])
                    data.close()
                    answer = session.reply()
                codes.append(answer.code)

        threads = [threading.Thread(target=go_on) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(codes) in ([226, 450], [226, 226]), codes
        check_same(body, server.object(path), "the store has")
        wait_until(lambda: not server.open_uploads(), "nothing is left open")
