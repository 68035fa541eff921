// The paths on servers that a verb was given: patterns become what they match.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/session.hpp"

namespace gantry::client {

/// One thing a verb works on.
struct Target {
  Place place;
  std::string shown;                  ///< what messages call it: as it was given, or the path that matched
  std::optional<ftp::Entry> entry{};  ///< known where it came from a listing
};

/// `directory` and a name in it.
[[nodiscard]] std::string join(std::string_view directory, std::string_view name);
/// The directory above; "/" above itself.
[[nodiscard]] std::string parent_of(const std::string& path);
/// What stands behind the last '/'; empty for "/".
[[nodiscard]] std::string name_of(const std::string& path);

/// What leads to the place again, wherever we are: a URL, or NAME:PATH of the bookmark it was named by.
[[nodiscard]] std::string url_of(const Place& place);

[[nodiscard]] bool has_pattern(std::string_view text);
/// `*`, `?` and `[...]` as in a Unix shell: a leading dot must be written.
[[nodiscard]] bool matches(const std::string& pattern, const std::string& name);

/// The things an argument names. A pattern gives what it matches, sorted, and is refused when that is nothing; a name
/// that is the pattern itself goes before all it matches. Everything else comes back unasked, whether it exists or not.
[[nodiscard]] ftp::Outcome<std::vector<Target>> expand(Session& session, const std::string& argument);

/// What is there: from `target.entry`, else by asking the server.
[[nodiscard]] ftp::Outcome<ftp::Entry> look(const Target& target);

}  // namespace gantry::client
