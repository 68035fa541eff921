// Log files are put aside by size and by time, and no line is lost whatever happens to the files.
#include "base/log_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>
#include <vector>

#include "base/log_file_names.hpp"

namespace gantry::log {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

using Time = LogFile::Time;

/// 2023-11-14 22:13:20 UTC.
constexpr Time start{std::chrono::seconds(1'700'000'000)};

class LogFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "gantry_log_XXXXXX";
    base = mkdtemp(name.data());
    directory = base + "/log";
    path = directory + "/gantryd.log";
  }
  void TearDown() override { std::filesystem::remove_all(base); }

  std::shared_ptr<LogFile> open(LogFile::Rules rules, Time now = start) {
    auto file = LogFile::open(path, rules, now);
    EXPECT_TRUE(file) << file.error().text();
    return *file;
  }
  [[nodiscard]] static std::string read(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  [[nodiscard]] std::string in(const std::string& name) const { return read(directory + '/' + name); }
  void put(const std::string& name, const std::string& text) const { std::ofstream(directory + '/' + name) << text; }
  [[nodiscard]] std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) all.insert(entry.path().filename());
    return all;
  }
  /// The time of the live file's last line, as a restart finds it.
  void set_changed(Time when) const {
    timespec times[2] = {{}, {}};
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = std::chrono::system_clock::to_time_t(when);
    ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }

  std::string base;
  std::string directory;
  std::string path;
};

using LogFileBySize = LogFileTest;
using LogFileByTime = LogFileTest;
using LogFileTrouble = LogFileTest;

TEST_F(LogFileBySize, PutsAFullFileAside) {
  auto file = open({.rotate_bytes = 8, .keep_files = 2});
  file->write("one\n", start);
  file->write("two\n", start);
  EXPECT_THAT(names(), ElementsAre("gantryd.log"));
  for (const char* line : {"three\n", "four\n", "five\n"}) file->write(line, start);
  EXPECT_THAT(names(), ElementsAre("gantryd.1.log", "gantryd.2.log", "gantryd.log"));
  EXPECT_EQ(in("gantryd.log"), "five\n");
  EXPECT_EQ(in("gantryd.1.log"), "four\n");
  EXPECT_EQ(in("gantryd.2.log"), "three\n") << "the oldest one went";
}

TEST_F(LogFileBySize, KeepsAllWhenAsked) {
  auto file = open({.rotate_bytes = 1, .keep_files = 0});
  for (int i = 0; i < 30; ++i) file->write(std::to_string(i) + '\n', start);
  EXPECT_EQ(names().size(), 30U);
  EXPECT_EQ(in("gantryd.29.log"), "0\n");
  EXPECT_EQ(in("gantryd.1.log"), "28\n");
}

TEST_F(LogFileBySize, KeepsOne) {
  auto file = open({.rotate_bytes = 1, .keep_files = 1});
  for (const char* line : {"1\n", "2\n", "3\n"}) file->write(line, start);
  EXPECT_THAT(names(), ElementsAre("gantryd.1.log", "gantryd.log"));
  EXPECT_EQ(in("gantryd.1.log"), "2\n");
}

TEST_F(LogFileBySize, RemovesWhatALargerNumberHadKept) {
  std::filesystem::create_directories(directory);
  for (const char* name : {"gantryd.2.log", "gantryd.7.log", "gantryd.8.log.gz", "gantryd.x.log", "other.7.log"})
    put(name, "old");
  auto file = open({.rotate_bytes = 1, .keep_files = 2});
  file->write("1\n", start);
  file->write("2\n", start);
  EXPECT_THAT(names(), ElementsAre("gantryd.1.log", "gantryd.2.log", "gantryd.8.log.gz", "gantryd.log", "gantryd.x.log",
                                   "other.7.log"));
}

TEST_F(LogFileBySize, ALineLargerThanTheLimitIsWhole) {
  auto file = open({.rotate_bytes = 4});
  file->write("longer than four\n", start);
  EXPECT_THAT(names(), ElementsAre("gantryd.log"));
  EXPECT_EQ(in("gantryd.log"), "longer than four\n");
}

