// The reference page, from the table of settings.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <string>

#include "config/settings.hpp"

namespace gantry::config {
namespace {

constexpr std::string_view introduction = R"(# Configuration

Gantry reads one TOML file, `gantry.toml`. Unknown tables and settings are errors, and all errors are reported at once,
with line and column: `gantryd check --config gantry.toml` does only that.

This page is made from the table of settings in `src/config/settings.cpp`; a test compares the two.

How values are written:

- **duration**: `"250ms"`, `"30s"`, `"5m"`, `"24h"`, `"7d"`; a bare number means seconds.
- **bytes**: `4096`, `"64KiB"`, `"10GB"`; KiB, MiB, GiB, TiB are powers of 1024, kB, MB, GB, TB powers of 1000.
- **rate**: bytes in a second, `"300KiB/s"`.
- **memory**: bytes, or a share of the memory the machine or its control group has, `"25%"`.
- **place**: `"STORE:/PREFIX"`, a store and a directory in it; `%u` stands for the user's name.
- **pattern**: `*`, `?`, `[a-z]`, `[!x]` as in a shell, for one name (never across a `/`); letter case does not count.
- **secret**: the text itself, `"env:NAME"` for a variable of the environment, or a file's first line by writing the
  setting's name with `_file` behind it (`secret_key_file = "key.txt"`).
- Relative paths begin at the directory of the configuration file.

A changed setting counts after SIGHUP at once (**live**), for sessions that begin afterwards (**new sessions**), or only
after a **restart**.
)";

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::text:
      return "text";
    case Kind::lines:
      return "text of several lines";
    case Kind::url:
      return "URL";
    case Kind::path:
      return "path";
    case Kind::database:
      return "database";
    case Kind::flag:
      return "true or false";
    case Kind::number:
      return "number";
    case Kind::bytes:
      return "bytes";
    case Kind::rate:
      return "rate";
    case Kind::memory:
      return "memory";
    case Kind::duration:
      return "duration";
    case Kind::choice:
      return "choice";
    case Kind::port_range:
      return "ports";
    case Kind::addresses:
      return "list of addresses";
    case Kind::texts:
      return "list of texts";
    case Kind::patterns:
      return "list of patterns";
    case Kind::networks:
      return "list of networks (CIDR)";
    case Kind::secret:
      return "secret";
    case Kind::credential:
      return "text, as a secret";
    case Kind::permissions:
      return "letters";
    case Kind::directory_permissions:
      return "table of letters";
    case Kind::place:
      return "place";
    case Kind::places:
      return "table of places";
  }
  return "";
}

std::string_view reload_name(Reload reload) {
  switch (reload) {
    case Reload::live:
      return "live";
    case Reload::new_sessions:
      return "new sessions";
    case Reload::restart:
      return "restart";
  }
  return "";
}

std::string amount(Kind kind, std::uint64_t number) {
  if (kind == Kind::duration) return exact_duration(Milliseconds(static_cast<std::int64_t>(number)));
  return kind == Kind::number ? fmt::format("{}", number) : exact_bytes(number);
}

/// What may be written: the kind, and its words or bounds.
std::string form(const Setting& setting) {
  std::string out(kind_name(setting.kind));
  if (!setting.choices.empty()) out += fmt::format(": {}", fmt::join(setting.choices, ", "));
  const bool open_end = setting.most == std::numeric_limits<std::int64_t>::max();
  if (!open_end)
    out += fmt::format(", {} to {}", amount(setting.kind, setting.least), amount(setting.kind, setting.most));
  else if (setting.least != 0)
    out += fmt::format(", at least {}", amount(setting.kind, setting.least));
  return out;
}

std::string_view stores_name(StoreTypes stores) {
  if (stores == only(StoreType::local)) return " Only for local.";
  if (stores == only(StoreType::s3)) return " Only for s3.";
  if (stores == only(StoreType::cos)) return " Only for cos.";
  return stores == buckets ? " For cos and s3." : "";
}

std::string_view about(std::string_view table) {
  if (table == "store")
    return "One table for each bucket or directory. Nothing changes in a store without a restart.\n\n";
  if (table == "user") return "One table for each user.\n\n";
  if (table == "login_hook")
    return "Who is asked about users that are not ours: see [External check of logins](behaviour.md#external-check-of-"
           "logins).\n\n";
  if (table == "tls") return "Explicit FTPS on `server.listen` and implicit FTPS on `server.listen_tls`.\n\n";
  return "";
}

}  // namespace

std::string settings_reference() {
  std::string out(introduction);
  for (std::string_view table : tables()) {
    out += fmt::format(fmt::runtime(repeats(table) ? "\n## [[{}]]\n\n{}" : "\n## [{}]\n\n{}"), table, about(table));
    out += "| Setting | Default | Value | Reload | Meaning |\n| --- | --- | --- | --- | --- |\n";
    for (const Setting& setting : settings_of(table)) {
      const std::string initial = setting.initial.empty() ? "required" : fmt::format("`{}`", setting.initial);
      const std::string alias = setting.alias.empty() ? "" : fmt::format(" Also written `{}`.", setting.alias);
      out += fmt::format("| `{}` | {} | {} | {} | {}{}{} |\n", setting.name, initial, form(setting),
                         reload_name(setting.reload), setting.help, stores_name(setting.stores), alias);
    }
  }
  return out;
}

}  // namespace gantry::config
