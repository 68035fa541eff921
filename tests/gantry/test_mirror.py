"""mirror and sync: whole trees both ways, what is skipped, what is removed and when it is not."""

import json  # noqa: F401
import os
import pathlib

from harness import ClientTest, content, over

FILES = 200
TIME = 1_700_000_000


def make_tree(root, files=FILES):
    """Files with Chinese names and blanks, empty ones, empty directories."""
    for i in range(files):
        folder = ("", "目录 一/", "目录 一/deep/更深/", "two  blanks/", "100%/")[i % 5]
        path = root / f"{folder}{('file', '文件', 'with blank ', '[x]*?')[i % 4]}{i}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(i, (0, 1, 700, 5000)[i % 4]))
        os.utime(path, (TIME + i, TIME + i))
    (root / "empty").mkdir()
    (root / "目录 一" / "空").mkdir()
    return root


def snapshot(root):
    """Path -> content; None for directories."""
    return {str(path.relative_to(root)): None if path.is_dir() else path.read_bytes()
            for path in pathlib.Path(root).rglob("*")}


def actions(done):
    return [line for line in done.out.splitlines() if not line.startswith("total:")]


class MirrorTest(ClientTest):
    def tree(self, name="source", files=FILES):
        root = self.scratch / name
        root.mkdir()
        return make_tree(root, files)

    def small(self, **files):
        root = self.scratch / "small"
        root.mkdir(exist_ok=True)
        for name, text in files.items():
            (root / name).write_text(text)
        return root

    def assert_nothing_to_do(self, done):
        self.assertEqual(actions(done), [])
        self.assertIn("total: 0 files to copy", done.out)


@over("local", "s3", "pureftpd", "pyftpdlib")
class BothWays(MirrorTest):
    def test_up_and_down(self):
        source, back = self.tree(files=60), self.scratch / "back"
        planned = self.gantry("mirror", "--dry-run", source, self.url("tree"))
        done = self.gantry("mirror", source, self.url("tree"))
        self.assertEqual(done.out, planned.out)
        self.assertIn("total: 60 files to copy", done.out)
        self.assert_nothing_to_do(self.gantry("mirror", "--by", "size", source, self.url("tree")))

        planned = self.gantry("mirror", "--dry-run", self.url("tree"), back)
        self.assertFalse(back.exists())
        done = self.gantry("mirror", self.url("tree"), back)
        self.assertEqual(done.out, planned.out)
        self.assertEqual(snapshot(back), snapshot(source))
        self.assert_nothing_to_do(self.gantry("mirror", "--by", "size", self.url("tree"), back))

        (source / "file0").write_bytes(b"changed")
        (source / "new").write_bytes(b"new")
        (source / "100%" / "文件9").unlink()
        planned = self.gantry("sync", "--by", "size", "--dry-run", source, self.url("tree"))
        done = self.gantry("sync", "--by", "size", "--yes", source, self.url("tree"))
        self.assertEqual(done.out, planned.out)
        self.assertEqual(len(actions(done)), 3)
        self.gantry("sync", "--by", "size", "--yes", self.url("tree"), back)
        self.assertEqual(snapshot(back), snapshot(source))
