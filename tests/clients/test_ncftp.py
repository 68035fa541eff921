"""ncftp: recursive put and get. It knows no TLS."""

from harness import TREE_STORES, ClientTest, Servers, for_stores

# Names that ncftp itself cannot carry: it reads a leading '-' as an option, strips blanks at the ends in its recursive
# get, takes "..." for a kind of "..", and loses a letter of the first directory's name when that has directories itself.


@for_stores(*TREE_STORES)
class Ncftp(ClientTest):
    def login(self):
        return ["-u", "demo", "-p", "demo", "-P", self.server.port]

    def test_tree_up_and_down(self):
        tree = Servers.tree(leading=False, without=("...", "level 1"))
        self.run_client("ncftpput", "-R", "-V", "-m", *self.login(), "127.0.0.1", f"/{self.place}", *sorted(tree.iterdir()))
        self.assert_stored(tree)
        self.run_client("ncftpget", "-R", "-V", *self.login(), "127.0.0.1", self.scratch, f"/{self.place}")
        self.assert_same_tree(tree, self.scratch / self.place)

    def test_active_mode(self):
        source = self.scratch / "source.bin"
        source.write_bytes(bytes(range(256)) * 4000)
        self.run_client("ncftpput", "-E", "-V", "-m", *self.login(), "127.0.0.1", f"/{self.place}", source)
        (self.scratch / "down").mkdir()
        self.run_client("ncftpget", "-E", "-V", *self.login(), "127.0.0.1", self.scratch / "down", f"/{self.place}/source.bin")
        self.assertEqual((self.scratch / "down/source.bin").read_bytes(), source.read_bytes())

    def test_resumed_get_and_listing(self):
        source = self.scratch / "source.bin"
        source.write_bytes(bytes(range(256)) * 4000)
        self.run_client("ncftpput", "-V", "-m", *self.login(), "127.0.0.1", f"/{self.place}", source)
        self.assertIn("source.bin", self.run_client("ncftpls", "-l", *self.login(), f"ftp://127.0.0.1/{self.place}/"))
        down = self.scratch / "down"
        down.mkdir()
        (down / "source.bin").write_bytes(source.read_bytes()[:1000])
        self.run_client("ncftpget", "-z", "-V", *self.login(), "127.0.0.1", down, f"/{self.place}/source.bin")
        self.assertEqual((down / "source.bin").read_bytes(), source.read_bytes())
