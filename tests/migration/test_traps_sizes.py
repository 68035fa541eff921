"""The COS FTP Server tool's traps 6 to 8: memory, the limit of a file, and going on where something broke."""

import resource
import threading

from legacy import (
    LARGE, LIMIT, PART, SMALL, USUAL, Gantry, MigrationTest, Setup, change, close_cleanly, content, long, memory_of, reset,
    wait_until,
)


class Memory(MigrationTest):
    """6. Parts do not grow with the limit of a file, and memory does not with the number of uploads."""

    GENEROUS = change(USUAL, single_file_max_size=200 << 30, min_part_size="default", upload_thread_num="default")

    def test_trap_06_part_size_does_not_follow_the_limit(self):
        server = self.start(self.GENEROUS)
        session = server.connect()
        server.photos.fault(op="CompleteMultipartUpload", action="stall", times=1)
        data = session.transfer("STOR parts.bin")
        data.sendall(content(20 << 20))
        close_cleanly(data)
        wait_until(lambda: [u for u in server.photos.open_uploads() if u.split()[2:] == ["3", str(20 << 20)]],
                   f"20 MiB in three parts, not {server.photos.open_uploads()}")

    def test_trap_06_starts_and_works_with_little_memory(self):
        if Setup.sanitized():
            self.skipTest("sanitizers reserve more address space than the test allows")
        server = self.start(self.GENEROUS, started=False)
        before = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (512 << 20, before[1]))  # the tool asked for 9 GB
        try:
            server.start()
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, before)
        self.upload(server.connect(), "file.bin", content(LARGE))
        self.assert_stored("file.bin", content(LARGE), server.photos)

    @long
    def test_trap_06_many_uploads_share_one_budget(self):
        server = Gantry("cos", server={"memory_budget": "32MiB"})
        self.addCleanup(server.stop)
        before = memory_of(server.pid, "VmRSS")
        body, problems = content(24 << 20), []

        def one(number):
            try:
                with self.connect_to(server) as session:
                    self.upload(session, f"many-{number}", body)
            except Exception as problem:  # a thread's failure is the test's
                problems.append(problem)

        threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        if not Setup.sanitized():
            self.assertLess(memory_of(server.pid) - before, 128 << 20)
        self.assertTrue(all(server.fake.object(f"many-{n}") == body for n in range(6)))


class SizeLimit(MigrationTest):
    """7. The limit holds to the byte."""

    def test_trap_07_exactly_the_limit_is_accepted(self):
        path = self.path("exact")
        self.upload(self.connect(), path, content(LIMIT))
        self.assert_stored(path, content(LIMIT))

    def test_trap_07_one_byte_more_is_not(self):
        path = self.path("more")
        answer = self.upload(self.connect(), path, content(LIMIT + 1), 552)
        self.assertIn(str(LIMIT), answer.text.replace(",", ""))
        self.assert_stored(path, None)
        self.assert_no_open_uploads(path)
        wait_until(lambda: any(path in line and str(LIMIT) in line for line in self.server.log().splitlines()
                               if "error" in line.lower()), "an error in the log that names file and limit")

    def test_trap_07_announced_size_is_refused_at_once(self):
        session = self.connect()
        session.command(f"ALLO {LIMIT}", (200, 202))
        session.command(f"ALLO {LIMIT + 1}", 552)

    def test_trap_07_appending_counts_the_whole(self):
        path = self.path("grown")
        self.store.put(path, content(LIMIT - 10))
        session = self.connect()
        self.upload(session, path, b"x" * 11, 552, "APPE")
        self.assert_stored(path, content(LIMIT - 10))
        self.upload(session, path, b"x" * 10, verb="APPE")
        self.assert_stored(path, content(LIMIT - 10) + b"x" * 10)


class Resume(MigrationTest):
    """8. APPE appends, REST and STOR continue."""

    def test_trap_08_append_appends(self):
        for size in (SMALL, 3 * PART):
            path = self.path(f"appended-{size}")
            self.store.put(path, content(size, 1))
            self.upload(self.connect(), path, content(size, 2), verb="APPE")
            self.assert_stored(path, content(size, 1) + content(size, 2))

    def test_trap_08_append_to_nothing_makes_the_file(self):
        self.upload(self.connect(), self.path(), content(SMALL), verb="APPE")
        self.assert_stored(self.path(), content(SMALL))

    def test_trap_08_restart_continues_a_file(self):
        body = content(4 * PART)
        for size in (PART // 2, 3 * PART):
            path = self.path(f"continued-{size}")
            self.store.put(path, body[:size])
            session = self.connect()
            session.command(f"REST {size}", 350)
            self.upload(session, path, body[size:])
            self.assert_stored(path, body)

    def test_trap_08_restart_in_the_middle_replaces_the_end(self):
        path = self.path()
        self.store.put(path, content(3 * PART, 1))
        session = self.connect()
        session.command(f"REST {PART}", 350)
        self.upload(session, path, content(SMALL, 2))
        self.assert_stored(path, content(3 * PART, 1)[:PART] + content(SMALL, 2))

    def test_trap_08_restart_beyond_the_end_is_refused(self):
        path = self.path()
        self.store.put(path, content(SMALL))
        session = self.connect()
        session.command(f"REST {SMALL + 1}", 350)
        self.upload(session, path, b"x", 554)
        self.assert_stored(path, content(SMALL))

    def test_trap_08_cut_upload_goes_on_where_it_broke(self):
        body, path = content(LARGE), self.path()
        session = self.connect()
        data = session.transfer(f"STOR {path}")
        data.sendall(body[: 5 * PART + 1000])
        wait_until(lambda: self.parts(path) >= 4, "four parts have arrived")
        reset(data)
        session.expect(426)
        again = self.connect()
        arrived = int(again.command(f"SIZE {path}", 213).text.split()[1])
        self.assertGreaterEqual(arrived, 4 * PART)
        again.command(f"REST {arrived}", 350)
        self.upload(again, path, body[arrived:])
        self.assert_stored(path, body)

    def parts(self, path):
        return sum(int(line.split()[2]) for line in self.store.open_uploads(path))

    def test_trap_08_download_continues(self):
        path = self.path()
        self.store.put(path, content(SMALL))
        session = self.connect()
        for offset in (0, 1, SMALL // 2, SMALL):
            session.command(f"REST {offset}", 350)
            self.assertEqual(session.retrieve(f"RETR {path}"), content(SMALL)[offset:])
        session.command(f"REST {SMALL + 1}", 350)
        data = session.open_data(session.passive())
        session.command(f"RETR {path}", 554)
        data.close()
