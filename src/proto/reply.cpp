#include "proto/reply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.hpp"

namespace gantry::proto {
namespace {

void append_text(std::string& wire, std::string_view text) {
  const std::string safe = escape_control(text);
  if (safe.find('\xFF') == std::string::npos) {
    wire += safe;
  } else {
    for (char c : safe) {
      if (c == '\xFF') wire += c;
      wire += c;
    }
  }
  wire += "\r\n";
}

}  // namespace

Reply reply(int code, std::string text) {
  Reply made{code, {}};
  made.lines.push_back(std::move(text));
  return made;
}

Reply multiline(int code, std::string first, std::vector<std::string> body, std::string last) {
  Reply made{code, {}};
  made.lines.reserve(body.size() + 2);
  made.lines.push_back(std::move(first));
  std::ranges::move(body, std::back_inserter(made.lines));
  made.lines.push_back(std::move(last));
  return made;
}

std::string to_wire(const Reply& reply) {
  std::string code = fmt::format("{:03}", reply.code);
  if (reply.lines.empty()) return code + " \r\n";
  std::string wire;
  const std::size_t last = reply.lines.size() - 1;
  for (std::size_t i = 0; i <= last; ++i) {
    if (i == last)
      wire += code + ' ';
    else if (i == 0)
      wire += code + '-';
    else
      wire += ' ';
    append_text(wire, reply.lines[i]);
  }
  return wire;
}

std::string quote_path(std::string_view path) {
  std::string quoted = "\"";
  for (char c : path) {
    if (c == '"') quoted += c;
    quoted += c;
  }
  quoted += '"';
  return quoted;
}

}  // namespace gantry::proto
