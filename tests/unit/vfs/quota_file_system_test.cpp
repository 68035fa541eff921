// What a quota costs, and how changes end that nobody can judge. How trees with quotas behave otherwise is in
// tests/contract.
#include "vfs/quota_file_system.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/run.hpp"
#include "tests/support/temporary_directory.hpp"
#include "vfs/memory_file_system.hpp"
#include "vfs/mount_file_system.hpp"

namespace gantry::vfs {
namespace {

using ::testing::ElementsAre;

/// Ends every upload with the same error, published or not.
class BrokenCommit : public MemoryFileSystem {
 public:
  using MemoryFileSystem::MemoryFileSystem;
  Task<Result<std::unique_ptr<Upload>>> open_upload(Path path, UploadOptions options) override {
    auto upload = co_await MemoryFileSystem::open_upload(std::move(path), std::move(options));
    if (!upload || !error) co_return upload;
    co_return std::make_unique<Broken>(std::move(*upload), *error);
  }
  std::optional<Error> error;

 private:
  struct Broken : Upload {
    Broken(std::unique_ptr<Upload> base, Error why) : base_(std::move(base)), why_(std::move(why)) {}
    Task<Result<MutableBytes>> prepare(std::size_t wanted) override { return base_->prepare(wanted); }
    Task<Result<void>> advance(std::size_t count) override { return base_->advance(count); }
    std::uint64_t position() const override { return base_->position(); }
    Task<Result<Entry>> commit() override {
      auto stored = co_await base_->commit();
      if (!stored) co_return stored;
      co_return fail(why_);
    }
    Task<Result<std::uint64_t>> hold() override { return base_->hold(); }
    Task<void> abort() override { return base_->abort(); }
    std::unique_ptr<Upload> base_;
    Error why_;
  };
};

class QuotaFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = state::Database::open({.location = "sqlite:" + directory_.path() + "/state.db"}, pool_);
    ASSERT_TRUE(opened) << opened.error().text();
    database_ = *opened;
    quota_.book = std::make_shared<QuotaBook>(database_);
    quota_.tree = "/\tmain:/\n";
    limit({.bytes = 10 * gib, .files = 0});
    ASSERT_TRUE(run(quota_.book->adopt()));
    ASSERT_TRUE(run(quota_.book->enrol("alice", quota_.tree)));
    ASSERT_TRUE(database_->transact("watch", state::Access::write, [](soci::session& sql) {
      sql << "CREATE TABLE calls (what TEXT)";
      for (const std::string what : {"INSERT", "UPDATE", "DELETE"})
        sql << "CREATE TRIGGER on_" + what + " AFTER " + what + " ON quota_changes BEGIN INSERT INTO calls VALUES ('" +
                   what + "'); END";
    }));
  }

  void limit(QuotaLimits limits) {
    quota_.limits = limits;
    files_ = std::make_unique<QuotaFileSystem>(base_, quota_, [this]() -> Task<Result<QuotaAmount>> {
      ++counts_;
      if (count_error_) co_return fail(*count_error_);
      co_return co_await count_files(base_);
    });
  }

  template <class T>
  T run(Task<T> task) {
    return test::run_task(context_, std::move(task));
  }

  Result<void> put(const std::string& path, std::uint64_t size, UploadOptions options = {}) {
    auto upload = run(files_->open_upload(*Path::absolute(path), std::move(options)));
    if (!upload) return fail(upload.error());
    while (size > 0) {
      auto room = run((*upload)->prepare(256 * kib));
      if (!room) return fail(room.error());
      const auto count = std::min<std::uint64_t>(room->size(), size);
      if (auto taken = run((*upload)->advance(count)); !taken) {
        run((*upload)->abort());
        return taken;
      }
      size -= count;
    }
    auto stored = run((*upload)->commit());
    return stored ? Result<void>() : fail(stored.error());
  }

