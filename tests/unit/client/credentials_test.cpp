#include "client/credentials.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "client/netrc.hpp"
#include "client/program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gantry::client {
namespace {

std::string password(std::string_view text, std::string_view host, std::string_view user) {
  const auto found = netrc_password(text, host, user);
  return found ? found->reveal() : "(none)";
}

TEST(Netrc, TheFirstEntryThatFits) {
  constexpr std::string_view text =
      "# mine\nmachine a login x password p1\nmachine A\n\tlogin y\n\tpassword p2 account z\nmachine a password p3\n"
      "default login anonymous password p4\n";
  EXPECT_EQ(password(text, "a", "x"), "p1");
  EXPECT_EQ(password(text, "a", "y"), "p2");
  EXPECT_EQ(password(text, "a", "other"), "p3");
  EXPECT_EQ(password(text, "b", "anonymous"), "p4");
  EXPECT_EQ(password(text, "b", "x"), "(none)");
}

TEST(Netrc, QuotesCommentsAndMacros) {
  EXPECT_EQ(password(R"(machine a login x password "a \"b\" c#")", "a", "x"), "a \"b\" c#");
  EXPECT_EQ(password("machine a login x password p#1 # no", "a", "x"), "p#1");
  EXPECT_EQ(password("macdef init\nmachine a login x password no\n\nmachine a login x password yes", "a", "x"), "yes");
}

TEST(Netrc, HalfAFileIsNoTrap) {
  for (const char* text : {"", "machine", "machine a", "machine a login", "machine a login x password", "password p",
                           "macdef x", "\"", "machine a login x"})
    EXPECT_EQ(password(text, "a", "x"), "(none)") << text;
}

class Credentials : public testing::Test {
 protected:
  test::TemporaryDirectory directory;
  ftp::Site site{.host = "ftp.example", .user = "alice", .password = {}};
  std::vector<std::string> warnings;
  PasswordSources sources{
      .file = {}, .netrc = {}, .warn = [this](const std::string& text) { warnings.push_back(text); }};

  std::string file(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    const std::string path = directory.path() + "/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  std::string found() const {
    const auto password = find_password(site, sources);
    return password ? password->reveal() : "FAILED: " + password.error().text;
  }
};

TEST_F(Credentials, ThePasswordFileThenNetrc) {
  sources.netrc = file("netrc", "machine ftp.example login alice password from-netrc\n");
  EXPECT_EQ(found(), "from-netrc");
  sources.file = file("password", "from file \r\nsecond line\n");
  EXPECT_EQ(found(), "from file ");
  EXPECT_TRUE(warnings.empty());
}

TEST_F(Credentials, AnonymousNeedsNone) {
  site.user.clear();
  sources.netrc = file("netrc", "default password from-netrc\n");
  EXPECT_EQ(found(), "");
}

TEST_F(Credentials, SaysWhenOthersCanReadThem) {
  sources.netrc = file("netrc", "machine ftp.example login alice password p\n", 0644);
  EXPECT_EQ(found(), "p");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(warnings[0].contains("chmod 600 " + sources.netrc)) << warnings[0];
  EXPECT_FALSE(warnings[0].contains(" p ")) << "no secrets in messages";
  warnings.clear();
  site.host = "elsewhere";
  (void)find_password(site, sources);
  EXPECT_TRUE(warnings.empty()) << "nothing of it was used";
}

TEST_F(Credentials, APasswordFileThatHoldsNoneIsAFailureOfThisSide) {
  for (const std::string& path : {directory.path() + "/missing", file("empty", ""), file("blank", "\n\nx")}) {
    sources.file = path;
    const auto password = find_password(site, sources);
    ASSERT_FALSE(password) << path;
    EXPECT_EQ(password.error().why, ftp::Why::local);
    EXPECT_TRUE(password.error().text.contains(path)) << password.error().text;
  }
}

TEST(Program, GivesInputAndTakesOutput) {
  const auto said =
      run_program({"sh", "-c", "read line; echo \"got $line\"; echo noise >&2"}, Secret("a b\n"), Seconds(60));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->reveal(), "got a b\n");
  EXPECT_FALSE(run_program({"sh", "-c", "echo x; exit 3"}, Secret(), Seconds(60)));
  EXPECT_FALSE(run_program({"no-such-program-here"}, Secret(), Seconds(60)));
  EXPECT_FALSE(run_program({"sh", "-c", "yes"}, Secret(), Seconds(60))) << "too much";
  EXPECT_FALSE(run_program({"sleep", "600"}, Secret(), Milliseconds(50))) << "too late";
}

}  // namespace
}  // namespace gantry::client
