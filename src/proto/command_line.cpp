#include "proto/command_line.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace gantry::proto {
namespace {

// No FTP verb is among these, so the verb alone tells.
constexpr std::array<std::string_view, 6> foreign_verbs{"GET", "POST", "HEAD", "CONNECT", "EHLO", "HELO"};
// A person may type these at an FTP server; only the shape of a request line tells.
constexpr std::array<std::string_view, 7> request_verbs{"PUT",   "DELETE",   "PATCH", "OPTIONS",
                                                        "TRACE", "PROPFIND", "PRI"};
// Mail envelopes: "MAIL FROM:<a@b>". RFC 765 once had a MAIL verb.
constexpr std::array<std::string_view, 2> envelope_verbs{"MAIL", "RCPT"};

bool is_one_of(std::string_view verb, const auto& verbs) { return std::ranges::find(verbs, verb) != verbs.end(); }

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// "Host: example.com": no FTP verb holds a colon.
bool is_header(std::string_view line) {
  std::size_t colon = line.find(':');
  return colon != std::string_view::npos && colon > 0 && std::ranges::all_of(line.substr(0, colon), is_token_character);
}

bool is_request_target(std::string_view argument) {
  return argument == "*" || argument.starts_with("* ") || to_upper(argument).find(" HTTP/") != std::string::npos;
}

bool is_envelope(std::string_view argument) {
  std::string upper = to_upper(trim(argument));
  return upper.starts_with("FROM:") || upper.starts_with("TO:");
}

}  // namespace

CommandLine parse_command(std::string_view line) {
  std::size_t blank = line.find(' ');
  CommandLine command;
  command.verb = to_upper(line.substr(0, std::min(blank, max_verb_bytes)));
  if (blank == std::string_view::npos) return command;
  command.has_argument = true;
  command.argument = line.substr(blank + 1);
  return command;
}

bool looks_like_http_or_smtp(const CommandLine& command, std::string_view line) {
  if (is_one_of(command.verb, foreign_verbs) || is_header(line)) return true;
  if (is_one_of(command.verb, request_verbs)) return is_request_target(command.argument);
  return is_one_of(command.verb, envelope_verbs) && is_envelope(command.argument);
}

}  // namespace gantry::proto
