// What the contract cannot ask of every store: links, hidden names, held uploads, leftovers.
#include "vfs/local_file_system.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "base/pipe.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_directory.hpp"
#include "vfs/local_errno.hpp"
#include "vfs/local_streams.hpp"

namespace gantry::vfs {
namespace {

using test::code;

namespace disk = std::filesystem;

/// A file system in memory.
constexpr const char* memory = "/dev/shm";

struct Variant {
  const char* name;
  LocalOptions options;
  std::string below = disk::temp_directory_path();
};

class LocalFiles : public testing::TestWithParam<Variant> {
 protected:
  LocalFiles() {
    disk::create_directory(root_);
    std::ofstream(directory_.path() + "/outside.txt") << "secret";
    LocalOptions options = GetParam().options;
    options.root = root_;
    local_ = *LocalRoot::open(options);
    fs_ = std::make_unique<LocalFileSystem>(local_, pool_);
  }

  template <class T>
  T run(Task<T> task) {
    return test::run_task(context_, std::move(task));
  }
  static Path at(std::string_view text) { return *Path::absolute(text); }

  void make(const std::string& name, std::string_view content) { std::ofstream(root_ + name) << content; }
  std::string on_disk(const std::string& name) const {
    std::ifstream file(name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::set<std::string> all_names() const {
    std::set<std::string> names;
    for (const auto& entry : disk::directory_iterator(root_)) names.insert(entry.path().filename());
    return names;
  }

  Result<std::string> get(Path path) {
    auto reader = run(fs_->open_reader(std::move(path), {}));
    if (!reader) return fail(std::move(reader.error()));
    std::vector<std::byte> buffer(1000);
    auto count = run((*reader)->read(buffer));
    if (!count) return fail(std::move(count.error()));
    return std::string(as_text(ByteView(buffer).first(*count)));
  }

  std::unique_ptr<Upload> begin(Path path, std::string_view content, UploadMode mode = UploadMode::replace,
                                std::uint64_t offset = 0) {
    UploadOptions options;
    options.mode = mode;
    options.offset = offset;
    auto upload = run(fs_->open_upload(std::move(path), options)).value();
    add(*upload, content);
    return upload;
  }
  void add(Upload& upload, std::string_view content) {
    while (!content.empty()) {
      MutableBytes room = run(upload.prepare(content.size())).value();
      std::memcpy(room.data(), content.data(), room.size());
      run(upload.advance(room.size())).value();
      content.remove_prefix(room.size());
    }
  }
  /// So much comes through a pipe.
  void take(Upload& upload, std::string_view content) {
    const auto pipe = Pipe::make();
    ASSERT_TRUE(pipe);
    ASSERT_EQ(::write(pipe->in(), content.data(), content.size()), static_cast<::ssize_t>(content.size()));
    const auto taken = run(upload.take_from_pipe(pipe->out(), content.size()));
    EXPECT_TRUE(taken) << taken.error().text();
  }

  bool follows_links() const { return GetParam().options.jail == Jail::automatic; }

  test::TemporaryDirectory directory_{GetParam().below};
  std::string root_ = directory_.path() + "/root";
  asio::io_context context_;
  async::BlockingPool pool_{2, 100};
  std::shared_ptr<LocalRoot> local_;
  std::unique_ptr<LocalFileSystem> fs_;
};

TEST_P(LocalFiles, LinksThatStayInsideWork) {
  disk::create_directories(root_ + "/real/deep");
  make("/real/file", "inside");
  disk::create_symlink("real", root_ + "/link");
  disk::create_symlink("../file", root_ + "/real/deep/up");
  if (!follows_links()) {
    EXPECT_EQ(code(get(at("/link/file"))), Errc::denied);
    EXPECT_EQ(code(get(at("/real/deep/up"))), Errc::denied);
    return;
  }
  EXPECT_EQ(get(at("/link/file")), "inside");
  EXPECT_EQ(get(at("/real/deep/up")), "inside");
  EXPECT_EQ(run(fs_->stat(at("/link")))->kind, Kind::directory);
}

TEST_P(LocalFiles, WhatTheKernelHasAtHandNeedsNoOtherThread) {
  make("/file", "inside");
  EXPECT_EQ(get(at("/file")), "inside");
  if (!local_->open_at_hand(at("/file"), O_RDONLY)) GTEST_SKIP() << "not on this file system or by this kernel";
  EXPECT_EQ(run(fs_->stat(at("/file")))->size, 6U);
  pool_.stop();
  EXPECT_EQ(get(at("/file")), "inside");
  const auto entry = run(fs_->stat(at("/file")));
  ASSERT_TRUE(entry) << entry.error().text();
  EXPECT_EQ(entry->size, 6U);
  EXPECT_FALSE(entry->owner.empty());
  EXPECT_EQ(run(fs_->stat(at("/")))->kind, Kind::directory);
  EXPECT_EQ(code(get(at("/missing"))), Errc::unavailable);
}

class LocalFilesInMemory : public LocalFiles {};

INSTANTIATE_TEST_SUITE_P(
    Ways, LocalFilesInMemory,
    testing::Values(Variant{"nameless_drafts", {.durability = Durability::none}, memory},
                    Variant{"named_drafts", {.durability = Durability::none, .drafts = Drafts::named}, memory}),
    [](const testing::TestParamInfo<Variant>& info) { return std::string(info.param.name); });

TEST_P(LocalFilesInMemory, AnUploadNeedsNoOtherThread) {
  run(begin(at("/first"), "finds out whose names there are")->commit()).value();
  if (!local_->changes_at_hand() || !local_->open_at_hand(at("/first"), O_PATH))
    GTEST_SKIP() << "not on this file system or by this kernel";
  disk::create_directory(root_ + "/directory");
  disk::permissions(root_ + "/first", disk::perms::owner_all);
  pool_.stop();
  EXPECT_EQ(run(begin(at("/new"), "new")->commit()).value().size, 3U);
  EXPECT_EQ(on_disk(root_ + "/new"), "new");
  EXPECT_EQ(run(begin(at("/first"), "replaced")->commit()).value().mode, 0700U);
  EXPECT_EQ(on_disk(root_ + "/first"), "replaced");
  const std::string large(3 * mib + 1, 'x');
  EXPECT_EQ(run(begin(at("/large"), large)->commit()).value().size, large.size());
  EXPECT_EQ(on_disk(root_ + "/large"), large);
  EXPECT_EQ(all_names(), (std::set<std::string>{"directory", "first", "large", "new"}));
  EXPECT_EQ(code(run(fs_->open_upload(at("/new"), {.mode = UploadMode::create_new}))), Errc::already_exists);
}

TEST_P(LocalFilesInMemory, WhatMayTakeItsTimeGoesToThePool) {
  run(begin(at("/first"), "finds out whose names there are")->commit()).value();
  if (!local_->changes_at_hand()) GTEST_SKIP() << "not on this file system";
  make("/large", std::string(2 * mib, 'x'));
  make("/target", "target");
  disk::create_symlink("target", root_ + "/link");
  disk::create_directory(root_ + "/directory");
  make("/.gantry-held.held", "kept");
  pool_.stop();
  for (const char* name : {"/large", "/link", "/directory", "/held", "/missing/file"})
    EXPECT_EQ(code(run(fs_->open_upload(at(name), {}))), Errc::unavailable) << name;
  EXPECT_EQ(code(run(fs_->open_upload(at("/target"), {.mode = UploadMode::append}))), Errc::unavailable);
}

TEST_P(LocalFilesInMemory, ANameTakenMeanwhileIsReplacedOrRespected) {
  auto replacing = begin(at("/file"), "mine");
  auto respecting = run(fs_->open_upload(at("/other"), {.mode = UploadMode::create_new})).value();
  make("/file", "somebody else's");
  make("/other", "somebody else's");
  EXPECT_TRUE(run(replacing->commit()));
  EXPECT_EQ(on_disk(root_ + "/file"), "mine");
  EXPECT_EQ(code(run(respecting->commit())), Errc::already_exists);
  EXPECT_EQ(on_disk(root_ + "/other"), "somebody else's");
  EXPECT_EQ(all_names(), (std::set<std::string>{"file", "other"}));
}

TEST_P(LocalFiles, WhatIsAtHandStaysBelowTheRoot) {
  disk::create_symlink("../outside.txt", root_ + "/relative");
  disk::create_symlink(directory_.path() + "/outside.txt", root_ + "/absolute");
  disk::create_directory(root_ + "/directory");
  make("/.gantry-held.file", "kept");
  for (const char* name : {"/relative", "/absolute", "/.gantry-held.file"}) {
    static_cast<void>(get(at(name)));
    EXPECT_FALSE(local_->open_at_hand(at(name), O_RDONLY)) << name;
  }
  EXPECT_EQ(code(get(at("/directory"))), Errc::is_directory);
}

TEST_P(LocalFiles, NoLinkLeadsOut) {
  disk::create_symlink("../outside.txt", root_ + "/relative");
  disk::create_symlink(directory_.path() + "/outside.txt", root_ + "/absolute");
  disk::create_symlink("..", root_ + "/up");
  disk::create_symlink("/", root_ + "/slash");
  disk::create_symlink("/proc/self/root", root_ + "/magic");
  for (const char* name : {"/relative", "/absolute", "/up/outside.txt", "/slash/etc/passwd", "/magic/etc/passwd"}) {
    EXPECT_EQ(code(run(fs_->stat(at(name)))), Errc::denied) << name;
    EXPECT_EQ(code(get(at(name))), Errc::denied) << name;
    EXPECT_EQ(code(run(fs_->open_upload(at(name), {}))), Errc::denied) << name;
    EXPECT_EQ(code(run(fs_->set_mode(at(name), 0777))), Errc::denied) << name;
    EXPECT_EQ(code(run(fs_->set_time(at(name), WallTime{}))), Errc::denied) << name;
    EXPECT_EQ(code(run(fs_->copy(at(name), at("/copy")))), Errc::denied) << name;
  }
  EXPECT_EQ(code(run(fs_->list(at("/up")))), Errc::denied);
  EXPECT_EQ(code(run(fs_->make_directory(at("/up/new")))), Errc::denied);
  EXPECT_EQ(code(run(fs_->remove_file(at("/up/outside.txt")))), Errc::denied);
  EXPECT_EQ(code(run(fs_->remove_directory(at("/up/root")))), Errc::denied);
  EXPECT_EQ(code(run(fs_->rename(at("/up/outside.txt"), at("/stolen")))), Errc::denied);
  make("/mine", "mine");
  EXPECT_EQ(code(run(fs_->rename(at("/mine"), at("/up/given")))), Errc::denied);
  EXPECT_EQ(on_disk(directory_.path() + "/outside.txt"), "secret");
}

TEST_P(LocalFiles, NoRaceWithALinkLeadsOut) {
  disk::create_directory(directory_.path() + "/outer");
  disk::create_directory(root_ + "/real");
  disk::create_symlink("../outer", root_ + "/trap");
  // Somebody with access to the disk swaps a directory for a link to the outside, as fast as he can.
  std::atomic<bool> stop = false;
  std::jthread attacker([this, &stop] {
    while (!stop) {
      ::renameat2(AT_FDCWD, (root_ + "/real").c_str(), AT_FDCWD, (root_ + "/trap").c_str(), RENAME_EXCHANGE);
    }
  });
  std::size_t committed = 0;
  for (int i = 0; i < 150 || (committed == 0 && i < 100000); ++i) {
    const Path path = at("/real").child("f" + std::to_string(i));
    if (auto upload = run(fs_->open_upload(path, {}))) committed += run((*upload)->commit()) ? 1 : 0;
    static_cast<void>(run(fs_->make_directory(at("/real").child("d" + std::to_string(i)))));
    static_cast<void>(run(fs_->rename(path, at("/trap").child("g" + std::to_string(i)))));
  }
  stop = true;
  attacker.join();
  EXPECT_GT(committed, 0U);
  EXPECT_TRUE(disk::is_empty(directory_.path() + "/outer"));
}

TEST_P(LocalFiles, RemovingALinkSparesItsTarget) {
  make("/target", "stays");
  disk::create_symlink("target", root_ + "/link");
  disk::create_symlink("../outside.txt", root_ + "/out");
  EXPECT_TRUE(run(fs_->remove_file(at("/link"))));
  EXPECT_TRUE(run(fs_->remove_file(at("/out"))));
  EXPECT_EQ(on_disk(root_ + "/target"), "stays");
  EXPECT_EQ(on_disk(directory_.path() + "/outside.txt"), "secret");
  EXPECT_EQ(all_names(), std::set<std::string>{"target"});
}

TEST_P(LocalFiles, RenamingALinkMovesTheLink) {
  disk::create_symlink("../outside.txt", root_ + "/out");
  EXPECT_TRUE(run(fs_->rename(at("/out"), at("/moved"))));
  EXPECT_TRUE(disk::is_symlink(root_ + "/moved"));
}

TEST_P(LocalFiles, UploadReplacesALinkAndSparesItsTarget) {
  if (!follows_links()) GTEST_SKIP() << "a walk refuses the link";
  make("/target", "stays");
  disk::create_symlink("target", root_ + "/link");
  disk::create_symlink("nowhere", root_ + "/dangling");
  EXPECT_TRUE(run(begin(at("/link"), "new")->commit()));
  EXPECT_TRUE(run(begin(at("/dangling"), "new")->commit()));
  EXPECT_EQ(on_disk(root_ + "/target"), "stays");
  EXPECT_EQ(get(at("/link")), "new");
  EXPECT_EQ(get(at("/dangling")), "new");
  EXPECT_FALSE(disk::exists(root_ + "/nowhere"));
}

TEST_P(LocalFiles, ListingShowsWhatLinksLeadTo) {
  make("/real", "12345");
  disk::create_symlink("real", root_ + "/link");
  disk::create_symlink("../outside.txt", root_ + "/out");
  auto listing = run(fs_->list(Path{})).value();
  std::map<std::string, Entry> entries;
  for (Entry& entry : run(listing->next()).value()) entries[entry.name] = entry;
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries["real"].size, 5U);
  if (follows_links()) EXPECT_EQ(entries["link"].size, 5U);
  EXPECT_NE(entries["out"].size, 6U);
  EXPECT_FALSE(entries["real"].owner.empty());
  EXPECT_FALSE(entries["real"].group.empty());
}

TEST_P(LocalFiles, PipesAreNotOpened) {
  ASSERT_EQ(::mkfifo((root_ + "/pipe").c_str(), 0600), 0);
  EXPECT_EQ(code(get(at("/pipe"))), Errc::denied);
  EXPECT_EQ(code(run(fs_->open_upload(at("/pipe"), {}))), Errc::denied);
}

TEST_P(LocalFiles, NoTraceOfAnUploadOnItsWay) {
  auto upload = begin(at("/f"), std::string(3 * mib, 'x'));
  auto listing = run(fs_->list(Path{})).value();
  EXPECT_TRUE(run(listing->next())->empty());
  for (const std::string& name : all_names()) {
    EXPECT_EQ(code(run(fs_->stat(at("/").child(name)))), Errc::not_found);
    EXPECT_EQ(code(get(at("/").child(name))), Errc::not_found);
    EXPECT_EQ(code(run(fs_->remove_file(at("/").child(name)))), Errc::bad_name);
  }
  run(upload->abort());
  EXPECT_TRUE(all_names().empty());
  EXPECT_EQ(code(run(fs_->open_upload(at("/.gantry-0.part"), {}))), Errc::bad_name);
  EXPECT_EQ(code(run(fs_->make_directory(at("/.gantry-held.x")))), Errc::bad_name);
}

TEST_P(LocalFiles, CommitLeavesOnlyTheFile) {
  make("/f", "old");
  EXPECT_TRUE(run(begin(at("/f"), "new")->commit()));
  EXPECT_TRUE(run(begin(at("/g"), "x", UploadMode::create_new)->commit()));
  EXPECT_TRUE(run(begin(at("/f"), "er", UploadMode::append)->commit()));
  EXPECT_EQ(all_names(), (std::set<std::string>{"f", "g"}));
  EXPECT_EQ(on_disk(root_ + "/f"), "newer");
}

TEST_P(LocalFiles, NewFilesObeyTheUmask) {
  const ::mode_t before = ::umask(027);
  EXPECT_TRUE(run(begin(at("/f"), "x")->commit()));
  EXPECT_TRUE(run(fs_->make_directory(at("/d"))));
  ::umask(before);
  EXPECT_EQ(run(fs_->stat(at("/f")))->mode, 0640U);
  EXPECT_EQ(run(fs_->stat(at("/d")))->mode, 0750U);
}

TEST_P(LocalFiles, AppendToAChangedFileIsAConflict) {
  make("/f", "old");
  auto upload = begin(at("/f"), "more", UploadMode::append);
  make("/f", "changed by somebody");
  EXPECT_EQ(code(run(upload->commit())), Errc::conflict);
  EXPECT_EQ(on_disk(root_ + "/f"), "changed by somebody");
  EXPECT_EQ(all_names(), std::set<std::string>{"f"});
}

TEST_P(LocalFiles, ReaderNoticesAFileCutShort) {
  make("/f", std::string(1 * mib, 'x'));
  auto reader = run(fs_->open_reader(at("/f"), {})).value();
  std::vector<std::byte> buffer(10);
  EXPECT_EQ(run(reader->read(buffer)), 10U);
  ASSERT_EQ(::truncate((root_ + "/f").c_str(), 100), 0);
  Result<std::size_t> count = 1;
  while (count && *count > 0) count = run(reader->read(buffer));
  EXPECT_EQ(code(count), Errc::conflict);
}

TEST_P(LocalFiles, ReaderGivesItsDescriptor) {
  make("/f", "0123456789");
  auto reader = run(fs_->open_reader(at("/f"), {.offset = 4, .length = 3})).value();
  ASSERT_TRUE(reader->descriptor());
  char byte = 0;
  EXPECT_EQ(::pread(*reader->descriptor(), &byte, 1, 4), 1);
  EXPECT_EQ(byte, '4');
}

TEST_P(LocalFiles, TooLargeASizeIsRefusedAtOnce) {
  UploadOptions options;
  options.expected_size = std::uint64_t{1} << 60U;
  EXPECT_EQ(code(run(fs_->open_upload(at("/f"), options))), Errc::no_space);
}

TEST_P(LocalFiles, HeldUploadSurvivesAndContinues) {
  auto upload = begin(at("/f"), "first ");
  EXPECT_EQ(run(upload->hold()), 6U);
  upload.reset();
  EXPECT_EQ(run(fs_->stat(at("/f")))->size, 6U);
  EXPECT_EQ(code(get(at("/f"))), Errc::unfinished);
  upload = begin(at("/f"), "second", UploadMode::append);
  EXPECT_EQ(upload->position(), 12U);
  EXPECT_EQ(run(upload->hold()), 12U);
  upload = begin(at("/f"), "2nd", UploadMode::at_offset, 6);
  EXPECT_TRUE(run(upload->commit()));
  EXPECT_EQ(get(at("/f")), "first 2nd");
  EXPECT_EQ(all_names(), std::set<std::string>{"f"});
}

TEST_P(LocalFiles, APipeGoesOnWhereBytesEndedAndBytesWhereAPipeDid) {
  auto upload = begin(at("/f"), "copied, ");
  ASSERT_TRUE(upload->takes_from_pipes());
  const std::string much(300 * kib, 'm');
  take(*upload, "taken, ");
  take(*upload, much);
  EXPECT_EQ(upload->position(), 15 + much.size());
  add(*upload, ", copied again");
  EXPECT_TRUE(run(upload->commit()));
  EXPECT_EQ(on_disk(root_ + "/f"), "copied, taken, " + much + ", copied again");
}

TEST_P(LocalFiles, APipeThatHoldsLessThanItWasSaidToIsAnErrorAndNotWaitedFor) {
  auto upload = begin(at("/f"), "");
  const auto pipe = Pipe::make();
  ASSERT_EQ(::write(pipe->in(), "some", 4), 4);
  EXPECT_EQ(code(run(upload->take_from_pipe(pipe->out(), 5))), Errc::unavailable);
  EXPECT_EQ(upload->position(), 4U);
  run(upload->abort());
  EXPECT_TRUE(all_names().empty());
}

TEST_P(LocalFiles, WhatAPipeBroughtIsHeldLikeEverythingElse) {
  auto upload = begin(at("/f"), "first ");
  take(*upload, "second ");
  EXPECT_EQ(run(upload->hold()), 13U);
  upload = begin(at("/f"), "", UploadMode::append);
  take(*upload, "third");
  EXPECT_TRUE(run(upload->commit()));
  EXPECT_EQ(get(at("/f")), "first second third");
}

TEST_P(LocalFiles, AFileThatCannotBeSplicedIsWrittenFromThePipe) {
  auto upload = begin(at("/f"), "");
  // Appending files are refused by splice().
  int drafts = 0;
  for (const auto& open : disk::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (!disk::read_symlink(open, gone).string().starts_with(root_ + "/")) continue;
    const int descriptor = std::stoi(open.path().filename());
    const int flags = ::fcntl(descriptor, F_GETFL);
    if ((flags & O_ACCMODE) != O_RDWR) continue;
    ASSERT_EQ(::fcntl(descriptor, F_SETFL, flags | O_APPEND), 0);
    ++drafts;
  }
  ASSERT_EQ(drafts, 1);
  const std::string much(200 * kib + 1, 'm');
  take(*upload, much);
  take(*upload, "end");
  EXPECT_TRUE(run(upload->commit()));
  EXPECT_EQ(on_disk(root_ + "/f"), much + "end");
}

TEST_P(LocalFiles, HeldUploadIsContinuedByOneOnly) {
  EXPECT_EQ(run(begin(at("/f"), "first")->hold()), 5U);
  auto first = begin(at("/f"), " one", UploadMode::append);
  UploadOptions options;
  options.mode = UploadMode::append;
  EXPECT_EQ(code(run(fs_->open_upload(at("/f"), options))), Errc::conflict);
  EXPECT_EQ(code(run(fs_->remove_file(at("/f")))), Errc::conflict);
  EXPECT_EQ(local_->sweep(wall_now() + std::chrono::hours(1)), 0U);
  EXPECT_TRUE(run(first->commit()));
  EXPECT_EQ(get(at("/f")), "first one");
}

TEST_P(LocalFiles, HeldUploadDoesNotComeBackFromTheDead) {
  EXPECT_EQ(run(begin(at("/f"), "interrupted")->hold()), 11U);
  make("/other", "x");
  EXPECT_TRUE(run(fs_->rename(at("/other"), at("/f"))));
  EXPECT_EQ(all_names(), std::set<std::string>{"f"});
  EXPECT_TRUE(run(fs_->remove_file(at("/f"))));
  EXPECT_EQ(code(run(fs_->stat(at("/f")))), Errc::not_found);
  EXPECT_TRUE(all_names().empty());
}

TEST_P(LocalFiles, TooLongANameIsNotHeld) {
  const Path path = Path{}.child(std::string(250, 'n'));
  EXPECT_EQ(run(begin(path, "x")->hold()), 0U);
  EXPECT_TRUE(all_names().empty());
}

TEST_P(LocalFiles, SweepRemovesOldLeftoversOnly) {
  disk::create_directories(root_ + "/a/b");
  make("/a/b/.gantry-00.part", "left");
  make("/.gantry-held.f", "left");
  make("/a/mine.part", "mine");
  make("/.gantry-config", "mine");
  disk::create_directory(root_ + "/.gantry-dir.part");
  std::ofstream(directory_.path() + "/.gantry-11.part") << "outside";
  disk::create_symlink("..", root_ + "/up");
  EXPECT_EQ(local_->sweep(wall_now() - std::chrono::hours(1)), 0U);
  EXPECT_EQ(local_->sweep(wall_now() + std::chrono::hours(1)), 2U);
  EXPECT_TRUE(disk::exists(root_ + "/a/mine.part"));
  EXPECT_TRUE(disk::exists(root_ + "/.gantry-config"));
  EXPECT_TRUE(disk::exists(root_ + "/.gantry-dir.part"));
  EXPECT_TRUE(disk::exists(directory_.path() + "/.gantry-11.part"));
}

TEST_P(LocalFiles, NamesThatNoClientCanSayAreNotShown) {
  make("/line\nbreak", "x");
  make("/fine", "x");
  auto listing = run(fs_->list(Path{})).value();
  auto page = run(listing->next()).value();
  ASSERT_EQ(page.size(), 1U);
  EXPECT_EQ(page[0].name, "fine");
}

TEST_P(LocalFiles, TimesKeepTheirMilliseconds) {
  make("/f", "x");
  const WallTime when{Milliseconds(1'234'567'890'123)};
  const WallTime before_epoch{Milliseconds(-1500)};
  EXPECT_TRUE(run(fs_->set_time(at("/f"), when)));
  EXPECT_EQ(run(fs_->stat(at("/f")))->modified, when);
  EXPECT_TRUE(run(fs_->set_time(Path{}, when)));
  EXPECT_EQ(run(fs_->stat(Path{}))->modified, when);
  EXPECT_TRUE(run(fs_->set_time(at("/f"), before_epoch)));
  EXPECT_EQ(run(fs_->stat(at("/f")))->modified, before_epoch);
}

INSTANTIATE_TEST_SUITE_P(Ways, LocalFiles,
                         testing::Values(Variant{"usual", {}}, Variant{"walked", {.jail = Jail::walk}},
                                         Variant{"named_drafts", {.drafts = Drafts::named}},
                                         Variant{"in_memory", {.durability = Durability::none}, memory}),
                         [](const testing::TestParamInfo<Variant>& info) { return std::string(info.param.name); });

TEST(LocalRootOpen, NeedsADirectory) {
  test::TemporaryDirectory directory;
  std::ofstream(directory.path() + "/file") << "x";
  EXPECT_EQ(LocalRoot::open({.root = directory.path() + "/missing"}).error().code, Errc::not_found);
  EXPECT_EQ(LocalRoot::open({.root = directory.path() + "/file"}).error().code, Errc::not_directory);
}

TEST(LocalErrno, MapsWhatDisksSay) {
  EXPECT_EQ(errno_code(ENOSPC), Errc::no_space);
  EXPECT_EQ(errno_code(EDQUOT), Errc::quota);
  EXPECT_EQ(errno_code(EACCES), Errc::denied);
  EXPECT_EQ(errno_code(EROFS), Errc::denied);
  EXPECT_EQ(errno_code(ENAMETOOLONG), Errc::bad_name);
  EXPECT_EQ(errno_code(EFBIG), Errc::too_large);
  EXPECT_EQ(errno_code(EIO), Errc::unavailable);
  EXPECT_EQ(errno_code(EUCLEAN), Errc::internal);
}

}  // namespace
}  // namespace gantry::vfs
