"""Two buckets of one real service in one tree: what a rename from one to the other does."""

import contextlib

import s3
from gantry import Gantry, Setup
from harness import ClientTest, for_stores
from trees import MIB, content


@for_stores("rgw")
class TwoBuckets(ClientTest):
    def setUp(self):
        env = Setup.rgw()
        self.second = s3.Bucket(env["S3_ENDPOINT"], "second", env["S3_ACCESS_KEY"], env["S3_SECRET_KEY"])
        with contextlib.suppress(s3.S3Error):
            self.second.request("PUT")  # it may be there from another test
        self.server = Gantry(self.store, other_store={"name": "second", "bucket": "second"},
                             demo={"mounts": {"/second": "second:/"}})
        self.addCleanup(self.server.stop)

    def keys(self):
        """Without the directories' markers, of the first bucket and the second."""
        prefix = self.server.prefix
        return [{key.removeprefix(prefix): size for key, size in bucket.keys(prefix).items() if not key.endswith("/")}
                for bucket in (self.server.bucket, self.second)]

    def test_a_file_moves_inside_the_service(self):
        session = self.ftp()
        small, large = content("small", 1000), content("large", 20 * MIB + 1)  # the second is a multipart object
        session.store("STOR a b%c", small)
        session.store("STOR large", large)
        for name in ("a b%c", "large"):
            session.command(f"RNFR {name}", 350)
            session.command(f"RNTO second/{name}", 250)
        self.assertEqual(self.keys(), [{}, {"a b%c": len(small), "large": len(large)}])
        self.assertEqual(session.retrieve("RETR second/a b%c"), small)
        session.command("RNFR second/large", 350)
        session.command("RNTO back", 250)
        self.assertEqual(session.retrieve("RETR back"), large)
        self.assertEqual(self.keys(), [{"back": len(large)}, {"a b%c": len(small)}])

    def test_what_does_not_move(self):
        session = self.ftp()
        session.command("MKD dir", 257)
        session.store("STOR dir/file", b"text")
        session.command("RNFR dir", 350)
        answer = session.command("RNTO second/dir", 553)
        self.assertIn("from one store to another", answer.text)
        session.command("RNFR second", 550)
        session.command("RMD second", 550)
        self.assertEqual(self.keys()[0], {"dir/file": 4})
