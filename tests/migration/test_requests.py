"""What each FTP operation costs at a store of the COS dialect: the numbers that docs/performance.md promises."""

import pathlib

from legacy import USUAL, MigrationTest, change
from request_budget import CASES, count, fill, in_words

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "performance.md"
# 8 MiB parts, as the page was measured.
TEXT = change(USUAL, min_part_size="default", single_file_max_size=200 << 30)


def promised():
    """Rows of the page's table of requests: what is done -> (asked, allowed)."""
    rows = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[1].isdigit() and cells[2].isdigit():
            rows[cells[0]] = (int(cells[1]), int(cells[2]))
    return rows


def table(server):
    """(what, asked by kind, allowed) for each case."""
    fill(server.photos)
    rows = []
    for what, before, counted, allowed in CASES:
        with server.connect() as session:
            rows.append((what, count(server.photos, session, before, counted), allowed))
    return rows


def as_markdown(rows):
    head = "| FTP | Asked | Allowed | What was asked |\n| --- | --- | --- | --- |\n"
    return head + "\n".join(f"| {what} | {asked.total()} | {allowed} | {in_words(asked)} |" for what, asked, allowed in rows)


class Requests(MigrationTest):
    def setUp(self):
        pass

    def test_requests_of_each_operation(self):
        rows = table(self.start(TEXT))
        page = promised()
        self.assertEqual(set(page), {what for what, *_ in CASES}, "docs/performance.md has other rows")
        for what, asked, allowed in rows:
            with self.subTest(operation=what):
                self.assertLessEqual(asked.total(), allowed, in_words(asked))
                self.assertEqual((asked.total(), allowed), page[what], f"docs/performance.md; asked was {in_words(asked)}")
