// A user outside of the file: one text a setting, read by the file's own table and rules.
// Must not know: where the texts are kept.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/problem.hpp"
#include "config/settings.hpp"
#include "config/text_values.hpp"

namespace gantry::config {

struct UserText {
  std::string name;
  Secret password;
  std::map<std::string, std::string> settings;  ///< setting -> value as TOML; not name and password
};

/// The settings of a user besides name and password.
[[nodiscard]] std::vector<const Setting*> user_text_settings();

/// How a value is written as words: one; a list's items; PATH=VALUE for each entry of a table.
enum class Words : std::uint8_t { one, list, table };
[[nodiscard]] Words words_of(const Setting& setting);

/// The value as TOML, from a command line's words: one, for lists any number, for tables PATH=VALUE each; a single
/// empty word empties a list or table. The error is the sentence a file would get. An unknown setting is an error, too.
[[nodiscard]] Parsed<std::string> setting_from_words(const std::string& setting, const std::vector<std::string>& words);

/// The user, or everything that is wrong with single settings; keys are "user.NAME.SETTING". A setting nobody knows is
/// an error: it may be a restriction.
[[nodiscard]] std::expected<User, std::vector<Problem>> read_user(const UserText& text);

struct CheckedUser {
  User user;
  std::vector<Problem> warnings;
};
/// The same, and whether the user fits the stores and the rest of `config`.
[[nodiscard]] std::expected<CheckedUser, std::vector<Problem>> read_user(const UserText& text, const Config& config);

}  // namespace gantry::config
