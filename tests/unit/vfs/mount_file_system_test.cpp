// How parts are put together; that each part still behaves is the contract's business.
#include "vfs/mount_file_system.hpp"

#include <set>

#include <gtest/gtest.h>

#include "tests/support/run.hpp"
#include "vfs/memory_file_system.hpp"
#include "vfs/subtree_file_system.hpp"

namespace gantry::vfs {
namespace {

using test::code;

class Mounts : public testing::Test {
 protected:
  template <class T>
  T run(Task<T> task) {
    return test::run_task(context_, std::move(task));
  }
  static Path at(std::string_view text) { return *Path::absolute(text); }

  void put(FileSystem& fs, Path path) {
    auto upload = run(fs.open_upload(std::move(path), {})).value();
    run(upload->commit()).value();
  }
  std::vector<std::string> names(FileSystem& fs, Path path) {
    std::vector<std::string> found;
    auto listing = run(fs.list(std::move(path))).value();
    while (true) {
      auto page = run(listing->next()).value();
      if (page.empty()) break;
      for (const Entry& entry : page) found.push_back(entry.name);
    }
    std::ranges::sort(found);
    return found;
  }

  using Names = std::vector<std::string>;
  asio::io_context context_;
  std::shared_ptr<FileSystem> home_ = std::make_shared<MemoryFileSystem>(make_memory_tree());
  std::shared_ptr<FileSystem> archive_ = std::make_shared<MemoryFileSystem>(make_memory_tree());
  std::shared_ptr<FileSystem> deep_ = std::make_shared<MemoryFileSystem>(make_memory_tree());
  MountFileSystem fs_{{{Path{}, home_}, {at("/archive"), archive_}, {at("/a/b/deep"), deep_}}};
};

TEST_F(Mounts, MountPointsShowInListings) {
  put(fs_, at("/file"));
  EXPECT_EQ(names(fs_, Path{}), (Names{"a", "archive", "file"}));
  EXPECT_EQ(names(fs_, at("/a")), Names{"b"});
  EXPECT_EQ(names(fs_, at("/a/b")), Names{"deep"});
  EXPECT_TRUE(names(fs_, at("/a/b/deep")).empty());
  EXPECT_EQ(run(fs_.stat(at("/a")))->kind, Kind::directory);
  EXPECT_EQ(run(fs_.stat(at("/a/b/deep")))->name, "deep");
  EXPECT_EQ(run(fs_.stat(Path{}))->name, "");
}

TEST_F(Mounts, AMountHidesWhatTheStoreHasThere) {
  ASSERT_TRUE(run(home_->make_directory(at("/archive"))));
  put(*home_, at("/archive/hidden"));
  ASSERT_TRUE(run(home_->make_directory(at("/a"))));
  put(*home_, at("/a/shown"));
  put(*home_, at("/a/b"));
  EXPECT_EQ(names(fs_, Path{}), (Names{"a", "archive"}));
  EXPECT_TRUE(names(fs_, at("/archive")).empty());
  EXPECT_EQ(names(fs_, at("/a")), (Names{"b", "shown"}));
  EXPECT_EQ(run(fs_.stat(at("/a/b")))->kind, Kind::directory);
  EXPECT_EQ(names(fs_, at("/a/b")), Names{"deep"});
}

TEST_F(Mounts, PathsGoToTheLongestMount) {
  put(fs_, at("/archive/f"));
  put(fs_, at("/archived"));
  put(fs_, at("/a/b/deep/g"));
  EXPECT_EQ(names(*archive_, Path{}), Names{"f"});
  EXPECT_EQ(names(*deep_, Path{}), Names{"g"});
  EXPECT_EQ(names(*home_, Path{}), Names{"archived"});
}

TEST_F(Mounts, MountPointsAreFixed) {
  put(fs_, at("/file"));
  for (const char* name : {"/archive", "/a", "/a/b", "/a/b/deep"}) {
    EXPECT_EQ(code(run(fs_.remove_directory(at(name)))), Errc::mount_point) << name;
    EXPECT_EQ(code(run(fs_.may_rename(at(name)))), Errc::mount_point) << name;
    EXPECT_EQ(code(run(fs_.rename(at(name), at("/elsewhere")))), Errc::mount_point) << name;
    EXPECT_EQ(code(run(fs_.rename(at("/file"), at(name)))), Errc::already_exists) << name;
    EXPECT_EQ(code(run(fs_.remove_file(at(name)))), Errc::is_directory) << name;
    EXPECT_EQ(code(run(fs_.make_directory(at(name)))), Errc::already_exists) << name;
    EXPECT_EQ(code(run(fs_.open_upload(at(name), {}))), Errc::is_directory) << name;
    EXPECT_EQ(code(run(fs_.open_reader(at(name), {}))), Errc::is_directory) << name;
    EXPECT_EQ(code(run(fs_.copy(at("/file"), at(name)))), Errc::is_directory) << name;
  }
  EXPECT_TRUE(run(fs_.stat(at("/file"))));
}

TEST_F(Mounts, NothingMovesAcrossStores) {
  put(fs_, at("/file"));
  EXPECT_EQ(code(run(fs_.rename(at("/file"), at("/archive/file")))), Errc::across_stores);
  EXPECT_EQ(code(run(fs_.copy(at("/file"), at("/archive/file")))), Errc::across_stores);
  EXPECT_EQ(code(run(fs_.rename(at("/missing"), at("/archive/file")))), Errc::not_found);
  EXPECT_EQ(names(fs_, at("/archive")), Names{});
}

TEST_F(Mounts, PartsOfOneStoreAreOneTree) {
  for (const char* name : {"/alice", "/shared"}) ASSERT_TRUE(run(home_->make_directory(at(name))));
  put(*home_, at("/alice/file"));
  ASSERT_TRUE(run(home_->make_directory(at("/shared/dir"))));
  auto part = [&](const char* root) { return std::make_shared<SubtreeFileSystem>(home_, at(root)); };
  MountFileSystem fs({{Path{}, part("/alice")}, {at("/shared"), part("/shared")}, {at("/else"), archive_}});
  ASSERT_TRUE(run(fs.may_rename(at("/file"))));
  ASSERT_TRUE(run(fs.rename(at("/file"), at("/shared/dir/file"))));
  ASSERT_TRUE(run(fs.rename(at("/shared/dir"), at("/dir"))));
  EXPECT_EQ(names(*home_, at("/alice/dir")), Names{"file"});
  EXPECT_EQ(code(run(fs.rename(at("/dir/file"), at("/else/file")))), Errc::across_stores);
  EXPECT_EQ(code(run(fs.rename(at("/dir/file"), at("/shared")))), Errc::already_exists);
  EXPECT_EQ(code(run(fs.may_rename(at("/missing")))), Errc::not_found);
}

TEST_F(Mounts, TheWayToAMountBecomesRealWhenWrittenTo) {
  put(fs_, at("/a/b/file"));
  EXPECT_EQ(names(fs_, at("/a/b")), (Names{"deep", "file"}));
  EXPECT_EQ(names(*home_, at("/a/b")), Names{"file"});
  ASSERT_TRUE(run(fs_.make_directory(at("/a/dir"))));
  ASSERT_TRUE(run(fs_.rename(at("/a/b/file"), at("/a/moved"))));
  EXPECT_EQ(names(fs_, at("/a")), (Names{"b", "dir", "moved"}));
}

TEST_F(Mounts, WithoutARootMountOnlyTheWayIsThere) {
  MountFileSystem fs({{at("/x/y"), deep_}});
  EXPECT_EQ(names(fs, Path{}), Names{"x"});
  EXPECT_EQ(names(fs, at("/x")), Names{"y"});
  EXPECT_EQ(run(fs.stat(Path{}))->kind, Kind::directory);
  EXPECT_EQ(code(run(fs.stat(at("/z")))), Errc::not_found);
  EXPECT_EQ(code(run(fs.list(at("/z")))), Errc::not_found);
  EXPECT_EQ(code(run(fs.open_upload(at("/z"), {}))), Errc::denied);
  EXPECT_EQ(code(run(fs.make_directory(at("/x/z")))), Errc::denied);
  EXPECT_EQ(code(run(fs.free_space(at("/x")))), Errc::unsupported);
  EXPECT_FALSE(fs.capabilities(Path{}).append);
  put(fs, at("/x/y/f"));
  EXPECT_EQ(names(*deep_, Path{}), Names{"f"});
}

TEST_F(Mounts, AMissingHomeOfAMountIsStillShown) {
  MountFileSystem fs({{Path{}, home_}, {at("/gone"), std::make_shared<SubtreeFileSystem>(archive_, at("/no/such"))}});
  EXPECT_EQ(names(fs, Path{}), Names{"gone"});
  EXPECT_EQ(run(fs.stat(at("/gone")))->kind, Kind::directory);
  EXPECT_TRUE(names(fs, at("/gone")).empty());
}

TEST_F(Mounts, ASubtreeCannotBeLeft) {
  ASSERT_TRUE(run(home_->make_directory(at("/alice"))));
  ASSERT_TRUE(run(home_->make_directory(at("/alice-too"))));
  put(*home_, at("/secret"));
  SubtreeFileSystem alice(home_, at("/alice"));
  EXPECT_EQ(code(run(alice.stat(at("/../secret")))), Errc::not_found);
  EXPECT_EQ(code(run(alice.stat(at("/secret")))), Errc::not_found);
  EXPECT_EQ(run(alice.stat(Path{}))->name, "");
  EXPECT_EQ(code(run(alice.remove_directory(Path{}))), Errc::denied);
  EXPECT_EQ(code(run(alice.rename(Path{}, at("/x")))), Errc::denied);
  put(alice, at("/f"));
  EXPECT_EQ(names(*home_, at("/alice")), Names{"f"});
  SubtreeFileSystem file_as_root(home_, at("/secret"));
  EXPECT_EQ(code(run(file_as_root.stat(Path{}))), Errc::not_found);
}

}  // namespace
}  // namespace gantry::vfs