TEST_F(LogFileBySize, ARestartAppends) {
  open({.rotate_bytes = 12})->write("before\n", start);
  auto file = open({.rotate_bytes = 12});
  file->write("now\n", start);
  EXPECT_EQ(in("gantryd.log"), "before\nnow\n");
  file->write("full\n", start);
  EXPECT_EQ(in("gantryd.1.log"), "before\nnow\n") << "what was there counts for the size";
}

TEST_F(LogFileByTime, PutsAsideAtEveryBoundary) {
  struct Case {
    Rotation rotation;
    std::chrono::seconds last;  ///< of the period that `start` lies in
    const char* aside;
  };
  for (const Case& one : {Case{Rotation::second, 0s, "gantryd.log.2023-11-14_22-13-20"},
                          Case{Rotation::minute, 39s, "gantryd.log.2023-11-14_22-13"},
                          Case{Rotation::hour, 46min + 39s, "gantryd.log.2023-11-14_22"},
                          Case{Rotation::day, 1h + 46min + 39s, "gantryd.log.2023-11-14"}}) {
    std::filesystem::remove_all(directory);
    auto file = open({.rotation = one.rotation});
    file->write("first\n", start);
    file->write("last\n", start + one.last);
    EXPECT_THAT(names(), ElementsAre("gantryd.log"));
    file->write("next\n", start + one.last + 1s);
    EXPECT_THAT(names(), ElementsAre("gantryd.log", one.aside));
    EXPECT_EQ(in(one.aside), "first\nlast\n");
    EXPECT_EQ(in("gantryd.log"), "next\n");
  }
}

TEST_F(LogFileByTime, NamesThePeriodOfTheLinesHoweverLateTheNextOneComes) {
  auto file = open({.rotation = Rotation::hour});
  file->write("old\n", start);
  file->write("new\n", start + 50h);
  EXPECT_THAT(names(), ElementsAre("gantryd.log", "gantryd.log.2023-11-14_22"));
  file->write("newer\n", start + 51h);
  EXPECT_EQ(in("gantryd.log.2023-11-17_00"), "new\n");
}

TEST_F(LogFileByTime, PutsNoEmptyFileAside) {
  auto file = open({.rotation = Rotation::day});
  file->write("x\n", start + 72h);
  EXPECT_THAT(names(), ElementsAre("gantryd.log"));
}

TEST_F(LogFileByTime, KeepsTheNewest) {
  auto file = open({.rotation = Rotation::day, .keep_files = 2});
  put("gantryd.log.2023-11-13_10", "of another period");
  put("gantryd.log.2023-11-13.gz", "compressed");
  for (int day = 0; day < 4; ++day) file->write("x\n", start + day * 24h);
  EXPECT_THAT(names(), ElementsAre("gantryd.log", "gantryd.log.2023-11-13.gz", "gantryd.log.2023-11-15",
                                   "gantryd.log.2023-11-16"));
}

TEST_F(LogFileByTime, KeepsAllWhenAsked) {
  auto file = open({.rotation = Rotation::second, .keep_files = 0});
  for (int i = 0; i < 40; ++i) file->write("x\n", start + i * 1s);
  EXPECT_EQ(names().size(), 40U);
}

TEST_F(LogFileByTime, NeverOverwritesAFilePutAsideBefore) {
  std::filesystem::create_directories(directory);
  put("gantryd.log.2023-11-14", "an earlier one\n");
  put("gantryd.log.2023-11-14.1", "another\n");
  auto file = open({.rotation = Rotation::day});
  file->write("today\n", start);
  file->write("tomorrow\n", start + 24h);
  EXPECT_EQ(in("gantryd.log.2023-11-14"), "an earlier one\n");
  EXPECT_EQ(in("gantryd.log.2023-11-14.1"), "another\n");
  EXPECT_EQ(in("gantryd.log.2023-11-14.2"), "today\n");
}

