// A tree with a quota behaves like the tree itself; and after every exercise the book says what is there.
#include "async/blocking.hpp"
#include "async/event.hpp"
#include "tests/contract/file_system_contract.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/temporary_directory.hpp"
#include "vfs/local_file_system.hpp"
#include "vfs/memory_file_system.hpp"
#include "vfs/object_file_system.hpp"
#include "vfs/quota_file_system.hpp"
#include "vfs/sql_upload_ledger.hpp"

namespace gantry::vfs {
namespace {

using Make = std::function<std::shared_ptr<FileSystem>()>;

class QuotaExaminee : public Examinee {
 public:
  explicit QuotaExaminee(asio::io_context& context) : context_(context) {
    auto opened = state::Database::open({.location = "sqlite:" + directory_.path() + "/state.db"}, pool_);
    database_ = opened.value();
    quota_.book = std::make_shared<QuotaBook>(database_);
    quota_.tree = "/\tmain:/\n";
    quota_.limits = {.bytes = tib, .files = 1'000'000};
    if (!test::run_task(context_, quota_.book->adopt()) ||
        !test::run_task(context_, quota_.book->enrol("exam", quota_.tree)))
      throw std::runtime_error("no book");
  }

  FileSystem& file_system() override { return *first_; }
  FileSystem& other_session() override { return *second_; }

  Task<void> close() override {
    EXPECT_TRUE(co_await quota_.book->adopt());
    auto published = co_await count_files(seen_by_nobody());
    auto use = co_await quota_.book->use(quota_.tree);
    EXPECT_TRUE(published && use);
    if (!published || !use || !use->known) co_return;
    const QuotaAmount held = co_await on_record();
    const QuotaAmount there{published->bytes + held.bytes, published->files + held.files};
    // What two sessions had a hand in may be thought to be there still, until it is counted.
    EXPECT_GE(use->used.bytes, there.bytes);
    EXPECT_GE(use->used.files, there.files);
    if (!use->due) EXPECT_EQ(use->used, there);
    auto counted =
        co_await recount(quota_.book, quota_.tree, CountFor::asked, [this] { return count_files(seen_by_nobody()); });
    EXPECT_TRUE(counted);
    if (counted) EXPECT_EQ(counted->used, there);
    if (counted) EXPECT_FALSE(counted->due);
  }

 protected:
  /// As a session sees it, without the quota.
  [[nodiscard]] virtual std::shared_ptr<FileSystem> bare() = 0;
  /// The same, without what the upload ledger has for somebody.
  [[nodiscard]] virtual std::shared_ptr<FileSystem> seen_by_nobody() { return bare(); }
  [[nodiscard]] virtual Task<QuotaAmount> on_record() { co_return QuotaAmount{}; }
  void open() {
    const auto count = [this] { return count_files(seen_by_nobody()); };
    first_ = std::make_unique<QuotaFileSystem>(bare(), quota_, count);
    second_ = std::make_unique<QuotaFileSystem>(bare(), quota_, count);
  }

  asio::io_context& context_;
  test::TemporaryDirectory directory_;
  async::BlockingPool pool_{2, 100};
  std::shared_ptr<state::Database> database_;
  Quota quota_;

 private:
  std::unique_ptr<QuotaFileSystem> first_;
  std::unique_ptr<QuotaFileSystem> second_;
};

class QuotaOverMemory final : public QuotaExaminee {
 public:
  explicit QuotaOverMemory(asio::io_context& context) : QuotaExaminee(context) { open(); }
  std::shared_ptr<FileSystem> bare() override { return std::make_shared<MemoryFileSystem>(tree_); }

 private:
  std::shared_ptr<MemoryTree> tree_ = make_memory_tree();
};

class QuotaOverLocal final : public QuotaExaminee {
 public:
  explicit QuotaOverLocal(asio::io_context& context) : QuotaExaminee(context) {
    root_ = LocalRoot::open({.root = files_.path(), .durability = Durability::none}).value();
    open();
  }
  std::shared_ptr<FileSystem> bare() override { return std::make_shared<LocalFileSystem>(root_, pool_); }

 private:
  test::TemporaryDirectory files_;
  std::shared_ptr<LocalRoot> root_;
};

class QuotaOverBucket final : public QuotaExaminee {
 public:
  explicit QuotaOverBucket(asio::io_context& context) : QuotaExaminee(context) {
    ledger_ = make_sql_upload_ledger(database_);
    open();
  }
  std::shared_ptr<FileSystem> bare() override { return of("exam"); }
  std::shared_ptr<FileSystem> seen_by_nobody() override { return of({}); }
  Task<QuotaAmount> on_record() override {
    QuotaAmount held;
    const auto all = co_await ledger_->below("main", "exam", {});
    EXPECT_TRUE(all);
    for (const auto& one : all.value()) {
      held.bytes += one.safe_size;
      ++held.files;
    }
    co_return held;
  }
  Task<void> close() override {
    for (int i = 0; i < 200 && budget_->used() > 0; ++i) co_await async::sleep_for(Milliseconds(10));
    co_await ledger_->adopt();
    co_await QuotaExaminee::close();
  }

 private:
  [[nodiscard]] std::shared_ptr<FileSystem> of(std::string owner) {
    ObjectFileSystemOptions options;
    options.owner = std::move(owner);
    options.part_size = mib;
    options.budget = budget_;
    options.ledger = ledger_;
    return std::make_shared<ObjectFileSystem>(store_, std::move(options));
  }

  std::shared_ptr<test::MemoryStore> store_ =
      std::make_shared<test::MemoryStore>(test::MemoryStoreOptions{.limits = {.min_part = 256 * kib}, .crc64 = true});
  std::shared_ptr<async::ByteBudget> budget_ = async::ByteBudget::create(256 * mib);
  std::shared_ptr<UploadLedger> ledger_;
};

template <class Kind>
Candidate over(std::string name) {
  return {std::move(name), [](asio::io_context& context) { return std::make_unique<Kind>(context); }};
}

INSTANTIATE_TEST_SUITE_P(Quota, FileSystemContract,
                         testing::Values(over<QuotaOverMemory>("over_memory"), over<QuotaOverLocal>("over_local"),
                                         over<QuotaOverBucket>("over_bucket")),
                         candidate_name);

}  // namespace
}  // namespace gantry::vfs
