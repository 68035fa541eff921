// The one table of settings. The parser, the checks, the printed configuration and the reference page all read it;
// a setting that is not here does not exist.
// Must not know: TOML (toml_values.cpp does), files, what a setting is used for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.hpp"

namespace gantry::config {

/// How the value is written and checked.
enum class Kind : std::uint8_t {
  text,
  lines,     ///< text that may have line ends
  url,       ///< text that may carry a password, hidden when printed
  path,      ///< relative ones begin at the configuration file's directory
  database,  ///< "sqlite:PATH" or "postgresql://..."
  flag,
  number,
  bytes,
  rate,    ///< bytes per second
  memory,  ///< bytes, or a share of the memory: "25%"
  duration,
  choice,
  port_range,
  addresses,  ///< list of HOST:PORT
  texts,
  patterns,    ///< list of shell patterns of one name
  networks,    ///< list of CIDR
  secret,      ///< text, "env:NAME", or KEY_file with a path; hidden when printed
  credential,  ///< as secret, but may be shown
  permissions,
  directory_permissions,  ///< table of FTP path = permissions
  place,                  ///< "store:/prefix"
  places,                 ///< table of FTP path = place
};

/// What must happen until a changed value counts.
enum class Reload : std::uint8_t {
  live,          ///< at once
  new_sessions,  ///< for sessions that begin after the reload
  restart,       ///< after a restart
};

/// The enumerator of a choice, by its place among the accepted words.
struct Choice {
  std::size_t index = 0;
  bool operator==(const Choice&) const = default;
};

using Value = std::variant<std::string, bool, std::uint64_t, Milliseconds, Choice, PortRange,
                           std::vector<ListenAddress>, std::vector<std::string>, Secret, Mount,
                           std::map<std::string, Mount>, std::map<std::string, std::string>>;

/// One table of the file and the struct it fills.
using Section =
    std::variant<Server*, Tls*, Passwords*, LoginHook*, Transfer*, Defender*, Log*, Store*, User*, Anonymous*>;

/// Which types of store have a setting, as bits 1 << StoreType.
using StoreTypes = unsigned;
[[nodiscard]] constexpr StoreTypes only(StoreType type) { return 1U << static_cast<unsigned>(type); }
inline constexpr StoreTypes all_stores = ~0U;
inline constexpr StoreTypes buckets = only(StoreType::s3) | only(StoreType::cos);

struct Setting {
  std::string_view table;
  std::string_view name;
  Kind kind = Kind::text;
  std::string_view initial;  ///< the default as TOML; empty: none, it must be given
  Reload reload = Reload::restart;
  std::string_view help;
  void (*put)(Section, Value) = nullptr;
  Value (*get)(Section) = nullptr;
  std::span<const std::string_view> choices;  ///< of a choice or of the items of texts; empty: any
  std::uint64_t least = 0;                    ///< number, bytes, rate, memory: itself; duration: milliseconds
  std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  std::string_view alias;
  StoreTypes stores = all_stores;

  [[nodiscard]] bool hidden() const { return kind == Kind::secret; }
  /// The value may be given as NAME_file or "env:NAME".
  [[nodiscard]] bool external() const { return kind == Kind::secret || kind == Kind::credential; }
};

/// All settings, table by table in the order of the reference page.
[[nodiscard]] std::span<const Setting> settings();
/// Those of one table: "server", "store", ...
[[nodiscard]] std::span<const Setting> settings_of(std::string_view table);
/// "server" for a Server, and so on.
[[nodiscard]] std::string_view table_of(Section section);
/// The names of all tables, in order.
[[nodiscard]] const std::vector<std::string_view>& tables();
/// "[[store]]" and "[[user]]" may occur many times.
[[nodiscard]] bool repeats(std::string_view table);

/// Settings of the single tables whose values differ. For stores and users, which come and go, compare the lists.
[[nodiscard]] std::vector<const Setting*> changed_settings(const Config& before, const Config& after);

/// docs/configuration.md.
[[nodiscard]] std::string settings_reference();

}  // namespace gantry::config
