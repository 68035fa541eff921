#include "config/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "config/loader.hpp"
#include "config/print.hpp"
#include "config/text_values.hpp"
#include "tests/unit/config/samples.hpp"

namespace gantry::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Config load_sample() {
  auto loaded = load_text(full_sample, "/etc/gantry/gantry.toml");
  if (!loaded) throw std::runtime_error(format(loaded.error().front()));
  return std::move(loaded->config);
}

template <class Visit>
void each_section(Config& config, Visit visit) {
  visit(Section(&config.server));
  visit(Section(&config.tls));
  visit(Section(&config.passwords));
  visit(Section(&config.login_hook));
  visit(Section(&config.transfer));
  visit(Section(&config.defender));
  visit(Section(&config.log));
  for (Store& store : config.stores) visit(Section(&store));
  for (User& user : config.users) visit(Section(&user));
  visit(Section(&config.anonymous));
}

TEST(Settings, NamesAreUniqueAndEveryRowIsComplete) {
  std::set<std::string> names;
  for (const Setting& setting : settings()) {
    const std::string name = std::string(setting.table) + "." + std::string(setting.name);
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_FALSE(setting.help.empty()) << name;
    EXPECT_TRUE(setting.put != nullptr && setting.get != nullptr) << name;
    EXPECT_EQ(setting.kind == Kind::choice, !setting.choices.empty() && setting.kind != Kind::texts) << name;
  }
}

TEST(Settings, TablesAreContiguous) {
  std::size_t sum = 0;
  for (std::string_view table : tables()) sum += settings_of(table).size();
  EXPECT_EQ(sum, settings().size());
  EXPECT_TRUE(settings_of("nonsense").empty());
}

/// The text of a default reads as the value the struct is born with.
TEST(Settings, DefaultsOfTableAndStructsAgree) {
  Config born;
  born.stores.emplace_back();
  born.users.emplace_back();
  each_section(born, [](Section section) {
    for (const Setting& setting : settings_of(table_of(section))) {
      if (setting.initial.empty() || setting.kind == Kind::memory) continue;
      const std::string text = print_value(setting, setting.get(section));
      EXPECT_EQ(text, setting.initial) << setting.table << "." << setting.name;
    }
  });
}

/// Fails when a setting of the table cannot be set from a file, and when the sample misses one.
TEST(Settings, EverySettingOfTheTableIsReadFromTheFile) {
  Config sample = load_sample();
  std::set<const Setting*> changed;
  Config born;
  born.stores.emplace_back();
  born.users.emplace_back();
  std::map<const Setting*, Value> initial;
  each_section(born, [&](Section section) {
    for (const Setting& setting : settings_of(table_of(section))) initial.emplace(&setting, setting.get(section));
  });
  each_section(sample, [&](Section section) {
    for (const Setting& setting : settings_of(table_of(section)))
      if (setting.get(section) != initial.at(&setting)) changed.insert(&setting);
  });
  for (const Setting& setting : settings())
    EXPECT_TRUE(changed.contains(&setting)) << setting.table << "." << setting.name;
}

// Structured bindings name every member: a member added to a struct breaks the build here, and the count beside it
// says that the table needs a row.
TEST(Settings, EveryMemberHasARow) {
  const auto& [s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15, s16, s17, s18, s19, s20, s21, s22, s23,
               s24, s25] = Server{};
  EXPECT_EQ(settings_of("server").size(), 25U);
  const auto& [t1, t2, t3, t4, t5, t6, t7] = Tls{};
  EXPECT_EQ(settings_of("tls").size(), 7U);
  [[maybe_unused]] const auto& [p1, p2, p3] = Passwords{};
  EXPECT_EQ(settings_of("passwords").size(), 3U);
  const auto& [h1, h2, h3, h4, h5] = LoginHook{};
  EXPECT_EQ(settings_of("login_hook").size(), 5U);
  const auto& [f1, f2, f3, f4, f5, f6, f7, f8] = Transfer{};
  EXPECT_EQ(settings_of("transfer").size(), 8U);
  const auto& [d1, d2, d3, d4, d5, d6] = Defender{};
  EXPECT_EQ(settings_of("defender").size(), 6U);
  const auto& [l1, l2, l3, l4, l5, l6, l7] = Log{};
  EXPECT_EQ(settings_of("log").size(), 7U);
  const auto& [o1, o2, o3, o4, o5, o6, o7, o8, o9, o10, o11, o12, o13, o14, o15, o16, o17, o18, o19, o20, o21] =
      Store{};
  EXPECT_EQ(settings_of("store").size(), 21U);
  const auto& [u1, u2, u3, u4, u5, u6, u7, u8, u9, u10, u11, u12, u13, u14, u15, u16, u17, u18, u19, u20, u21, u22] =
      User{};
  EXPECT_EQ(settings_of("user").size(), 22U);
  const auto& [a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11] = Anonymous{};
  EXPECT_EQ(settings_of("anonymous").size(), 11U);
  const auto& [c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11] = Config{};
  EXPECT_EQ(tables().size(), 10U);  // and the name of the file
}

