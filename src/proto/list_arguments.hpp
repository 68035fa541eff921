// The argument of LIST and NLST: flags as clients send them to a Unix `ls`, then a path. Must not know: storage.
#pragma once

#include <string>
#include <string_view>

namespace gantry::proto {

struct ListArguments {
  bool all = false;           ///< -a, -A
  bool recursive = false;     ///< -R
  bool one_per_line = false;  ///< -1
  bool long_format = false;   ///< -l
  std::string path = {};      ///< blanks in it kept; empty: the working directory

  bool operator==(const ListArguments&) const = default;
};

/// "-la", "-a -l path", "-1 *.txt". A word of '-' and up to 12 letters or '1' counts as flags, unknown letters among
/// them ignored; anything else begins the path. A file named "-a" is reached by "./-a" or "-- -a". The path starts
/// after one blank; a path of blanks alone after flags is none.
[[nodiscard]] ListArguments parse_list_arguments(std::string_view argument);

}  // namespace gantry::proto
