"""What the fault matrix plays: uploads and renames, how each is prepared and done, and what must hold afterwards."""

import contextlib
import sqlite3
import time

from harness import check_same, close_cleanly, content, reset, wait_until

MIB = 1 << 20
PART = {"cos": MIB, "s3": 5 * MIB}  # the least these stores take
TAIL = 123_457
DECIDED = 25  # seconds until an upload that broke off is held or gone: parts on their way are awaited


class Play:
    """One thing a client wants. The store's calls for it are counted from the first command on."""

    name = ""
    final = 226
    on_record = False  # whether it may not begin unless the state database knows

    def __init__(self, store, seed):
        self.part = PART[store]
        self.seed = seed
        self.offset = 0  # where sending begins
        self.old = None  # what the name holds before
        self.whole = self.content()

    def content(self):
        return content(50_000, self.seed)

    def prepare(self, server, path):
        """What must be there before, not counted."""

    def commands(self, path):
        """What is said before the data; the last one begins the transfer."""
        return [f"STOR {path}"]


class Put(Play):
    name = "put"


class Multipart(Play):
    name = "multipart"
    on_record = True

    def content(self):
        return content(3 * self.part + TAIL, self.seed)


class Overwrite(Play):
    name = "overwrite"

    def content(self):
        return content(self.part + TAIL, self.seed)

    def prepare(self, server, path):
        self.old = content(33_333, self.seed + 1)
        server.fake.put(path, self.old)


class OverwriteSmall(Overwrite):
    name = "overwrite small"

    def content(self):
        return content(50_000, self.seed)


class Append(Play):
    """What is there is read back (small) or copied inside the store (large)."""

    name = "append"
    kept = 33_333

    def content(self):
        return content(self.kept + TAIL, self.seed)

    def prepare(self, server, path):
        self.offset = self.kept
        self.old = self.whole[:self.kept]
        # Through gantryd: an object from elsewhere may have no checksum with which reading back could be proved.
        with server.connect() as session:
            session.store(f"STOR {path}", self.old)

    def commands(self, path):
        return [f"APPE {path}"]


class AppendCopy(Append):
    name = "append copying"

    def __init__(self, store, seed):
        self.kept = PART[store] + 77
        super().__init__(store, seed)