TEST(Settings, ChangesAreFoundWithTheirReloadClass) {
  const Config before = load_sample();
  Config after = before;
  EXPECT_TRUE(changed_settings(before, after).empty());
  after.server.idle_timeout = Seconds(1);
  after.log.level = log::Level::error;
  after.server.lanes = 9;
  std::vector<std::pair<std::string_view, Reload>> changes;
  for (const Setting* setting : changed_settings(before, after)) changes.emplace_back(setting->name, setting->reload);
  EXPECT_THAT(changes, ElementsAre(std::pair("idle_timeout", Reload::new_sessions), std::pair("lanes", Reload::restart),
                                   std::pair("level", Reload::live)));
}

TEST(Settings, TheReferencePageIsUpToDate) {
  const std::string path = std::string(GANTRY_SOURCE_DIR) + "/docs/configuration.md";
  if (std::getenv("GANTRY_UPDATE_DOCS") != nullptr) std::ofstream(path) << settings_reference();
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), settings_reference()) << "run unit_config with GANTRY_UPDATE_DOCS=1 and commit the page";
}

void replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

TEST(Print, HidesSecretsAndReadsBackAsTheSameConfiguration) {
  const Config config = load_sample();
  std::string text = print(config);
  for (const char* secret : {"cos-key", "cos-token", "proxy-password", "s3-key", "argon2id"})
    EXPECT_THAT(text, Not(HasSubstr(secret)));
  replace(text, "secret_key = \"***\"", "secret_key = \"cos-key\"");
  replace(text, "session_token = \"***\"", "session_token = \"cos-token\"");
  replace(text, "me:***@", "me:proxy-password@");
  replace(text, "secret_key = \"***\"", "secret_key = \"s3-key\"");
  replace(text, "password = \"***\"", "password = \"" + config.users[0].password.reveal() + "\"");
  const auto again = load_text(text, "/etc/gantry/gantry.toml");
  ASSERT_TRUE(again) << format(again.error().front()) << "\n" << text;
  EXPECT_EQ(again->config, config);
  const auto born = load_text("", "relative.toml");
  const auto born_again = load_text(print(born->config), "relative.toml");
  ASSERT_TRUE(born_again);
  EXPECT_EQ(born_again->config, born->config);
}

TEST(Print, ToTomlReadsBackAsTheSameConfigurationSecretsIncluded) {
  Config sample = load_sample();
  const std::string text = to_toml(
      sample, [](const Setting&, const std::string&, const Secret& secret) { return WrittenSecret{secret.reveal()}; });
  auto again = load_text(text, "/elsewhere/gantry.toml");
  ASSERT_TRUE(again.has_value()) << text << format(again.error().front());
  again->config.source = sample.source;
  EXPECT_EQ(again->config, sample) << text;
}

TEST(Print, ToTomlAsksHowToWriteEachSecret) {
  std::vector<std::string> asked;
  const std::string text =
      to_toml(load_sample(), [&](const Setting& setting, const std::string& owner, const Secret&) -> WrittenSecret {
        asked.push_back(owner + "." + std::string(setting.name));
        return {owner, setting.name == "secret_key"};
      });
  EXPECT_THAT(asked, ElementsAre("main.secret_key", "main.session_token", "other.secret_key", "alice.password"));
  EXPECT_THAT(text, HasSubstr("secret_key_file = \"main\"\nsession_token = \"main\"\n"));
  EXPECT_THAT(text, Not(HasSubstr("cos-key")));
}

TEST(Print, PasswordsInUrlsAreHidden) {
  EXPECT_EQ(hide_password("postgresql://u:p@ss/w@host/db"), "postgresql://u:***@host/db");
  EXPECT_EQ(hide_password("postgresql://host:5432/db?user=u&password=p&x=y"),
            "postgresql://host:5432/db?user=u&password=***&x=y");
  EXPECT_EQ(hide_password("postgresql:host=h password='a b' user=u"), "postgresql:host=h password=***' user=u");
  EXPECT_EQ(hide_password("http://host:3128"), "http://host:3128");
  EXPECT_EQ(hide_password("http://user@host:3128"), "http://user@host:3128");
}

TEST(TextValues, NearestFindsTyposOnly) {
  EXPECT_EQ(nearest("Idle_timeut", {"idle_timeout", "listen"}), "idle_timeout");
  EXPECT_EQ(nearest("xyz", {"idle_timeout", "key"}), "");
}

TEST(TextValues, AddressesReadBack) {
  for (const char* text : {"0.0.0.0:2121", "[::]:990", "[fe80::1%eth0]:21", "localhost:0"}) {
    const auto address = parse_listen_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(format_listen_address(*address), text);
  }
  for (const char* text : {"", ":21", "::1:21", "[::1]", "a:65536", "a b:1", "[x]:1", "a:-1"})
    EXPECT_FALSE(parse_listen_address(text)) << text;
}

}  // namespace
}  // namespace gantry::config
