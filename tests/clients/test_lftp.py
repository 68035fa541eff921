"""lftp: mirror up, mirror down and once more, in every kind of encryption."""

import shlex

from gantry import Setup
from harness import ClientTest, Servers, for_stores
from trees import MIB, content


class LftpTest(ClientTest):
    def lftp(self, script, tls=None, expect=0):
        settings = ["set net:max-retries 1", "set net:timeout 20", "set net:reconnect-interval-base 1",
                    "set cmd:fail-exit true", "set ftp:list-options -a", "set xfer:log no",
                    f"set ssl:ca-file {shlex.quote(str(Setup.certificate()[0]))}"]
        settings += ["set ftp:ssl-force yes", "set ftp:ssl-protect-data yes"] if tls else ["set ftp:ssl-allow no"]
        scheme, port = ("ftps", self.server.tls_port) if tls == "implicit" else ("ftp", self.server.port)
        lines = [*settings, f"open -u demo,demo {scheme}://localhost:{port}", *script]
        return self.run_client("lftp", "-c", "; ".join(lines), expect=expect)

    def mirror(self, tls):
        tree, target = Servers.tree(), self.scratch / "down"
        self.lftp([f"mirror -R --parallel=3 {shlex.quote(str(tree))} {self.place}"], tls)
        self.assert_stored(tree)
        self.lftp([f"mirror --parallel=3 {self.place} {shlex.quote(str(target))}"], tls)
        self.assert_same_tree(tree, target)
        if self.store not in ("local", "memory"):
            return  # a bucket's listing shows when objects were written, so lftp carries them again
        again = self.lftp([f"mirror -R --dry-run {shlex.quote(str(tree))} {self.place}"], tls)
        self.assertNotIn("put", again)
        again = self.lftp([f"mirror --dry-run {self.place} {shlex.quote(str(target))}"], tls)
        self.assertNotIn("get", again)


@for_stores("local", "s3", "rgw")
class LftpPlain(LftpTest):
    def test_mirror(self):
        self.mirror(None)


@for_stores("s3")
class LftpImplicit(LftpTest):
    def test_mirror(self):
        self.mirror("implicit")


@for_stores("local", "memory", "s3", "cos", "rgw")
class Lftp(LftpTest):
    def test_mirror_explicit_tls(self):
        self.mirror("explicit")

    def test_segmented_download_and_continued_upload(self):
        source, target = self.scratch / "source", self.scratch / "target"
        source.write_bytes(content("lftp", 5 * MIB + 3))
        part = self.scratch / "part"
        part.write_bytes(source.read_bytes()[: 2 * MIB])
        self.lftp([f"mkdir -p {self.place}", f"put {part} -o {self.place}/f", f"put -c {source} -o {self.place}/f",
                   f"pget -n 4 {self.place}/f -o {target}"])
        self.assertEqual(target.read_bytes(), source.read_bytes())

    def test_everyday_commands(self):
        (self.scratch / "a.txt").write_text("a")
        out = self.lftp([
            f"mkdir {self.place}", f"cd {self.place}", f"put {self.scratch}/a.txt", "mv a.txt 'b c.txt'", "ls",
            "cls -1", "cat 'b c.txt'", "mkdir d", "rm 'b c.txt'", "rmdir d", "cls", "cd ..", f"rmdir {self.place}",
        ], "explicit")
        self.assertIn("b c.txt", out)

    def test_glob(self):
        for name in ("one.txt", "two.txt", "three.bin"):
            (self.scratch / name).write_text(name)
        self.lftp([f"mkdir {self.place}", f"cd {self.place}", "mput *.txt *.bin", "mrm *.txt"])
        self.assertEqual(self.lftp([f"cls -1 {self.place}/"]).split(), [f"{self.place}/three.bin"])

    def test_missing_directory_is_an_error(self):
        self.lftp([f"cls {self.place}/nothing/"], expect=1)
