#include "client/config_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "client/options.hpp"
#include "client/setting_table.hpp"
#include "client/verb.hpp"

namespace gantry::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ConfigFile, ReadsSettingsAndBookmarks) {
  const Config config = read_config(R"(parallel = 8
stall_timeout = "2m"
verify = "strong"
[bookmark.work]
url = "ftp://alice@host/dir"
plain = true
)",
                                    "config.toml");
  EXPECT_THAT(config.problems, IsEmpty());
  EXPECT_EQ(config.settings.parallel, 8U);
  EXPECT_EQ(config.settings.connection.stall_timeout, Seconds(120));
  EXPECT_EQ(config.settings.file.proof, transfer::Proof::strong);
  EXPECT_EQ(config.sources.at("verify"), "config.toml:3");
  ASSERT_EQ(config.bookmarks.size(), 1U);
  EXPECT_EQ(config.bookmarks[0].line, 4U);
  Settings settings;
  apply(config.bookmarks[0], settings);
  EXPECT_TRUE(settings.plain);
}

TEST(ConfigFile, CollectsAllProblems) {
  const Config config = read_config("parallel = 0\nverify = true\nnothing = 1\n", "c");
  EXPECT_THAT(config.problems,
              ElementsAre(HasSubstr("c:3:1: nothing:"), HasSubstr("c:1:12: parallel:"), HasSubstr("c:2:10: verify:")));
}

TEST(ConfigFile, NamesBookmarks) {
  const std::vector<Bookmark> all{{.name = "work", .url = "ftp://host/"}};
  ASSERT_TRUE(named_bookmark(all, "work:a/b:c").has_value());
  EXPECT_EQ(named_bookmark(all, "work:a/b:c")->path, "a/b:c");
  EXPECT_FALSE(named_bookmark(all, "work").has_value());
  EXPECT_FALSE(named_bookmark(all, "other:a").has_value());
  EXPECT_FALSE(named_bookmark(all, "ftp://host/").has_value());
}

TEST(ConfigFile, NamesOfBookmarksAreSimple) {
  for (const char* good : {"a", "work-2", "a.b_c", "9"}) EXPECT_TRUE(is_bookmark_name(good)) << good;
  for (const char* bad : {"", "-a", ".a", "a b", "a/b", "a:b", "ä"}) EXPECT_FALSE(is_bookmark_name(bad)) << bad;
  EXPECT_FALSE(is_bookmark_name(std::string(65, 'a')));
}

TEST(SettingTable, PrintsWhatItReads) {
  for (const Setting& setting : setting_table()) {
    const Settings initial;
    const Config again = read_config(std::string(setting.name) + " = " + toml_of(setting, initial), "c");
    EXPECT_THAT(again.problems, IsEmpty()) << setting.name;
    EXPECT_EQ(toml_of(setting, again.settings), toml_of(setting, initial)) << setting.name;
  }
}

TEST(SettingTable, NamesAreUnique) {
  std::set<std::string_view> names;
  for (const Setting& setting : setting_table()) EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
}

TEST(Verbs, TheirOptionsGoTogetherWithThoseOfAll) {
  std::set<std::string_view> names;
  for (const Verb& verb : verbs()) {
    EXPECT_TRUE(names.insert(verb.name).second) << verb.name;
    for (const std::string_view alias : verb.aliases) EXPECT_TRUE(names.insert(alias).second) << alias;
    CLI::App app;
    Settings settings;
    (void)verb.define(app);
    EXPECT_NO_THROW(add_options(app, settings, verb.moves)) << verb.name;
  }
}

}  // namespace
}  // namespace gantry::client
