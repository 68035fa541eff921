"""server.max_list_entries: what a client is sent, what it is told, and what the log says."""

from gantry import Gantry
from harness import ClientTest, for_stores

MOST = 100


@for_stores("local")
class CutListings(ClientTest):
    def setUp(self):
        self.server = Gantry(self.store, server={"max_list_entries": MOST})
        self.addCleanup(self.server.stop)

    def fill(self, name, entries):
        directory = self.server.root / name
        directory.mkdir()
        for number in range(entries):
            (directory / f"f{number:05}").touch()

    def listings(self, name):
        """The lines sent and the last reply, by command."""
        session = self.ftp()
        answers = {}
        for command in (f"LIST {name}", f"NLST {name}", f"MLSD {name}"):
            data = session.transfer(command)
            lines = b"".join(iter(lambda data=data: data.recv(65536), b"")).splitlines()
            data.close()
            answers[command.split()[0]] = (lines, session.expect(226).text)
        answer = session.command(f"STAT {name}", 213)
        answers["STAT"] = (answer.lines[1:-1], answer.lines[-1])
        return answers

    def test_a_short_one_is_whole(self):
        self.fill("short", MOST)
        for lines, last in self.listings("short").values():
            self.assertEqual(len(lines), MOST)
            self.assertIn(last, ("226 Transfer complete", "213 End"))
        self.assertNotIn("listing cut", self.server.log())

    def test_what_is_left_out_is_counted_and_logged(self):
        self.fill("long", 2500)
        for command, (lines, last) in self.listings("long").items():
            self.assertEqual(len(lines), MOST, command)
            self.assertRegex(last, f"^2[0-9]+ .* {MOST} entries shown, {2500 - MOST} left out$")
        lines = [line for line in self.server.log().splitlines() if "listing cut" in line]
        self.assertEqual(len(lines), 4)
        for line in lines:
            self.assertRegex(line, rf"user=demo directory=/long shown={MOST} left_out={2500 - MOST}$")

    def test_counting_has_an_end(self):
        self.fill("huge", 25_000)
        for command, (lines, last) in self.listings("huge").items():
            self.assertEqual(len(lines), MOST, command)
            self.assertRegex(last, f"{MOST} entries shown, more than 19[0-9]{{3}} left out$")