class Resume(Play):
    name = "resume"

    def content(self):
        return content(2 * self.part + TAIL, self.seed)

    def prepare(self, server, path):
        self.offset = self.part
        with server.connect() as session:
            server.control("DELETE", "requests")
            data = session.transfer(f"STOR {path}")
            data.sendall(self.whole[: self.part + TAIL // 2])
            wait_until(lambda: server.requests("UploadPart"), "the part that is to be held arrives", 20)
            reset(data)
            session.expect(426)
            wait_until(lambda: size_of(session, path) == self.part, "the part is held", 10)

    def commands(self, path):
        return [f"REST {self.offset}", f"STOR {path}"]


class RenameFile(Play):
    name = "rename file"
    final = 250
    files = ("",)

    def prepare(self, server, path):
        for number, file in enumerate(self.files):
            server.fake.put(path + file, content(3000, self.seed + number))

    def commands(self, path):
        return [f"RNFR {path}", f"RNTO {path}-to"]


class RenameDirectory(RenameFile):
    name = "rename directory"
    on_record = True
    files = tuple(f"/{name}" for name in ("a", "b", "c", "deep/d", "deep/e"))


class Join(Overwrite):
    """Segments become one file: the first is too small to be copied inside the store, so what fills it up is read."""

    name = "join"
    final = 250
    on_record = True
    segments = ("-0", "-1")

    def pieces(self):
        return dict(zip(self.segments, (self.whole[:3000], self.whole[3000:])))

    def prepare(self, server, path):
        super().prepare(server, path)
        for segment, body in self.pieces().items():
            server.fake.put(path + segment, body)

    def commands(self, path):
        return [" ".join(["COMB", path, *(path + segment for segment in self.segments)])]


PLAYS = {play.name: play for play in (
    Put, Multipart, Overwrite, OverwriteSmall, Append, AppendCopy, Resume, RenameFile, RenameDirectory, Join)}


def size_of(session, path):
    """What SIZE says; None for 550."""
    answer = session.command(f"SIZE {path}", (213, 550))
    return int(answer.text.split()[-1]) if answer.code == 213 else None


def first_commands(session, commands, limit=20):
    """Says the commands up to the one that decides; its data connection (only for transfers) and its first answer."""
    data = None
    for command in commands:
        if not command.startswith(("REST", "RNFR", "RNTO", "COMB")):
            data = session.open_data(session.passive())
        answer = session.command(command)
        if answer.code >= 400:
            break
    return data, answer


def do_well(session, play, path):
    """The play to its end, as a good client; the last answer."""
    data, answer = first_commands(session, play.commands(path))
    if data and answer.code in (125, 150):
        with contextlib.suppress(OSError):  # the server may refuse the rest; its answer says why
            data.sendall(play.whole[play.offset:])
        close_cleanly(data)
        answer = session.reply()
    elif data:
        data.close()
    return answer


# ---- what must hold


def state_rows(server, path):
    """(upload id, state) of every upload to the name that the state database knows."""
    with contextlib.closing(sqlite3.connect(f"file:{server.state_file}?mode=ro", uri=True, timeout=5)) as base:
        return base.execute("SELECT upload_id, state FROM uploads WHERE object_key = ?", (path,)).fetchall()


def unknown_uploads(server, path):
    """Open uploads in the store that the state database does not know, lines of the fake store."""
    rows = state_rows(server, path)
    known = {upload_id for upload_id, _ in rows}
    # Without an id the process ended before it heard of one: the janitor asks the store for uploads to this name.
    return [line for line in server.open_uploads(path) if "" not in known and line.split(" ")[1] not in known]


def check_upload(server, play, path, committed, tolerated):
    """The invariants after an upload; tolerated: contents that may be there though nobody said 226. An outcome."""
    wait_until(lambda: all(state != "open" for _, state in state_rows(server, path)), "the upload is held or gone",
               DECIDED)
    stored = server.object(path)
    if committed:
        check_same(play.whole, stored, "226, but the store has")
    else:
        wanted = [play.old, *tolerated]
        if not any(one == stored for one in wanted):
            have = "nothing" if stored is None else f"{len(stored)} bytes"
            raise AssertionError(f"no 226, and the store has {have} of {len(play.whole)}, "
                                 f"{'nothing' if play.old is None else len(play.old)} before")
    wait_until(lambda: not unknown_uploads(server, path), "no open upload is unknown to the state database", 5)
    if stored == play.whole:
        return "done" if committed else "whole"
    resumed = None

    def once():
        nonlocal resumed
        offset, answer = continue_upload(server, play, path, stored)
        resumed = offset if resumed is None else resumed
        return answer

    answer = again(once)
    if answer.code != 226:
        raise AssertionError(f"continued at {resumed}, the well store answers {answer!r}")
    check_same(play.whole, server.object(path), f"continued at {resumed}, the store has")
    return "held" if resumed else "again"


def continue_upload(server, play, path, stored):
    """Goes on where SIZE says; the offset and the answer."""
    with server.connect() as session:
        size = size_of(session, path)
        kept = stored is not None and play.whole.startswith(stored)
        offset = 0 if size is None or (stored is not None and size == len(stored) and not kept) else size
        if offset > len(play.whole):
            raise AssertionError(f"SIZE says {offset} of {len(play.whole)} bytes")
        if offset:
            session.command(f"REST {offset}", 350)
        data = session.open_data(session.passive())
        answer = session.command(f"STOR {path}")
        if answer.code in (125, 150):
            with contextlib.suppress(OSError):
                data.sendall(play.whole[offset:])
            close_cleanly(data)
            answer = session.reply()
        else:
            data.close()
    return offset, answer


def again(attempt, times=4):
    """What the attempt is answered; 4yz may come from a busy machine, for these servers have short limits."""
    for _ in range(times):
        answer = attempt()
        if answer.code // 100 != 4:
            break
    return answer


class Tree:
    """What a rename has at its source and at its target."""

    def __init__(self, server, play, path):
        self.wanted = {file: content(3000, play.seed + number) for number, file in enumerate(play.files)}
        self.source = {file: server.object(path + file) for file in play.files}
        self.target = {file: server.object(f"{path}-to{file}") for file in play.files}

    def moved(self):
        return self.target == self.wanted and all(have is None for have in self.source.values())

    def as_before(self):
        return self.source == self.wanted and all(have is None for have in self.target.values())

    def __str__(self):
        return f"{present(self.source)} at the source, {present(self.target)} at the target"


def check_rename(server, play, path, committed, spoiled):
    """Nothing is lost, nothing is mixed; after 250 it has moved, otherwise it is finished or undone at the next start.
    spoiled: the store damages copies. An outcome."""
    tree = Tree(server, play, path)
    for place, found in (("source", tree.source), ("target", tree.target)):
        for file, have in found.items():
            if have is not None and not (spoiled and place == "target"):
                check_same(tree.wanted[file], have, f"at the {place} the store has {file!r}")
    if committed:
        assert tree.moved(), f"250, but there is {tree}"
        return "done"
    assert tree.wanted in (tree.source, tree.target), f"neither source nor target is complete: {tree}"
    directory = len(play.files) > 1
    if directory and not tree.moved() and not tree.as_before():
        server.restart()
        wait_until(lambda: (now := Tree(server, play, path)).moved() or now.as_before(),
                   "the rename is finished or undone", DECIDED)
        tree = Tree(server, play, path)
    if tree.moved():
        return "whole"
    with server.connect() as session:
        answer = again(lambda: do_well(session, play, path))
    if directory and answer.code == 450:
        # The broken one is still on record: it is ended every minute, and at the start.
        server.restart()
        limit = time.monotonic() + DECIDED
        with server.connect() as session:
            while (answer := do_well(session, play, path)).code == 450 and time.monotonic() < limit:
                time.sleep(0.1)
    assert answer.code == 250, f"the rename, tried again, is answered {answer!r}"
    assert (now := Tree(server, play, path)).moved(), f"renamed again, there is {now}"
    return "again"


def check_join(server, play, path, committed, tolerated):
    """All of the new file, or the old one and every source. tolerated: what may stand there instead of the old one.
    An outcome."""
    wait_until(lambda: all(state != "open" for _, state in state_rows(server, path)), "the join is over", DECIDED)
    wait_until(lambda: not unknown_uploads(server, path), "no open upload is unknown to the state database", 5)
    stored = server.object(path)
    sources = {segment: server.object(path + segment) for segment in play.segments}
    if committed:
        check_same(play.whole, stored, "250, but the store has")
        # What could not be removed is said, and whole.
        assert all(have in (None, play.pieces()[segment]) for segment, have in sources.items()), "a source is damaged"
        return "done"
    if stored != play.whole:
        assert any(one == stored for one in (play.old, *tolerated)), "neither the old file nor the new one is there"
        assert sources == play.pieces(), f"no new file, and of the sources only {present(sources)}"
    elif sources != play.pieces():
        # It was published, and gantryd died before the answer.
        return "whole"
    with server.connect() as session:
        answer = again(lambda: do_well(session, play, path))
    assert answer.code == 250, f"the join, tried again, is answered {answer!r}"
    check_same(play.whole, server.object(path), "joined again, the store has")
    assert not any(server.object(path + segment) for segment in play.segments), "joined again, sources are left"
    return "again"


def present(found):
    return " ".join(file for file, have in found.items() if have is not None) or "nothing"


def memory_is_back(server, store):
    """After all that, an upload larger than what would be missing is as quick as ever."""
    play = Multipart(store, 1)

    def once():
        nonlocal begun
        begun = time.monotonic()
        with server.connect() as session:
            return do_well(session, play, "last.bin")

    begun = 0
    answer = again(once)
    assert answer.code == 226, f"the last upload is answered {answer!r}"
    took = time.monotonic() - begun
    assert took < 15, f"an upload after all faults took {took:.1f} s: memory is missing"
