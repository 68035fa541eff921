"""The commands of the old manual, typed into clients that every system has, in front of a store of the COS dialect."""

import os
import re
import signal
import subprocess
import urllib.parse

from legacy import LARGE, MigrationTest, PART, Setup, SMALL, content, wait_until

# In Chinese and Korean, composed and as a Mac writes it (decomposed), with blanks.
NAMES = ("报表 二月.txt", "한국어 파일.txt", "\u1112\u1161\u11ab.txt", "çà.txt")


class ClientTest(MigrationTest):
    """Runs a program in a directory of its own."""

    def setUp(self):
        super().setUp()
        self.here = Setup.directory("client")
        (self.here / "up.bin").write_bytes(content(SMALL))
        (self.here / "large.bin").write_bytes(content(LARGE))

    def run_client(self, *command, text=None, expect=0):
        done = subprocess.run(
            [str(part) for part in command], input=text, stdin=subprocess.DEVNULL if text is None else None,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=90, cwd=self.here,
            env=dict(os.environ, HOME=str(self.here), LC_ALL="C.UTF-8"), check=False)
        if expect is not None and done.returncode != expect:
            raise AssertionError(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-3000:]}")
        return done.stdout

    def read(self, name):
        return (self.here / name).read_bytes()

    def cut_upload(self, path, upto):
        """An upload of large.bin that breaks off; the owner's next SIZE says how much of it is safe."""
        session = self.connect()
        data = session.transfer(f"STOR {path}")
        data.sendall(content(LARGE)[:upto])
        wait_until(lambda: sum(int(line.split()[2]) for line in self.store.open_uploads(path)) >= upto // PART,
                   "whole parts have arrived")
        session.close()
        data.close()
        wait_until(lambda: f"path=/{path} " in self.server.log(), "the server knows that it broke")
        with self.server.connect() as again:
            return int(again.command(f"SIZE {path}", 213).text.split()[1])


