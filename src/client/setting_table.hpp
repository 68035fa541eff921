// The one table of what the user can set: the configuration file, bookmarks, `set`, --print-config and the options of
// the command line all read it. Must not know: TOML, where a value came from.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "client/settings.hpp"

namespace gantry::client {

/// Where the value of a setting lives.
using Field =
    std::variant<std::string*, bool*, unsigned*, Milliseconds*, transfer::Existing*, transfer::Proof*, Show*, Colour*>;

struct Setting {
  std::string_view name;
  std::string_view help;
  Field (*field)(Settings&) = nullptr;
  std::span<const std::string_view> choices{};  ///< the words of an enumeration, in its order
  std::uint64_t least = 0;                      ///< numbers: themselves; durations: milliseconds
  std::uint64_t most = 0;
  std::string_view option{};                  ///< "--tries" on the command line; empty: added elsewhere, or not there
  Moves for_moves = Moves::nothing;           ///< the option is one of verbs that move at least so much
  std::string (*check)(Settings&) = nullptr;  ///< looks at a new value and sets what follows from it; what is wrong
  bool path = false;                          ///< "~/" at the beginning is the user's home
};

[[nodiscard]] std::span<const Setting> setting_table();
/// Null when there is none.
[[nodiscard]] const Setting* find_setting(std::string_view name);

/// Sets it from text: "5m", "true", "auto", "8". The error says what is wrong and what would be right.
[[nodiscard]] std::expected<void, std::string> assign(const Setting& setting, Settings& settings,
                                                      std::string_view text);

/// As TOML: "5m" in quotes, true, 8.
[[nodiscard]] std::string toml_of(const Setting& setting, const Settings& settings);

/// The value stands in quotes in TOML.
[[nodiscard]] bool is_text(const Setting& setting);
/// "true or false", "one of a, b, c", "a duration from 1s to 1d".
[[nodiscard]] std::string accepted(const Setting& setting);

}  // namespace gantry::client
