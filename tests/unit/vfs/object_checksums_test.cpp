// What proves the parts of an upload, on a store over HTTP that checks them by CRC-32C and on one that never heard of
// it.
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include <algorithm>

#include "async/blocking.hpp"
#include "object/remote_store.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/run.hpp"
#include "vfs/object_file_system.hpp"

namespace gantry::vfs {
namespace {

using test::FakeStore;
using test::FaultAction;
using test::must;

class ObjectChecksums : public testing::Test {
 protected:
  void SetUp() override { use(true); }
  /// A bucket of its own, for the sessions that follow.
  void use(bool crc32c) {
    fs_.reset();
    fake_ = std::make_unique<FakeStore>(test::FakeStoreOptions{.min_part = 64 * kib, .crc32c = crc32c});
    options_.owner = "alice";
    options_.part_size = 5 * mib;
    options_.budget = async::ByteBudget::create(256 * mib);
    options_.ledger = make_memory_upload_ledger();
    restart(Verify::automatic);
  }
  /// As a new process: nothing is known of the store but what the ledger says.
  void restart(Verify verify) {
    object::StoreOptions reach{.name = "main",
                               .location = {.bucket = fake_->options().bucket,
                                            .region = fake_->options().region,
                                            .endpoint = fake_->endpoint(),
                                            .path_style = true},
                               .credentials = {fake_->options().access_key, Secret(fake_->options().secret_key), {}},
                               .retry = {.max_tries = 3, .base_delay = std::chrono::milliseconds(2)}};
    object::ClientFactory clients = [this](const http::Origin& origin) {
      return http::make_client(context_.get_executor(), origin, {}, pool_);
    };
    auto made =
        object::RemoteStore::create(std::move(reach), std::make_shared<object::SharedStoreState>(), std::move(clients));
    ASSERT_TRUE(made);
    store_ = std::move(*made);
    options_.verify = verify;
    fs_ = std::make_unique<ObjectFileSystem>(store_, options_);
  }

  template <class T>
  T run(Task<T> task) {
    return test::run_task(context_, std::move(task));
  }
  static Path at(std::string_view text) { return *Path::absolute(text); }
  static std::string data(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 31 + i / 251) & 0xff);
    return text;
  }
  std::unique_ptr<Upload> open(UploadOptions options = {}) {
    return must(run(fs_->open_upload(at("/f"), std::move(options))));
  }
  void write(Upload& upload, std::string_view content) {
    while (!content.empty()) {
      MutableBytes room = must(run(upload.prepare(content.size())));
      std::ranges::copy(as_byte_view(content.substr(0, room.size())), room.begin());
      must(run(upload.advance(room.size())));
      content.remove_prefix(room.size());
    }
  }
  Result<Entry> put(std::string_view content) {
    auto upload = open();
    write(*upload, content);
    return run(upload->commit());
  }
  /// Sends `kept` bytes (whole parts), breaks off, and goes on as another process with `then`.
  void interrupt_and_continue(std::size_t kept, Verify then) {
    auto upload = open();
    write(*upload, data(kept + 1));
    EXPECT_EQ(must(run(upload->hold())), kept);
    upload.reset();
    restart(then);
    const std::string whole = data(3 * kept);
    upload = open({.mode = UploadMode::at_offset, .offset = kept});
    write(*upload, std::string_view(whole).substr(kept));
    must(run(upload->commit()));
    EXPECT_TRUE(stored() == whole);
  }
  std::string stored() { return fake_->objects().at("f").content; }
  /// Parts that came with the header.
  std::size_t parts_with(const std::string& header) {
    const auto all = fake_->requests();
    return static_cast<std::size_t>(std::ranges::count_if(
        all, [&](const auto& one) { return one.op == "UploadPart" && one.headers.contains(header); }));
  }

  static constexpr const char* crc32c_header = "x-amz-checksum-crc32c";
  asio::io_context context_;
  async::BlockingPool pool_{1, 16};
  std::unique_ptr<FakeStore> fake_;
  std::shared_ptr<object::Store> store_;
  ObjectFileSystemOptions options_;
  std::unique_ptr<ObjectFileSystem> fs_;
};

TEST_F(ObjectChecksums, OnceTheStoreProvesPartsNoMd5IsComputed) {
  must(put(data(11 * mib)));
  EXPECT_GE(parts_with("content-md5"), 1U) << "the store had not shown yet what it does";
  fake_->clear_requests();
  const std::string content = data(31 * mib);
  must(put(content));
  EXPECT_TRUE(stored() == content);
  EXPECT_EQ(fake_->count("UploadPart"), 7U);
  EXPECT_EQ(parts_with(crc32c_header), 7U);
  // The first could have become the only PUT, which carries one.
  EXPECT_EQ(parts_with("content-md5"), 1U);
  EXPECT_EQ(fake_->count("HeadObject"), 0U);
}

