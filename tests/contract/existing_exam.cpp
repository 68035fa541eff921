// Existing::stays: what is there is neither replaced, cut nor renamed over, not even when it appears meanwhile.
#include "tests/contract/file_system_contract.hpp"

namespace gantry::vfs {
namespace {

constexpr auto stays = Existing::stays;

UploadOptions keeping(UploadMode how, std::uint64_t offset = 0) {
  return {.mode = how, .offset = offset, .expected_size = std::nullopt, .owner = "exam", .existing = stays};
}

TEST_P(FileSystemContract, WhatStaysIsNotReplaced) {
  put(at("/f"), "old");
  mkdir("/d");
  EXPECT_EQ(code(run(fs().open_upload(at("/f"), keeping(UploadMode::replace)))), Errc::already_exists);
  EXPECT_EQ(code(run(fs().open_upload(at("/d"), keeping(UploadMode::replace)))), Errc::already_exists);
  put(at("/new"), "new", keeping(UploadMode::replace));
  EXPECT_EQ(get(at("/f")), "old");
  EXPECT_EQ(get(at("/new")), "new");
}

TEST_P(FileSystemContract, WhatStaysMayGrow) {
  put(at("/f"), "old");
  put(at("/f"), "+1", keeping(UploadMode::append));
  put(at("/f"), "+2", keeping(UploadMode::at_offset, 5));
  EXPECT_EQ(get(at("/f")), "old+1+2");
  put(at("/empty"), "");
  put(at("/empty"), "no longer", keeping(UploadMode::append));
  EXPECT_EQ(get(at("/empty")), "no longer");
  put(at("/fresh"), "made", keeping(UploadMode::append));
  EXPECT_EQ(get(at("/fresh")), "made");
}

TEST_P(FileSystemContract, WhatStaysIsNotCut) {
  put(at("/f"), "0123456789");
  EXPECT_EQ(code(run(fs().open_upload(at("/f"), keeping(UploadMode::at_offset, 9)))), Errc::already_exists);
  EXPECT_EQ(code(run(fs().open_upload(at("/f"), keeping(UploadMode::at_offset, 0)))), Errc::already_exists);
  EXPECT_EQ(code(run(fs().open_upload(at("/f"), keeping(UploadMode::at_offset, 11)))), Errc::bad_offset);
  EXPECT_EQ(get(at("/f")), "0123456789");
}

TEST_P(FileSystemContract, WhatAppearsDuringAnUploadStays) {
  for (std::size_t size : {std::size_t{5}, examinee().large_size()}) {
    for (UploadMode how : {UploadMode::replace, UploadMode::append, UploadMode::at_offset}) {
      const Path target = at("/f" + std::to_string(size) + "-" + std::to_string(static_cast<int>(how)));
      auto slow = open(target, keeping(how));
      write(*slow, pattern(size, 3));
      put(target, "fast");
      EXPECT_EQ(code(run(slow->commit())), Errc::already_exists);
      EXPECT_EQ(get(target), "fast");
    }
  }
}

TEST_P(FileSystemContract, WhatReplacesTheBeginningOfAContinuationStays) {
  for (std::size_t size : {std::size_t{5}, examinee().large_size()}) {
    const Path target = at("/f" + std::to_string(size));
    put(target, pattern(size, 4));
    auto slow = open(target, keeping(UploadMode::append));
    write(*slow, "tail");
    put(target, "fast");
    EXPECT_EQ(code(run(slow->commit())), Errc::conflict);
    EXPECT_EQ(get(target), "fast");
  }
}

TEST_P(FileSystemContract, AnInterruptedUploadIsNotWhatStays) {
  auto cut = open(at("/f"), keeping(UploadMode::replace));
  const std::string content = pattern(examinee().large_size(), 5);
  write(*cut, content);
  const std::uint64_t held = must(run(cut->hold()));
  put(at("/g"), "another", keeping(UploadMode::replace));
  if (held > 0) {
    EXPECT_TRUE(must(run(fs().stat(at("/f")))).held);
    auto rest = open(at("/f"), keeping(UploadMode::at_offset, held));
    write(*rest, std::string_view(content).substr(held));
    must(run(rest->commit()));
    EXPECT_TRUE(get(at("/f")) == content);
    EXPECT_FALSE(must(run(fs().stat(at("/f")))).held);
    EXPECT_EQ(code(run(fs().open_upload(at("/f"), keeping(UploadMode::replace)))), Errc::already_exists);
  }
  cut = open(at("/h"), keeping(UploadMode::replace));
  write(*cut, content);
  static_cast<void>(must(run(cut->hold())));
  put(at("/h"), "again", keeping(UploadMode::replace));
  EXPECT_EQ(get(at("/h")), "again");
}

TEST_P(FileSystemContract, WhatAppearsBeforeAContinuationStays) {
  auto cut = open(at("/f"), keeping(UploadMode::replace));
  const std::string content = pattern(examinee().large_size(), 6);
  write(*cut, content);
  const std::uint64_t held = must(run(cut->hold()));
  if (held == 0) return;
  auto rest = open(at("/f"), keeping(UploadMode::at_offset, held));
  write(*rest, std::string_view(content).substr(held));
  put(at("/f"), "fast");
  EXPECT_EQ(code(run(rest->commit())), Errc::already_exists);
  EXPECT_EQ(get(at("/f")), "fast");
}

TEST_P(FileSystemContract, WhatStaysIsNotRenamedOver) {
  put(at("/f"), "f");
  put(at("/g"), "g");
  mkdir("/d");
  put(at("/d/x"), "x");
  EXPECT_EQ(code(run(fs().rename(at("/f"), at("/g"), stays))), Errc::already_exists);
  EXPECT_EQ(code(run(fs().rename(at("/f"), at("/d"), stays))), Errc::already_exists);
  EXPECT_EQ(code(run(fs().rename(at("/d"), at("/g"), stays))), Errc::already_exists);
  must(run(fs().rename(at("/f"), at("/f"), stays)));
  EXPECT_EQ(get(at("/f")), "f");
  EXPECT_EQ(get(at("/g")), "g");
  must(run(fs().rename(at("/f"), at("/d/free"), stays)));
  must(run(fs().rename(at("/d"), at("/e"), stays)));
  EXPECT_EQ(get(at("/e/free")), "f");
  EXPECT_EQ(get(at("/e/x")), "x");
  EXPECT_EQ(names(Path{}), (std::set<std::string>{"e", "g"}));
}

}  // namespace
}  // namespace gantry::vfs
