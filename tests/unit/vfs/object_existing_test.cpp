// Existing::stays on a bucket: what the contract cannot show, because the store must misbehave or be counted.
#include "tests/unit/vfs/object_fixture.hpp"

namespace gantry::vfs {
namespace {

class ObjectExisting : public ObjectFixture {
 protected:
  static UploadOptions keeping(UploadMode mode = UploadMode::replace) {
    return {.mode = mode, .existing = Existing::stays};
  }
  /// A store that takes the condition of a PUT only.
  void use_simple_store() {
    store_ = std::make_shared<test::MemoryStore>(
        test::MemoryStoreOptions{.limits = {.min_part = 16 * kib}, .create_only = false});
    restart();
  }
};

TEST_F(ObjectExisting, AJoinIsCheckedWhereTheStoreIgnoresTheCondition) {
  use_simple_store();
  auto upload = open("/f", keeping());
  must(try_write(*upload, data(300 * kib, 1)));
  store_->set("f", "somebody else's");
  EXPECT_EQ(code(run(upload->commit())), Errc::already_exists);
  EXPECT_EQ(store_->content("f"), "somebody else's");
  EXPECT_EQ(store_->open_uploads(), 0U);
}

TEST_F(ObjectExisting, ARenameAsksTheNameItselfWhenListingsLag) {
  use_simple_store();
  store_->set("f", "mine");
  store_->lag_listings(10);
  store_->set("g", "somebody else's");
  EXPECT_EQ(code(run(fs_->rename(at("/f"), at("/g"), Existing::stays))), Errc::already_exists);
  EXPECT_EQ(store_->content("g"), "somebody else's");
  EXPECT_EQ(store_->content("f"), "mine");
}

TEST_F(ObjectExisting, ADirectoryRenameLeavesWhatAppearsInItsWay) {
  for (int i = 0; i < 20; ++i) store_->set("d/" + std::to_string(i), data(100, static_cast<unsigned>(i)));
  auto before = store_->keys();
  store_->on_call([&](std::string operation, std::string) -> Task<void> {
    if (operation == "copy") store_->set("e/7", "somebody else's");
    co_return;
  });
  EXPECT_EQ(code(run(fs_->rename(at("/d"), at("/e"), Existing::stays))), Errc::already_exists);
  EXPECT_EQ(store_->content("e/7"), "somebody else's");
  before.push_back("e/7");
  std::ranges::sort(before);
  EXPECT_EQ(store_->keys(), before);
}

TEST_F(ObjectExisting, AContinuedUploadTakesTheConditionWithIt) {
  auto cut = open("/f");  // begun while overwriting was allowed
  must(try_write(*cut, data(200 * kib, 1)));
  const std::uint64_t held = must(run(cut->hold()));
  ASSERT_GT(held, 0U);
  UploadOptions options = keeping(UploadMode::at_offset);
  options.offset = held;
  auto rest = open("/f", options);
  must(try_write(*rest, "tail"));
  store_->set("f", "somebody else's");
  EXPECT_EQ(code(run(rest->commit())), Errc::already_exists);
  EXPECT_EQ(store_->content("f"), "somebody else's");
}

}  // namespace
}  // namespace gantry::vfs
