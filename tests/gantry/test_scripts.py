"""What scripts rely on: exit codes, JSON lines, completion, the manual page, several files in one command."""

import json
import shutil
import subprocess

from harness import ClientTest, content, over


@over("local", "s3", "vsftpd")
class Several(ClientTest):
    def files(self, *names):
        for name in names:
            (self.scratch / name).write_bytes(content(name, 5000))

    def test_put_and_get_many(self):
        self.files("one.txt", "two.txt", "three.bin")
        results = self.gantry("put", "--json", "one.txt", "two.txt", self.url()).out.splitlines()
        told = [json.loads(line) for line in results]
        self.assertEqual([(one["verb"], one["ok"], one["end"], one["size"]) for one in told],
                         [("put", True, "done", 5000)] * 2)
        self.assertEqual([one["path"] for one in told], ["one.txt", "two.txt"])
        self.gantry("mput", "*.bin", self.url())
        self.assert_stored("three.bin", content("three.bin", 5000))
        self.gantry("get", "-O", "down", "-P", "2", self.url("*.txt"), self.url("three.bin"))
        for name in ("one.txt", "two.txt", "three.bin"):
            self.assert_same((self.scratch / "down" / name).read_bytes(), content(name, 5000), name)
        again = [json.loads(line) for line in self.gantry("mget", "--json", "-O", "down", self.url("*.txt")).out.splitlines()]
        self.assertEqual([one["end"] for one in again], ["already_there"] * 2)

    def test_one_of_several_fails(self):
        self.files("one.txt")
        self.gantry("put", "one.txt", "none.txt", self.url(), expect=3)
        self.assert_stored("one.txt", content("one.txt", 5000))
        done = self.gantry("get", "--json", "-O", "down", self.url("none"), self.url("one.txt"), expect=3)
        told = [json.loads(line) for line in done.out.splitlines()]
        self.assertEqual([one["ok"] for one in told], [False, True])
        self.assertEqual(told[0]["why"], "refused")

    def test_trees(self):
        (self.scratch / "tree" / "sub").mkdir(parents=True)
        (self.scratch / "tree" / "sub" / "file").write_bytes(b"content")
        self.gantry("put", "tree", self.url(), expect=7)
        self.gantry("put", "-r", "tree", self.url())
        self.assert_stored("tree/sub/file", b"content")
        self.gantry("get", "-r", self.url("tree"), "back")
        self.assertEqual((self.scratch / "back" / "sub" / "file").read_bytes(), b"content")

    def test_append(self):
        self.files("one.txt")
        self.gantry("append", "one.txt", self.url("log"))
        self.gantry("append", "one.txt", self.url("log"))
        self.assert_stored("log", content("one.txt", 5000) * 2)

    def test_skip_and_overwrite(self):
        self.files("one.txt")
        self.prepare("one.txt", b"quite another")
        self.gantry("put", "--skip", "one.txt", self.url())
        self.assert_stored("one.txt", b"quite another")
        self.gantry("put", "--overwrite", "one.txt", self.url())
        self.assert_stored("one.txt", content("one.txt", 5000))


@over("local")
class Scripts(ClientTest):
    def test_usage(self):
        for words in (["nonsense"], ["ls", "--nonsense", self.url()], ["ls"], ["mv", self.url("a")],
                      [self.url(), "ls"], ["--batch", "none", "ls", self.url()]):
            self.assertTrue(self.gantry(*words, expect=64).err)
        self.assertIn("gantry VERB", self.gantry("--help").out)
        self.assertIn("--long", self.gantry("ls", "--help").out)

    def test_other_exit_codes(self):
        self.gantry("ls", "ftp://127.0.0.1:1/", expect=6)
        self.gantry("ls", self.url(), ways_in=["--password-file", self.password_file()], expect=5)
        self.gantry("get", self.url("none"), expect=8)
        self.gantry("put", "none", self.url("x"), expect=7)

    def test_batch(self):
        script = self.scratch / "script"
        script.write_text("mkdir a\nrmdir none\nmkdir b\n")
        self.gantry("--batch", script, self.url(), expect=8)
        self.assertEqual(self.gantry("ls", self.url()).out, "a/\n")
        script.write_text("rmdir none\nmkdir b\n")
        self.gantry("--batch", script, "--keep-going", self.url(), expect=3)
        self.assertEqual(self.gantry("ls", self.url()).out, "a/\nb/\n")

    def test_completion_is_what_its_shell_reads(self):
        for shell in ("bash", "zsh", "fish"):
            script = self.gantry("completion", shell).out
            self.assertIn("mkdir", script)
            program = shutil.which(shell)
            if program:
                subprocess.run([program, "-n"], input=script, text=True, check=True)
        self.gantry("completion", "tcsh", expect=64)

    def test_bash_completes(self):
        script = self.gantry("completion", "bash").out
        tried = script + '\nCOMP_WORDS=(gantry mk); COMP_CWORD=1; _gantry; echo "${COMPREPLY[@]}"\n' \
            'COMP_WORDS=(gantry ls --rev); COMP_CWORD=2; _gantry; echo "${COMPREPLY[@]}"\n'
        done = subprocess.run(["bash"], input=tried, text=True, capture_output=True, check=True)
        self.assertEqual(done.stdout, "mkdir\n--reverse\n")

    def test_manual_page(self):
        page = self.gantry("man").out
        self.assertTrue(page.startswith(".TH GANTRY 1"))
        for section in ("NAME", "SYNOPSIS", "OPTIONS", "VERBS", "FILES", "EXIT STATUS"):
            self.assertIn(f".SH {section}\n", page)
        self.assertIn(".SS \\fBls\\fR", page)
        self.assertEqual(self.gantry("man", environment={"COLUMNS": "40"}).out, page)
        mandoc = shutil.which("mandoc")
        if mandoc:
            done = subprocess.run([mandoc, "-T", "lint", "-W", "error"], input=page, text=True, capture_output=True)
            self.assertEqual(done.returncode, 0, done.stdout)
