// What a log line looks like, and that nothing a client sends can forge another one.
#include "base/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include "base/secret.hpp"

namespace gantry::log {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using namespace std::string_view_literals;

TEST(LogText, ShowsFieldsAsNameAndValue) {
  EXPECT_EQ(format_text("login", {}), "login");
  EXPECT_EQ(format_text("login", {{"user", "alice"}, {"port", 21}, {"size", 5'000'000'000U * 4}, {"tls", true}}),
            "login user=alice port=21 size=20000000000 tls=true");
  EXPECT_EQ(format_text("done", {{"seconds", 1.5}, {"delta", -3}}), "done seconds=1.500 delta=-3");
}

TEST(LogText, QuotesWhatCouldBeTakenForMore) {
  EXPECT_EQ(format_text("x", {{"path", "/a b"}}), R"(x path="/a b")");
  EXPECT_EQ(format_text("x", {{"path", ""}}), R"(x path="")");
  EXPECT_EQ(format_text("x", {{"path", "a user=root"}}), R"(x path="a user=root")");
  EXPECT_EQ(format_text("x", {{"path", R"(say "hi" \o/)"}}), R"(x path="say \"hi\" \\o/")");
}

TEST(LogText, KeepsOneLineOneLine) {
  EXPECT_THAT(format_text("x", {{"path", "a\r\n2026 error forged\x1b[2J"}}),
              AllOf(Not(HasSubstr("\n")), Not(HasSubstr("\r")), Not(HasSubstr("\x1b"))));
}

TEST(LogJson, KeepsTypes) {
  EXPECT_EQ(format_json("login", {{"user", "alice"}, {"port", 21}, {"tls", false}, {"seconds", 0.25}}),
            R"("event":"login","user":"alice","port":21,"tls":false,"seconds":0.250)");
}

TEST(LogJson, EscapesText) {
  EXPECT_EQ(format_json("x", {{"p", "a\"b\\c\nd\x7F\0"sv}}), R"("event":"x","p":"a\"b\\c\u000ad\u007f\u0000")");
  EXPECT_EQ(format_json("x", {{"p", "\xC3\xA4"}}), "\"event\":\"x\",\"p\":\"\xC3\xA4\"");
  EXPECT_EQ(format_json("x", {{"p", "caf\xE9"}}), R"("event":"x","p":"caf\u00e9")");
}

TEST(LogJson, HasNoNumberForWhatIsNone) {
  EXPECT_EQ(format_json("x", {{"rate", std::numeric_limits<double>::infinity()}, {"share", std::nan("")}}),
            R"("event":"x","rate":null,"share":null)");
}

XferlogLine example() {
  return {.seconds = 2.4,
          .peer = "192.0.2.7",
          .bytes = 1024,
          .path = "/in/my file.txt",
          .upload = true,
          .user = "alice",
          .complete = true};
}

TEST(Xferlog, IsReadableByTheToolsOfWuFtpd) {
  EXPECT_EQ(format_xferlog(example(), 1'700'000'000),
            "Tue Nov 14 22:13:20 2023 2 192.0.2.7 1024 /in/my_file.txt b _ i r alice ftp 0 * c");
}

TEST(Xferlog, ShowsEveryFlag) {
  XferlogLine line = example();
  line.seconds = 0;
  line.ascii = true;
  line.upload = false;
  line.anonymous = true;
  line.complete = false;
  EXPECT_EQ(format_xferlog(line, 0),
            "Thu Jan  1 00:00:00 1970 1 192.0.2.7 1024 /in/my_file.txt a _ o a alice ftp 0 * i");
}

TEST(Xferlog, KeepsItsFieldsApart) {
  XferlogLine line = example();
  line.path = "/a\nb c";
  line.user = "me at home";
  EXPECT_THAT(format_xferlog(line, 0), HasSubstr(" /a\\x0ab_c b _ i r me_at_home ftp 0 * c"));
  line.user = "";
  EXPECT_THAT(format_xferlog(line, 0), HasSubstr(" r - ftp 0 * c"));
}

class LogFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "gantry_log_XXXXXX";
    directory = mkdtemp(name.data());
  }
  void TearDown() override {
    EXPECT_TRUE(open({}));
    std::filesystem::remove_all(directory);
  }
  [[nodiscard]] std::string read(const std::string& file) const {
    flush();
    std::ifstream stream(directory + '/' + file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::string directory;
};

TEST_F(LogFiles, HoldLinesFromTheirLevelUp) {
  ASSERT_TRUE(open({.level = Level::warning, .directory = directory}));
  EXPECT_FALSE(enabled(Level::info));
  EXPECT_TRUE(enabled(Level::error));
  info("quiet");
  warning("loud", {{"n", 1}});
  EXPECT_THAT(read("gantryd.log"), MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z warning loud n=1\n"));
}

TEST_F(LogFiles, AreJsonWhenAsked) {
  ASSERT_TRUE(open({.format = Format::json, .directory = directory}));
  error("broken", {{"path", "100% {}"}});
  EXPECT_THAT(read("gantryd.log"),
              MatchesRegex(R"(\{"time":"[^"]+Z","level":"error","event":"broken","path":"100% \{\}"\})"
                           "\n"));
}

TEST_F(LogFiles, KeepTransfersApart) {
  ASSERT_TRUE(open({.directory = directory, .xferlog = true}));
  xferlog(example());
  EXPECT_THAT(read("xferlog"), HasSubstr(" 192.0.2.7 1024 /in/my_file.txt b _ i r alice ftp 0 * c\n"));
  EXPECT_EQ(read("gantryd.log"), "");
}

TEST_F(LogFiles, AreRotatedByTheOptions) {
  ASSERT_TRUE(open({.directory = directory, .rotate_bytes = 1, .keep_files = 1, .xferlog = true}));
  info("first");
  info("second");
  xferlog(example());
  xferlog(example());
  EXPECT_THAT(read("gantryd.1.log"), HasSubstr(" first\n"));
  EXPECT_THAT(read("gantryd.log"), HasSubstr(" second\n"));
  EXPECT_EQ(read("xferlog"), read("xferlog.1"));
}

TEST_F(LogFiles, AreOpenedAnewWithNewOptions) {
  ASSERT_TRUE(open({.directory = directory, .xferlog = true}));
  info("one");
  std::filesystem::rename(directory + "/gantryd.log", directory + "/moved");
  std::filesystem::rename(directory + "/xferlog", directory + "/xferlog.moved");
  ASSERT_TRUE(open({.level = Level::error, .format = Format::json, .directory = directory, .xferlog = true}));
  info("quiet");
  error("two");
  xferlog(example());
  EXPECT_THAT(read("moved"), HasSubstr(" one\n"));
  EXPECT_THAT(read("gantryd.log"), MatchesRegex(R"(\{"time":"[^"]+","level":"error","event":"two"\})"
                                                "\n"));
  EXPECT_THAT(read("xferlog"), HasSubstr("/in/my_file.txt"));
}

TEST_F(LogFiles, SayWhatWasLost) {
  std::string log_directory = directory + "/log";
  ASSERT_TRUE(open({.directory = log_directory}));
  std::filesystem::remove_all(log_directory);
  std::ofstream(log_directory) << "in the way";
  testing::internal::CaptureStderr();
  std::string long_name(512 * 1024, 'x');
  for (int i = 0; i < 4; ++i) info(long_name);
  testing::internal::GetCapturedStderr();
  std::filesystem::remove(log_directory);
  info("again");
  EXPECT_THAT(read("log/gantryd.log"), MatchesRegex("(.|\n)* info    again\n[^\n]* error   log lines lost lines=3\n"));
}

TEST_F(LogFiles, AreNamedWhenTheyCannotBeWritten) {
  std::ofstream(directory + "/file") << "x";
  auto opened = open({.directory = directory + "/file/log"});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::unavailable);
  EXPECT_THAT(opened.error().text(), HasSubstr(directory + "/file/log"));
}

TEST(SecretText, IsOnlyRevealedOnPurpose) {
  const Secret secret("hunter2");
  EXPECT_EQ(secret.reveal(), "hunter2");
  EXPECT_FALSE(secret.empty());
  EXPECT_TRUE(Secret().empty());
  EXPECT_EQ(secret, Secret("hunter2"));
}

}  // namespace
}  // namespace gantry::log
