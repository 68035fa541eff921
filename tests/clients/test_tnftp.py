"""tnftp, the BSD ftp: a typed session, as people have always used it. It knows no TLS."""

from harness import TREE_STORES, ClientTest, for_stores
from trees import content


@for_stores(*TREE_STORES)
class Tnftp(ClientTest):
    def ftp_script(self, *lines, options=()):
        script = "\n".join([f"open 127.0.0.1 {self.server.port}", "user demo demo", *lines, "quit"]) + "\n"
        return self.run_client("tnftp", "-n", "-i", "-v", *options, text=script)

    def carry(self, *options):
        data = content("tnftp", 300_000)
        (self.scratch / "up.bin").write_bytes(data)
        out = self.ftp_script(
            "binary", f"mkdir {self.place}", f"cd {self.place}", "put up.bin 'blank name.bin'", "put up.bin second.bin",
            "size second.bin", "modtime second.bin", "ls", "nlist", "get second.bin down.bin", "rename second.bin third.bin",
            "mget *.bin", "system", "status", "reget third.bin", "delete third.bin", options=options)
        self.assertEqual((self.scratch / "down.bin").read_bytes(), data)
        self.assertEqual((self.scratch / "third.bin").read_bytes(), data)
        self.assertIn("300000", out)
        self.assertEqual([line for line in out.splitlines() if line[:1] == "5" and line[3:4] == " "], [])

    def test_session_extended_passive(self):
        self.carry()

    def test_session_active(self):
        self.carry("-A")

    def test_url_get_and_upload(self):
        data = content("url", 1000)
        (self.scratch / "up").write_bytes(data)
        self.ftp_script(f"mkdir {self.place}")
        base = f"ftp://demo:demo@127.0.0.1:{self.server.port}/{self.place}"
        self.run_client("tnftp", "-V", "-u", f"{base}/up", "up")
        self.run_client("tnftp", "-V", "-o", "down", f"{base}/up")
        self.assertEqual((self.scratch / "down").read_bytes(), data)
