#include "config/user_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/loader.hpp"
#include "tests/unit/config/samples.hpp"

namespace gantry::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string toml_or_sentence(const std::string& setting, const std::vector<std::string>& words) {
  const auto toml = setting_from_words(setting, words);
  return toml ? *toml : "! " + toml.error();
}

std::vector<std::string> sentences(const std::vector<Problem>& problems) {
  std::vector<std::string> all;
  for (const Problem& problem : problems) all.push_back(format(problem));
  return all;
}

Config with_stores() {
  return load_text("[[store]]\nname = \"main\"\ntype = \"memory\"\n[[store]]\nname = \"disk\"\ntype = \"memory\"\n",
                   "/etc/gantry.toml")
      .value()
      .config;
}

UserText alice(std::map<std::string, std::string> settings) {
  return {.name = "alice", .password = Secret("$1$k2XAnEHB$rbDfQq368qWY4bas.D3Ac0"), .settings = std::move(settings)};
}

TEST(UserText, WordsBecomeTheTomlOfTheFile) {
  EXPECT_EQ(toml_or_sentence("home", {"main:/users/%u"}), R"("main:/users/%u")");
  EXPECT_EQ(toml_or_sentence("home", {"main:/\"a\\"}), R"("main:/\"a\\")");
  EXPECT_EQ(toml_or_sentence("quota_bytes", {"10GiB"}), R"("10GiB")");
  EXPECT_EQ(toml_or_sentence("quota_files", {"12"}), "12");
  EXPECT_EQ(toml_or_sentence("require_tls", {"true"}), "true");
  EXPECT_EQ(toml_or_sentence("allow_from", {"10.0.0.0/8", "192.0.2.7"}), R"(["10.0.0.0/8", "192.0.2.7"])");
  EXPECT_EQ(toml_or_sentence("allow_from", {""}), "[]");
  EXPECT_EQ(toml_or_sentence("mounts", {"/a=disk:/b=c", "/d=disk:/"}), R"({"/a" = "disk:/b=c", "/d" = "disk:/"})");
}

TEST(UserText, BadWordsGetTheSentenceOfTheFile) {
  EXPECT_THAT(toml_or_sentence("permissions", {"elrx"}), HasSubstr("known are \"elradfmwMT\""));
  EXPECT_THAT(toml_or_sentence("home", {"main:/a/../b"}), HasSubstr("\"..\" segment"));
  EXPECT_THAT(toml_or_sentence("home", {"nowhere"}), HasSubstr("STORE:/PREFIX"));
  EXPECT_THAT(toml_or_sentence("allow_from", {"10.0.0.0/8", "here"}), HasSubstr("\"here\" is not a network"));
  EXPECT_THAT(toml_or_sentence("quota_bytes", {"much"}), HasSubstr("is not an amount of bytes"));
  EXPECT_THAT(toml_or_sentence("max_sessions", {"-1"}), HasSubstr("is not a whole number"));
  EXPECT_THAT(toml_or_sentence("max_sessions", {"9999999"}), HasSubstr("the most is"));
  EXPECT_THAT(toml_or_sentence("delete_enable", {"yes"}), HasSubstr("is not one of true, false"));
  EXPECT_THAT(toml_or_sentence("mounts", {"/a"}), HasSubstr("is not PATH=VALUE"));
  EXPECT_THAT(toml_or_sentence("mounts", {"a=disk:/"}), HasSubstr("is not absolute"));
  EXPECT_THAT(toml_or_sentence("quota_byte", {"1"}), HasSubstr("did you mean quota_bytes?"));
  EXPECT_THAT(toml_or_sentence("password", {"x"}), HasSubstr("there is no such setting"));
}

