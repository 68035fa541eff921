// ~/.config/gantry/config.toml: settings and bookmarks. Must not know: what settings are used for.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/settings.hpp"
#include "ftp/failure.hpp"

namespace gantry::client {

/// A server by a name of its own: `NAME:PATH` wherever a URL may stand.
struct Bookmark {
  std::string name;
  std::string url;                                              ///< without a password
  std::vector<std::pair<std::string, std::string>> settings{};  ///< name and value, checked
  unsigned line = 0;                                            ///< of [bookmark.NAME]
};

struct Config {
  std::filesystem::path file;  ///< empty: there is no place for one
  Settings settings;
  std::map<std::string, std::string> sources{};  ///< of each setting that is written: "FILE:LINE"
  std::vector<Bookmark> bookmarks{};
  std::vector<std::string> problems{};  ///< "FILE:LINE:COLUMN: KEY: what is wrong"; with any the rest is no use
};

/// What `text` says; `file` is its name in messages.
[[nodiscard]] Config read_config(std::string_view text, const std::filesystem::path& file);
/// A file that is not there says nothing.
[[nodiscard]] Config load_config(const std::filesystem::path& file);

/// Letters, digits, "-", "_" and ".", at most 64, and a letter or digit first.
[[nodiscard]] bool is_bookmark_name(std::string_view name);

/// The bookmark that "NAME:PATH" names, and PATH; nothing when it names none.
struct Named {
  const Bookmark* bookmark = nullptr;
  std::string path;
};
[[nodiscard]] std::optional<Named> named_bookmark(std::span<const Bookmark> bookmarks, std::string_view argument);

/// Settings of the bookmark over those of `settings`.
void apply(const Bookmark& bookmark, Settings& settings);

/// Writes the bookmark behind what the file holds, which stays as it is. The new file takes the place of the old one
/// in one step.
[[nodiscard]] ftp::Outcome<void> add_bookmark(const std::filesystem::path& file, const Bookmark& bookmark);
/// Removes the lines from [bookmark.NAME] to the next table, and nothing else.
[[nodiscard]] ftp::Outcome<void> remove_bookmark(const std::filesystem::path& file, std::string_view name);

/// All settings as TOML, each with where it comes from, and the bookmarks. `in_force` differs from the configuration
/// by what the command line says.
[[nodiscard]] std::string print_config(const Config& config, const Settings& in_force);

}  // namespace gantry::client
