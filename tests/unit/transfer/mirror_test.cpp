#include "transfer/mirror.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "transfer/pairs.hpp"

namespace gantry::transfer {
namespace {

const WallTime then = WallTime(Seconds(1'700'000'000));

/// A tree in memory: paths with entries, and paths that fail.
class MemoryTree final : public Tree {
 public:
  MemoryTree() { entries[""] = {.name = "", .kind = ftp::Kind::directory}; }

  void file(const std::string& path, std::uint64_t size, WallTime time = then) {
    entries[path] = {.name = name_of(path), .size = size, .modified = time, .exact_time = true};
  }
  void put(const std::string& path, ftp::Kind kind) {
    entries[path] = {.name = name_of(path), .kind = kind, .modified = then, .exact_time = true};
  }
  void directory(const std::string& path) { put(path, ftp::Kind::directory); }

  Outcome<Listing> list(const std::string& path) override {
    ++listings;
    if (broken.contains(path)) return ftp::failed({.why = Why::refused, .text = "cannot be read", .reply = 450});
    Listing listing{.entries = {}, .unsafe = unsafe};
    const std::string prefix = path.empty() ? "" : path + "/";
    for (const auto& [name, entry] : entries)
      if (!name.empty() && name.starts_with(prefix) && !name.substr(prefix.size()).contains('/'))
        listing.entries.push_back(entry);
    std::ranges::sort(listing.entries, {}, &ftp::Entry::name);
    return listing;
  }
  Outcome<ftp::Entry> look(const std::string& path) override {
    if (!entries.contains(path)) return ftp::failed({.why = Why::refused, .text = "not there", .reply = 550});
    return entries[path];
  }
  Outcome<std::string> ignore_rules(const std::string& path) override { return rules[path]; }
  Outcome<void> make_directory(const std::string& path) override {
    directory(path);
    return {};
  }
  Outcome<void> remove_file(const std::string& path) override {
    entries.erase(path);
    return {};
  }
  Outcome<void> remove_directory(const std::string& path) override {
    for (const auto& [name, entry] : entries)
      if (name.starts_with(path + "/")) return ftp::failed(Why::refused, "not empty");
    entries.erase(path);
    return {};
  }
  Outcome<void> set_time(const std::string& path, WallTime time) override {
    entries[path].modified = time;
    return {};
  }

  [[nodiscard]] std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& [name, entry] : entries)
      if (!name.empty()) all.insert(name);
    return all;
  }

  std::map<std::string, ftp::Entry> entries;
  std::set<std::string> broken;
  std::map<std::string, std::string> rules;
  std::size_t unsafe = 0;
  std::size_t listings = 0;

 private:
  static std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }
};

class MemoryCopies final : public Copies {
 public:
  MemoryCopies(MemoryTree& from, MemoryTree& to) : from_(from), to_(to) {}
  void copy(const std::string& path, const ftp::Entry& /*entry*/, bool may_continue, Done done) override {
    if (may_continue) continued.insert(path);
    if (const auto failure = failures.find(path); failure != failures.end()) return done(ftp::failed(failure->second));
    to_.entries[path] = from_.entries[path];
    if (changes_source) from_.entries[path].size = 12345;
    done(FileResult{.target = path, .size = 1, .moved = 1, .proof = proof});
  }
  void finish() override {}

  std::map<std::string, Failure> failures;
  std::string proof = "size";
  bool changes_source = false;
  std::set<std::string> continued;