TEST_F(LogFileByTime, ARestartInThePeriodAppendsAndOneBehindItPutsAside) {
  open({.rotation = Rotation::hour})->write("before\n", start);
  set_changed(start);
  open({.rotation = Rotation::hour}, start + 5min)->write("same hour\n", start + 5min);
  EXPECT_EQ(in("gantryd.log"), "before\nsame hour\n");
  set_changed(start + 5min);
  open({.rotation = Rotation::hour}, start + 2h)->write("later\n", start + 2h);
  EXPECT_EQ(in("gantryd.log.2023-11-14_22"), "before\nsame hour\n");
  EXPECT_EQ(in("gantryd.log"), "later\n");
}

TEST_F(LogFileByTime, AClockThatGoesBackPutsNothingAside) {
  auto file = open({.rotation = Rotation::minute});
  file->write("now\n", start);
  file->write("before\n", start - 1h);
  EXPECT_EQ(in("gantryd.log"), "now\nbefore\n");
  file->write("on\n", start + 1min);
  EXPECT_THAT(names(), ElementsAre("gantryd.log", "gantryd.log.2023-11-14_22-13"));
}

TEST_F(LogFileByTime, AFileFromTheFutureDoesNotWaitForIt) {
  open({.rotation = Rotation::hour})->write("wrong clock\n", start);
  set_changed(start + 10000h);
  auto file = open({.rotation = Rotation::hour}, start);
  file->write("x\n", start + 1h);
  EXPECT_EQ(in("gantryd.log.2023-11-14_22"), "wrong clock\n");
}

TEST_F(LogFileTest, NeverRotatedStaysOne) {
  auto file = open({.rotation = Rotation::never, .rotate_bytes = 1});
  file->write("one\n", start);
  file->write("two\n", start + 1000h);
  EXPECT_THAT(names(), ElementsAre("gantryd.log"));
  EXPECT_EQ(in("gantryd.log"), "one\ntwo\n");
}

TEST_F(LogFileTest, IsOpenedAnewAfterItWasMovedAway) {
  LogFile::Rules rules{.rotation = Rotation::never};
  auto file = open(rules);
  file->write("old\n", start);
  std::filesystem::rename(path, path + ".moved");
  file->write("still old\n", start);
  EXPECT_TRUE(file->reopen(rules, start));
  file->write("new\n", start);
  EXPECT_EQ(in("gantryd.log.moved"), "old\nstill old\n");
  EXPECT_EQ(in("gantryd.log"), "new\n");
}

TEST_F(LogFileTest, ReopenedItFollowsTheNewRules) {
  auto file = open({.rotation = Rotation::never});
  file->write("one\n", start);
  EXPECT_TRUE(file->reopen({.rotate_bytes = 4}, start));
  file->write("two\n", start);
  EXPECT_EQ(in("gantryd.1.log"), "one\n");
}

TEST_F(LogFileTest, MovedAwayItStillRotates) {
  auto file = open({.rotation = Rotation::minute});
  file->write("old\n", start);
  std::filesystem::rename(path, path + ".moved");
  file->write("new\n", start + 1min);
  EXPECT_THAT(names(), ElementsAre("gantryd.log", "gantryd.log.moved"));
  EXPECT_EQ(in("gantryd.log"), "new\n");
}

TEST_F(LogFileTrouble, ARemovedFileOrDirectoryIsMadeAgain) {
  auto file = open({});
  file->write("gone\n", start);
  std::filesystem::remove(path);
  file->write("one\n", start);
  EXPECT_EQ(in("gantryd.log"), "one\n");
  std::filesystem::remove_all(directory);
  file->write("two\n", start);
  EXPECT_EQ(in("gantryd.log"), "two\n");
}

TEST_F(LogFileTrouble, WhatCannotBeWrittenIsSaidOnceAndWrittenLater) {
  auto file = open({});
  std::filesystem::remove_all(directory);
  std::ofstream(directory) << "in the way";
  testing::internal::CaptureStderr();
  file->write("one\n", start);
  file->write("two\n", start + 10min);
  std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, testing::StartsWith("gantryd: log: create directory " + directory));
  EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
  std::filesystem::remove(directory);
  file->write("three\n", start + 20min);
  EXPECT_EQ(in("gantryd.log"), "one\ntwo\nthree\n");
  EXPECT_EQ(file->take_lost(), 0U);
}