class TypedClient:
    """What the manual lists, and what it had to leave out; for clients that read commands from standard input."""

    program = ()

    def type(self, *lines, user="anna", ending="quit"):
        login = (f"open 127.0.0.1 {self.server.port}", f"user {user} {user}-pass", "binary")
        return self.run_client(*self.program, text="\n".join([*login, *lines, ending]) + "\n")

    def well(self, output):
        """No line of the output is an error of the server's."""
        self.assertEqual(re.findall(r"(?m)^[45]\d\d .*", output), [])
        self.assertNotIn("?Invalid", output)
        return output

    def test_put_get_size_delete(self):
        output = self.well(self.type(
            f"cd {self.place}", "put up.bin", "put up.bin other.bin", "size up.bin", "get up.bin down.bin", "delete up.bin"))
        self.assertIn(str(SMALL), output)
        self.assertEqual(self.read("down.bin"), content(SMALL))
        self.assert_stored(self.path("other.bin"), content(SMALL))
        self.assert_stored(self.path("up.bin"), None)

    def test_put_of_several_parts(self):
        self.well(self.type(f"cd {self.place}", "put large.bin", "get large.bin down.bin"))
        self.assert_stored(self.path("large.bin"), content(LARGE))
        self.assertEqual(self.read("down.bin"), content(LARGE))

    def test_mput_and_mget(self):
        for number in range(5):
            (self.here / f"file{number}.txt").write_bytes(content(1000, number))
        self.well(self.type(f"cd {self.place}", "mput file0.txt file1.txt file2.txt file3.txt file4.txt", "mput up*.bin"))
        for number in range(5):
            self.assert_stored(self.path(f"file{number}.txt"), content(1000, number))
            (self.here / f"file{number}.txt").unlink()
        self.assert_stored(self.path("up.bin"), content(SMALL))
        self.well(self.type(f"cd {self.place}", "mget *.txt"))
        for number in range(5):
            self.assertEqual(self.read(f"file{number}.txt"), content(1000, number))

    def test_directories(self):
        output = self.well(self.type(
            f"mkdir {self.path('made')}", f"cd {self.path('made')}", "pwd", "put up.bin", "mkdir deeper", "ls", "cd ..",
            "rmdir made/deeper"))
        self.assertIn(f"/{self.path('made')}", output)
        self.assertRegex(output, r"(?m)^-\S+ .* 100000 .*up\.bin")
        self.assertRegex(output, r"(?m)^d\S+ .*deeper")
        self.assertIn(self.path("made/"), self.store.keys())
        self.assertNotIn(self.path("made/deeper/"), self.store.keys())

    def test_rename_file_and_directory(self):
        self.well(self.type(f"cd {self.place}", "mkdir dir", "put up.bin dir/one.bin", "rename dir/one.bin dir/two.bin",
                            "rename dir moved"))
        self.assert_stored(self.path("moved/two.bin"), content(SMALL))
        self.assertEqual([key for key in self.store.keys() if key.startswith(self.path("dir"))], [])

    def test_append(self):
        self.well(self.type(f"cd {self.place}", "put up.bin", "append up.bin up.bin"))
        self.assert_stored(self.path("up.bin"), content(SMALL) * 2)

    def test_append_to_several_parts(self):
        self.well(self.type(f"cd {self.place}", "put large.bin", "append up.bin large.bin"))
        self.assert_stored(self.path("large.bin"), content(LARGE) + content(SMALL))

    def test_bye(self):
        self.assertRegex(self.type("pwd", ending="bye"), "(?m)^221")

    def test_quit(self):
        self.assertRegex(self.type("pwd"), "(?m)^221")

    def test_download_goes_on(self):
        self.store.put(self.path("large.bin"), content(LARGE))
        (self.here / "large.bin").write_bytes(content(LARGE)[:LARGE // 3])
        self.well(self.type(f"cd {self.place}", "reget large.bin"))
        self.assertEqual(self.read("large.bin"), content(LARGE))
        lines = self.store.requests("GetObject")
        self.assertTrue(any(self.path("large.bin") in line and line.endswith(" 206") for line in lines), lines)

    def test_upload_goes_on(self):
        path = self.path("large.bin")
        safe = self.cut_upload(path, 4 * PART + 5000)
        self.assertGreaterEqual(safe, 4 * PART)
        self.well(self.type(f"cd {self.place}", f"restart {safe}", "put large.bin"))
        self.assert_stored(path, content(LARGE))

    def test_names_in_chinese_and_korean(self):
        for name in NAMES:
            (self.here / name).write_bytes(name.encode())
        quoted = [f'"{name}"' for name in NAMES]
        uploads = [f"put {name}" for name in quoted]
        self.well(self.type(f"cd {self.place}", 'mkdir "目录 하나"', 'cd "目录 하나"', *uploads, "ls"))
        keys = {key for key in self.store.keys() if key.startswith(self.place)}
        markers = {self.place + "/", self.path("目录 하나/")}
        self.assertEqual(keys - markers, {self.path(f"目录 하나/{name}") for name in NAMES})
        downloads = [f"get {name} back-{number}" for number, name in enumerate(quoted)]
        output = self.well(self.type(f"cd {self.path('')}", 'cd "目录 하나"', "ls", *downloads,
                                     f'rename {quoted[0]} "改名.txt"', f"delete {quoted[1]}"))
        for number, name in enumerate(NAMES):
            self.assertIn(name, output)
            self.assertEqual(self.read(f"back-{number}"), name.encode())
        self.assert_stored(self.path("目录 하나/改名.txt"), NAMES[0].encode())
        self.assert_stored(self.path(f"目录 하나/{NAMES[1]}"), None)


class Tnftp(TypedClient, ClientTest):
    program = ("tnftp", "-n", "-i", "-v")


class InetutilsFtp(TypedClient, ClientTest):
    program = ("inetutils-ftp", "-n", "-i", "-v", "-p")


class Resume(ClientTest):
    """Clients that find out by themselves where to go on."""

    def url(self, path=""):
        return f"ftp://127.0.0.1:{self.server.port}/{path}"

    def lftp(self, *commands, expect=0):
        script = "; ".join(["set ftp:ssl-allow no", "set cmd:fail-exit yes", "set net:max-retries 1", *commands])
        return self.run_client("lftp", "-u", "anna,anna-pass", "-p", self.server.port, "-e", script + "; bye", "127.0.0.1",
                               expect=expect)

    def curl(self, *arguments, expect=0):
        return self.run_client("curl", "-sS", "-u", "anna:anna-pass", *arguments, expect=expect)

    def kill_in_mid_upload(self, path, *command):
        """A real client that dies while it sends; bytes that are safe are shown to the owner."""
        client = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, cwd=self.here, env=dict(os.environ, HOME=str(self.here)))
        wait_until(lambda: any(int(line.split()[2]) >= 2 for line in self.store.open_uploads(path)), "two parts", 40)
        client.send_signal(signal.SIGKILL)
        client.wait()
        wait_until(lambda: f"path=/{path} " in self.server.log(), "the server knows that it broke", 30)
        self.assert_stored(path, None)

    def test_lftp_upload(self):
        path = self.path("large.bin")
        safe = self.cut_upload(path, 4 * PART + 5000)
        self.lftp(f"cd {self.place}", "put -c large.bin")
        self.assert_stored(path, content(LARGE))
        self.assertGreaterEqual(safe, 4 * PART)
        self.assert_sent_less(path, LARGE - safe)

    def assert_sent_less(self, path, most):
        """The last upload of a path took only what was missing."""
        log = self.server.own_log().splitlines()
        lines = [line for line in log if f"path=/{path} " in line and "outcome=complete" in line]
        sent = int(lines[-1].split(" bytes=")[1].split()[0])
        self.assertLessEqual(sent, most)

    def test_lftp_killed_and_started_again(self):
        path = self.path("large.bin")
        script = f"set ftp:ssl-allow no; set net:limit-rate 0:2M; cd {self.place}; put large.bin"
        self.kill_in_mid_upload(path, "lftp", "-u", "anna,anna-pass", "-p", self.server.port, "-e", script, "127.0.0.1")
        self.lftp(f"cd {self.place}", "put -c large.bin")
        self.assert_stored(path, content(LARGE))
        self.assert_sent_less(path, LARGE - 2 * PART)

    def test_lftp_download(self):
        self.store.put(self.path("file.bin"), content(LARGE))
        (self.here / "file.bin").write_bytes(content(LARGE)[:LARGE // 2])
        self.lftp(f"cd {self.place}", "get -c file.bin")
        self.assertEqual(self.read("file.bin"), content(LARGE))

    def test_curl_upload(self):
        path = self.path("large.bin")
        safe = self.cut_upload(path, 4 * PART + 5000)
        self.curl("-C", "-", "-T", "large.bin", self.url(path))
        self.assert_stored(path, content(LARGE))
        self.assert_sent_less(path, LARGE - safe)

    def test_curl_killed_and_started_again(self):
        path = self.path("large.bin")
        self.kill_in_mid_upload(path, "curl", "-s", "--limit-rate", "2M", "-u", "anna:anna-pass", "-T", "large.bin",
                                self.url(path))
        self.curl("-C", "-", "-T", "large.bin", self.url(path))
        self.assert_stored(path, content(LARGE))
        self.assert_sent_less(path, LARGE - 2 * PART)

    def test_curl_download(self):
        self.store.put(self.path("file.bin"), content(LARGE))
        (self.here / "file.bin").write_bytes(content(LARGE)[:LARGE // 2])
        self.curl("-C", "-", "-o", "file.bin", self.url(self.path("file.bin")))
        self.assertEqual(self.read("file.bin"), content(LARGE))

    def test_names_of_lftp_and_curl(self):
        for name in NAMES:
            (self.here / name).write_bytes(name.encode())
        self.lftp(f"cd {self.place}", 'mkdir "目录"', 'cd "目录"', *(f'put "{name}"' for name in NAMES))
        for name in NAMES:
            self.assert_stored(self.path(f"目录/{name}"), name.encode())
        self.assertEqual(self.curl(self.url(urllib.parse.quote(self.path(f"目录/{NAMES[0]}")))), NAMES[0])
