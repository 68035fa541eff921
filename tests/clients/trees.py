"""The awkward tree that clients carry up and down, and how two trees are compared."""

import hashlib
import os
import pathlib
import random

KIB, MIB = 1024, 1024 * 1024

NAMES = (
    "plain.txt", "two  blanks.txt", "it's \"quoted\".txt", "star*.txt", "[brackets].txt", "question?.txt",
    "100%.txt", "%41%zz.txt", "a+b=c.txt", "semi;colon, comma.txt", "back\\slash.txt", "hash#tag.txt",
    "dollar$HOME.txt", "{brace}.txt", "tilde~.txt", "amp&ersand.txt", "pipe|.txt", "<angle>.txt", "`tick`.txt",
    "colon: and @.txt", "!bang.txt", ".hidden", "...", "UPPER.TXT", "upper.txt", "no extension",
    "中文文件.txt", "简体 与 繁體.dat", "한국어 파일.txt", "日本語ファイル.txt", "emoji 😀🚀.bin",
    "Ünïcödé-é.txt", "Русский.txt", "עברית.txt", "combining-e\u0301.txt",
    "a" * 255, "文" * 85, "x" * 250 + ".tail",
)
# Names that some clients cannot carry themselves; see the suites for which and why.
LEADING = ("-leading-dash.txt", " leading blank.txt", "trailing blank ")


def content(name, size):
    """Reproducible bytes that differ from file to file and contain every byte value."""
    return random.Random(name).randbytes(size)


def sizes(short):
    """Sizes beyond the small ones: around one 8 MiB part, and many parts."""
    if short:
        return {"mib/1.bin": MIB, "mib/9.bin": 9 * MIB}
    return {"mib/1.bin": MIB, "mib/3 odd.bin": 3 * MIB + 17, "mib/8 exact.bin": 8 * MIB, "mib/8 less one.bin": 8 * MIB - 1,
            "mib/8 and one.bin": 8 * MIB + 1, "big 64.bin": 64 * MIB}


def make_tree(root, short=False, leading=True, without=()):
    """Fills root with at least 60 files (40 when short) and an empty directory. Returns root."""
    root = pathlib.Path(root)
    files = {}
    for i, name in enumerate(NAMES + (LEADING if leading else ())):
        files[name] = (0, 1, 100, 4 * KIB, 70 * KIB)[i % 5]
    for depth in range(1, 9):
        files["/".join(["deep"] + [f"level {n}" for n in range(1, depth + 1)] + ["file.txt"])] = depth
    for i in range(12):
        files[f"many/f{i:02}.txt"] = 10 * i
    files.update(sizes(short))
    for path, size in files.items():
        if any(part in without for part in path.split("/")):
            continue
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content(path, size))
        os.utime(target, (1_600_000_000 + size % 1000, 1_600_000_000 + size % 1000))
    (root / "empty directory").mkdir()
    return root


def fingerprints(root):
    """Relative path -> SHA-256 of a file, "directory" for a directory."""
    root = pathlib.Path(root)
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_dir():
            found[name] = "directory"
        else:
            with open(path, "rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def differences(expected, actual):
    """Names missing, extra or different, for a message; empty when the trees are the same."""
    wanted, got = fingerprints(expected), fingerprints(actual)
    lines = [f"missing: {name}" for name in wanted if name not in got]
    lines += [f"extra: {name}" for name in got if name not in wanted]
    lines += [f"differs: {name}" for name in wanted if name in got and wanted[name] != got[name]]
    return lines
