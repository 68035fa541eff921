// The migration guide, in both languages, names every key of the old file, and both say the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace gantry::config {
namespace {

using testing::HasSubstr;

std::string read(const std::string& name) {
  std::ifstream stream(std::string(GANTRY_SOURCE_DIR) + '/' + name);
  EXPECT_TRUE(stream) << name;
  return {std::istreambuf_iterator<char>(stream), {}};
}

const std::string english = "docs/migrating-from-cos-ftp-server.md";
const std::string chinese = "docs/migrating-from-cos-ftp-server.zh-CN.md";

/// The rows of the loader's table, as its source has them: {SECTION, "key", ...}.
std::set<std::string> known_keys() {
  std::string source = read("src/config/vsftpd_conf.cpp");
  static const std::regex row(R"re(\{\s*(?:[a-z]+_section|"[A-Z_]+"),\s*"([a-z_]+)")re");
  std::set<std::string> keys;
  for (std::sregex_iterator found(source.begin(), source.end(), row), end; found != end; ++found)
    keys.insert((*found)[1]);
  return keys;
}

/// What both must have alike: code blocks apart from comments, settings, and the shape of the tables.
std::vector<std::string> settings_column(const std::string& text) {
  static const std::regex setting(R"re(`(\[\[?[a-z]+\]\]? [a-z_]+)`)re");
  std::vector<std::string> all;
  for (std::sregex_iterator found(text.begin(), text.end(), setting), end; found != end; ++found)
    all.push_back((*found)[1]);
  return all;
}

std::ptrdiff_t lines_with(const std::string& text, const std::string& beginning) {
  static const std::regex line("[^\n]*\n");
  return std::count_if(std::sregex_iterator(text.begin(), text.end(), line), std::sregex_iterator(),
                       [&](const auto& found) { return found.str().starts_with(beginning); });
}

TEST(MigrationGuide, NamesEveryKey) {
  auto keys = known_keys();
  EXPECT_GE(keys.size(), 33U);
  for (const std::string& name : {english, chinese}) {
    std::string text = read(name);
    for (const std::string& key : keys) EXPECT_THAT(text, HasSubstr('`' + key + '`')) << name;
  }
}

TEST(MigrationGuide, SaysTheSameInBothLanguages) {
  std::string one = read(english);
  std::string other = read(chinese);
  EXPECT_EQ(settings_column(one), settings_column(other));
  for (const char* beginning : {"|", "#", "- ", "```", "1. ", "5. "})
    EXPECT_EQ(lines_with(one, beginning), lines_with(other, beginning)) << beginning;
}

}  // namespace
}  // namespace gantry::config
