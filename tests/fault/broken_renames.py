"""Directory renames that kill -9 of gantryd cuts: afterwards every file is there exactly once, whole, in one place."""

import contextlib
import urllib.parse

from harness import Server, case, check_same, content, fresh_path, wait_until
from gantry import stop

FILES = 40
DECIDED = 40  # seconds until the new process must have finished or undone it


def fill(server, tree):
    """Files in several directories and one that is empty."""
    files = {f"{tree}/{'sub/' * (i % 3)}file {i}": content(1000 + i, i) for i in range(FILES)}
    for key, body in files.items():
        server.fake.put(key, body)
    server.fake.put(f"{tree}/empty/", b"")
    return files


def begin_rename(server, tree, target):
    """Asks for the rename and does not wait for the answer."""
    session = server.connect()
    session.command(f"RNFR {tree}", 350)
    session.send(f"RNTO {target}\r\n")
    return session


def keys_below(server, tree):
    return {key[len(tree) + 1:] for key in server.fake.keys() if key.startswith(tree + "/")}


def check_whole(server, tree, target, files):
    """All below one of the two, nothing below the other; which one."""
    names = {key[len(tree) + 1:] for key in files} | {"empty/"}
    here, there = keys_below(server, tree), keys_below(server, target)
    assert (here, there) in ((names, set()), (set(), names)), \
        f"{len(here)} keys at the source, {len(there)} at the target, {len(names)} in all\n{server.log()[-3000:]}"
    place = tree if here else target
    for key, body in files.items():
        check_same(body, server.object(place + key[len(tree):]), f"the store has {key}")
    return place


def end_again(server):
    """Starts gantryd again and waits until it says that it has ended what it found."""
    server.start()
    wait_until(lambda: "rename undone" in server.log() or "rename finished" in server.log(), "it is ended", DECIDED)


def check_usable(server, place, files, tree):
    """Nothing blocks what was moved or was to be: it can be renamed."""
    with server.connect() as session:
        session.command(f"RNFR {place}", 350)
        session.command("RNTO again", 250)
    check_whole(server, place, "again", {place + key[len(tree):]: body for key, body in files.items()})


@contextlib.contextmanager
def tree_on(store):
    """A server of a slow store with a tree. (server, tree, target, files)"""
    server = Server(store, latency_ms=20)
    try:
        tree, target = fresh_path("tree"), fresh_path("target")
        yield server, tree, target, fill(server, tree)
    finally:
        server.forgive()
        if server.process.poll() is None:
            stop(server.process)
        server.fake.stop()


def kill_at(server, op, count):
    wait_until(lambda: len(server.requests(op)) >= count, f"{count} of {op}", 30)
    server.kill()


def kill_while_copying(server, tree, target, copies):
    """The store takes no copy behind these, and deletes nothing: the kill may come as late as it will."""
    server.fault(op="CopyObject", action="stall", skip=copies, times=FILES)
    server.fault(op="DeleteObjects", action="stall", times=1)
    begin_rename(server, tree, target)
    kill_at(server, "CopyObject", copies)
    server.forgive()


@case(*[(store, copies) for store in ("s3", "cos") for copies in (1, 9, 20, 33, FILES + 1)],
      short=lambda store, copies: (store, copies) in (("s3", 20), ("cos", 9)))
def killed_while_copying(store, copies):
    with tree_on(store) as (server, tree, target, files):
        kill_while_copying(server, tree, target, copies)
        end_again(server)
        place = check_whole(server, tree, target, files)
        # With the last copy on its way it may have come to the deletes.
        assert place == tree or copies > FILES, "copies that were never verified count"
        check_usable(server, place, files, tree)


@case(*[(store, action) for store in ("s3", "cos") for action in ("stall", "stall_response")],
      short=lambda store, action: (store, action) == ("s3", "stall"))
def killed_while_deleting(store, action):
    """All copies are verified: it is finished, whether the store has deleted or not."""
    with tree_on(store) as (server, tree, target, files):
        server.fault(op="DeleteObjects", action=action, times=1)
        begin_rename(server, tree, target)
        kill_at(server, "DeleteObjects", 1)
        server.forgive()
        end_again(server)
        assert check_whole(server, tree, target, files) == target
        check_usable(server, target, files, tree)


@case(("s3",), ("cos",), short=lambda store: store == "cos")
def killed_with_half_deleted(store):
    with tree_on(store) as (server, tree, target, files):
        server.fault(op="DeleteObjects", action="stall", times=1)
        begin_rename(server, tree, target)
        kill_at(server, "DeleteObjects", 1)
        server.forgive()
        for key in list(files)[::2]:
            server.control("DELETE", "objects/" + urllib.parse.quote(key))
        end_again(server)
        assert check_whole(server, tree, target, files) == target


@case(("s3",), ("cos",), short=lambda store: store == "s3")
def killed_once_more_while_it_is_undone(store):
    with tree_on(store) as (server, tree, target, files):
        kill_while_copying(server, tree, target, 25)
        server.fault(op="DeleteObjects", action="stall", times=1)
        server.start()
        with server.connect() as session:
            wait_until(lambda: server.requests("DeleteObjects"), "it begins to undo", DECIDED)
            session.command(f"RNFR {tree}", 350)
            session.command("RNTO elsewhere", 450)
            session.command(f"RMD {tree}/empty", 450)
        server.kill()
        server.forgive()
        end_again(server)
        assert check_whole(server, tree, target, files) == tree
        check_usable(server, tree, files, tree)


@case((), short=True)
def stat_tells_how_far_it_is():
    with tree_on("s3") as (server, tree, target, files):
        server.fault(op="CopyObject", action="latency", ms=1000, skip=20, times=1000)
        with begin_rename(server, tree, target) as session:
            wait_until(lambda: len(server.requests("CopyObject")) > 20, "half of it is done", 30)
            text = str(session.command("STAT", 211).text)
            assert f"of {FILES + 1} objects copied" in text, text
            session.expect(250)
        assert check_whole(server, tree, target, files) == target


@case((), short=True)
def failing_deletes_are_made_up_for():
    """The store refuses the deletes and gantryd lives on: the janitor finishes what the client was told had failed."""
    with tree_on("s3") as (server, tree, target, files):
        server.fault(op="DeleteObjects", action="error", status=403, code="AccessDenied", times=1)
        with server.connect() as session:
            session.command(f"RNFR {tree}", 350)
            session.command(f"RNTO {target}", (450, 451, 550))
        assert keys_below(server, tree) and keys_below(server, target)
        stop(server.process)
        end_again(server)
        assert check_whole(server, tree, target, files) == target
