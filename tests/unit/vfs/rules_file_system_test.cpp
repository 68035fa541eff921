// Every call of a file system with every right: what the right is for works with it and with nothing else.
#include "vfs/rules_file_system.hpp"

#include <functional>

#include <gtest/gtest.h>

#include "tests/support/run.hpp"
#include "tests/unit/vfs/object_fixture.hpp"
#include "vfs/memory_file_system.hpp"

namespace gantry::vfs {
namespace {

using accounts::Account;
using accounts::Permissions;
using accounts::TreeRules;

constexpr std::string_view all_letters = "elradfmwMT";

Path at(std::string_view text) { return *Path::absolute(text); }

class Rules : public testing::Test {
 protected:
  template <class T>
  T run(Task<T> task) {
    return test::run_task(context_, std::move(task));
  }
  template <class T>
  static std::optional<Errc> code(const Result<T>& result) {
    return result ? std::nullopt : std::optional(result.error().code);
  }
  static Account account(std::string_view letters, std::map<std::string, std::string> directories = {}) {
    Account made;
    made.permissions = *Permissions::parse(letters);
    for (const auto& [path, own] : directories) made.directory_permissions.emplace(path, *Permissions::parse(own));
    return made;
  }
  RulesFileSystem with(Account account) { return {base_, TreeRules(std::move(account))}; }

  Result<void> write(FileSystem& fs, std::string_view path, UploadOptions options = {}) {
    auto upload = run(fs.open_upload(at(path), std::move(options)));
    if (!upload) return fail(std::move(upload.error()));
    auto done = run((*upload)->commit());
    if (!done) return fail(std::move(done.error()));
    return {};
  }
  void put(std::string_view path) { ASSERT_TRUE(write(*base_, path)); }
  std::vector<std::string> names(FileSystem& fs, std::string_view path) {
    auto listing = run(fs.list(at(path)));
    if (!listing) return {"denied"};
    std::vector<std::string> found;
    for (auto page = run((*listing)->next()); page && !page->empty(); page = run((*listing)->next()))
      for (const Entry& entry : *page) found.push_back(entry.name);
    std::ranges::sort(found);
    return found;
  }

