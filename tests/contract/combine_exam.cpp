// Files joined to one: all of it or nothing.
#include "tests/contract/file_system_contract.hpp"

namespace gantry::vfs {
namespace {

TEST_P(FileSystemContract, FilesAreJoinedInTheirOrder) {
  const std::string large = pattern(examinee().large_size(), 1);
  mkdir("/d");
  put(at("/a"), large);
  put(at("/b"), "");
  put(at("/d/c"), "small");
  put(at("/e"), pattern(examinee().large_size() / 2, 2));
  put(at("/f"), "end");
  const std::string whole = "small" + large + pattern(examinee().large_size() / 2, 2) + "end";
  std::uint64_t last = 0;
  const Combined done = must(run(fs().combine(at("/d/whole"), {at("/d/c"), at("/b"), at("/a"), at("/e"), at("/f")},
                                              {.progress = [&](std::uint64_t bytes) {
                                                EXPECT_GE(bytes, last);
                                                last = bytes;
                                              }})));
  EXPECT_LE(last, whole.size());
  EXPECT_EQ(done.entry.name, "whole");
  EXPECT_EQ(done.entry.size, whole.size());
  EXPECT_EQ(done.sizes, (std::vector<std::uint64_t>{5, 0, large.size(), large.size() / 2, 3}));
  EXPECT_TRUE(done.left.empty());
  EXPECT_TRUE(get(at("/d/whole")) == whole);
  EXPECT_EQ(names(Path{}), (std::set<std::string>{"d"}));
  EXPECT_EQ(names(at("/d")), (std::set<std::string>{"whole"}));
  EXPECT_EQ(must(run(fs().stat(at("/d/whole")))).size, whole.size());
}

TEST_P(FileSystemContract, ASingleFileIsJoinedToo) {
  put(at("/a"), "alone");
  must(run(fs().combine(at("/whole"), {at("/a")}, {})));
  EXPECT_EQ(get(at("/whole")), "alone");
  EXPECT_FALSE(exists(at("/a")));
}

TEST_P(FileSystemContract, NothingIsJoinedToNothing) {
  put(at("/a"), "");
  put(at("/b"), "");
  must(run(fs().combine(at("/whole"), {at("/a"), at("/b")}, {})));
  EXPECT_EQ(get(at("/whole")), "");
  EXPECT_EQ(names(Path{}), (std::set<std::string>{"whole"}));
}

TEST_P(FileSystemContract, WhatIsJoinedReplacesAnOlderFile) {
  put(at("/whole"), pattern(examinee().large_size(), 3));
  put(at("/a"), "ab");
  put(at("/b"), "cd");
  must(run(fs().combine(at("/whole"), {at("/a"), at("/b")}, {})));
  EXPECT_EQ(get(at("/whole")), "abcd");
  put(at("/a"), "x");
  EXPECT_EQ(code(run(fs().combine(at("/whole"), {at("/a")}, {.existing = Existing::stays}))), Errc::already_exists);
  EXPECT_EQ(get(at("/whole")), "abcd");
  must(run(fs().combine(at("/free"), {at("/a")}, {.existing = Existing::stays})));
  EXPECT_EQ(names(Path{}), (std::set<std::string>{"free", "whole"}));
}

TEST_P(FileSystemContract, WhatCannotBeJoinedStaysAsItIs) {
  mkdir("/d");
  put(at("/a"), "a");
  put(at("/b"), "b");
  put(at("/d/x"), "x");
  const auto joined = [&](std::string_view target, std::vector<Path> sources, Existing existing = Existing::may_go) {
    return code(run(fs().combine(at(target), std::move(sources), {.existing = existing})));
  };
  EXPECT_EQ(joined("/whole", {}), Errc::invalid);
  EXPECT_EQ(joined("/whole", {at("/a"), at("/b"), at("/a")}), Errc::invalid);
  EXPECT_EQ(joined("/a", {at("/a"), at("/b")}), Errc::invalid);
  EXPECT_EQ(joined("/whole", {at("/a"), at("/missing")}), Errc::not_found);
  EXPECT_EQ(joined("/whole", {at("/a"), at("/d")}), Errc::is_directory);
  EXPECT_EQ(joined("/whole", {at("/a"), at("/")}), Errc::is_directory);
  EXPECT_EQ(joined("/d", {at("/a"), at("/b")}), Errc::is_directory);
  EXPECT_EQ(joined("/d", {at("/a")}, Existing::stays), Errc::already_exists);
  EXPECT_EQ(joined("/", {at("/a")}), Errc::is_directory);
  EXPECT_EQ(joined("/missing/whole", {at("/a"), at("/b")}), Errc::not_found);
  EXPECT_EQ(get(at("/a")), "a");
  EXPECT_EQ(get(at("/b")), "b");
  EXPECT_EQ(names(Path{}), (std::set<std::string>{"a", "b", "d"}));
}

TEST_P(FileSystemContract, WhatWouldBeTooLargeIsNotJoined) {
  put(at("/a"), "12345");
  put(at("/b"), "67890");
  EXPECT_EQ(code(run(fs().combine(at("/whole"), {at("/a"), at("/b")}, {.most = 9}))), Errc::too_large);
  EXPECT_EQ(names(Path{}), (std::set<std::string>{"a", "b"}));
  must(run(fs().combine(at("/whole"), {at("/a"), at("/b")}, {.most = 10})));
  EXPECT_EQ(get(at("/whole")), "1234567890");
}

TEST_P(FileSystemContract, AnInterruptedUploadIsNotJoined) {
  put(at("/a"), "a");
  auto cut = open(at("/b"), {.owner = "exam"});
  write(*cut, pattern(examinee().large_size(), 4));
  const std::uint64_t held = must(run(cut->hold()));
  EXPECT_EQ(code(run(fs().combine(at("/whole"), {at("/a"), at("/b")}, {}))),
            held > 0 ? Errc::unfinished : Errc::not_found);
  EXPECT_EQ(get(at("/a")), "a");
}

TEST_P(FileSystemContract, ADirectoryOutlivesItsLastFileWhenItIsJoined) {
  mkdir("/d");
  put(at("/d/a"), "a");
  must(run(fs().combine(at("/whole"), {at("/d/a")}, {})));
  EXPECT_EQ(names(Path{}), (std::set<std::string>{"d", "whole"}));
}

}  // namespace
}  // namespace gantry::vfs
