"""The COS FTP Server tool's traps 14 and 15: what must not be destroyed, and renames."""

from legacy import SMALL, MigrationTest, close_cleanly, content, permissions


class DeleteDisabled(MigrationTest):
    """14. delete_enable = false protects what exists against everything that would destroy it."""

    def setUp(self):
        super().setUp()
        for name in ("old.txt", "other.txt", "dir/inside.txt"):
            self.store.put(self.path(name), b"precious")
        self.store.put(self.path("empty/"), b"")
        self.keeper = self.connect("keeper")
        self.keeper.command(f"CWD {self.place}", 250)

    def tearDown(self):
        for name in ("old.txt", "dir/inside.txt"):
            self.assert_stored(self.path(name), b"precious")

    def test_trap_14_nothing_is_deleted(self):
        self.keeper.command("DELE old.txt", 550)
        self.keeper.command("RMD dir", 550)
        self.keeper.command("RMD empty", 550)
        self.assertIn(self.path("empty/"), self.store.keys())

    def test_trap_14_nothing_is_overwritten(self):
        for size in (10, SMALL, 3_000_000):
            answer = self.upload(self.keeper, "old.txt", content(size), 550)
            self.assertIn("other name", answer.text.replace("another", "an other"))
        self.assert_no_open_uploads(self.path("old.txt"))

    def test_trap_14_nothing_is_cut(self):
        self.keeper.command("REST 3", 350)
        self.upload(self.keeper, "old.txt", b"cut", 550)

    def test_trap_14_nothing_is_renamed_onto(self):
        for target in ("old.txt", "dir"):
            self.keeper.command("RNFR other.txt", 350)
            self.keeper.command(f"RNTO {target}", 550)
        self.keeper.command("RNFR empty", 350)
        self.keeper.command("RNTO dir", 550)
        self.assert_stored(self.path("other.txt"), b"precious")

    def test_trap_14_what_destroys_nothing_is_allowed(self):
        self.upload(self.keeper, "new.txt", content(SMALL))
        self.upload(self.keeper, "large.bin", content(3_000_000))
        self.upload(self.keeper, "other.txt", b" and more", verb="APPE")
        self.assert_stored(self.path("other.txt"), b"precious and more")
        self.keeper.command("RNFR new.txt", 350)
        self.keeper.command("RNTO free.txt", 250)
        self.assert_stored(self.path("free.txt"), content(SMALL))
        self.keeper.command("MKD made", 257)

    def test_trap_14_upload_that_broke_may_be_tried_again(self):
        data = self.keeper.transfer("STOR again.bin")
        data.sendall(content(3_000_000)[:2_500_000])
        self.keeper.send("ABOR\r\n")
        self.keeper.expect(426)
        self.keeper.expect((225, 226))
        data.close()
        self.upload(self.keeper, "again.bin", content(3_000_000))
        self.assert_stored(self.path("again.bin"), content(3_000_000))

    def test_trap_14_second_of_two_uploads_at_once_is_refused(self):
        """Neither saw the other's file when it began."""
        for size in (SMALL, 3_000_000):
            name = f"race-{size}"
            first, second = self.connect("keeper"), self.connect("keeper")
            data = first.transfer(f"STOR {self.path(name)}")
            data.sendall(content(size, 1))
            self.upload(second, self.path(name), content(size, 2))
            close_cleanly(data)
            first.expect(550)
            self.assert_stored(self.path(name), content(size, 2))
            self.assert_no_open_uploads(self.path(name))

    def test_trap_14_rights_shown_are_rights_given(self):
        for line in self.names(self.keeper, "MLSD"):
            rights = permissions(line)
            name = line.split(" ", 1)[1]
            if name == "old.txt":
                self.assertNotIn("d", rights)
                self.assertNotIn("w", rights)
                self.assertIn("a", rights)
            if name == "empty":
                self.assertNotIn("d", rights)


class Renames(MigrationTest):
    """15. Renames do what they say, to files and to directories."""

    def setUp(self):
        super().setUp()
        self.store.put(self.path("a.txt"), b"aaa")
        self.store.put(self.path("b.txt"), b"bbbbb")
        for number in range(25):
            self.store.put(self.path(f"dir/deep/{number}"), str(number).encode())
        self.store.put(self.path("full/file"), b"full")
        self.session = self.connect()
        self.session.command(f"CWD {self.place}", 250)

    def rename(self, old, new, code=250):
        self.session.command(f"RNFR {old}", 350)
        self.session.command(f"RNTO {new}", code)

    def test_trap_15_directory(self):
        self.rename("dir", "moved")
        self.session.command("CWD dir", 550)
        for number in range(25):
            self.assert_stored(self.path(f"moved/deep/{number}"), str(number).encode())
            self.assert_stored(self.path(f"dir/deep/{number}"), None)

    def test_trap_15_onto_a_directory_is_refused(self):
        for target in ("dir", "full"):
            self.rename("a.txt", target, 550)
            self.assert_stored(self.path(target), None)
        self.rename("dir", "full", 550)
        self.assert_stored(self.path("a.txt"), b"aaa")
        self.assert_stored(self.path("full/file"), b"full")

    def test_trap_15_onto_a_file_replaces_it_whole(self):
        self.rename("a.txt", "b.txt")
        self.assert_stored(self.path("b.txt"), b"aaa")
        self.assert_stored(self.path("a.txt"), None)

    def test_trap_15_directory_onto_a_file_is_refused(self):
        self.rename("dir", "a.txt", 550)
        self.assert_stored(self.path("a.txt"), b"aaa")

    def test_trap_15_copy_that_fails_inside_200_keeps_the_source(self):
        self.store.fault(op="CopyObject", action="ok_with_error", code="InternalError", times=1)
        self.session.command("RNFR a.txt", 350)
        answer = self.session.command("RNTO c.txt")
        self.assertIn(answer.code, (250, 450, 451))
        self.assert_stored(self.path("c.txt" if answer.code == 250 else "a.txt"), b"aaa")
