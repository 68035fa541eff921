// Uploads: what becomes visible when, and what an unfinished one leaves behind.
#include "tests/contract/file_system_contract.hpp"

namespace gantry::vfs {
namespace {

UploadOptions mode(UploadMode how) { return {.mode = how, .expected_size = std::nullopt, .owner = "exam"}; }
UploadOptions from(std::uint64_t offset) {
  return {.mode = UploadMode::at_offset, .offset = offset, .expected_size = std::nullopt, .owner = "exam"};
}

TEST_P(FileSystemContract, UploadOfNothingMakesAnEmptyFile) {
  const Entry entry = put(at("/empty"), "");
  EXPECT_EQ(entry.name, "empty");
  EXPECT_EQ(entry.size, 0U);
  EXPECT_EQ(entry.kind, Kind::file);
  EXPECT_EQ(must(run(fs().stat(at("/empty")))).size, 0U);
  EXPECT_EQ(get(at("/empty")), "");
}

TEST_P(FileSystemContract, UploadComesBackByteForByte) {
  const std::string content = pattern(1000, 1);
  const Entry entry = put(at("/small"), content);
  EXPECT_EQ(entry.size, content.size());
  EXPECT_EQ(get(at("/small")), content);
}

TEST_P(FileSystemContract, UploadOfSeveralPartsComesBack) {
  const std::string content = pattern(examinee().large_size(), 2);
  EXPECT_EQ(put(at("/large"), content).size, content.size());
  EXPECT_TRUE(get(at("/large")) == content);
}

TEST_P(FileSystemContract, UploadWithTheSizeSaidBeforeComesBack) {
  const std::string content = pattern(examinee().large_size(), 3);
  put(at("/allo"), content, {.mode = UploadMode::replace, .expected_size = content.size(), .owner = "exam"});
  EXPECT_TRUE(get(at("/allo")) == content);
}

TEST_P(FileSystemContract, UploadInSmallStepsCountsItsPosition) {
  auto upload = open(at("/steps"));
  EXPECT_EQ(upload->position(), 0U);
  for (int i = 0; i < 300; ++i) {
    auto room = must(run(upload->prepare(1)));
    ASSERT_EQ(room.size(), 1U);
    room[0] = static_cast<std::byte>(i);
    must(run(upload->advance(1)));
  }
  EXPECT_EQ(upload->position(), 300U);
  must(run(upload->commit()));
  EXPECT_EQ(get(at("/steps")).size(), 300U);
}

TEST_P(FileSystemContract, PrepareMayBeUsedInPart) {
  auto upload = open(at("/partly"));
  auto room = must(run(upload->prepare(1000)));
  ASSERT_GE(room.size(), 1U);
  ASSERT_LE(room.size(), 1000U);
  room[0] = std::byte{'a'};
  must(run(upload->advance(1)));
  must(run(upload->advance(0)));
  write(*upload, "b");
  must(run(upload->commit()));
  EXPECT_EQ(get(at("/partly")), "ab");
}

TEST_P(FileSystemContract, UploadIsInvisibleUntilCommit) {
  mkdir("/d");
  auto upload = open(at("/d/new"));
  write(*upload, pattern(examinee().large_size(), 4));
  EXPECT_FALSE(exists(at("/d/new")));
  EXPECT_TRUE(names(at("/d")).empty());
  EXPECT_EQ(code(run(fs().open_reader(at("/d/new"), {}))), Errc::not_found);
  must(run(upload->commit()));
  EXPECT_TRUE(exists(at("/d/new")));
  EXPECT_EQ(names(at("/d")), std::set<std::string>{"new"});
}

TEST_P(FileSystemContract, CommitDescribesWhatStatSees) {
  const Entry committed = put(at("/f"), "hello");
  const Entry seen = must(run(fs().stat(at("/f"))));
  EXPECT_EQ(committed.name, seen.name);
  EXPECT_EQ(committed.size, seen.size);
  EXPECT_FALSE(seen.unique.empty());
  EXPECT_EQ(committed.unique, seen.unique);
}

TEST_P(FileSystemContract, CommittedFilesAreOfNow) {
  put(at("/f"), "hello");
  const WallTime modified = must(run(fs().stat(at("/f")))).modified;
  EXPECT_LT(std::chrono::abs(wall_now() - modified), std::chrono::minutes(2));
}

TEST_P(FileSystemContract, CreateNewMakesAFile) {
  put(at("/f"), "one", mode(UploadMode::create_new));
  EXPECT_EQ(get(at("/f")), "one");
}

TEST_P(FileSystemContract, CreateNewRefusesWhatExists) {
  put(at("/f"), "old");
  mkdir("/d");
  EXPECT_EQ(code(run(fs().open_upload(at("/f"), mode(UploadMode::create_new)))), Errc::already_exists);
  EXPECT_EQ(code(run(fs().open_upload(at("/d"), mode(UploadMode::create_new)))), Errc::already_exists);
  EXPECT_EQ(get(at("/f")), "old");
}

TEST_P(FileSystemContract, CreateNewOverwritesNobodyWhoWasFaster) {
  auto slow = open(at("/f"), mode(UploadMode::create_new));
  write(*slow, "slow");
  put(at("/f"), "fast", mode(UploadMode::create_new));
  EXPECT_EQ(code(run(slow->commit())), Errc::already_exists);
  EXPECT_EQ(get(at("/f")), "fast");
}

TEST_P(FileSystemContract, ReplaceKeepsTheOldUntilCommit) {
  put(at("/f"), "old");
  auto upload = open(at("/f"), mode(UploadMode::replace));
  write(*upload, "brand new");
  EXPECT_EQ(get(at("/f")), "old");
  EXPECT_EQ(must(run(fs().stat(at("/f")))).size, 3U);
  EXPECT_EQ(must(run(upload->commit())).size, 9U);
  EXPECT_EQ(get(at("/f")), "brand new");
  EXPECT_EQ(names(Path{}), std::set<std::string>{"f"});
}

TEST_P(FileSystemContract, ReplaceByShorterLeavesNoTail) {
  put(at("/f"), pattern(examinee().large_size(), 5));
  put(at("/f"), "short");
  EXPECT_EQ(get(at("/f")), "short");
}

TEST_P(FileSystemContract, ReplaceChangesUnique) {
  const Entry before = put(at("/f"), "aaaa");
  const Entry after = put(at("/f"), "bbbb");
  EXPECT_NE(before.unique, after.unique);
}

TEST_P(FileSystemContract, AppendGoesOnAtTheEnd) {
  put(at("/f"), "one ");
  auto upload = open(at("/f"), mode(UploadMode::append));
  EXPECT_EQ(upload->position(), 4U);
  write(*upload, "two");
  EXPECT_EQ(get(at("/f")), "one ");
  EXPECT_EQ(must(run(upload->commit())).size, 7U);
  EXPECT_EQ(get(at("/f")), "one two");
}

TEST_P(FileSystemContract, AppendCreatesWhatIsMissing) {
  put(at("/f"), "first", mode(UploadMode::append));
  EXPECT_EQ(get(at("/f")), "first");
}

TEST_P(FileSystemContract, AppendOfNothingKeepsTheFile) {
  put(at("/f"), "same");
  put(at("/f"), "", mode(UploadMode::append));
  EXPECT_EQ(get(at("/f")), "same");
}

TEST_P(FileSystemContract, AppendToEmptyFile) {
  put(at("/f"), "");
  put(at("/f"), "x", mode(UploadMode::append));
  EXPECT_EQ(get(at("/f")), "x");
}

TEST_P(FileSystemContract, AppendsLargeToLarge) {
  const std::string first = pattern(examinee().large_size(), 6);
  const std::string second = pattern(examinee().large_size(), 7);
  put(at("/f"), first);
  EXPECT_EQ(put(at("/f"), second, mode(UploadMode::append)).size, first.size() + second.size());
  EXPECT_TRUE(get(at("/f")) == first + second);
}

TEST_P(FileSystemContract, AtOffsetEqualToTheSizeContinues) {
  put(at("/f"), "12345");
  auto upload = open(at("/f"), from(5));
  EXPECT_EQ(upload->position(), 5U);
  write(*upload, "678");
  must(run(upload->commit()));
  EXPECT_EQ(get(at("/f")), "12345678");
}

TEST_P(FileSystemContract, AtOffsetZeroStartsOver) {
  put(at("/f"), "12345");
  put(at("/f"), "ab", from(0));
  EXPECT_EQ(get(at("/f")), "ab");
}

TEST_P(FileSystemContract, AtOffsetZeroCreatesWhatIsMissing) {
  put(at("/f"), "ab", from(0));
  EXPECT_EQ(get(at("/f")), "ab");
}

TEST_P(FileSystemContract, AtOffsetInTheMiddleKeepsTheFrontAndCutsTheRest) {
  put(at("/f"), "1234567890");
  auto upload = run(fs().open_upload(at("/f"), from(4)));
  if (!able().random_write && !upload) {
    EXPECT_EQ(upload.error().code, Errc::unsupported);
    return;
  }
  auto open_one = must(std::move(upload));
  EXPECT_EQ(open_one->position(), 4U);
  write(*open_one, "ab");
  EXPECT_EQ(get(at("/f")), "1234567890");
  must(run(open_one->commit()));
  EXPECT_EQ(get(at("/f")), "1234ab");
}

TEST_P(FileSystemContract, AtOffsetInTheMiddleOfALargeFile) {
  const std::string first = pattern(examinee().large_size(), 8);
  const std::string second = pattern(examinee().large_size() / 2, 9);
  put(at("/f"), first);
  const std::size_t offset = first.size() - 12345;
  auto upload = run(fs().open_upload(at("/f"), from(offset)));
  if (!able().random_write && !upload) {
    EXPECT_EQ(upload.error().code, Errc::unsupported);
    return;
  }
  auto open_one = must(std::move(upload));
  write(*open_one, second);
  must(run(open_one->commit()));
  EXPECT_TRUE(get(at("/f")) == first.substr(0, offset) + second);
}

TEST_P(FileSystemContract, AtOffsetBeyondTheEndIsRefused) {
  put(at("/f"), "12345");
  EXPECT_EQ(code(run(fs().open_upload(at("/f"), from(6)))), Errc::bad_offset);
  EXPECT_EQ(code(run(fs().open_upload(at("/missing"), from(1)))), Errc::bad_offset);
  EXPECT_EQ(get(at("/f")), "12345");
  EXPECT_FALSE(exists(at("/missing")));
}

TEST_P(FileSystemContract, AbortPublishesNothing) {
  put(at("/old"), "old");
  for (std::size_t size : {std::size_t{0}, std::size_t{10}, examinee().large_size()}) {
    for (const char* name : {"/old", "/new"}) {
      auto upload = open(at(name));
      write(*upload, pattern(size, 10));
      run(upload->abort());
    }
    EXPECT_EQ(get(at("/old")), "old");
    EXPECT_FALSE(exists(at("/new")));
    EXPECT_EQ(names(Path{}), std::set<std::string>{"old"});
  }
}

TEST_P(FileSystemContract, DestructionPublishesNothing) {
  put(at("/old"), "old");
  for (std::size_t size : {std::size_t{0}, std::size_t{10}, examinee().large_size()}) {
    for (const char* name : {"/old", "/new"}) {
      auto upload = open(at(name));
      write(*upload, pattern(size, 11));
    }
    EXPECT_EQ(get(at("/old")), "old");
    EXPECT_FALSE(exists(at("/new")));
    EXPECT_EQ(names(Path{}), std::set<std::string>{"old"});
  }
}

TEST_P(FileSystemContract, AbortedAppendKeepsTheFile) {
  put(at("/f"), "12345");
  auto upload = open(at("/f"), mode(UploadMode::append));
  write(*upload, pattern(examinee().large_size(), 12));
  run(upload->abort());
  EXPECT_EQ(get(at("/f")), "12345");
}

TEST_P(FileSystemContract, HoldPublishesNothingAndMayBeContinued) {
  const std::string content = pattern(examinee().large_size(), 13);
  auto upload = open(at("/new"), mode(UploadMode::replace));
  write(*upload, content);
  const std::uint64_t kept = must(run(upload->hold()));
  ASSERT_LE(kept, content.size());
  upload.reset();
  EXPECT_EQ(code(run(fs().open_reader(at("/new"), {}))), kept > 0 ? Errc::unfinished : Errc::not_found);
  if (kept == 0) {
    EXPECT_FALSE(exists(at("/new")));
    return;
  }
  EXPECT_EQ(must(run(fs().stat(at("/new")))).size, kept);
  auto rest = open(at("/new"), from(kept));
  EXPECT_EQ(rest->position(), kept);
  write(*rest, std::string_view(content).substr(kept));
  must(run(rest->commit()));
  EXPECT_TRUE(get(at("/new")) == content);
  EXPECT_EQ(names(Path{}), std::set<std::string>{"new"});
}

TEST_P(FileSystemContract, HeldUploadIsShownAndDropped) {
  auto upload = open(at("/new"), mode(UploadMode::replace));
  write(*upload, pattern(examinee().large_size(), 14));
  const std::uint64_t kept = must(run(upload->hold()));
  upload.reset();
  if (kept == 0) return;
  EXPECT_EQ(names(Path{}), std::set<std::string>{"new"});
  must(run(fs().remove_file(at("/new"))));
  EXPECT_FALSE(exists(at("/new")));
  EXPECT_TRUE(names(Path{}).empty());
  EXPECT_EQ(code(run(fs().open_upload(at("/new"), from(1)))), Errc::bad_offset);
}

TEST_P(FileSystemContract, FreshUploadDropsTheHeldOne) {
  auto upload = open(at("/new"), mode(UploadMode::replace));
  write(*upload, pattern(examinee().large_size(), 15));
  must(run(upload->hold()));
  upload.reset();
  put(at("/new"), "fresh", mode(UploadMode::replace));
  EXPECT_EQ(get(at("/new")), "fresh");
  EXPECT_EQ(names(Path{}), std::set<std::string>{"new"});
  must(run(fs().remove_file(at("/new"))));
  EXPECT_FALSE(exists(at("/new")));
}

TEST_P(FileSystemContract, HoldLeavesTheOldFileWhole) {
  put(at("/old"), "old");
  auto upload = open(at("/old"), mode(UploadMode::replace));
  write(*upload, pattern(examinee().large_size(), 16));
  must(run(upload->hold()));
  upload.reset();
  EXPECT_EQ(get(at("/old")), "old");
}

TEST_P(FileSystemContract, UploadNeedsItsParentDirectory) {
  EXPECT_EQ(refusal(at("/no/f"), {}), Errc::not_found);
  EXPECT_FALSE(exists(at("/no")));
}

TEST_P(FileSystemContract, UploadOntoADirectoryIsRefused) {
  mkdir("/d");
  for (UploadMode how : {UploadMode::replace, UploadMode::append, UploadMode::at_offset}) {
    EXPECT_EQ(refusal(at("/d"), mode(how)), Errc::is_directory);
    EXPECT_EQ(refusal(Path{}, mode(how)), Errc::is_directory);
  }
  EXPECT_EQ(must(run(fs().stat(at("/d")))).kind, Kind::directory);
}

TEST_P(FileSystemContract, OfTwoUploadsTheLastCommitWins) {
  const std::string a = pattern(examinee().large_size(), 17);
  const std::string b = pattern(examinee().large_size(), 18);
  auto first = must(run(examinee().file_system().open_upload(at("/f"), mode(UploadMode::replace))));
  auto second = must(run(examinee().other_session().open_upload(at("/f"), mode(UploadMode::replace))));
  const std::size_t half = a.size() / 2;
  write(*first, std::string_view(a).substr(0, half));
  write(*second, std::string_view(b).substr(0, half));
  write(*second, std::string_view(b).substr(half));
  write(*first, std::string_view(a).substr(half));
  must(run(second->commit()));
  EXPECT_TRUE(get(at("/f")) == b);
  must(run(first->commit()));
  EXPECT_TRUE(get(at("/f")) == a);
  EXPECT_EQ(names(Path{}), std::set<std::string>{"f"});
}

TEST_P(FileSystemContract, OtherSessionsSeeWhatIsCommitted) {
  put(at("/f"), "seen");
  auto entry = run(examinee().other_session().stat(at("/f")));
  EXPECT_EQ(must(std::move(entry)).size, 4U);
}

}  // namespace
}  // namespace gantry::vfs