  /// The calls of the book since the last question: a change begins, grows, ends.
  std::vector<std::string> calls() {
    std::vector<std::string> all;
    EXPECT_TRUE(database_->transact("look", state::Access::write, [&](soci::session& sql) {
      soci::rowset<std::string> rows = (sql.prepare << "SELECT what FROM calls");
      for (const std::string& what : rows) all.push_back(what);
      sql << "DELETE FROM calls";
    }));
    return all;
  }
  QuotaUse use() { return run(quota_.book->use(quota_.tree)).value(); }

  test::TemporaryDirectory directory_;
  asio::io_context context_;
  async::BlockingPool pool_{2, 100};
  std::shared_ptr<state::Database> database_;
  std::shared_ptr<BrokenCommit> base_ = std::make_shared<BrokenCommit>(make_memory_tree());
  Quota quota_;
  std::unique_ptr<QuotaFileSystem> files_;
  std::optional<Error> count_error_;
  int counts_ = 0;
};

TEST_F(QuotaFiles, ASmallUploadCostsTwoCallsAndNearTheLimitThree) {
  ASSERT_TRUE(put("/first", 1));
  calls();
  ASSERT_TRUE(put("/small", mib));
  EXPECT_THAT(calls(), ElementsAre("INSERT", "DELETE"));
  ASSERT_TRUE(put("/announced", mib, {.expected_size = mib}));
  EXPECT_THAT(calls(), ElementsAre("INSERT", "DELETE"));
  ASSERT_TRUE(run(files_->remove_file(*Path::absolute("/small"))));
  EXPECT_THAT(calls(), ElementsAre("INSERT", "DELETE"));
  limit({.bytes = 60 * mib, .files = 0});
  ASSERT_TRUE(put("/near", mib));
  EXPECT_THAT(calls(), ElementsAre("INSERT", "UPDATE", "DELETE"));
  ASSERT_TRUE(put("/near", mib));
  EXPECT_THAT(calls(), ElementsAre("INSERT", "DELETE")) << "nothing grows";
  EXPECT_EQ(counts_, 1);
}

TEST_F(QuotaFiles, ALargeUploadAsksOnceForManyMebibytes) {
  ASSERT_TRUE(put("/large", 200 * mib));
  auto all = calls();
  EXPECT_LE(all.size(), 2U + 200 / 16);
  EXPECT_EQ(use().used, (QuotaAmount{200 * mib, 1}));
}

TEST_F(QuotaFiles, WithoutALimitOnBytesOnlyTheFilesAreAskedFor) {
  limit({.bytes = 0, .files = 1});
  ASSERT_TRUE(put("/large", 40 * mib));
  EXPECT_THAT(calls(), ElementsAre("INSERT", "DELETE"));
  EXPECT_EQ(put("/second", 1).error().code, Errc::quota);
  EXPECT_EQ(use().used, (QuotaAmount{40 * mib, 1})) << "counted all the same";
}

TEST_F(QuotaFiles, AnUploadThatCannotBeCountedForIsNotAdmitted) {
  count_error_ = Error{Errc::unavailable, "list", "down", {}};
  EXPECT_EQ(put("/a", 1).error().code, Errc::unavailable);
  EXPECT_FALSE(use().known);
  EXPECT_EQ(use().used, QuotaAmount{});
  count_error_.reset();
  ASSERT_TRUE(put("/a", 1));
}

TEST_F(QuotaFiles, ACommitOfWhichNobodyKnowsKeepsItsPromiseUntilTheCount) {
  ASSERT_TRUE(put("/first", 10));
  base_->error = Error{Errc::unavailable, "commit", "uncertain", {}};
  EXPECT_EQ(put("/doubtful", mib).error().code, Errc::unavailable);
  EXPECT_GE(use().used.bytes, mib + 10);
  EXPECT_TRUE(use().due);
  const auto counted = run(recount(quota_.book, quota_.tree, CountFor::asked, [this] { return count_files(base_); }));
  ASSERT_TRUE(counted);
  EXPECT_EQ(counted->used, (QuotaAmount{mib + 10, 2}));
  EXPECT_FALSE(counted->due);
}

