#include "proto/line_reader.hpp"

#include <utility>

namespace gantry::proto {
namespace {

// RFC 854, the codes that matter: the rest from 0xF0 on are commands without an argument.
constexpr unsigned char iac = 0xFF;
constexpr unsigned char first_option_code = 0xFB;  // WILL, WONT, DO, DONT
constexpr unsigned char last_option_code = 0xFE;
constexpr unsigned char first_command_code = 0xF0;

unsigned char code(char byte) { return static_cast<unsigned char>(byte); }

}  // namespace

void LineReader::feed(std::string_view bytes) {
  raw_.erase(0, taken_);
  taken_ = 0;
  raw_.append(bytes);
}

std::optional<Line> LineReader::next() {
  while (taken_ < raw_.size()) {
    auto byte = decode(raw_[taken_++]);
    if (!byte) continue;
    if (auto line = accept(*byte)) return line;
  }
  raw_.clear();
  taken_ = 0;
  return std::nullopt;
}

bool LineReader::empty() const {
  return taken_ == raw_.size() && length_ == 0 && !after_cr_ && !discarding_ && telnet_ == Telnet::data;
}

void LineReader::clear() { *this = LineReader(limit_); }

std::optional<char> LineReader::decode(char byte) {
  switch (telnet_) {
    case Telnet::data:
      if (code(byte) == iac) {
        telnet_ = Telnet::command;
        return std::nullopt;
      }
      return byte;
    case Telnet::command:
      telnet_ = Telnet::data;
      if (code(byte) == iac) return byte;
      if (code(byte) >= first_option_code && code(byte) <= last_option_code) telnet_ = Telnet::option;
      // Whatever is no command follows an IAC whose command byte went out of band.
      if (code(byte) < first_command_code) return byte;
      return std::nullopt;
    case Telnet::option:
      telnet_ = Telnet::data;
      return std::nullopt;
  }
  std::unreachable();
}

std::optional<Line> LineReader::accept(char byte) {
  if (byte == '\n') return end_line();
  if (discarding_) return std::nullopt;
  if (length_ == 0 && !after_cr_ && code(byte) >= first_command_code) return std::nullopt;
  if (after_cr_) {
    // The CR that waited ended nothing, so it stands inside the line, where none may.
    after_cr_ = false;
    bad_ = true;
    if (auto line = append('\r')) return line;
  }
  if (byte == '\r') {
    after_cr_ = true;
    return std::nullopt;
  }
  if (byte == '\0') bad_ = true;
  return append(byte);
}

std::optional<Line> LineReader::append(char byte) {
  if (++length_ > limit_) {
    discarding_ = true;
    text_.clear();
    return Line{Line::Kind::too_long, {}};
  }
  if (!bad_) text_ += byte;
  return std::nullopt;
}

std::optional<Line> LineReader::end_line() {
  bool reported = std::exchange(discarding_, false);
  bool bad = std::exchange(bad_, false);
  after_cr_ = false;
  length_ = 0;
  std::string text = std::exchange(text_, {});
  if (reported) return std::nullopt;
  if (bad) return Line{Line::Kind::bad_byte, {}};
  return Line{Line::Kind::command, std::move(text)};
}

}  // namespace gantry::proto