 private:
  MemoryTree& from_;
  MemoryTree& to_;
};

class MirrorTest : public testing::Test {
 protected:
  MirrorTotals run(const MirrorOptions& options = {}) {
    lines.clear();
    problems.clear();
    notes.clear();
    const MirrorEvents events{
        .begins = [&](const Action& a) { lines.push_back(fmt::format("{} {}", "cvmdD"[int(a.kind)], a.path)); },
        .fails = [&](const std::string& path, const Failure& f) { problems.push_back(path + ": " + f.text); },
        .notes = [&](const std::string& path, const std::string& why) { notes.push_back(path + ": " + why); }};
    auto totals = mirror({from, to, copies,
                          [&](const std::string& path) -> Outcome<bool> {
                            if (!comparable) return ftp::failed(Why::refused, "no checksums");
                            return same_content.contains(path);
                          }},
                         options, events, stop);
    EXPECT_TRUE(totals) << (totals ? "" : totals.error().text);
    return totals.value_or(MirrorTotals{});
  }
  void two_trees() {
    from.directory("docs");
    from.file("docs/new", 5);
    from.file("same", 3);
    from.file("changed", 4);
    to.file("same", 3);
    to.file("changed", 9);
    to.directory("old");
    to.directory("old/deep");
    to.file("old/deep/x", 1);
    to.file("z", 1);
  }
  static MirrorOptions removing() { return {.compare = {.remove = true}}; }

