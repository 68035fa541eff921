// From one tree to another: in one bucket, and between two of one service.
#include "tests/unit/vfs/object_fixture.hpp"
#include "vfs/mount_file_system.hpp"

namespace gantry::vfs {
namespace {

class ObjectMoves : public ObjectFixture {
 protected:
  /// A tree with its root at `prefix` of the first bucket.
  std::shared_ptr<ObjectFileSystem> in_first(std::string prefix) {
    auto options = options_;
    options.prefix = std::move(prefix);
    return std::make_shared<ObjectFileSystem>(store_, options);
  }
  std::shared_ptr<ObjectFileSystem> in_second(std::string service = "cloud") {
    auto options = options_;
    options.store_name = "second";
    options.service = std::move(service);
    return std::make_shared<ObjectFileSystem>(second_, options);
  }
  void use_second(object::Limits limits) {
    options_.service = "cloud";
    use(limits);
    second_ = std::make_shared<test::MemoryStore>(test::MemoryStoreOptions{.limits = limits});
    second_->copies_from(*store_);
  }
  Result<void> move(FileSystem& from_tree, std::string_view from, FileSystem& to_tree, std::string_view to,
                    Existing existing = Existing::may_go) {
    return run(from_tree.move_to(to_tree, at(from), at(to), existing));
  }
  using Keys = std::vector<std::string>;

