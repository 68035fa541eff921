"""COMB while the client goes, gives up, or gantryd is killed: the sources and an old file, or the new one."""

import contextlib

from harness import Server, case, check_same, content, fresh_path, wait_until
from gantry import stop

PART = {"cos": 1 << 20, "s3": 5 << 20}  # the least these stores take
DECIDED = 40  # seconds until another process has aborted what a killed one left


class Joining:
    """A server with the segments of a file and an older file of its name."""

    def __init__(self, store):
        self.server = Server(store, latency_ms=5)
        self.target = fresh_path("whole")
        self.segments = {f"{self.target}.{i}": content(size, i)
                         for i, size in enumerate((PART[store], 3000, PART[store] + 77, 5))}
        self.whole, self.old = b"".join(self.segments.values()), content(1000, 9)
        for key, body in {**self.segments, self.target: self.old}.items():
            self.server.fake.put(key, body)
        self.line = " ".join(["COMB", self.target, *self.segments])

    def begin(self):
        """Asks for the join, whose first copy stalls; the session."""
        self.server.fault(op="UploadPartCopy", action="stall", times=1000)
        session = self.server.connect()
        session.send(self.line + "\r\n")
        wait_until(lambda: self.server.requests("UploadPartCopy"), "a copy is under way", 30)
        return session

    def check_unchanged(self):
        check_same(self.old, self.server.object(self.target), "under the old name is")
        for key, body in self.segments.items():
            check_same(body, self.server.object(key), f"{key} is")

    def check_usable(self):
        """The same join works now, and leaves nothing behind."""
        self.server.forgive()
        with self.server.connect() as session:
            answer = session.command(self.line, 250)
            assert f"4 files are joined: {len(self.whole)} bytes" in answer.text, answer
        check_same(self.whole, self.server.object(self.target), "joined, the store has")
        left = [key for key in self.server.fake.keys() if key.startswith(self.target + ".")]
        assert not left, f"still there: {left}"
        assert not self.server.open_uploads()


@contextlib.contextmanager
def joining(store):
    scene = Joining(store)
    try:
        yield scene
    finally:
        scene.server.forgive()
        if scene.server.process.poll() is None:
            stop(scene.server.process)
        scene.server.fake.stop()


@case(("s3",), ("cos",), short=lambda store: store == "cos")
def killed_while_it_joins(store):
    with joining(store) as scene:
        session = scene.begin()
        scene.server.kill()
        session.close()
        scene.server.forgive()
        scene.check_unchanged()
        assert scene.server.open_uploads(scene.target), "the join had begun"
        scene.server.start()
        wait_until(lambda: not scene.server.open_uploads(), "the next process aborts it", DECIDED)
        scene.check_unchanged()
        scene.check_usable()


@case(("s3",), ("cos",), short=lambda store: store == "s3")
def client_gives_it_up(store):
    with joining(store) as scene:
        with scene.begin() as session:
            session.command("NOOP", 200)
            text = session.command("STAT", 211).text
            assert f"COMB /{scene.target}: " in text, text
            session.send("ABOR\r\n")
            assert "nothing is changed" in session.expect(426).text
            session.expect((225, 226))
            session.command("NOOP", 200)
            scene.check_unchanged()
            wait_until(lambda: not scene.server.open_uploads(), "it is aborted", 10)
        scene.check_usable()


@case(("s3",), ("cos",), short=lambda store: store == "cos")
def client_goes(store):
    with joining(store) as scene:
        scene.begin().close()
        wait_until(lambda: not scene.server.open_uploads(), "it is aborted", 10)
        scene.check_unchanged()
        scene.check_usable()


@case(("s3",), ("cos",), short=lambda store: store == "s3")
def sources_that_cannot_be_removed_are_named(store):
    with joining(store) as scene:
        scene.server.fault(op="DeleteObjects", action="error", status=403, code="AccessDenied", times=1)
        with scene.server.connect() as session:
            answer = session.command(scene.line, 250)
        assert "the new file is whole, but 4 of them could not be removed" in answer.text, answer
        check_same(scene.whole, scene.server.object(scene.target), "joined, the store has")
        for key, body in scene.segments.items():
            check_same(body, scene.server.object(key), f"{key} is")
        scene.check_usable()