TEST_F(ObjectChecksums, AStoreThatDoesNotKnowItGetsMd5WithEveryPart) {
  use(false);
  for (int i = 0; i < 2; ++i) {
    fake_->clear_requests();
    const std::string content = data(16 * mib);
    must(put(content));
    EXPECT_TRUE(stored() == content);
    EXPECT_EQ(parts_with("content-md5"), 4U);
  }
  EXPECT_EQ(parts_with(crc32c_header), 0U) << "the first upload has shown that it is of no use";
}

TEST_F(ObjectChecksums, AStoreThatFallsSilentGetsMd5AtOnce) {
  must(put(data(11 * mib)));
  fake_->clear_requests();
  fake_->fail({.op = "UploadPart", .skip = 1, .times = 100, .action = FaultAction::no_crc});
  const std::string content = data(26 * mib);
  must(put(content));
  EXPECT_TRUE(stored() == content);
  // Six parts, each but the first, which the store proved, taken only with an MD5.
  EXPECT_GE(parts_with("content-md5"), 5U);
}

TEST_F(ObjectChecksums, AStoreThatRefusesToBeAskedAfterAllGetsMd5) {
  must(put(data(11 * mib)));
  fake_->clear_requests();
  fake_->fail({.op = "CreateMultipartUpload", .action = FaultAction::error, .status = 501, .code = "NotImplemented"});
  // What passed before the refusal was heard was counted on CRC-32C alone.
  const std::string content = data(26 * mib);
  must(put(content));
  EXPECT_TRUE(stored() == content);
  EXPECT_EQ(parts_with("content-md5"), 6U);
  EXPECT_EQ(parts_with(crc32c_header), 0U);
}

TEST_F(ObjectChecksums, DamageIsFoundByTheCrc32cAlone) {
  must(put(data(11 * mib)));
  const std::string before = stored();
  fake_->fail({.op = "UploadPart", .skip = 1, .times = 100, .action = FaultAction::corrupt});
  auto damaged = put(data(26 * mib));
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, Errc::corrupt);
  EXPECT_TRUE(stored() == before);
}

TEST_F(ObjectChecksums, StrongStaysWithMd5) {
  must(put(data(11 * mib)));
  restart(Verify::strong);
  fake_->clear_requests();
  must(put(data(16 * mib)));
  EXPECT_EQ(parts_with("content-md5"), 4U);
  EXPECT_EQ(fake_->count("HeadObject"), 1U);
}

TEST_F(ObjectChecksums, SizeAsksForNeither) {
  restart(Verify::size);
  must(put(data(16 * mib)));
  EXPECT_EQ(parts_with("content-md5"), 0U);
  EXPECT_EQ(parts_with(crc32c_header), 0U);
}

TEST_F(ObjectChecksums, AHeldUploadGoesOnAsItBegan) {
  interrupt_and_continue(10 * mib, Verify::automatic);
  EXPECT_EQ(parts_with(crc32c_header), fake_->count("UploadPart"));
}

TEST_F(ObjectChecksums, BegunWithCrc32cItGoesOnWithBothWhereMd5IsAskedFor) {
  interrupt_and_continue(10 * mib, Verify::strong);
  EXPECT_EQ(parts_with(crc32c_header), fake_->count("UploadPart"));
  EXPECT_GE(parts_with("content-md5"), 4U);
}

TEST_F(ObjectChecksums, BegunWithCrc32cItGoesOnWhereOnlyTheSizeCounts) {
  interrupt_and_continue(10 * mib, Verify::size);
  EXPECT_EQ(parts_with(crc32c_header), fake_->count("UploadPart"));
}

TEST_F(ObjectChecksums, BegunWithMd5ItGoesOnWithMd5) {
  restart(Verify::strong);
  interrupt_and_continue(10 * mib, Verify::automatic);
  EXPECT_EQ(parts_with("content-md5"), fake_->count("UploadPart"));
  EXPECT_EQ(parts_with(crc32c_header), 0U);
}

TEST_F(ObjectChecksums, WhatIsCopiedInFrontTakesPartsWithMd5) {
  must(put(data(11 * mib)));
  fake_->clear_requests();
  auto upload = open({.mode = UploadMode::append});
  write(*upload, data(11 * mib));
  must(run(upload->commit()));
  EXPECT_TRUE(stored() == data(11 * mib) + data(11 * mib));
  EXPECT_EQ(parts_with(crc32c_header), 0U);
  EXPECT_EQ(parts_with("content-md5"), fake_->count("UploadPart"));
}

TEST_F(ObjectChecksums, OnePutCarriesAnMd5) {
  must(put(data(11 * mib)));
  must(put("123456789"));
  EXPECT_EQ(fake_->objects().at("f").metadata.at("md5"), "25f9e794323b453885f5181f1b624d0b");
  EXPECT_TRUE(must(run(fs_->known_checksum(at("/f"), digest::Algorithm::md5))).has_value());
}

}  // namespace
}  // namespace gantry::vfs