  asio::io_context context_;
  std::shared_ptr<FileSystem> base_ = std::make_shared<MemoryFileSystem>(make_memory_tree());
};

struct Call {
  std::string_view name;
  std::string_view letters;  ///< all of them are needed
  std::function<Task<Result<void>>(FileSystem&)> run;
};

template <class T>
Task<Result<void>> outcome(Task<Result<T>> task) {
  auto result = co_await std::move(task);
  if (!result) co_return fail(std::move(result.error()));
  co_return Result<void>{};
}

/// What each does to /d/file, /d/dir and names that are free. Not allowed must not depend on what is there.
const std::vector<Call>& calls() {
  static const std::vector<Call> all{
      {"stat", "l", [](FileSystem& fs) { return outcome(fs.stat(at("/d/file"))); }},
      {"enter", "e", [](FileSystem& fs) { return fs.enter(at("/d/dir")); }},
      {"list", "l", [](FileSystem& fs) { return outcome(fs.list(at("/d/dir"))); }},
      {"open_reader", "r", [](FileSystem& fs) { return outcome(fs.open_reader(at("/d/file"), {})); }},
      {"replace", "w", [](FileSystem& fs) { return outcome(fs.open_upload(at("/d/file"), {})); }},
      {"create", "w",
       [](FileSystem& fs) { return outcome(fs.open_upload(at("/d/new"), {.mode = UploadMode::create_new})); }},
      {"at_offset", "w",
       [](FileSystem& fs) { return outcome(fs.open_upload(at("/d/file"), {.mode = UploadMode::at_offset})); }},
      {"append", "a",
       [](FileSystem& fs) { return outcome(fs.open_upload(at("/d/file"), {.mode = UploadMode::append})); }},
      {"may_rename", "f", [](FileSystem& fs) { return fs.may_rename(at("/d/file")); }},
      {"rename", "f", [](FileSystem& fs) { return fs.rename(at("/d/file"), at("/d/new")); }},
      {"combine", "wf", [](FileSystem& fs) { return outcome(fs.combine(at("/d/new"), {at("/d/file")}, {})); }},
      {"remove_file", "d", [](FileSystem& fs) { return fs.remove_file(at("/d/file")); }},
      {"remove_directory", "d", [](FileSystem& fs) { return fs.remove_directory(at("/d/dir")); }},
      {"make_directory", "m", [](FileSystem& fs) { return fs.make_directory(at("/d/new")); }},
      {"set_time", "T", [](FileSystem& fs) { return fs.set_time(at("/d/file"), WallTime{}); }},
      {"set_mode", "M", [](FileSystem& fs) { return fs.set_mode(at("/d/file"), 0600); }},
      {"free_space", "l", [](FileSystem& fs) { return outcome(fs.free_space(at("/d/dir"))); }},
      {"known_checksums", "r", [](FileSystem& fs) { return outcome(fs.known_checksums(at("/d/file"))); }},
  };
  return all;
}

TEST_F(Rules, EveryCallNeedsItsOwnRightWhereItsPathLies) {
  std::size_t checked = 0;
  for (const Call& call : calls()) {
    for (char letter : all_letters) {
      std::string others(all_letters);
      std::erase(others, letter);
      // The right alone, all but the right; for the whole tree, and for the directory alone against the rest.
      const std::vector<std::pair<Account, bool>> cases{
          {account(std::string(1, letter)), call.letters == std::string(1, letter)},
          {account(others), !call.letters.contains(letter)},
          {account("", {{"/d", std::string(1, letter)}}), call.letters == std::string(1, letter)},
          {account(all_letters, {{"/d", others}}), !call.letters.contains(letter)}};
      for (const auto& [user, allowed] : cases) {
        base_ = std::make_shared<MemoryFileSystem>(make_memory_tree());
        ASSERT_TRUE(run(base_->make_directory(at("/d"))));
        ASSERT_TRUE(run(base_->make_directory(at("/d/dir"))));
        put("/d/file");
        RulesFileSystem fs = with(user);
        const auto result = run(call.run(fs));
        EXPECT_EQ(code(result) == Errc::denied, !allowed)
            << call.name << " with " << letter << " " << user.permissions.letters();
        ++checked;
      }
    }
  }
  RecordProperty("checked", static_cast<int>(checked));
  EXPECT_EQ(checked, calls().size() * all_letters.size() * 4);
}

TEST_F(Rules, DeniedNamesAreRefusedByEveryCall) {
  Account user = account(all_letters);
  user.deny = {"*.exe", "d"};
  RulesFileSystem fs = with(user);
  for (const Call& call : calls()) {
    const auto refused = code(run(call.run(fs)));
    EXPECT_TRUE(refused == Errc::denied || refused == Errc::bad_name) << call.name;
  }
  // What would be new has a bad name; what is there is out of reach.
  EXPECT_EQ(code(write(fs, "/a.EXE")), Errc::bad_name);
  EXPECT_EQ(code(run(fs.make_directory(at("/a.exe")))), Errc::bad_name);
  put("/a.txt");
  EXPECT_EQ(code(run(fs.rename(at("/a.txt"), at("/a.exe")))), Errc::bad_name);
  EXPECT_EQ(code(run(fs.copy(at("/a.txt"), at("/a.exe")))), Errc::bad_name);
  put("/b.exe");
  EXPECT_EQ(code(run(fs.rename(at("/b.exe"), at("/b")))), Errc::denied);
  EXPECT_EQ(code(run(fs.open_reader(at("/b.exe"), {}))), Errc::denied);
  EXPECT_EQ(code(run(fs.stat(at("/missing.exe")))), Errc::denied);
  // They are shown: hiding is another list.
  EXPECT_EQ(names(fs, "/"), (std::vector<std::string>{"a.txt", "b.exe"}));
}

TEST_F(Rules, HiddenNamesAreLeftOutAndWork) {
  Account user = account(all_letters);
  user.hide = {".*", "*.tmp"};
  RulesFileSystem fs = with(user);
  for (const char* path : {"/.message", "/a.tmp", "/b"}) put(path);
  EXPECT_EQ(names(fs, "/"), std::vector<std::string>{"b"});
  EXPECT_TRUE(run(fs.stat(at("/.message"))));
  EXPECT_TRUE(run(fs.open_reader(at("/a.tmp"), {})));
  // A page of nothing but hidden names is not the end.
  for (int i = 0; i < 3000; ++i) put("/x" + std::to_string(i) + ".tmp");
  EXPECT_EQ(names(fs, "/"), std::vector<std::string>{"b"});
}

TEST_F(Rules, NoRenameTakesATreePastItsRules) {
  for (const char* path : {"/a", "/a/locked", "/open", "/target"}) ASSERT_TRUE(run(base_->make_directory(at(path))));
  put("/open/file");
  RulesFileSystem fs = with(account(all_letters, {{"/a/locked", "el"}, {"/target/sub", "el"}}));
  EXPECT_EQ(code(run(fs.rename(at("/a"), at("/b")))), Errc::denied);
  EXPECT_EQ(code(run(fs.rename(at("/a/locked"), at("/b")))), Errc::denied);
  EXPECT_EQ(code(run(fs.rename(at("/open/file"), at("/a/locked/file")))), Errc::denied);
  ASSERT_TRUE(run(base_->remove_directory(at("/target"))));
  EXPECT_EQ(code(run(fs.rename(at("/open"), at("/target")))), Errc::denied);
  EXPECT_EQ(code(run(fs.rename(at("/open"), at("/elsewhere")))), std::nullopt);
}

TEST_F(Rules, WhatExistsStaysWithoutTheRightToDestroy) {
  Account user = account(all_letters);
  user.delete_enable = false;
  RulesFileSystem fs = with(user);
  put("/old");
  put("/other");
  ASSERT_TRUE(run(base_->make_directory(at("/dir"))));
  EXPECT_EQ(code(run(fs.remove_file(at("/old")))), Errc::denied);
  EXPECT_EQ(code(run(fs.remove_directory(at("/dir")))), Errc::denied);
  EXPECT_EQ(code(write(fs, "/old")), Errc::already_exists);
  EXPECT_EQ(code(run(fs.rename(at("/old"), at("/other")))), Errc::already_exists);
  EXPECT_EQ(code(run(fs.rename(at("/old"), at("/new")))), std::nullopt);
  EXPECT_EQ(code(write(fs, "/fresh")), std::nullopt);
}

TEST_F(Rules, StrangersOnlyLeaveNewFiles) {
  ASSERT_TRUE(run(base_->make_directory(at("/incoming"))));
  Account user = account("elr", {{"/incoming", "ew"}});
  user.anonymous = true;
  user.delete_enable = false;
  RulesFileSystem fs = with(user);
  EXPECT_EQ(code(write(fs, "/incoming/a")), std::nullopt);
  EXPECT_EQ(code(write(fs, "/incoming/a")), Errc::already_exists);
  EXPECT_EQ(code(write(fs, "/incoming/a", {.mode = UploadMode::append})), Errc::denied);
  EXPECT_EQ(code(write(fs, "/incoming/a", {.mode = UploadMode::at_offset})), Errc::denied);
  EXPECT_EQ(code(write(fs, "/b")), Errc::denied);
  EXPECT_EQ(code(run(fs.open_reader(at("/incoming/a"), {}))), Errc::denied);
  EXPECT_EQ(code(run(fs.stat(at("/incoming/a")))), Errc::denied);
  EXPECT_EQ(code(run(fs.stat(at("/incoming/missing")))), Errc::denied);
  EXPECT_EQ(code(run(fs.list(at("/incoming")))), Errc::denied);
  EXPECT_EQ(code(run(fs.remove_file(at("/incoming/a")))), Errc::denied);
  EXPECT_EQ(code(run(fs.rename(at("/incoming/a"), at("/incoming/b")))), Errc::denied);
  EXPECT_EQ(code(run(fs.make_directory(at("/incoming/d")))), Errc::denied);
  EXPECT_EQ(code(run(fs.enter(at("/incoming")))), std::nullopt);
}

class RulesOverABucket : public ObjectFixture {};

TEST_F(RulesOverABucket, WhoOnlyWritesHearsOfHeldUploadsAlone) {
  store_->set("done", "text");
  auto upload = open("/part");
  must(try_write(*upload, data(64 * kib)));
  ASSERT_GT(must(run(upload->hold())), 0U);
  Account writer;
  writer.permissions = *Permissions::parse("ew");
  RulesFileSystem fs(session(), TreeRules(writer));
  EXPECT_TRUE(must(run(fs.stat(at("/part")))).held);
  EXPECT_EQ(code(run(fs.stat(at("/done")))), Errc::denied);
  EXPECT_EQ(code(run(fs.stat(at("/missing")))), Errc::denied);
}

TEST_F(Rules, JoiningTakesNoFilePastItsRules) {
  for (const char* path : {"/d", "/e"}) ASSERT_TRUE(run(base_->make_directory(at(path))));
  const auto join = [&](Account user, std::vector<Path> sources, std::string_view target) {
    put("/d/x");
    put("/e/y");
    RulesFileSystem fs = with(std::move(user));
    return code(run(fs.combine(at(target), std::move(sources), {})));
  };
  EXPECT_EQ(join(account("wf", {{"/e", "w"}}), {at("/d/x"), at("/e/y")}, "/d/new"), Errc::denied);
  EXPECT_EQ(join(account("wf", {{"/e", "wr"}}), {at("/d/x")}, "/e/new"), Errc::denied) << "as a rename would be";
  EXPECT_EQ(join(account("wf", {{"/e", "f"}}), {at("/d/x")}, "/e/new"), Errc::denied);
  EXPECT_EQ(join(account("wf", {{"/e", "f"}}), {at("/d/x"), at("/e/y")}, "/d/new"), std::nullopt);

  Account keeper = account(all_letters);
  keeper.delete_enable = false;
  EXPECT_EQ(join(keeper, {at("/d/x")}, "/d/new"), Errc::already_exists);
  EXPECT_EQ(join(keeper, {at("/d/x")}, "/d/newer"), std::nullopt) << "nothing is lost: as a rename to a free name";
  Account stranger = account(all_letters);
  stranger.anonymous = true;
  EXPECT_EQ(join(stranger, {at("/d/x")}, "/d/another"), Errc::denied);
}

}  // namespace
}  // namespace gantry::vfs