TEST_F(QuotaFiles, AMountPointSaysWhatItIs) {
  const Path point = *Path::absolute("/point");
  auto tree = std::make_shared<MountFileSystem>(std::vector<Mount>{{Path{}, base_}, {point, base_}});
  QuotaFileSystem files(tree, quota_, [this] { return count_files(base_); });
  EXPECT_EQ(run(files.may_rename(point)).error().code, Errc::mount_point);
}

TEST_F(QuotaFiles, ACountSeesDirectoriesAndStopsAtARename) {
  ASSERT_TRUE(run(base_->make_directory(*Path::absolute("/d"))));
  ASSERT_TRUE(run(base_->make_directory(*Path::absolute("/d/e"))));
  ASSERT_TRUE(put("/d/e/a", 7));
  ASSERT_TRUE(put("/b", 5));
  EXPECT_EQ(run(count_files(base_)).value(), (QuotaAmount{12, 2}));
  int moves = 0;
  const auto restless = [&]() -> Task<Result<QuotaAmount>> {
    const Path from = *Path::absolute(moves % 2 == 0 ? "/b" : "/c");
    const Path to = *Path::absolute(moves++ % 2 == 0 ? "/c" : "/b");
    EXPECT_TRUE(co_await files_->rename(from, to));
    co_return QuotaAmount{1, 1};
  };
  EXPECT_EQ(run(recount(quota_.book, quota_.tree, CountFor::asked, restless)).error().code, Errc::conflict);
  EXPECT_EQ(use().used, (QuotaAmount{12, 2}));
}

TEST_F(QuotaFiles, JoiningTakesNoRoom) {
  const auto path = [](std::string_view text) { return *Path::absolute(text); };
  limit({.bytes = 60 * kib, .files = 3});
  ASSERT_TRUE(put("/other", 10 * kib));
  ASSERT_TRUE(put("/1", 25 * kib));
  ASSERT_TRUE(put("/2", 25 * kib));
  EXPECT_EQ(put("/3", 1).error().code, Errc::quota);
  calls();
  ASSERT_TRUE(run(files_->combine(path("/whole"), {path("/1"), path("/2")}, {})));
  EXPECT_THAT(calls(), ElementsAre("INSERT", "INSERT", "INSERT", "DELETE", "DELETE", "DELETE"));
  EXPECT_EQ(use().used, (QuotaAmount{60 * kib, 2}));
  EXPECT_EQ(put("/3", 1).error().code, Errc::quota) << "nothing is given back that is still there";
  // Onto an older file: that one's room is free, too.
  ASSERT_TRUE(run(files_->combine(path("/other"), {path("/whole")}, {})));
  EXPECT_EQ(use().used, (QuotaAmount{50 * kib, 1}));
  EXPECT_FALSE(use().due);
}

TEST_F(QuotaFiles, AFailedJoinChangesNothing) {
  const auto path = [](std::string_view text) { return *Path::absolute(text); };
  ASSERT_TRUE(put("/1", 25 * kib));
  EXPECT_EQ(run(files_->combine(path("/whole"), {path("/1"), path("/2")}, {})).error().code, Errc::not_found);
  EXPECT_EQ(use().used, (QuotaAmount{25 * kib, 1}));
  EXPECT_FALSE(use().due);
}

TEST_F(QuotaFiles, WhatSomebodyElseRemovesMeanwhileIsNotGivenBackTwice) {
  const auto path = [](std::string_view text) { return *Path::absolute(text); };
  ASSERT_TRUE(put("/1", 25 * kib));
  // Another session's DELE of the source that began before the join, and ends after it.
  auto other = run(quota_.book->begin(quota_.tree, quota_.limits, {.path = "/1"}));
  ASSERT_TRUE(other);
  ASSERT_TRUE(run(files_->combine(path("/whole"), {path("/1")}, {})));
  run(quota_.book->settle(quota_.tree, other->ticket, {.shrunk = {25 * kib, 1}}));
  EXPECT_GE(use().used.bytes, 25 * kib);
  EXPECT_TRUE(use().due);
}

}  // namespace
}  // namespace gantry::vfs
