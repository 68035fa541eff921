"""What counts as proof of a transfer, and what happens to files that fail it."""

import resource
import subprocess

from hostile_server import Corrupting, LyingHash

from harness import ClientTest, HostileTest, content, over

QUICK = ("--retry-pause", "20ms")
SIZE = 300_000


@over("local", "s3")
class Proved(ClientTest):
    def test_every_way_moves_the_file(self):
        (self.scratch / "source").write_bytes(content("source", SIZE))
        for how in ("auto", "strong", "size", "none"):
            self.gantry("--verify", how, "put", "source", self.url(f"file-{how}"))
            self.assert_stored(f"file-{how}", content("source", SIZE))
            self.gantry("--verify", how, "get", self.url(f"file-{how}"), f"back-{how}")
            self.assert_same((self.scratch / f"back-{how}").read_bytes(), content("source", SIZE), how)

    def test_a_resumed_file_is_proved_as_a_whole(self):
        new = content("new", SIZE * 10)
        self.prepare("file", new)
        (self.scratch / "back.part").write_bytes(b"?" + new[1:SIZE * 5])  # one wrong byte at the beginning
        self.gantry(*QUICK, "get", self.url("file"), "back")
        self.assert_same((self.scratch / "back").read_bytes(), new, "back")


@over("vsftpd")
class WithoutChecksums(ClientTest):
    def test_size_must_do(self):
        self.prepare("file", content("file", SIZE))
        self.gantry("get", self.url("file"), "back")
        self.assert_same((self.scratch / "back").read_bytes(), content("file", SIZE), "back")

    def test_strong_fails(self):
        self.prepare("file", content("file", SIZE))
        done = self.gantry("--verify", "strong", "get", self.url("file"), "back", expect=8)
        self.assertIn("no checksums", done.err)
        self.assertFalse((self.scratch / "back").exists())


class Liars(HostileTest):
    def get(self, session, **options):
        server = self.meet(session, **options)
        done = self.gantry(*QUICK, "get", self.url("file"), "back", expect=None)
        return server, done

    def assert_nothing_here(self):
        self.assertEqual([path.name for path in self.scratch.glob("back*")], [])

    def test_a_lying_checksum_is_no_file(self):
        server, done = self.get(LyingHash)
        self.assertEqual(done.code, 8, done)
        self.assert_nothing_here()
        self.assertEqual(server.verbs().count("RETR"), 2, "it is tried once more, and no oftener")

    def test_damage_on_the_way_is_seen(self):
        _, done = self.get(Corrupting)
        self.assertEqual(done.code, 8, done)
        self.assert_nothing_here()


@over("local")
class FullDisk(ClientTest):
    """A limit on the size of files answers as a full disk does, in the middle of the file."""

    def test_a_full_disk_keeps_what_came(self):
        whole = content("whole", 4 << 20)
        self.prepare("file", whole)
        words = [*self.ways_in(), "get", self.url("file"), "back"]
        client = self.begin(*words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY)))
        errors = client.communicate(timeout=60)[1]
        self.assertEqual(client.returncode, 7, errors)
        self.assertIn("the same command goes on", errors)
        self.assertEqual((self.scratch / "back.part").stat().st_size, 1 << 20)
        self.gantry("get", self.url("file"), "back")
        self.assert_same((self.scratch / "back").read_bytes(), whole, "back")
