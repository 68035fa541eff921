// What a server says of a name: read from MLSD, MLST or LIST.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.hpp"

namespace gantry::ftp {

enum class Kind : std::uint8_t { file, directory, link, other };

struct Entry {
  std::string name;  ///< bytes as the server sent them; checked with is_safe_name()
  Kind kind = Kind::file;
  std::optional<std::uint64_t> size{};  ///< of files only: what servers say of the rest has no meaning elsewhere
  std::optional<WallTime> modified{};
  bool exact_time = false;    ///< to the second and in UTC (MLSD, MDTM); LIST gives minutes of an unknown zone
  std::string permissions{};  ///< "rwxr-xr-x", or the perm fact of MLSD
  std::string owner{};
  std::string group{};
  std::string target{};     ///< of a link, where the server tells it
  bool unreadable = false;  ///< a file whose perm fact says that we may not fetch it (RFC 3659 section 7.5.5)

  bool operator==(const Entry&) const = default;
};

/// Longer lines are no entries: names have 255 bytes, paths 4096.
inline constexpr std::size_t longest_listing_line = 16 * kib;

/// One line of MLSD or the fact line of MLST (RFC 3659 section 7); nothing when it is none. The entries "." and ".."
/// (type cdir, pdir) come back with these names.
[[nodiscard]] std::optional<Entry> parse_facts(std::string_view line);

/// One line of LIST as Unix servers ("-rw-r--r-- ...") and Windows servers ("01-31-26 09:15AM <DIR> name") print it;
/// nothing for "total 12" and what cannot be read. `now` decides the year of "Jan 31 09:15".
[[nodiscard]] std::optional<Entry> parse_list_line(std::string_view line, WallTime now);

/// A name that may become one of this machine: not empty, not "." or "..", no '/', no control characters (those of
/// Unicode included, which terminals obey as well).
[[nodiscard]] bool is_safe_name(std::string_view name);

}  // namespace gantry::ftp