/// Fails when a setting of the table cannot be given in words.
TEST(UserText, EverySettingOfAUserCanBeGivenInWords) {
  const std::map<std::string, std::vector<std::string>> words{{"home", {"main:/users/%u/"}},
                                                              {"mounts", {"/archive=disk:/archive"}},
                                                              {"permissions", {"elr"}},
                                                              {"delete_enable", {"false"}},
                                                              {"directory_permissions", {"/a=el", "/b,c="}},
                                                              {"deny", {"*.exe", "a,b"}},
                                                              {"hide", {".*"}},
                                                              {"max_session_upload", {"1KiB/s"}},
                                                              {"max_session_download", {"1KiB/s"}},
                                                              {"administrator", {"true"}},
                                                              {"quota_bytes", {"10GiB"}},
                                                              {"quota_files", {"1000"}},
                                                              {"max_upload", {"300KiB/s"}},
                                                              {"max_download", {"1MB/s"}},
                                                              {"max_sessions", {"2"}},
                                                              {"allow_from", {"10.0.0.0/8"}},
                                                              {"require_tls", {"true"}},
                                                              {"disabled", {"true"}},
                                                              {"certificate", {"alice"}},
                                                              {"certificate_and_password", {"true"}}};
  UserText text = alice({});
  for (const Setting* setting : user_text_settings()) {
    const std::string name(setting->name);
    ASSERT_TRUE(words.contains(name)) << name;
    text.settings[name] = setting_from_words(name, words.at(name)).value();
  }
  auto user = read_user(text);
  ASSERT_TRUE(user) << format(user.error().front());
  User born;
  for (const Setting* setting : user_text_settings())
    EXPECT_NE(setting->get(&*user), setting->get(&born)) << setting->name;
  EXPECT_EQ(user->home, (Mount{"main", "/users/%u"}));
  EXPECT_EQ(user->mounts.at("/archive"), (Mount{"disk", "/archive"}));
  EXPECT_EQ(user->max_upload, 300 * kib);
  EXPECT_EQ(user->deny, (std::vector<std::string>{"*.exe", "a,b"}));
  EXPECT_EQ(user->directory_permissions, (std::map<std::string, std::string>{{"/a", "el"}, {"/b,c", ""}}));
}

TEST(UserText, EveryMistakeIsReportedAtOnce) {
  const auto user = read_user(alice({{"permissions", R"("elx")"}, {"max_sessions", "no toml"}, {"later", "true"}}));
  ASSERT_FALSE(user);
  EXPECT_THAT(sentences(user.error()), ElementsAre(HasSubstr("user.alice.home: is missing"),
                                                   HasSubstr("user.alice.later: there is no such setting"),
                                                   HasSubstr("user.alice.max_sessions: what is kept of it is not TOML"),
                                                   HasSubstr("user.alice.permissions: ")));
}

TEST(UserText, AUserIsCheckedAgainstTheConfiguration) {
  const Config config = with_stores();
  const auto good = read_user(alice({{"home", R"("main:/")"}, {"mounts", R"({"/d" = "disk:/"})"}}), config);
  ASSERT_TRUE(good) << format(good.error().front());
  const auto bad = read_user({.name = "a/b",
                              .password = Secret("$1$k2XAnEHB$rbDfQq368qWY4bas.D3Ac0"),
                              .settings = {{"home", R"("mian:/")"}, {"require_tls", "true"}}},
                             config);
  ASSERT_FALSE(bad);
  EXPECT_THAT(sentences(bad.error()),
              ElementsAre(HasSubstr("there is no store \"mian\"; did you mean \"main\"?"),
                          HasSubstr("is not a name for a user"), HasSubstr("needs tls.certificate")));
  const auto nested =
      read_user(alice({{"home", R"("main:/")"}, {"mounts", R"({"/d" = "disk:/", "/d/e" = "disk:/"})"}}), config);
  ASSERT_FALSE(nested);
  EXPECT_THAT(sentences(nested.error()), ElementsAre(HasSubstr("mounts must not overlap")));
}

}  // namespace
}  // namespace gantry::config
