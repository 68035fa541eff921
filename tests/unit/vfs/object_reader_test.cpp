// Downloads over one connection and over several.
#include "vfs/object_reader.hpp"

#include "async/event.hpp"
#include "tests/unit/vfs/object_fixture.hpp"

namespace gantry::vfs {
namespace {

constexpr std::size_t size = 32 * mib + 12'345;

class ObjectReaders : public ObjectFixture {
 protected:
  void SetUp() override {
    ObjectFixture::SetUp();
    use({.min_part = 16 * kib}, true, 256 * mib);
    content_ = data(size);
    store_->set("f", content_);
  }
  /// The store is what everybody waits for: a read of a body takes several times as long as whatever came before it,
  /// on however busy a machine.
  void slow_store() {
    store_->on_call([this, answered = SteadyClock::now()](std::string operation, std::string) mutable -> Task<void> {
      if (operation != "body") co_return;
      most_ = std::max(most_, ++now_);
      co_await async::sleep_for(std::max<SteadyClock::duration>(Milliseconds(5), 4 * (SteadyClock::now() - answered)));
      answered = SteadyClock::now();
      --now_;
    });
  }
  std::unique_ptr<Reader> open_reader(ByteRange range = {}) { return must(run(fs_->open_reader(at("/f"), range))); }
  /// Up to `bytes`; appended to `got_`.
  Result<void> read(Reader& reader, std::size_t bytes = ~std::size_t{0}) {
    std::vector<std::byte> buffer(256 * kib);
    for (std::size_t sum = 0; sum < bytes;) {
      auto count = run(reader.read(buffer));
      if (!count) return fail(std::move(count.error()));
      if (*count == 0) break;
      got_ += as_text(ByteView(buffer).first(*count));
      sum += *count;
    }
    return {};
  }

  std::string content_;
  std::string got_;
  unsigned now_ = 0;
  unsigned most_ = 0;
};

TEST_F(ObjectReaders, ASlowStoreIsReadSideBySide) {
  slow_store();
  auto reader = open_reader();
  must(read(*reader));
  EXPECT_TRUE(got_ == content_);
  EXPECT_GE(most_, 4U);
  EXPECT_LE(most_, 4 * PartWindow::growth + 1);
  reader.reset();
  context_.restart();
  context_.run();
  EXPECT_EQ(budget_->used(), 0U);
}

TEST_F(ObjectReaders, ASlowClientGetsOneConnection) {
  auto reader = open_reader();
  store_->reset_counts();
  while (got_.size() < 2 * ObjectReader::trial) {
    must(read(*reader, 1));
    run(async::sleep_for(Milliseconds(20)));
  }
  must(read(*reader));
  EXPECT_TRUE(got_ == content_);
  EXPECT_EQ(store_->count("get"), 0U);
}

TEST_F(ObjectReaders, RangesToo) {
  slow_store();
  const ByteRange range{1'000'001, 20 * mib + 7};
  auto reader = open_reader(range);
  must(read(*reader));
  EXPECT_TRUE(got_ == content_.substr(range.offset, range.length));
  EXPECT_GE(most_, 2U);
}

TEST_F(ObjectReaders, AnotherVersionIsNeverMixedIn) {
  slow_store();
  auto reader = open_reader();
  must(read(*reader, 6 * mib));
  store_->set("f", data(size, 2));
  EXPECT_EQ(code(read(*reader)), Errc::conflict);
  EXPECT_TRUE(content_.starts_with(got_));
}

TEST_F(ObjectReaders, AStoreThatRefusesRangesGoesOnAsItBegan) {
  slow_store();
  auto reader = open_reader();
  store_->fail_next("get", Errc::unsupported, 100);
  must(read(*reader));
  EXPECT_TRUE(got_ == content_);
}

TEST_F(ObjectReaders, WithoutMemoryOneConnectionIsEnough) {
  slow_store();
  auto taken = budget_->first(budget_->limit());
  auto reader = open_reader();
  store_->reset_counts();
  must(read(*reader));
  EXPECT_TRUE(got_ == content_);
  EXPECT_EQ(store_->count("get"), 0U);
}

TEST_F(ObjectReaders, GivesWayWhenMemoryGetsShort) {
  slow_store();
  auto reader = open_reader();
  must(read(*reader, 12 * mib));
  ASSERT_GE(most_, 2U);
  auto taken = budget_->first(budget_->limit());
  must(read(*reader));
  EXPECT_TRUE(got_ == content_);
  EXPECT_EQ(budget_->used(), taken.bytes());
}

TEST_F(ObjectReaders, ASegmentThatDoesNotComeLeavesTheRestToOneConnection) {
  slow_store();
  auto reader = open_reader();
  must(read(*reader, 12 * mib));
  ASSERT_GE(most_, 2U);
  store_->fail_next("body", Errc::timed_out);
  must(read(*reader));
  EXPECT_TRUE(got_ == content_);
}

TEST_F(ObjectReaders, LeavesNothingBehindInTheMiddle) {
  slow_store();
  auto reader = open_reader();
  must(read(*reader, 10 * mib));
  ASSERT_GE(most_, 2U);
  reader.reset();
  context_.restart();
  context_.run();
  EXPECT_EQ(budget_->used(), 0U);
}

/// An object whose checksum the store tells wrongly.
class Spoilt : public object::Body {
 public:
  explicit Spoilt(std::unique_ptr<object::Body> body) : body_(std::move(body)), info_(body_->info()) {
    *info_.crc64 ^= 1;
  }
  [[nodiscard]] const object::ObjectInfo& info() const override { return info_; }
  [[nodiscard]] ByteRange range() const override { return body_->range(); }
  [[nodiscard]] Task<Result<std::size_t>> read(MutableBytes buffer) override { return body_->read(buffer); }
  [[nodiscard]] std::optional<std::uint64_t> crc64() const override { return body_->crc64(); }

 private:
  std::unique_ptr<object::Body> body_;
  object::ObjectInfo info_;
};

TEST_F(ObjectReaders, TheChecksumOfTheWholeIsComparedHoweverItCame) {
  slow_store();
  auto context = std::make_shared<ObjectContext>(store_, options_);
  ObjectReader reader(context_.get_executor(), context, std::make_unique<Spoilt>(must(run(store_->get("f", {})))));
  EXPECT_EQ(code(read(reader)), Errc::corrupt);
  EXPECT_LT(got_.size(), content_.size()) << "the end is held back";
  EXPECT_GE(most_, 2U);
}

}  // namespace
}  // namespace gantry::vfs
