// Lines of LIST (the shape of `ls -l`) and of MLSD/MLST (RFC 3659 section 7).
// Must not know: storage, permissions (they come as text), the session.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.hpp"

namespace gantry::proto {

/// One entry to show; the texts must outlive the call it is given to.
struct ListItem {
  enum class Kind : std::uint8_t { file, directory };
  std::string_view name;  ///< must be listable()
  Kind kind = Kind::file;
  std::uint64_t size = 0;
  WallTime mtime{};                             ///< epoch: unknown, MLSx says nothing then
  std::optional<unsigned> mode = std::nullopt;  ///< Unix permission bits
  std::string_view owner = {};                  ///< empty: unknown
  std::string_view group = {};
  std::string_view permissions_fact = {};  ///< RFC 3659 section 7.5.5, e.g. "adfrw"
  std::string_view unique = {};            ///< empty: unknown
};

/// A name with CR, LF or NUL would forge lines; such an entry, and one without a name, is left out.
[[nodiscard]] bool listable(std::string_view name);

/// Appends "-rw-r--r--   1 owner    group             12 Jan  2 03:04 name" CR LF. UTC, English months; the year
/// instead of the time when older than half a year or in the future. An unknown time is shown as now. Without a mode:
/// 0644, directories 0755.
void append_ls_line(std::string& to, const ListItem& item, WallTime now);

enum class Fact : std::uint8_t { type, size, modify, perm, unique, unix_mode, unix_owner, unix_group };

/// Which facts a session wants in MLSx lines. At first: type, size, modify, perm, unique, UNIX.mode.
class MlsxFacts {
 public:
  [[nodiscard]] bool has(Fact fact) const;
  /// OPTS MLST (RFC 3659 section 7.9): exactly the facts named ("Type;Size;", any letter case, unknown ones ignored).
  /// The text of the 200 reply, "MLST OPTS type;size;".
  std::string select(std::string_view names);
  /// The line for FEAT, enabled facts marked: "MLST type*;size*;...UNIX.group;".
  [[nodiscard]] std::string feat_line() const;

  bool operator==(const MlsxFacts&) const = default;

 private:
  std::uint8_t enabled_ = 0b0011'1111;  // one bit a Fact
};

/// Appends "type=file;size=1;modify=20240102030405;UNIX.mode=0644; name" CR LF. The name follows one blank, untouched.
/// Facts that are unknown are left out; directories have no size.
void append_mlsx_line(std::string& to, const ListItem& item, const MlsxFacts& facts);

}  // namespace gantry::proto