TEST_F(LogFileTrouble, WhatWaitsHasABoundAndTheLossIsCounted) {
  auto file = open({});
  std::filesystem::remove_all(directory);
  std::ofstream(directory) << "in the way";
  std::string line(1023, 'x');
  line += '\n';
  testing::internal::CaptureStderr();
  for (int i = 0; i < 1024 + 5; ++i) file->write(line, start);
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(file->take_lost(), 0U) << "not while it lasts";
  std::filesystem::remove(directory);
  file->write("end\n", start);
  EXPECT_EQ(file->take_lost(), 5U);
  EXPECT_EQ(file->take_lost(), 0U);
  EXPECT_EQ(in("gantryd.log").size(), 1024U * 1024U + 4U);
}

/// Files of this process cannot grow beyond `bytes`: a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST_F(LogFileTrouble, AFullDiskTearsNoLine) {
  auto file = open({.rotation = Rotation::minute});
  std::string first(1019, 'x');  // long enough for standard error, a file here too, to have room below the limit
  first += '\n';
  testing::internal::CaptureStderr();
  {
    FullDisk full(1024);
    file->write(first, start);
    file->write("second\n", start);
    file->write("third\n", start + 1min);
    EXPECT_EQ(in("gantryd.log"), first + "seco");
  }
  std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
  file->write("fourth\n", start + 1min);
  EXPECT_EQ(in("gantryd.log.2023-11-14_22-13"), first + "second\nthird\n") << "not put aside in mid-line";
  EXPECT_EQ(in("gantryd.log"), "fourth\n");
}

TEST_F(LogFileTrouble, AFileThatCannotBePutAsideGoesOn) {
  auto file = open({.rotate_bytes = 4, .keep_files = 1});
  std::filesystem::create_directories(directory + "/gantryd.1.log/full");
  testing::internal::CaptureStderr();
  file->write("one\n", start);
  file->write("two\n", start);
  file->write("three\n", start + 5min);
  std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("the file is not put aside and grows"));
  EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
  EXPECT_EQ(in("gantryd.log"), "one\ntwo\nthree\n");
  std::filesystem::remove_all(directory + "/gantryd.1.log");
  file->write("four\n", start + 10min);
  EXPECT_EQ(in("gantryd.1.log"), "one\ntwo\nthree\n");
  EXPECT_EQ(in("gantryd.log"), "four\n");
}

TEST_F(LogFileTrouble, AFailedReopenChangesNothing) {
  auto file = open({.rotation = Rotation::never});
  file->write("one\n", start);
  std::filesystem::rename(path, path + ".moved");
  std::filesystem::create_directory(path);
  EXPECT_FALSE(file->reopen({.rotate_bytes = 1}, start));
  file->write("two\n", start);
  EXPECT_EQ(in("gantryd.log.moved"), "one\ntwo\n");
}

TEST_F(LogFileTest, LosesNothingWhileManyWriteAndItIsReopened) {
  LogFile::Rules rules{.rotate_bytes = 2000, .keep_files = 0};
  auto file = open(rules);
  constexpr int writers = 4;
  constexpr int lines = 500;
  {
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < writers; ++writer)
      threads.emplace_back([&, writer] {
        for (int i = 0; i < lines; ++i) file->write(fmt::format("{} {}\n", writer, i), start);
      });
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(file->reopen(rules, start));
  }
  std::set<std::string> seen;
  for (const std::string& name : names()) {
    std::ifstream stream(directory + '/' + name);
    for (std::string line; std::getline(stream, line);) EXPECT_TRUE(seen.insert(line).second) << line;
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(writers * lines));
}

TEST(LogFileNames, KeepTheEnding) {
  EXPECT_EQ(numbered_name("/a.b/gantryd.log", 3), "/a.b/gantryd.3.log");
  EXPECT_EQ(numbered_name("/a.b/xferlog", 3), "/a.b/xferlog.3");
}

}  // namespace
}  // namespace gantry::log
