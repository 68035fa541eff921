#include "ftp/transcript.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.hpp"

namespace gantry::ftp {
namespace {

std::string_view without_line_end(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// The code of "250 done" and "250-more"; 0 for lines that have none.
int code_of(std::string_view line) {
  if (line.size() < 3 || !std::ranges::all_of(line.substr(0, 3), [](unsigned char c) { return std::isdigit(c) != 0; }))
    return 0;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

}  // namespace

void Transcript::begin() {
  exchanges_.clear();
  bytes_ = 0;
  leaving_ = false;
}

void Transcript::sent(std::string_view line) {
  line = without_line_end(line);
  const bool secret =
      equal_ignoring_case(line.substr(0, 5), "PASS ") || equal_ignoring_case(line.substr(0, 5), "ACCT ");
  if (trace_) trace_(true, secret ? std::string(line.substr(0, 5)) + "***" : line);
  leaving_ = line == "QUIT";
  if (!leaving_) exchanges_.push_back({.command = std::string(line), .replies = {}});
}

bool Transcript::received(std::string_view line) {
  bytes_ += line.size();
  if (too_much()) return false;
  line = without_line_end(line);
  if (trace_) trace_(false, escape_control(line));
  if (leaving_) return true;
  if (exchanges_.empty()) exchanges_.emplace_back();
  Exchange& exchange = next_to_answer();
  const int code = code_of(line);
  if (!exchange.open) {
    exchange.replies.push_back({.code = code, .lines = {}});
    exchange.open = code == 0 || (line.size() > 3 && line[3] == '-');
    exchange.replies.back().lines.emplace_back(code == 0 ? line : line.substr(std::min<std::size_t>(4, line.size())));
    return true;
  }
  Reply& reply = exchange.replies.back();
  const bool last = code != 0 && code == reply.code && (line.size() == 3 || line[3] == ' ');
  reply.lines.emplace_back(last ? line.substr(std::min<std::size_t>(4, line.size())) : line);
  exchange.open = !last;
  return true;
}

/// Replies come in the order of the commands, and a command may be sent before the one ahead of it was answered.
Transcript::Exchange& Transcript::next_to_answer() {
  for (Exchange& exchange : exchanges_)
    if (exchange.open || exchange.replies.empty()) return exchange;
  return exchanges_.back();
}

const Reply* Transcript::refusal() const {
  static constexpr std::array<std::string_view, 5> moving = {"MLSD", "LIST", "RETR", "STOR", "APPE"};
  for (auto exchange = exchanges_.rbegin(); exchange != exchanges_.rend(); ++exchange)
    if (!exchange->replies.empty() && std::ranges::find(moving, exchange->command.substr(0, 4)) != moving.end())
      return exchange->replies.back().code >= 500 ? &exchange->replies.back() : nullptr;
  return nullptr;
}

const Reply* Transcript::reply_to(std::string_view command) const {
  for (auto exchange = exchanges_.rbegin(); exchange != exchanges_.rend(); ++exchange)
    if (exchange->command == command && !exchange->replies.empty() && !exchange->open) return &exchange->replies.back();
  return nullptr;
}

const Reply* Transcript::answer() const {
  if (exchanges_.empty()) return nullptr;
  const Exchange& last = exchanges_.back();
  const std::size_t complete = last.replies.size() - (last.open ? 1 : 0);
  return complete == 0 ? nullptr : &last.replies[complete - 1];
}

std::string_view Transcript::command() const {
  return exchanges_.empty() ? std::string_view() : std::string_view(exchanges_.back().command);
}

bool Transcript::logged_in() const {
  return std::ranges::any_of(exchanges_, [](const Exchange& exchange) {
    return !exchange.replies.empty() && exchange.replies.back().code == 230;
  });
}

}  // namespace gantry::ftp