  std::shared_ptr<test::MemoryStore> second_;
};

TEST_F(ObjectMoves, AFileMovesWithinTheBucket) {
  store_->set("home/f", "text", {.metadata = {{"mtime", "1000"}}});
  auto home = in_first("/home");
  auto shared = in_first("/shared");
  must(move(*home, "/f", *shared, "/g"));
  EXPECT_EQ(store_->keys(), Keys{"shared/g"});
  EXPECT_EQ(store_->content("shared/g"), "text");
  EXPECT_EQ(store_->metadata("shared/g").at("mtime"), "1000");
  EXPECT_TRUE(run(shared->stat(at("/g"))));
  EXPECT_EQ(code(run(home->stat(at("/f")))), Errc::not_found);
}

TEST_F(ObjectMoves, ADirectoryMovesWithinTheBucketByItsPlan) {
  for (const char* key : {"home/d/", "home/d/a", "home/d/sub/b"}) store_->set(key, key);
  auto home = in_first("/home");
  auto shared = in_first("/shared");
  must(move(*home, "/d", *shared, "/e"));
  EXPECT_EQ(store_->keys(), (Keys{"shared/e/", "shared/e/a", "shared/e/sub/b"}));
  EXPECT_TRUE(must(run(renames_->records(options_.store_name))).empty());
  EXPECT_EQ(run(shared->stat(at("/e")))->kind, Kind::directory);
}

TEST_F(ObjectMoves, TheEmptiedDirectoryStays) {
  store_->set("home/d/only", "x");
  must(move(*in_first("/home"), "/d/only", *in_first("/shared"), "/only"));
  EXPECT_EQ(store_->keys(), (Keys{"home/d/", "shared/only"}));
}

TEST_F(ObjectMoves, OverlappingTreesLoseNothing) {
  store_->set("home/d/f", "text");
  auto home = in_first("/home");
  auto inner = in_first("/home/d");
  // The same object under two names: nothing to do, and nothing to delete.
  must(move(*home, "/d/f", *inner, "/f"));
  EXPECT_EQ(code(move(*home, "/d", *inner, "/x")), Errc::invalid);
  EXPECT_EQ(code(move(*home, "/d/f", *inner, "/f/x")), Errc::not_found);
  EXPECT_EQ(store_->content("home/d/f"), "text");
}

TEST_F(ObjectMoves, OneBucketUnderTwoNamesLosesNothing) {
  options_.service = "cloud";
  store_->set("f", "text");
  auto one = in_first("");
  // Another object of the same bucket, as two stores of a configuration would have it.
  auto other = std::make_shared<ObjectFileSystem>(
      std::make_shared<SettledStore>(store_, std::make_shared<RecentWrites>()), options_);
  must(move(*one, "/f", *other, "/f"));
  EXPECT_EQ(store_->content("f"), "text");
  must(move(*one, "/f", *other, "/g"));
  EXPECT_EQ(store_->keys(), Keys{"g"});
}

TEST_F(ObjectMoves, AFileMovesBetweenBucketsOfOneService) {
  use_second({.min_part = 16 * kib});
  store_->set("f", "text", {.metadata = {{"mtime", "1000"}}});
  auto second = in_second();
  must(move(*in_first(""), "/f", *second, "/f"));
  EXPECT_EQ(store_->keys(), Keys{});
  EXPECT_EQ(second_->content("f"), "text");
  EXPECT_EQ(second_->metadata("f").at("mtime"), "1000");
  EXPECT_EQ(run(second->stat(at("/f")))->size, 4U);
}

TEST_F(ObjectMoves, ALargeFileMovesInParts) {
  use_second({.min_part = 16 * kib, .max_part = 64 * kib, .max_put = 64 * kib});
  const std::string text = data(300 * kib, 7);
  store_->set("f", text);
  must(move(*in_first(""), "/f", *in_second(), "/g"));
  EXPECT_EQ(store_->keys(), Keys{});
  EXPECT_EQ(second_->content("g"), text);
  EXPECT_GT(second_->count("copy_part"), 4U);
  EXPECT_EQ(second_->open_uploads(), 0U);
}

TEST_F(ObjectMoves, AFailedCopyLeavesTheSource) {
  use_second({.min_part = 16 * kib, .max_part = 64 * kib, .max_put = 64 * kib});
  store_->set("small", "text");
  store_->set("large", data(300 * kib, 7));
  auto first = in_first("");
  auto second = in_second();
  second_->fail_next("copy", Errc::unavailable);
  EXPECT_EQ(code(move(*first, "/small", *second, "/small")), Errc::unavailable);
  second_->fail_next("copy_part", Errc::unavailable);
  EXPECT_EQ(code(move(*first, "/large", *second, "/large")), Errc::unavailable);
  EXPECT_EQ(store_->keys(), (Keys{"large", "small"}));
  EXPECT_EQ(second_->keys(), Keys{});
  EXPECT_EQ(second_->open_uploads(), 0U);
}

TEST_F(ObjectMoves, WhatIsInTheWayStaysWhereItMust) {
  use_second({.min_part = 16 * kib});
  store_->set("f", "new");
  second_->set("f", "old");
  second_->set("d/x", "x");
  auto first = in_first("");
  auto second = in_second();
  EXPECT_EQ(code(move(*first, "/f", *second, "/f", Existing::stays)), Errc::already_exists);
  EXPECT_EQ(code(move(*first, "/f", *second, "/d")), Errc::already_exists);
  EXPECT_EQ(code(move(*first, "/f", *second, "/missing/f")), Errc::not_found);
  EXPECT_EQ(store_->content("f"), "new");
  must(move(*first, "/f", *second, "/f"));
  EXPECT_EQ(second_->content("f"), "new");
}

TEST_F(ObjectMoves, WhatCannotBeMovedIsSaid) {
  use_second({.min_part = 16 * kib});
  store_->set("f", "text");
  store_->set("d/x", "x");
  auto first = in_first("");
  EXPECT_EQ(code(move(*first, "/d", *in_second(), "/d")), Errc::across_stores);
  EXPECT_EQ(code(move(*first, "/f", *in_second("elsewhere"), "/f")), Errc::across_stores);
  EXPECT_EQ(code(move(*first, "/missing", *in_second(), "/f")), Errc::not_found);
  EXPECT_EQ(store_->keys(), (Keys{"d/x", "f"}));
  EXPECT_EQ(second_->keys(), Keys{});
}

TEST_F(ObjectMoves, MountsOfOneBucketAreOneTree) {
  store_->set("home/f", "text");
  store_->set("shared/d/g", "text");
  MountFileSystem tree({{Path{}, in_first("/home")}, {at("/shared"), in_first("/shared")}});
  must(run(tree.rename(at("/f"), at("/shared/d/f"))));
  must(run(tree.rename(at("/shared/d"), at("/d"))));
  EXPECT_EQ(store_->keys(), (Keys{"home/d/f", "home/d/g"}));
}

}  // namespace
}  // namespace gantry::vfs
