#include "client/json.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdio>

#include "base/text.hpp"

namespace gantry::client {
namespace {

/// Malformed bytes as U+FFFD, each on its own.
std::string repaired(std::string_view text) {
  constexpr std::size_t longest_character = 4;
  std::string good;
  while (!text.empty()) {
    std::size_t length = 1;
    while (length <= longest_character && length <= text.size() && !is_utf8(text.substr(0, length))) ++length;
    if (length > longest_character || length > text.size()) {
      good += "\xEF\xBF\xBD";
      length = 1;
    } else {
      good += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return good;
}

}  // namespace

void put_name(boost::json::object& object, std::string_view key, std::string_view name) {
  if (is_utf8(name)) {
    object[key] = name;
    return;
  }
  object[key] = repaired(name);
  object[std::string(key) + "_bytes"] = to_hex(name);
}

std::string iso_time(WallTime time) {
  const auto seconds = std::chrono::floor<Seconds>(time);
  const auto fraction = (time - seconds).count();
  const std::string text = fmt::format("{:%Y-%m-%dT%H:%M:%S}", seconds);
  return fraction == 0 ? text + "Z" : fmt::format("{}.{:03}Z", text, fraction);
}

std::string_view kind_name(ftp::Kind kind) {
  switch (kind) {
    case ftp::Kind::file:
      return "file";
    case ftp::Kind::directory:
      return "directory";
    case ftp::Kind::link:
      return "link";
    case ftp::Kind::other:
      break;
  }
  return "other";
}

boost::json::object entry_to_json(const std::string& path, const ftp::Entry& entry) {
  boost::json::object object;
  put_name(object, "path", path);
  put_name(object, "name", entry.name);
  object["type"] = kind_name(entry.kind);
  if (entry.size) object["size"] = *entry.size;
  if (entry.modified) {
    object["modified"] = iso_time(*entry.modified);
    object["exact_time"] = entry.exact_time;
  }
  if (!entry.permissions.empty()) put_name(object, "permissions", entry.permissions);
  if (!entry.owner.empty()) put_name(object, "owner", entry.owner);
  if (!entry.group.empty()) put_name(object, "group", entry.group);
  if (!entry.target.empty()) put_name(object, "target", entry.target);
  return object;
}

void put_failure(boost::json::object& object, const ftp::Failure& failure) {
  object["ok"] = false;
  put_name(object, "error", failure.text);
  object["why"] = why_name(failure.why);
  if (failure.reply != 0) object["reply"] = failure.reply;
}

std::string_view why_name(ftp::Why why) {
  switch (why) {
    case ftp::Why::usage:
      return "usage";
    case ftp::Why::login:
      return "login";
    case ftp::Why::tls:
      return "tls";
    case ftp::Why::network:
      return "network";
    case ftp::Why::local:
      return "local";
    case ftp::Why::refused:
      return "refused";
    case ftp::Why::mismatch:
      return "mismatch";
    case ftp::Why::cancelled:
      break;
  }
  return "cancelled";
}

void print_json(const boost::json::object& object) {
  fmt::print("{}\n", boost::json::serialize(object));
  // Whoever reads the lines acts on them while the next one is still being made.
  std::fflush(stdout);
}

}  // namespace gantry::client
