"""cos_token: temporary keys in the old file, rewritten while clients work."""

import re

from legacy import SMALL, USUAL, MigrationTest, content, wait_until


def with_keys(text, turn):
    """Keys and token of every account, as an operator's script writes them."""
    text = re.sub(r"(?m)^cos_token *=.*\n", "", text)
    text = re.sub(r"(?m)^cos_secretid *=.*$", f"cos_secretid = AKTEMP{turn}", text)
    return re.sub(r"(?m)^cos_secretkey *=.*$", f"cos_secretkey = temporary+{turn}\ncos_token = token-{turn}", text)


class TemporaryKeys(MigrationTest):
    def accept(self, server, turn, beside=False):
        for store in server.stores_behind():
            store.accept(f"AKTEMP{turn}", f"temporary+{turn}", f"token-{turn}", beside=beside)

    def test_token_is_read_again_when_the_file_changes(self):
        server = self.start(with_keys(USUAL, 1), started=False)
        self.accept(server, 1)
        server.start()
        anna, bert = server.connect("anna"), server.connect("bert")
        self.addCleanup(anna.close)
        self.addCleanup(bert.close)
        channel = anna.transfer("STOR large.bin")
        whole = content(6_000_000)
        channel.sendall(whole[:3_000_000])
        wait_until(lambda: server.photos.requests("UploadPart"), "a part arrives", 20)
        self.accept(server, 2, beside=True)
        server.config.write_text(with_keys(server.config.read_text(encoding="utf-8"), 2), encoding="utf-8")
        self.accept(server, 2)
        channel.sendall(whole[3_000_000:])
        channel.close()
        anna.expect(226)
        self.assertEqual(server.photos.object("large.bin"), whole)
        bert.store("STOR small.bin", content(SMALL))
        self.assertEqual(server.invoices.object("small.bin"), content(SMALL))
        wait_until(lambda: server.own_log().count("credentials replaced") == 2, "one line for each bucket")
        self.assertNotIn("token-2", server.log())
