"""Strangers, with real clients: they read, and leave files in the drop box that nobody of them sees again."""

from ftp_wire import Connection
from gantry import Gantry, Setup
from harness import ClientTest, for_stores
from trees import content


@for_stores("local", "s3")
class Anonymous(ClientTest):
    def setUp(self):
        self.server = Gantry(self.store, anonymous={
            "enabled": True, "home": "main:/pub", "drop_box": "/incoming", "max_sessions": 2, "deny": ["*.php"]})
        self.addCleanup(self.server.stop)
        self.scratch = Setup.directory("client")
        owner = self.ftp()
        owner.command("MKD pub")  # on disks the home may be there
        owner.store("STOR pub/readme", b"text")
        owner.close()

    def curl(self, *arguments, expect=0):
        return self.run_client("curl", "-sS", "-4", "--max-time", "60", *arguments, expect=expect)

    def url(self, path):
        return f"ftp://localhost:{self.server.port}/{path}"

    def source(self, name, size):
        path = self.scratch / name
        path.write_bytes(content(name, size))
        return path

    def test_curl(self):
        self.assertEqual(self.curl(self.url("readme")), "text")
        gift = self.source("gift", 300_000)
        self.curl("-T", gift, self.url("incoming/"))
        self.curl("-T", gift, self.url("incoming/"), expect=25)  # the name is taken
        self.curl("-T", gift, self.url("elsewhere"), expect=25)
        self.curl("-T", gift, self.url("incoming/a.php"), expect=25)
        self.curl(self.url("incoming/gift"), expect=78)
        self.curl("-l", self.url("incoming/"), expect=None)
        owner = self.ftp()
        self.assertEqual(owner.retrieve("RETR pub/incoming/gift"), gift.read_bytes())
        self.assertEqual(sorted(owner.retrieve("NLST pub/incoming").decode().split()), ["gift"])

    def test_lftp(self):
        gift = self.source("gift", 300_000)
        self.run_client("lftp", "-c", "set net:max-retries 1; set cmd:fail-exit true; set ftp:ssl-allow no; "
                        f"open localhost:{self.server.port}; cd incoming; put {gift}")
        self.assertEqual(self.ftp().retrieve("RETR pub/incoming/gift"), gift.read_bytes())

    def test_both_names_count_as_one(self):
        for user in ("anonymous", "ftp"):
            session = Connection(self.server.address)
            self.addCleanup(session.close)
            session.expect(220)
            session.login(user, "me@example.com")
        third = Connection(self.server.address)
        self.addCleanup(third.close)
        third.expect(220)
        third.command("USER ftp", 331)
        third.command("PASS me@example.com", 421)
