// The argument of XCRC, XMD5 and XSHA*: a name, maybe in quotes, and maybe two positions. Must not know: files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gantry::proto {

struct ChecksumArguments {
  std::string path;  ///< never empty
  std::optional<std::uint64_t> start;
  std::optional<std::uint64_t> end;  ///< only with start; not checked against it

  bool operator==(const ChecksumArguments&) const = default;
};

/// `"a name" [start [end]]` with inner quotes doubled, `name start end` when the name has no blank, or else the whole
/// text as the name: "report 2024" is a file. Nothing when the name is empty, a quote is not closed or what follows
/// it is no position.
[[nodiscard]] std::optional<ChecksumArguments> parse_checksum_arguments(std::string_view argument);

}  // namespace gantry::proto
