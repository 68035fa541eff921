// A command line taken apart: verb and argument (RFC 959 section 5.3.1). Must not know: which verbs exist.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gantry::proto {

struct CommandLine {
  std::string verb;           ///< upper case (ASCII letters only); any bytes may occur: escape before it is shown
  std::string argument;       ///< everything after ONE blank, untouched: "CWD  /" names a directory " /"
  bool has_argument = false;  ///< a blank followed the verb, even if nothing else did

  bool operator==(const CommandLine&) const = default;
};

/// Verbs are cut here, far beyond any real one, so that a cut verb never equals a known one.
inline constexpr std::size_t max_verb_bytes = 32;

/// Splits at the first blank; a line that begins with a blank has an empty verb.
[[nodiscard]] CommandLine parse_command(std::string_view line);

/// A browser or a mail client was tricked into talking to us (ALPACA, CVE-2021-3618): an HTTP request line, an SMTP
/// greeting or envelope, or a "Name: value" header. `line` is what `command` was parsed from. Close the connection.
[[nodiscard]] bool looks_like_http_or_smtp(const CommandLine& command, std::string_view line);

}  // namespace gantry::proto
