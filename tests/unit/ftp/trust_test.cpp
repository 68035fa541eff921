#include "ftp/trust.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/support/temporary_directory.hpp"

namespace gantry::ftp {
namespace {

namespace fs = std::filesystem;

class Trust : public testing::Test {
 protected:
  test::TemporaryDirectory directory;
  const std::string file = directory.path() + "/made/known_hosts";
  const KnownHosts hosts{file};

  /// Empty when there is none.
  static std::string key(const KnownHosts& from, const std::string& server) {
    const auto found = from.find(server);
    EXPECT_TRUE(found) << (found ? std::string() : found.error().text);
    return found ? found->value_or("") : "";
  }

  std::string text() const {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

TEST_F(Trust, RemembersOneKeyAServer) {
  EXPECT_EQ(key(hosts, "a:21"), "");
  ASSERT_TRUE(hosts.remember("a:21", "sha256//AAA="));
  ASSERT_TRUE(hosts.remember("[::1]:2121", "sha256//BBB="));
  ASSERT_TRUE(hosts.remember("a:21", "sha256//AAA=")) << "the same again is fine";
  EXPECT_EQ(key(hosts, "A:21"), "sha256//AAA=");
  EXPECT_EQ(key(hosts, "[::1]:2121"), "sha256//BBB=");
  EXPECT_EQ(key(hosts, "a:2121"), "");
  EXPECT_EQ(text(), "a:21 sha256//AAA=\n[::1]:2121 sha256//BBB=\n");
}

TEST_F(Trust, NeverReplacesAKey) {
  ASSERT_TRUE(hosts.remember("a:21", "sha256//AAA="));
  const auto other = hosts.remember("a:21", "sha256//BBB=");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().why, Why::tls);
  EXPECT_EQ(key(hosts, "a:21"), "sha256//AAA=");
}

TEST_F(Trust, IsForTheOwnerAlone) {
  ASSERT_TRUE(hosts.remember("a:21", "sha256//AAA="));
  struct stat about{};
  ASSERT_EQ(::stat(file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(fs::path(file).parent_path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0700U);
}

TEST_F(Trust, KeepsWhatPeopleWroteIntoIt) {
  fs::create_directories(fs::path(file).parent_path());
  std::ofstream(file) << "# mine\n\nnonsense\nb:21   sha256//CCC=  ";
  EXPECT_EQ(key(hosts, "b:21"), "sha256//CCC=");
  ASSERT_TRUE(hosts.remember("a:21", "sha256//AAA="));
  EXPECT_EQ(text(), "# mine\n\nnonsense\nb:21   sha256//CCC=  \na:21 sha256//AAA=\n");
}

TEST_F(Trust, ManyAtOnceLoseNothing) {
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i)
    writers.emplace_back([&, i] { EXPECT_TRUE(hosts.remember("h" + std::to_string(i) + ":21", "sha256//AAA=")); });
  for (std::thread& writer : writers) writer.join();
  for (int i = 0; i < 8; ++i) EXPECT_NE(key(hosts, "h" + std::to_string(i) + ":21"), "") << i;
}

TEST_F(Trust, SaysWhatIsWrongWithTheFile) {
  fs::create_directories(file);
  const auto found = hosts.find("a:21");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().why, Why::local);
  EXPECT_TRUE(found.error().text.contains(file)) << found.error().text;
  EXPECT_FALSE(KnownHosts("").remember("a:21", "sha256//AAA="));
}

}  // namespace
}  // namespace gantry::ftp
