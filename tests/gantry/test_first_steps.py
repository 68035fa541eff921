"""ls, get and put against every kind of server: that the client and the servers of the tests find each other."""

from harness import ClientTest, content, over


@over()
class FirstSteps(ClientTest):
    def test_up_list_and_down(self):
        source, back = self.scratch / "source", self.scratch / "back"
        source.write_bytes(content("source", 100_000))
        self.gantry("put", source, self.url("file"))
        self.assert_stored("file", source.read_bytes())
        self.assertIn("file", self.gantry("ls", self.url()).out)
        self.gantry("get", self.url("file"), back)
        self.assert_same(back.read_bytes(), source.read_bytes(), "downloaded")

    def test_prepared(self):
        self.prepare("a/b/file", b"content")
        back = self.scratch / "back"
        self.gantry("get", self.url("a/b/file"), back)
        self.assertEqual(back.read_bytes(), b"content")

    def test_wrong_password(self):
        words = self.ways_in()
        words[1] = self.password_file("wrong")
        self.gantry("ls", self.url(), ways_in=words, expect=4)
