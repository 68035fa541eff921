// What the contract cannot ask of every store when files of a disk are joined: links, changes meanwhile, a cancel.
#include "vfs/local_combine.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "async/child.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gantry::vfs {
namespace {

namespace disk = std::filesystem;

class LocalCombine : public testing::TestWithParam<Drafts> {
 protected:
  LocalCombine() { root_ = *LocalRoot::open({.root = directory_.path(), .drafts = GetParam()}); }

  static Path at(std::string_view text) { return *Path::absolute(text); }
  void make(const std::string& name, std::string_view content) {
    std::ofstream(directory_.path() + "/" + name, std::ios::binary) << content;
  }
  std::string on_disk(const std::string& name) const {
    std::ifstream file(directory_.path() + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Hidden ones included.
  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& entry : disk::directory_iterator(directory_.path())) all.insert(entry.path().filename());
    return all;
  }
  Result<Combined> join(std::vector<Path> sources, std::function<void(std::uint64_t)> progress = {}) {
    return test::run_task(
        context_, combine_local(root_, pool_, at("/whole"), std::move(sources), {.progress = std::move(progress)}));
  }

  test::TemporaryDirectory directory_;
  asio::io_context context_;
  async::BlockingPool pool_{2, 100};
  std::shared_ptr<LocalRoot> root_;
};

TEST_P(LocalCombine, ASourceThatChangesMeanwhileFailsTheJoinAndStays) {
  make("a", "first");
  make("b", "second");
  make("whole", "old");
  auto done = join({at("/a"), at("/b")}, [&](std::uint64_t bytes) {
    if (bytes == 11) make("a", "newer and longer");
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::conflict);
  EXPECT_EQ(on_disk("whole"), "old");
  EXPECT_EQ(on_disk("a"), "newer and longer");
  EXPECT_EQ(on_disk("b"), "second");
  EXPECT_EQ(names(), (std::set<std::string>{"a", "b", "whole"})) << "no draft is left";
}

TEST_P(LocalCombine, ASourceThatVanishesOrShrinksBeforeItsTurnFailsTheJoin) {
  for (bool vanish : {true, false}) {
    make("a", "first");
    make("b", "second");
    auto done = join({at("/a"), at("/b")}, [&](std::uint64_t bytes) {
      if (bytes != 5) return;
      if (vanish)
        disk::remove(directory_.path() + "/b");
      else
        make("b", "s");
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, vanish ? Errc::not_found : Errc::conflict);
    EXPECT_FALSE(names().contains("whole"));
    EXPECT_EQ(on_disk("a"), "first");
  }
}

TEST_P(LocalCombine, ACancelLeavesEverythingAsItWas) {
  make("a", "first");
  make("b", "second");
  make("whole", "old");
  std::optional<Errc> seen;
  auto scene = [&]() -> Task<void> {
    async::Child child;
    auto work = [&]() -> Task<void> {
      auto done = co_await combine_local(root_, pool_, at("/whole"), {at("/a"), at("/b")},
                                         {.progress = [&](std::uint64_t bytes) {
                                           if (bytes == 5) child.cancel();
                                         }});
      if (!done) seen = done.error().code;
    };
    child = async::Child(co_await asio::this_coro::executor, "combine", work());
    co_await child.join();
  };
  test::run_task(context_, scene());
  EXPECT_EQ(seen, Errc::cancelled);
  EXPECT_EQ(on_disk("whole"), "old");
  EXPECT_EQ(on_disk("a") + on_disk("b"), "firstsecond");
  EXPECT_EQ(names(), (std::set<std::string>{"a", "b", "whole"}));
}

TEST_P(LocalCombine, ALinkGoesAndWhatItLeadsToStays) {
  make("real", "bytes");
  disk::create_symlink("real", directory_.path() + "/link");
  ASSERT_TRUE(join({at("/link")}));
  EXPECT_EQ(on_disk("whole"), "bytes");
  EXPECT_EQ(names(), (std::set<std::string>{"real", "whole"}));
}

TEST_P(LocalCombine, WhatIsNoPlainFileIsRefused) {
  ASSERT_EQ(::mkfifo((directory_.path() + "/pipe").c_str(), 0600), 0);
  auto done = join({at("/pipe")});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::denied);
}

INSTANTIATE_TEST_SUITE_P(Ways, LocalCombine, testing::Values(Drafts::automatic, Drafts::named),
                         [](const auto& info) { return info.param == Drafts::named ? "named" : "nameless"; });

}  // namespace
}  // namespace gantry::vfs
