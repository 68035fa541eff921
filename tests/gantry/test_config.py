"""The configuration file, bookmarks and --print-config."""

import json

from harness import ClientTest, Setup, over


@over("local")
class Configuration(ClientTest):
    def setUp(self):
        super().setUp()
        self.file = self.home / ".config" / "gantry" / "config.toml"
        self.file.parent.mkdir()

    def write(self, text):
        self.file.write_text(text)

    def way_in(self):
        return f'password_file = "{self.password_file()}"\nca_file = "{Setup.certificate()[0]}"\n'

    def alone(self, *words, **options):
        """Without the options that every other test gives."""
        return self.gantry(*words, ways_in=[], **options)

    def test_settings_of_the_file_are_used(self):
        self.prepare("file", b"content")
        self.write(self.way_in())
        self.assertEqual(self.alone("cat", self.url("file")).out, "content")

    def test_all_mistakes_at_once(self):
        self.write('tries = 0\nverify = "often"\ncolour = true\nplain = "yes"\n[bookmark.work]\nurl = "http://x"\n'
                   'tries = "3"\n[bookmark.home]\n')
        err = self.alone("ls", self.url(), expect=64).err
        for place, what in ((":1:9: tries: ", "1 to 1000"), (":2:10: verify: ", "auto, strong, size, none"),
                            (":3:1: colour: ", "no such setting"), (":4:9: plain: ", "true or false"),
                            (":6:7: bookmark.work.url: ", "ftp://"), (":7:9: bookmark.work.tries: ", "without quotes"),
                            (":8:", "bookmark.home: has no url")):
            line = [line for line in err.splitlines() if f"{self.file}{place}" in line]
            self.assertEqual(len(line), 1, (place, err))
            self.assertIn(what, line[0])

    def test_a_bookmark_gives_its_password_to_the_keyring(self):
        keyring = self.scratch / "keyring"
        keyring.mkdir()
        program = keyring / "secret-tool"
        # Keeps one password and what it is for; the password must not stand on the command line.
        program.write_text('#!/bin/sh\ncd "$(dirname "$0")"\ncase $1 in\n'
                           'store) shift 2; echo "$*" >attributes; cat >password ;;\n'
                           'lookup) shift; [ "$*" = "$(cat attributes)" ] && cat password ;;\nesac\n')
        program.chmod(0o755)
        path = {"PATH": f"{keyring}:/usr/bin:/bin"}
        self.prepare("file", b"content")
        self.alone("bookmark", "add", "work", self.url(), "--save-password", "--password-file", self.password_file(),
                   environment=path)
        password = self.password_file().read_text().strip()
        self.assertEqual((keyring / "password").read_text(), password)
        self.assertRegex((keyring / "attributes").read_text(), r"^service gantry host \S+ user demo\n$")
        certificate = ("--ca-file", Setup.certificate()[0])
        self.assertEqual(self.alone("cat", "work:file", *certificate, environment=path).out, "content")
        (keyring / "password").write_text("another")
        self.alone("cat", "work:file", *certificate, environment=path, expect=4)

    def test_a_password_is_not_repeated(self):
        self.write('[bookmark.work]\nurl = "ftp://alice:wonderland@host/"\n')
        err = self.alone("bookmark", expect=64).err
        self.assertIn("bookmark.work.url", err)
        self.assertNotIn("wonderland", err)

    def test_not_toml(self):
        self.write("tries = \n")
        self.assertIn(f"{self.file}:1:", self.alone("bookmark", expect=64).err)

    def test_print_config(self):
        self.write('tries = 7\n[bookmark.work]\nurl = "ftp://host/"\nplain = true\n')
        out = self.alone("--verify", "size", "--print-config").out
        self.assertIn(f"tries = 7  # {self.file}:1\n", out)
        self.assertIn('verify = "size"  # command line\n', out)
        self.assertIn('existing = "ask"  # default\n', out)
        other = self.scratch / "other.toml"
        other.write_text(out)  # what is printed can be read
        again = self.alone("--config", other, "--print-config").out
        self.assertIn('url = "ftp://host/"\nplain = true\n', again)
        self.alone("--config", self.scratch / "none", "--print-config", expect=64)

    def test_bookmark_stands_for_a_url(self):
        self.prepare("sub/file", b"content")
        self.write(f'[bookmark.work]\nurl = "{self.url("sub")}"\n{self.way_in()}')
        self.assertEqual(self.alone("cat", "work:file").out, "content")
        self.assertEqual(self.alone("ls", "work:").out, "file\n")
        self.assertEqual(self.alone("ls", f"work:/{self.place}").out, "sub/\n")
        self.assertEqual(self.alone("work:", text="cat file\nbye\n").out, "content")
        back = self.scratch / "back"
        self.alone("get", "work:file", back)
        self.assertEqual(back.read_bytes(), b"content")

    def test_command_line_goes_before_bookmark(self):
        self.write(f'[bookmark.work]\nurl = "{self.url()}"\n{self.way_in()}')
        self.alone("ls", "--password-file", self.password_file("wrong"), "work:", expect=4)
        self.alone("--password-file", self.password_file("wrong"), "ls", "work:", expect=4)
        self.alone("ls", "work:")

    def test_add_list_remove(self):
        text = f'# mine\ntries = 7 # often\n\n[bookmark.first]\nurl = "ftp://one/" # the first\n'
        self.write(text)
        self.alone("bookmark", "add", "se.cond", "ftp://alice@two:2121/dir")
        self.assertTrue(self.file.read_text().startswith(text))
        self.assertEqual(self.alone("bookmark").out, "first\tftp://one/\nse.cond\tftp://alice@two:2121/dir\n")
        told = [json.loads(line) for line in self.alone("bookmark", "--json").out.splitlines()]
        self.assertEqual(told[1], {"name": "se.cond", "url": "ftp://alice@two:2121/dir"})
        self.alone("bookmark", "add", "first", "ftp://other/", expect=64)
        self.alone("bookmark", "add", "bad name", "ftp://other/", expect=64)
        self.alone("bookmark", "add", "third", "ftp://a:secret@other/", expect=64)
        self.alone("bookmark", "remove", "first")
        self.assertEqual(self.alone("bookmark").out, "se.cond\tftp://alice@two:2121/dir\n")
        self.assertTrue(self.file.read_text().startswith("# mine\ntries = 7 # often\n"))
        self.alone("bookmark", "remove", "first", expect=64)

    def test_add_where_we_are(self):
        self.prepare("100%/file", b"content")
        self.write(self.way_in())
        self.alone(self.url(), text="cd 100%\nbookmark add here\nbye\n")
        self.assertEqual(self.alone("cat", "here:file").out, "content")

    def test_set(self):
        out = self.gantry(self.url(), text="set tries\nset tries 9\nset tries\nset tries 0\nset nothing\nset\nbye\n",
                          expect=3)
        self.assertIn("tries = 5\ntries = 9\n", out.out)
        self.assertIn("1 to 1000", out.err)
        self.assertIn('verify = "auto"\n', out.out)
