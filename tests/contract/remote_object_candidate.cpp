// The object file system on stores behind HTTP: the fake one in both dialects, and a real S3 server where one is
// given by S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY and S3_SECRET_KEY.
#include <atomic>
#include <cstdlib>
#include <iostream>

#include "async/blocking.hpp"
#include "async/event.hpp"
#include "object/remote_store.hpp"
#include "tests/contract/file_system_contract.hpp"
#include "tests/support/fake_store.hpp"
#include "vfs/held_uploads.hpp"
#include "vfs/object_file_system.hpp"
#include "vfs/settled_store.hpp"

namespace gantry::vfs {
namespace {

/// A place in a bucket, reached over HTTP.
class RemoteExaminee : public Examinee {
 public:
  RemoteExaminee(asio::io_context& context, object::StoreOptions options, std::string prefix)
      : large_(options.location.dialect == object::DialectKind::s3 ? 11 * mib + 17 : 3 * mib + 17) {
    const bool listings_are_eventual = options.location.dialect == object::DialectKind::cos;
    // A proxy of the environment has no business with loopback.
    object::ClientFactory clients = [&context, this](const http::Origin& origin) {
      return http::make_client(context.get_executor(), origin, {}, pool_);
    };
    auto made = object::RemoteStore::create(std::move(options), std::make_shared<object::SharedStoreState>(), clients);
    if (!made) throw std::runtime_error(made.error().text());
    store_ = std::move(*made);
    if (listings_are_eventual) {
      auto recent = std::make_shared<RecentWrites>(RecentWrites::Options{.lifetime = std::chrono::hours(1)});
      store_ = std::make_shared<SettledStore>(store_, std::move(recent));
    }
    ObjectFileSystemOptions settings;
    settings.prefix = std::move(prefix);
    settings.owner = "exam";
    settings.part_size = mib;
    settings.budget = budget_;
    settings.ledger = make_memory_upload_ledger();
    prefix_ = settings.prefix;
    first_ = std::make_unique<ObjectFileSystem>(store_, settings);
    second_ = std::make_unique<ObjectFileSystem>(store_, settings);
  }
  FileSystem& file_system() override { return *first_; }
  FileSystem& other_session() override { return *second_; }
  [[nodiscard]] std::size_t large_size() const override { return large_; }
  [[nodiscard]] std::size_t many_entries() const override { return 1100; }

  Task<void> close() override {
    for (int i = 0; i < 500 && budget_->used() > 0; ++i) co_await async::sleep_for(Milliseconds(10));
    EXPECT_EQ(budget_->used(), 0U);
    // A real bucket is left as it was found.
    for (;;) {
      object::ListRequest request;
      request.prefix = prefix_;
      auto page = co_await store_->list(request);
      if (!page || page->objects.empty()) break;
      std::vector<std::string> keys;
      for (auto& info : page->objects) keys.push_back(std::move(info.key));
      static_cast<void>(co_await store_->remove_many(std::move(keys)));
    }
    auto open = co_await store_->list_uploads(prefix_);
    if (!open) co_return;
    for (const auto& upload : *open) static_cast<void>(co_await store_->abort_parts(upload.key, upload.upload_id));
  }

 private:
  async::BlockingPool pool_{1, 16};
  std::size_t large_;
  std::string prefix_;
  std::shared_ptr<async::ByteBudget> budget_ = async::ByteBudget::create(128 * mib);
  std::shared_ptr<object::Store> store_;
  std::unique_ptr<ObjectFileSystem> first_;
  std::unique_ptr<ObjectFileSystem> second_;
};

object::StoreOptions reach(const test::FakeStore& fake, object::DialectKind dialect) {
  object::StoreOptions options;
  options.name = "exam";
  options.location = {.dialect = dialect,
                      .bucket = fake.options().bucket,
                      .region = fake.options().region,
                      .endpoint = fake.endpoint(),
                      .path_style = dialect == object::DialectKind::s3};
  options.credentials.access_key = fake.options().access_key;
  options.credentials.secret_key = Secret(fake.options().secret_key);
  return options;
}

/// First in the row of bases, so that the server outlives the store that talks to it.
struct OwnServer {
  OwnServer(object::DialectKind dialect, std::size_t listing_lag)
      : fake({.dialect = dialect == object::DialectKind::s3 ? test::FakeDialect::s3 : test::FakeDialect::cos,
              .listing_lag = listing_lag}) {}
  test::FakeStore fake;
};

class FakeExaminee final : private OwnServer, public RemoteExaminee {
 public:
  FakeExaminee(asio::io_context& context, object::DialectKind dialect, std::size_t listing_lag)
      : OwnServer(dialect, listing_lag), RemoteExaminee(context, reach(fake, dialect), {}) {}
};

Candidate fake(std::string name, object::DialectKind dialect, std::size_t listing_lag = 0) {
  return {std::move(name), [dialect, listing_lag](asio::io_context& context) {
            return std::make_unique<FakeExaminee>(context, dialect, listing_lag);
          }};
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::unique_ptr<Examinee> real_store(asio::io_context& context) {
  object::StoreOptions options;
  options.name = "exam";
  options.location = {.dialect = object::DialectKind::s3,
                      .bucket = environment("S3_BUCKET"),
                      .region = "us-east-1",
                      .endpoint = environment("S3_ENDPOINT"),
                      .path_style = true};
  options.credentials.access_key = environment("S3_ACCESS_KEY");
  options.credentials.secret_key = Secret(environment("S3_SECRET_KEY"));
  if (options.location.endpoint.empty() || options.location.bucket.empty()) {
    std::cerr << "S3_ENDPOINT and S3_BUCKET are not set: no real store to examine\n";
    return nullptr;
  }
  static std::atomic<unsigned> number{0};
  const auto now = std::to_string(wall_now().time_since_epoch().count());
  return std::make_unique<RemoteExaminee>(context, std::move(options), "exam-" + now + "-" + std::to_string(++number));
}

INSTANTIATE_TEST_SUITE_P(RemoteObject, FileSystemContract,
                         testing::Values(fake("s3", object::DialectKind::s3), fake("cos", object::DialectKind::cos),
                                         fake("cos_listings_lag", object::DialectKind::cos, 3),
                                         Candidate{"real_s3", real_store}),
                         candidate_name);

}  // namespace
}  // namespace gantry::vfs
