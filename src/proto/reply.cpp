#include "proto/reply.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/text.hpp"

namespace gantry::proto {
namespace {

constexpr char iac = '\xff';

void append_text(std::string& out, std::string_view text) {
  for (char c : escape_control(text)) {
    out += c;
    if (c == iac) out += c;
  }
  out += "\r\n";
}

}  // namespace

Reply reply(int code, std::string text) { return {code, {std::move(text)}}; }

Reply multiline(int code, std::string first, std::vector<std::string> body, std::string last) {
  Reply made{code, {}};
  made.lines.reserve(body.size() + 2);
  made.lines.push_back(std::move(first));
  for (std::string& line : body) made.lines.push_back(std::move(line));
  made.lines.push_back(std::move(last));
  return made;
}

std::string to_wire(const Reply& reply) {
  std::string out;
  for (std::size_t i = 0; i < reply.lines.size(); ++i) {
    bool last = i + 1 == reply.lines.size();
    if (last)
      out += fmt::format("{} ", reply.code);
    else if (i == 0)
      out += fmt::format("{}-", reply.code);
    else
      out += ' ';
    append_text(out, reply.lines[i]);
  }
  return out;
}

std::string quote_path(std::string_view path) {
  std::string out = "\"";
  for (char c : path) {
    if (c == '"') out += c;
    out += c;
  }
  return out + '"';
}

}  // namespace gantry::proto
