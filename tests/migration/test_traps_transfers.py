"""The COS FTP Server tool's traps 1 to 5 and 18: what happens to bytes, and to others meanwhile.

Each is shown absent on the wire, with that tool's own configuration.
"""

import contextlib
import select
import time

from legacy import (
    FORBIDDEN, FOR_EVER, LARGE, LIMIT, PART, SMALL, USUAL, MigrationTest, close_cleanly, content, cpu_seconds, long, reset,
    wait_until,
)


def silent(session):
    """Nothing has been answered."""
    return not session.buffer and not select.select([session.socket], [], [], 0)[0]


class Interrupted(MigrationTest):
    """1. Only a transfer that ended well publishes anything."""

    def interrupt(self, end, size):
        """Plays the ending on a new name and over an old object."""
        old = content(SMALL // 2, 7)
        for before in (None, old):
            path = self.path(f"{end.__name__}-{size}-{'new' if before is None else 'old'}")
            if before:
                self.store.put(path, before)
            session = self.connect()
            data = session.transfer(f"STOR {path}")
            data.sendall(content(size)[: size * 9 // 10 + 1])
            end(session, data)
            session.close()
            data.close()
            wait_until(lambda path=path: f"path=/{path} " in self.server.log(), "the server has drawn its conclusions")
            viewer = self.connect("reader")
            if before is None:
                viewer.command(f"SIZE {path}", 550)
            else:
                self.assertEqual(viewer.retrieve(f"RETR {path}"), before)
            self.assert_stored(path, before)
            # What is held is the owner's; a new upload takes its place and leaves nothing over.
            owner = self.connect()
            self.upload(owner, path, content(size, 3))
            self.assert_stored(path, content(size, 3))
            self.assert_no_open_uploads(path)

    def both_sizes(self, end):
        self.interrupt(end, SMALL)
        self.interrupt(end, LARGE)

    def test_trap_01_killed_client(self):
        def killed(session, data):
            data.close()
            session.close()

        self.both_sizes(killed)

    def test_trap_01_reset_connections(self):
        def resets(session, data):
            reset(session)
            reset(data)

        self.both_sizes(resets)

    def test_trap_01_reset_data_connection(self):
        def broken(session, data):
            reset(data)
            session.expect(426)
            session.command("NOOP", 200)

        self.both_sizes(broken)

    def test_trap_01_abort(self):
        def aborted(session, data):
            session.send("ABOR\r\n")
            session.expect(426)
            session.expect((225, 226))
            session.command("NOOP", 200)

        self.both_sizes(aborted)

    def test_trap_01_too_large(self):
        old = content(SMALL, 2)
        for before in (None, old):
            path = self.path(f"too-large-{before is None}")
            if before:
                self.store.put(path, before)
            self.upload(self.connect(), path, content(LIMIT + PART), 552)
            self.assert_stored(path, before)
            self.assert_no_open_uploads(path)


class Answers(MigrationTest):
    """2 and 18. Every transfer is answered, truthfully, and leaves no parts behind that cost money."""

    def failing(self, size, **rule):
        path, old = self.path(rule["op"]), content(SMALL, 5)
        self.store.put(path, old)
        self.store.fault(**rule)
        session = self.connect()
        answer = self.upload(session, path, content(size), tuple(range(400, 600)))
        session.command("NOOP", 200)
        self.store.forgive()
        self.assert_stored(path, old)
        return path, answer

    def test_trap_02_refused_upload_is_answered(self):
        _, answer = self.failing(SMALL, op="PutObject", **FORBIDDEN)
        self.assertEqual(answer.code, 550)

    def test_trap_02_refused_part_is_answered_and_nothing_stays(self):
        path, _ = self.failing(LARGE, op="UploadPart", **FORBIDDEN)
        self.assert_no_open_uploads(path)

    def test_trap_02_refused_start_is_answered(self):
        path, _ = self.failing(LARGE, op="CreateMultipartUpload", **FORBIDDEN)
        self.assert_no_open_uploads(path)

    def test_trap_02_refused_completion_is_answered_and_nothing_stays(self):
        path, _ = self.failing(LARGE, op="CompleteMultipartUpload", **FORBIDDEN)
        self.assert_no_open_uploads(path)

    @long
    def test_trap_02_store_that_stays_away_is_answered(self):
        server = self.start_impatient(transfer={"part_size": "1MiB", "interrupted_upload": "discard"})
        with self.connect_to(server) as session:
            for op, size in (("PutObject", SMALL), ("UploadPart", LARGE), ("CompleteMultipartUpload", LARGE)):
                server.fake.fault(op=op, action="error", status=503, code="ServiceUnavailable", times=FOR_EVER)
                answer = self.upload(session, op, content(size), (450, 451))
                self.assertNotIn("No such", answer.text)
                server.fake.forgive()
                self.assertIsNone(server.fake.object(op))

    @long
    def test_trap_02_store_that_resets_every_connection_is_answered(self):
        server = self.start_impatient(transfer={"part_size": "1MiB", "interrupted_upload": "discard"})
        with self.connect_to(server) as session:
            server.fake.fault(action="reset", times=FOR_EVER)
            self.upload(session, "small", content(SMALL), (450, 451))
            self.upload(session, "large", content(LARGE), (450, 451))
            server.fake.forgive()
            self.upload(session, "large", content(LARGE))

    def test_trap_18_completion_with_an_error_inside_200(self):
        self.store.fault(op="CompleteMultipartUpload", action="ok_with_error", code="InternalError", times=1)
        path = self.path("inside")
        self.upload(self.connect(), path, content(LARGE))
        self.assert_stored(path, content(LARGE))

    def test_trap_18_completion_of_an_upload_that_is_gone(self):
        _, answer = self.failing(LARGE, op="CompleteMultipartUpload", action="error", status=404, code="NoSuchUpload",
                                 times=FOR_EVER)
        self.assertNotEqual(answer.code, 226)

    @long
    def test_trap_18_completion_that_fails_for_ever(self):
        server = self.start_impatient(transfer={"part_size": "1MiB", "interrupted_upload": "discard"})
        with self.connect_to(server) as session:
            server.fake.fault(op="CompleteMultipartUpload", action="ok_with_error", code="InternalError", times=FOR_EVER)
            self.upload(session, "never", content(LARGE), (450, 451))
            server.fake.forgive()
            self.assertIsNone(server.fake.object("never"))

    def test_trap_18_completion_done_but_answered_with_an_error(self):
        self.store.fault(op="CompleteMultipartUpload", action="execute_then_error", status=500, code="InternalError",
                         times=1)
        path = self.path("done")
        self.upload(self.connect(), path, content(LARGE))
        self.assert_stored(path, content(LARGE))

    def test_trap_18_completion_whose_answer_is_lost(self):
        self.store.fault(op="CompleteMultipartUpload", action="execute_then_reset", times=1)
        path = self.path("lost")
        self.upload(self.connect(), path, content(LARGE))
        self.assert_stored(path, content(LARGE))


class Checksums(MigrationTest):
    """3. What the network or the store damages is noticed."""

    def corrupted(self, op, size):
        once, always = self.path(f"{op}-once"), self.path(f"{op}-always")
        session = self.connect()
        self.store.fault(op=op, action="corrupt", times=1)
        answer = self.upload(session, once, content(size), (226, 451))
        self.store.forgive()
        self.assert_stored(once, content(size) if answer.code == 226 else None)
        self.store.fault(op=op, action="corrupt", times=FOR_EVER)
        self.upload(session, always, content(size), (450, 451))
        self.store.forgive()
        self.assert_stored(always, None)
        self.assert_no_open_uploads(always)

    def test_trap_03_corrupted_part(self):
        self.corrupted("UploadPart", LARGE)

    def test_trap_03_corrupted_object(self):
        self.corrupted("PutObject", SMALL)

    def test_trap_03_object_corrupted_when_joined(self):
        self.store.fault(op="CompleteMultipartUpload", action="corrupt", times=1)
        path = self.path("joined")
        self.upload(self.connect(), path, content(LARGE), (450, 451))
        self.assert_stored(path, None)

    def test_trap_03_short_download_is_completed(self):
        path = self.path("short")
        self.store.put(path, content(LARGE))
        for action in ("truncate", "reset_response"):
            self.store.fault(op="GetObject", key=path, action=action, bytes=SMALL, times=1)
            self.assertEqual(self.connect().retrieve(f"RETR {path}"), content(LARGE))

    def test_trap_03_corrupted_download_is_no_success(self):
        path = self.path("damaged")
        self.store.put(path, content(LARGE))
        self.store.fault(op="GetObject", key=path, action="corrupt", times=1)
        session = self.connect()
        data = session.transfer(f"RETR {path}")
        with self.assertRaises(ConnectionResetError):
            while data.recv(1 << 16):
                pass
        data.close()
        session.expect(451)
        self.assertEqual(session.retrieve(f"RETR {path}"), content(LARGE))

    @long
    def test_trap_03_download_that_cannot_be_completed_is_no_success(self):
        server = self.start_impatient()
        server.fake.put("short", content(LARGE))
        server.fake.fault(op="GetObject", action="truncate", bytes=0, times=FOR_EVER)
        with self.connect_to(server) as session:
            data = session.open_data(session.passive())
            answer = session.command("RETR short")
            if answer.code == 150:
                with contextlib.suppress(ConnectionError):
                    while data.recv(1 << 16):
                        pass
                answer = session.reply()
            data.close()
            session.check("RETR", answer, (426, 450, 451))


class Patience(MigrationTest):
    """4 and 5. A store that hangs keeps one session waiting, no other, and no processor."""

    def setUp(self):
        super().setUp()
        self.server = self.start(USUAL)
        self.store = self.server.photos
        self.store.put(self.path("seen"), b"seen")

    def others_live(self, hanging):
        """While the hanging session waits: NOOP, LIST, transfers and new logins of others, on every lane."""
        for number in range(4):
            other = self.connect()
            other.command("NOOP", 200)
            other.command(f"SIZE {self.path('seen')}", 213)
            self.assertIn("seen", "".join(self.names(other, f"NLST {self.place}")))
            other.retrieve(f"LIST {self.place}")
            self.upload(other, self.path(f"meanwhile-{number}"), content(SMALL))
            self.assertEqual(other.retrieve(f"RETR {self.path('seen')}"), b"seen")
            other.command("QUIT", 221)
        self.assertTrue(silent(hanging), "the store did not hang")
        hanging.command("NOOP", 200)

    def begin(self, op, size=SMALL):
        hanging, path = self.connect(), self.path("hanging")
        self.store.fault(op=op, key=path, action="stall", times=FOR_EVER)
        data = hanging.transfer(f"STOR {path}")
        data.sendall(content(size))
        close_cleanly(data)
        self.wait_for(op, path)
        return hanging

    def wait_for(self, op, path):
        wait_until(lambda: any(f"/{path}" in line for line in self.store.requests(op)), f"{op} of {path} hangs in the store")

    def test_trap_04_upload_that_hangs(self):
        self.others_live(self.begin("PutObject"))

    def test_trap_04_part_that_hangs(self):
        self.others_live(self.begin("UploadPart", LARGE))

    def test_trap_04_completion_that_hangs(self):
        self.others_live(self.begin("CompleteMultipartUpload", LARGE))

    def test_trap_04_download_that_hangs(self):
        self.store.put(self.path("hanging"), content(LARGE))
        for action in ("stall", "stall_response"):
            self.store.fault(op="GetObject", key=self.path("hanging"), action=action, bytes=SMALL, times=FOR_EVER)
            hanging = self.connect()
            data = hanging.open_data(hanging.passive())
            self.store.control("DELETE", "requests")
            hanging.send(f"RETR {self.path('hanging')}\r\n")
            self.wait_for("GetObject", self.path("hanging"))
            if action == "stall_response":
                hanging.expect(150)
                data.recv(1)
            self.others_live_beside_download(hanging)
            data.close()
            self.store.forgive()

    def others_live_beside_download(self, hanging):
        other = self.connect()
        other.command("NOOP", 200)
        self.assertIn("seen", "".join(self.names(other, f"NLST {self.place}")))
        self.assertEqual(other.retrieve(f"RETR {self.path('seen')}"), b"seen")
        self.assertTrue(silent(hanging), "the store did not hang")

    def test_trap_04_many_hanging_sessions_take_no_pool_from_the_others(self):
        """The tool had one pool of upload threads for everybody."""
        self.store.fault(op="PutObject", key=self.path("hang"), action="stall", times=FOR_EVER)
        waiting = []
        for number in range(30):
            session = self.connect()
            data = session.transfer(f"STOR {self.path(f'hang-{number}')}")
            data.sendall(content(SMALL))
            close_cleanly(data)
            waiting.append(session)
        wait_until(lambda: len(self.store.requests("PutObject")) == 30, "thirty requests hang in the store")
        self.others_live(waiting[-1])
        self.assertTrue(all(silent(session) for session in waiting[:-1]))

    def test_trap_04_time_of_retries_is_nobody_elses(self):
        self.store.fault(op="GetObject", key=self.path("busy"), action="error", status=503, code="SlowDown", times=FOR_EVER)
        self.store.put(self.path("busy"), b"busy")
        hanging = self.connect()
        data = hanging.open_data(hanging.passive())
        hanging.send(f"RETR {self.path('busy')}\r\n")
        self.wait_for("GetObject", self.path("busy"))
        self.others_live_beside_download(hanging)
        data.close()

    def test_trap_05_waiting_takes_no_processor(self):
        path = self.path("slow")
        self.store.fault(op="UploadPart", key=path, action="latency", ms=2000, times=FOR_EVER)
        session = self.connect()
        data = session.transfer(f"STOR {path}")
        data.sendall(content(2 * PART))
        close_cleanly(data)
        # Judged from here to the reply: nothing is left but to wait for two parts.
        begun, used = time.monotonic(), cpu_seconds(self.server.pid)
        session.expect(226)
        took, used = time.monotonic() - begun, cpu_seconds(self.server.pid) - used
        self.assertGreater(took, 1, "the parts did not wait")
        self.assertLess(used, took * 0.2, f"{used:.2f} s of processor time in {took:.1f} s of waiting")
