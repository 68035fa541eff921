// Replies and their form on the wire (RFC 959 section 4.2). Must not know: which reply means what.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gantry::proto {

struct Reply {
  int code = 0;
  std::vector<std::string> lines;  ///< one: a plain reply; more: first line, body, last line

  bool operator==(const Reply&) const = default;
};

[[nodiscard]] Reply reply(int code, std::string text);

/// "211-first", the body with one blank before each line, "211 last".
[[nodiscard]] Reply multiline(int code, std::string first, std::vector<std::string> body, std::string last);

/// What is sent, line ends included. Control bytes in texts become \xNN, so no text can forge a line; 0xFF is doubled
/// for Telnet (RFC 854). `code` must have three digits.
[[nodiscard]] std::string to_wire(const Reply& reply);

/// The path in quotes, inner quotes doubled (RFC 959 appendix II: 257).
[[nodiscard]] std::string quote_path(std::string_view path);

}  // namespace gantry::proto
