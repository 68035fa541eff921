"""curl: up, down, resumed, in ranges; plain, explicit and implicit TLS; passive, extended, active.

Not here: active mode with TLS, which curl 7.88 cannot do (its issue 10666); test_ftplib.py has it.
"""

import hashlib
import urllib.parse

from gantry import Setup, has_ipv6
from harness import ClientTest, Servers, for_stores
from trees import MIB, NAMES, content

# curl 7.88 sometimes sleeps a second when the answer to EPSV comes at once, so not more.
COUNT = 8


@for_stores("local", "memory", "s3", "cos", "rgw")
class Curl(ClientTest):
    def url(self, path="", scheme="ftp"):
        port = self.server.tls_port if scheme == "ftps" else self.server.port
        return f"{scheme}://demo:demo@localhost:{port}/{self.place}/{urllib.parse.quote(path)}"

    def curl(self, *arguments, **options):
        return self.run_client("curl", "-sS", "-4", "--max-time", "100", "--cacert", Setup.certificate()[0], *arguments,
                               **options)

    def source(self, size, name="source"):
        path = self.scratch / name
        path.write_bytes(content(name, size))
        return path

    def round_trip(self, *options, scheme="ftp", size=3 * MIB + 1):
        source, target = self.source(size), self.scratch / "target"
        self.curl("--ftp-create-dirs", *options, "-T", source, self.url("file.bin", scheme))
        self.curl(*options, "-o", target, self.url("file.bin", scheme))
        self.assertEqual(target.read_bytes(), source.read_bytes())

    def test_plain(self):
        self.round_trip(size=MIB if Servers.short else 20 * MIB)

    def test_explicit_tls(self):
        self.round_trip("--ssl-reqd", size=MIB if Servers.short else 20 * MIB)

    def test_explicit_tls_1_2(self):
        self.round_trip("--ssl-reqd", "--tls-max", "1.2")

    def test_implicit_tls(self):
        self.round_trip(scheme="ftps")

    def test_pasv(self):
        self.round_trip("--disable-epsv")

    def test_active_eprt(self):
        self.round_trip("-P", "-")

    def test_active_port(self):
        self.round_trip("-P", "-", "--disable-eprt")

    def test_empty_file(self):
        self.round_trip(size=0)

    def test_download_is_resumed(self):
        source, target = self.source(2 * MIB), self.scratch / "target"
        self.curl("--ftp-create-dirs", "-T", source, self.url("file.bin"))
        target.write_bytes(source.read_bytes()[: MIB - 7])
        self.curl("-C", "-", "-o", target, self.url("file.bin"))
        self.assertEqual(target.read_bytes(), source.read_bytes())

    def test_upload_is_resumed(self):
        for options in ((), ("--ssl-reqd",)):
            with self.subTest(options=options):
                source, target = self.source(6 * MIB), self.scratch / "target"
                part = self.scratch / "part"
                part.write_bytes(source.read_bytes()[: 5 * MIB + 11])
                name = f"file{len(options)}.bin"
                self.curl("--ftp-create-dirs", *options, "-T", part, self.url(name))
                self.curl(*options, "-C", "-", "-T", source, self.url(name))
                self.curl(*options, "-o", target, self.url(name))
                self.assertEqual(target.read_bytes(), source.read_bytes())

    def test_ranges(self):
        source = self.source(MIB)
        data = source.read_bytes()
        self.curl("--ftp-create-dirs", "-T", source, self.url("file.bin"))
        for text, wanted in (("100-199", data[100:200]), ("0-0", data[:1]), ("-50", data[-50:]), (f"{MIB - 9}-", data[-9:])):
            with self.subTest(range=text):
                target = self.scratch / "target"
                self.curl("-r", text, "-o", target, self.url("file.bin"))
                self.assertEqual(target.read_bytes(), wanted)

    def test_overwrite_and_append(self):
        first, second, target = self.source(70_000, "first"), self.source(50_000, "second"), self.scratch / "target"
        self.curl("--ftp-create-dirs", "-T", first, self.url("file.bin"))
        self.curl("-T", second, self.url("file.bin"))
        self.curl("-a", "-T", first, self.url("file.bin"))
        self.curl("-o", target, self.url("file.bin"))
        self.assertEqual(target.read_bytes(), second.read_bytes() + first.read_bytes())

    def test_names_go_up_and_are_listed(self):
        names = [name for name in NAMES if len(name) < 200]
        for name in names:
            (self.scratch / "n").write_bytes(content(name, 10))
            self.curl("--ftp-create-dirs", "-T", self.scratch / "n", self.url(name))
        listed = self.curl("--list-only", self.url()).splitlines()
        self.assertEqual(sorted(listed), sorted(name for name in names if not name.startswith(".")))

    def test_head_and_quote(self):
        source = self.source(1234)
        self.curl("--ftp-create-dirs", "-T", source, self.url("file.bin"))
        self.assertIn("Content-Length: 1234", self.curl("-I", self.url("file.bin")))
        self.curl("-Q", f"DELE {self.place}/file.bin", f"ftp://demo:demo@localhost:{self.server.port}/")
        self.curl("-o", self.scratch / "gone", self.url("file.bin"), expect=78)

    def test_many_files_over_one_connection(self):
        for options in ((), ("--ssl-reqd",)):
            with self.subTest(options=options):
                digests, arguments = [], []
                for i in range(COUNT):
                    source = self.source(40_000 + i, f"part{i}")
                    digests.append(hashlib.sha256(source.read_bytes()).digest())
                    arguments += ["-T", source, self.url(f"part{i}")]
                self.curl("--ftp-create-dirs", *options, *arguments)
                self.curl(*options, "-o", self.scratch / "got#1", self.url("part") + f"[0-{COUNT - 1}]")
                got = [hashlib.sha256((self.scratch / f"got{i}").read_bytes()).digest() for i in range(COUNT)]
                self.assertEqual(got, digests)

    def test_parallel(self):
        source = self.source(MIB)
        arguments = []
        for i in range(8):
            arguments += ["-T", source, self.url(f"file{i}")]
        self.curl("--ftp-create-dirs", "-Q", f"*MKD {self.place}", "-Z", "--parallel-max", "8", *arguments)
        self.curl("-Z", "--parallel-max", "8", "-o", self.scratch / "got#1", self.url("file") + "[0-7]")
        for i in range(8):
            self.assertEqual((self.scratch / f"got{i}").read_bytes(), source.read_bytes())

    def test_ipv6(self):
        if not has_ipv6():
            self.skipTest("this machine has no ::1")
        source, target = self.source(MIB), self.scratch / "target"
        url = f"ftp://demo:demo@[::1]:{self.server.port}/{self.place}/file"
        for mode in ((), ("-P", "-")):
            self.run_client("curl", "-sS", "-g", "--ftp-create-dirs", *mode, "-T", source, url)
            self.run_client("curl", "-sS", "-g", *mode, "-o", target, url)
            self.assertEqual(target.read_bytes(), source.read_bytes())

    def test_wrong_certificate_is_noticed(self):
        self.run_client("curl", "-sS", "--ssl-reqd", self.url(), expect=60)