  MemoryTree from;
  MemoryTree to;
  MemoryCopies copies{from, to};
  std::set<std::string> same_content;
  bool comparable = true;
  std::atomic<bool> stop = false;
  std::vector<std::string> lines;
  std::vector<std::string> problems;
  std::vector<std::string> notes;
};

using Lines = std::vector<std::string>;

TEST_F(MirrorTest, CopiesWhatIsNewOrChangedAndTheSecondRunDoesNothing) {
  two_trees();
  const MirrorTotals totals = run();
  EXPECT_EQ(lines, (Lines{"c changed", "m docs", "c docs/new"}));
  EXPECT_EQ(totals.files, 2U);
  EXPECT_EQ(totals.bytes, 9U);
  EXPECT_EQ(totals.same, 1U);
  EXPECT_TRUE(to.entries.contains("old/deep/x"));
  EXPECT_EQ(to.entries["docs"].modified, then);
  EXPECT_EQ(run().files, 0U);
  EXPECT_EQ(lines, Lines{});
}

TEST_F(MirrorTest, DryRunSaysWhatTheRealRunSaysAndDoesNothing) {
  two_trees();
  for (const bool first : {false, true}) {
    MirrorOptions options = removing();
    options.remove_first = first;
    options.dry_run = true;
    const auto before = to.entries;
    const MirrorTotals planned = run(options);
    const Lines plan = lines;
    EXPECT_EQ(to.entries, before);
    options.dry_run = false;
    const MirrorTotals done = run(options);
    EXPECT_EQ(lines, plan);
    EXPECT_EQ(done.removed, planned.removed);
    EXPECT_EQ(to.names(), from.names());
    to = MemoryTree();
    two_trees();
  }
}

TEST_F(MirrorTest, RemovesTheDeepestFirstAndAfterTheCopies) {
  two_trees();
  run(removing());
  EXPECT_EQ(lines, (Lines{"c changed", "m docs", "c docs/new", "d old/deep/x", "D old/deep", "D old", "d z"}));
}

TEST_F(MirrorTest, RemovesNothingWhenTheSourceCouldNotBeRead) {
  two_trees();
  from.broken.insert("docs");
  for (const bool first : {false, true}) {
    MirrorOptions options = removing();
    options.remove_first = first;
    const MirrorTotals totals = run(options);
    EXPECT_EQ(totals.removed, 0U);
    EXPECT_EQ(totals.failed, 2U);
    EXPECT_TRUE(to.entries.contains("z"));
    EXPECT_TRUE(to.entries.contains("old/deep/x"));
  }
}

TEST_F(MirrorTest, RemovesNothingWhenATreeHasNoEnd) {
  std::string path = "a";
  for (int i = 0; i < 10; ++i, path += "/a") from.directory(path);
  to.file("z", 1);
  MirrorOptions options = removing();
  options.max_depth = 5;
  EXPECT_EQ(run(options).removed, 0U);
  options.max_depth = 50;
  options.max_entries = 5;
  EXPECT_EQ(run(options).removed, 0U);
  options.max_entries = 100;
  EXPECT_EQ(run(options).removed, 1U);
}

TEST_F(MirrorTest, RemovesNothingWhenACopyFailedUnlessFirst) {
  two_trees();
  copies.failures["docs/new"] = {.why = Why::local, .text = "disk full"};
  EXPECT_EQ(run(removing()).removed, 0U);
  EXPECT_EQ(problems.front(), "docs/new: disk full");
  MirrorOptions options = removing();
  options.remove_first = true;
  EXPECT_EQ(run(options).removed, 4U);
  EXPECT_EQ(problems, Lines{"docs/new: disk full"});
}

TEST_F(MirrorTest, RemovesNothingWhenItWouldBeTooMuch) {
  two_trees();
  MirrorOptions options = removing();
  options.max_remove = 3;
  EXPECT_EQ(run(options).removed, 0U);
  EXPECT_EQ(problems.size(), 1U);
  options.max_remove = 4;
  EXPECT_EQ(run(options).removed, 4U);
}

TEST_F(MirrorTest, LeavesAloneWhatTheFilterLeavesOut) {
  two_trees();
  MirrorOptions options = removing();
  options.filter.add(false, "deep/x");
  options.filter.add(false, "x");
  options.filter.add(false, "changed");
  run(options);
  EXPECT_EQ(lines, (Lines{"m docs", "c docs/new", "d z"}));
  EXPECT_TRUE(to.entries.contains("old/deep/x"));
  EXPECT_EQ(to.entries["changed"].size, 9U);
}

TEST_F(MirrorTest, ReadsIgnoreFilesOfBothSides) {
  from.file(".gantryignore", 5);
  from.rules[""] = "*.o\n";
  from.file("a.o", 1);
  from.file("a.c", 1);
  from.directory("sub");
  from.file("sub/b.o", 1);
  to.file("keep.o", 1);
  run(removing());
  EXPECT_EQ(lines, (Lines{"c a.c", "m sub"}));
  EXPECT_TRUE(to.entries.contains("keep.o"));
}

TEST_F(MirrorTest, KeepsTheBeginningsOfFilesThatAreStillToCome) {
  from.file("a", 1);
  to.file("a.part", 1);
  to.file("b.part", 1);
  MirrorOptions options = removing();
  options.remove_first = true;
  run(options);
  EXPECT_EQ(lines, (Lines{"d b.part", "c a"}));
}

TEST_F(MirrorTest, ComparesContentBeforeItCopiesForATime) {
  from.file("a", 1);
  to.file("a", 1, then + Seconds(500));
  same_content = {"a"};
  EXPECT_EQ(run().files, 0U);
  same_content = {};
  EXPECT_EQ(run().files, 1U);
  to.file("a", 1, then + Seconds(500));
  comparable = false;
  EXPECT_EQ(run().files, 1U);
  EXPECT_EQ(run({.compare = {.by = By::hash}}).failed, 1U);
}

TEST_F(MirrorTest, ReplacesKindsOnlyWhenTold) {
  from.file("a", 1);
  from.directory("b");
  from.file("b/x", 1);
  to.directory("a");
  to.file("a/inside", 1);
  to.put("b", ftp::Kind::link);
  const MirrorTotals totals = run();
  EXPECT_EQ(totals.failed, 2U);
  EXPECT_EQ(lines, Lines{});
  EXPECT_TRUE(to.entries.contains("a/inside"));
  run({.compare = {.overwrite = true}});
  EXPECT_EQ(lines, (Lines{"d a/inside", "D a", "c a", "d b", "m b", "c b/x"}));
  EXPECT_EQ(to.names(), from.names());
}

TEST_F(MirrorTest, MovesOnlyWhatIsProvedAndUnchanged) {
  from.file("a", 1);
  from.file("same", 1);
  to.file("same", 1);
  copies.proof = "";
  EXPECT_EQ(run({.move = true}).failed, 2U);
  EXPECT_EQ(from.names().size(), 2U);
  copies.proof = "size";
  copies.changes_source = true;
  EXPECT_EQ(run({.move = true}).failed, 2U);
  EXPECT_EQ(from.names().size(), 2U);
  copies.changes_source = false;
  EXPECT_EQ(run({.move = true}).failed, 0U);
  EXPECT_EQ(lines, (Lines{"v a", "v same"}));
  EXPECT_EQ(from.names().size(), 0U);
  EXPECT_EQ(to.names().size(), 2U);
}

TEST_F(MirrorTest, SkipsLinksAndDevicesAndSaysSo) {
  from.put("link", ftp::Kind::link);
  from.put("pipe", ftp::Kind::other);
  from.unsafe = 2;
  EXPECT_EQ(run().skipped, 4U);
  EXPECT_EQ(notes.size(), 3U);
}

TEST_F(MirrorTest, ComparesContentWhenAsked) {
  from.file("a", 1);
  from.file("b", 1);
  to.file("a", 1);
  to.file("b", 1);
  same_content = {"a"};
  run({.compare = {.by = By::hash}});
  EXPECT_EQ(lines, Lines{"c b"});
}

TEST_F(MirrorTest, ContinuesOnlyWhatAnInterruptedUploadMayHaveLeft) {
  from.file("new", 9);
  from.file("cut", 9);
  to.file("cut", 5, then + Seconds(60));
  from.file("grown", 9, then + Seconds(60));
  to.file("grown", 5);
  from.file("same time", 9);
  to.file("same time", 5);
  from.file("shrunk", 5);
  to.file("shrunk", 9, then + Seconds(60));
  run();
  EXPECT_EQ(copies.continued, (std::set<std::string>{"new", "cut"}));
}

TEST_F(MirrorTest, MakesTheTargetItself) {
  from.file("a", 1);
  to.entries.clear();
  run();
  EXPECT_EQ(lines, (Lines{"m ", "c a"}));
}

TEST_F(MirrorTest, TellsOfNamesThatDifferByCaseOnly) {
  from.file("README", 1);
  from.file("readme", 1);
  EXPECT_EQ(run().files, 2U);
  EXPECT_EQ(notes.size(), 1U);
}

TEST_F(MirrorTest, GivesUpWhenTheServerIsGone) {
  for (int i = 0; i < 9; ++i) {
    from.file(fmt::format("f{}", i), 1);
    copies.failures[fmt::format("f{}", i)] = {.why = Why::network, .text = "cut"};
  }
  to.file("z", 1);
  const MirrorTotals totals = run(removing());
  EXPECT_TRUE(totals.ended);
  EXPECT_EQ(lines.size(), 3U);
  EXPECT_TRUE(to.entries.contains("z"));
}

TEST_F(MirrorTest, StopsWhenAsked) {
  two_trees();
  stop = true;
  auto totals =
      mirror({from, to, copies, {}}, removing(),
             {.begins = [](const Action&) {}, .fails = [](auto&, auto&) {}, .notes = [](auto&, auto&) {}}, stop);
  ASSERT_FALSE(totals);
  EXPECT_EQ(totals.error().why, Why::cancelled);
  EXPECT_TRUE(to.entries.contains("z"));
}

TEST(Pairs, MergeInOrder) {
  const auto listing = [](std::initializer_list<const char*> names) {
    Listing all;
    for (const char* name : names) all.entries.push_back({.name = name});
    return all;
  };
  std::vector<std::string> seen;
  for_each_pair(listing({"a", "c", "d"}), listing({"b", "c", "e"}), [&](const ftp::Entry* a, const ftp::Entry* b) {
    seen.push_back(fmt::format("{}{}", a != nullptr ? a->name : "-", b != nullptr ? b->name : "-"));
  });
  EXPECT_EQ(seen, (Lines{"a-", "-b", "cc", "d-", "-e"}));
}

}  // namespace
}  // namespace gantry::transfer
