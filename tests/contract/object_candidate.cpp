#include "async/event.hpp"
#include "tests/contract/file_system_contract.hpp"
#include "tests/support/memory_store.hpp"
#include "vfs/held_uploads.hpp"
#include "vfs/object_file_system.hpp"
#include "vfs/settled_store.hpp"

namespace gantry::vfs {
namespace {

struct Bucket {
  std::string prefix = {};
  object::Limits limits{.min_part = 256 * kib};
  bool crc64 = true;
  std::uint64_t budget = 256 * mib;
  std::optional<std::size_t> listing_lag = {};  ///< listings that lag by so many writes, set right as for COS
};

class MemoryBucketExaminee final : public Examinee {
 public:
  explicit MemoryBucketExaminee(Bucket bucket)
      : store_(std::make_shared<test::MemoryStore>(
            test::MemoryStoreOptions{.limits = bucket.limits, .crc64 = bucket.crc64})),
        budget_(async::ByteBudget::create(bucket.budget)) {
    ObjectFileSystemOptions options;
    options.prefix = bucket.prefix;
    options.owner = "exam";
    options.part_size = mib;
    options.budget = budget_;
    options.ledger = make_memory_upload_ledger();
    // What is next to the tree must never be seen in it.
    if (!bucket.prefix.empty()) store_->set("users/alice-not", "x");
    store_->lag_listings(bucket.listing_lag.value_or(0));
    auto recent = std::make_shared<RecentWrites>(RecentWrites::Options{.lifetime = std::chrono::hours(1)});
    auto lane = [&]() -> std::shared_ptr<object::Store> {
      if (!bucket.listing_lag) return store_;
      return std::make_shared<SettledStore>(store_, recent);
    };
    first_ = std::make_unique<ObjectFileSystem>(lane(), options);
    second_ = std::make_unique<ObjectFileSystem>(lane(), options);
  }
  FileSystem& file_system() override { return *first_; }
  FileSystem& other_session() override { return *second_; }
  Task<void> close() override {
    // Children of abandoned uploads end by themselves; then no memory may be left over.
    for (int i = 0; i < 200 && budget_->used() > 0; ++i) co_await async::sleep_for(Milliseconds(10));
    EXPECT_EQ(budget_->used(), 0U);
  }

 private:
  std::shared_ptr<test::MemoryStore> store_;
  std::shared_ptr<async::ByteBudget> budget_;
  std::unique_ptr<ObjectFileSystem> first_;
  std::unique_ptr<ObjectFileSystem> second_;
};

Candidate bucket(std::string name, Bucket how) {
  return {std::move(name), [how](asio::io_context&) { return std::make_unique<MemoryBucketExaminee>(how); }};
}

INSTANTIATE_TEST_SUITE_P(
    Object, FileSystemContract,
    testing::Values(bucket("like_cos", {}), bucket("like_s3", {.crc64 = false}),
                    bucket("prefixed", {.prefix = "/users/alice"}),
                    bucket("copies_in_parts", {.limits = {.min_part = 64 * kib, .max_part = mib, .max_put = mib}}),
                    bucket("tiny_budget", {.budget = 300 * kib}), bucket("listings_up_to_date", {.listing_lag = 0}),
                    bucket("listings_lag_by_one_write", {.listing_lag = 1}),
                    bucket("listings_lag_by_three_writes", {.prefix = "/users/alice", .listing_lag = 3}),
                    bucket("listings_never_change", {.listing_lag = test::MemoryStore::all_writes})),
    candidate_name);

}  // namespace
}  // namespace gantry::vfs
