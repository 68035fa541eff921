#include "proto/line_reader.hpp"

namespace gantry::proto {
namespace {

// RFC 854
constexpr char iac = '\xff';
constexpr char first_option_verb = '\xfb';  // WILL, WONT, DO, DONT take one more byte
constexpr char last_option_verb = '\xfe';
constexpr char data_mark = '\xf2';
constexpr char interrupt_process = '\xf4';

bool between(char c, char low, char high) {
  auto u = static_cast<unsigned char>(c);
  return u >= static_cast<unsigned char>(low) && u <= static_cast<unsigned char>(high);
}

}  // namespace

void LineReader::feed(std::string_view bytes) {
  for (char c : bytes) {
    switch (telnet_) {
      case Telnet::option: telnet_ = Telnet::text; continue;
      case Telnet::iac:
        telnet_ = between(c, first_option_verb, last_option_verb) ? Telnet::option : Telnet::text;
        if (c == iac) take(c);
        continue;
      case Telnet::text: break;
    }
    if (c == iac) {
      telnet_ = Telnet::iac;
      continue;
    }
    // The Synch's data mark travels urgent: its IAC may be gone, or it may be. Neither begins a verb.
    if (current_.empty() && (c == data_mark || c == interrupt_process)) continue;
    take(c);
  }
}

void LineReader::take(char c) {
  if (c == '\n') {
    after_cr_ = false;
    end_line();
    return;
  }
  // CR NUL is Telnet's bare carriage return, which no FTP name may hold.
  if (after_cr_ || c == '\0') bad_byte_ = true;
  after_cr_ = c == '\r';
  if (after_cr_) return;
  if (current_.size() >= limit_)
    too_long_ = true;
  else if (!too_long_)
    current_ += c;
}

void LineReader::end_line() {
  Line line;
  if (too_long_)
    line.kind = Line::Kind::too_long;
  else if (bad_byte_)
    line.kind = Line::Kind::bad_byte;
  else
    line.text = std::move(current_);
  buffered_ += line.text.size();
  lines_.push_back(std::move(line));
  current_.clear();
  too_long_ = bad_byte_ = false;
}

std::optional<Line> LineReader::next() {
  if (lines_.empty()) return std::nullopt;
  Line line = std::move(lines_.front());
  lines_.pop_front();
  buffered_ -= line.text.size();
  return line;
}

void LineReader::clear() { *this = LineReader(limit_); }

}  // namespace gantry::proto
