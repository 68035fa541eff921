"""Every verb with every right: what the server offers by HELP, for users who have all rights but one and for users who
have that one alone, over the whole tree and in one directory of it."""

import unittest

from ftp_wire import Connection
from gantry import Gantry, Setup
from harness import ClientTest, for_stores

LETTERS = "elradfmwMT"
PLACE = "/d"
# Verb: the rights it takes, the line that uses it on what make_place() makes, the codes of success.
VERBS = {
    "APPE": ("a", "APPE {}/file", 150),
    "AVBL": ("l", "AVBL {}/empty", 213),
    "CDUP": ("e", "CDUP", 250),
    "COMB": ("wf", "COMB {0}/new {0}/file", 250),
    "CWD": ("e", "CWD {}/empty", 250),
    "DELE": ("d", "DELE {}/file", 250),
    "HASH": ("r", "HASH {}/file", 213),
    "LIST": ("l", "LIST {}", 150),
    "MDTM": ("l", "MDTM {}/file", 213),
    "MFMT": ("T", "MFMT 20200229120000 {}/file", 213),
    "MKD": ("m", "MKD {}/new", 257),
    "MLSD": ("l", "MLSD {}", 150),
    "MLST": ("l", "MLST {}/file", 250),
    "NLST": ("l", "NLST {}", 150),
    "RETR": ("r", "RETR {}/file", 150),
    "RMD": ("d", "RMD {}/empty", 250),
    "RNFR": ("f", "RNFR {}/file", 350),
    "RNTO": ("f", "RNTO {}/new", 250),
    "SITE CHECKSUM": ("r", "SITE CHECKSUM {}/file", 213),
    "SITE CHMOD": ("M", "SITE CHMOD 600 {}/file", 200),
    "SITE COMB": ("wf", "SITE COMB {0}/new {0}/file", 250),
    "SITE UTIME": ("T", "SITE UTIME 202003011200 {}/file", 200),
    "SIZE": ("l", "SIZE {}/file", 213),
    "STAT": ("l", "STAT {}", 213),
    "STOR": ("w", "STOR {}/new", 150),
    "STOU": ("w", "STOU {}/new", 150),
    "XCRC": ("r", "XCRC {}/file", 250),
    "XCUP": ("e", "XCUP", 250),
    "XCWD": ("e", "XCWD {}/empty", 250),
    "XMD5": ("r", "XMD5 {}/file", 250),
    "XMKD": ("m", "XMKD {}/new", 257),
    "XRMD": ("d", "XRMD {}/empty", 250),
    "XSHA1": ("r", "XSHA1 {}/file", 250),
    "XSHA256": ("r", "XSHA256 {}/file", 250),
    "XSHA512": ("r", "XSHA512 {}/file", 250),
}
NEED_DATA = {"APPE", "LIST", "MLSD", "NLST", "RETR", "STOR", "STOU"}
# These name no path of the tree, or are asked of the server itself.
WITHOUT_PATH = {
    "ABOR", "ACCT", "ALLO", "AUTH", "CCC", "CLNT", "CSID", "EPRT", "EPSV", "FEAT", "HELP", "HOST", "LANG", "MODE", "NOOP",
    "OPTS", "PASS", "PASV", "PBSZ", "PORT", "PROT", "PWD", "QUIT", "RANG", "REIN", "REST", "SITE", "SITE HELP",
    "SITE QUOTA", "SMNT", "STRU", "SYST", "TYPE", "USER", "XPWD",
}


def users():
    """(name, settings, letters in PLACE)"""
    for letter in LETTERS:
        others = LETTERS.replace(letter, "")
        # Case-insensitive file names do not matter here; the letters of a name do, so that m and M differ.
        label = ("big" if letter.isupper() else "small") + letter
        yield f"only-{label}", {"permissions": letter}, letter
        yield f"without-{label}", {"permissions": others}, others
        yield f"only-here-{label}", {"permissions": "", "directory_permissions": {PLACE: letter}}, letter
        yield f"without-here-{label}", {"permissions": LETTERS, "directory_permissions": {PLACE: others}}, others


def offered(session):
    verbs = [line.split()[0] for line in session.command("HELP", 214).lines[1:-1]]
    return verbs + ["SITE " + line.split()[0] for line in session.command("SITE HELP", 214).lines[1:-1]]


@for_stores("local")
class Matrix(ClientTest):
    def setUp(self):
        self.server = Gantry(self.store, users=[{"name": name, **settings} for name, settings, _ in users()])
        self.addCleanup(self.server.stop)
        self.scratch = Setup.directory("client")

    def make_place(self):
        place = self.server.root / PLACE[1:]
        (place / "empty").mkdir(parents=True, exist_ok=True)
        (place / "file").write_bytes(b"text")
        (self.server.root / "source").write_bytes(b"text")
        for name in place.iterdir():
            if name.name not in ("file", "empty"):
                name.rmdir() if name.is_dir() else name.unlink()

    def answer(self, session, verb, line):
        """The first reply, with what a transfer has to say read to its end."""
        if verb == "RNTO" and session.command("RNFR /source").code != 350:
            session.command(f"RNFR {PLACE}/file")
        if verb not in NEED_DATA:
            return session.command(line)
        data = session.open_data(session.passive())
        try:
            reply = session.command(line)
            if reply.code == 150 and verb not in ("STOR", "STOU", "APPE"):
                while data.recv(65536):
                    pass
        finally:
            data.close()
        if reply.code == 150:
            session.expect(226)
        return reply

    def test_every_verb_with_a_path_stands_here(self):
        session = self.ftp()
        self.assertEqual(set(offered(session)), set(VERBS) | WITHOUT_PATH)

    def test_each_verb_takes_its_rights_and_no_other(self):
        wrong, cells, self.maxDiff = [], 0, None
        for name, settings, letters in users():
            with Connection(self.server.address) as session:
                session.expect(220)
                session.login(name, name)
                # Who has entered a directory cannot remove it: those that enter come last.
                for verb, (rights, line, success) in sorted(VERBS.items(), key=lambda item: item[0] in ("CWD", "XCWD")):
                    self.make_place()
                    # CDUP goes from the root to itself: there the rights of the whole tree count.
                    has = set(rights) <= set(settings["permissions"] if verb in ("CDUP", "XCUP") else letters)
                    expected = success if has else 550
                    reply = self.answer(session, verb, line.format(PLACE))
                    cells += 1
                    if reply.code != expected:
                        wrong.append(f"{name}: {verb}: {reply!r}, not {expected}")
        print(f"permission matrix: {len(VERBS)} verbs x {len(LETTERS)} rights x 4 ways = {cells} cells", flush=True)
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
