#include "object/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/text.hpp"
#include "digest/digest.hpp"

namespace gantry::object {
namespace {

constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

std::string encode_except(std::string_view bytes, bool keep_slash) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 2);
  for (char c : bytes) {
    if (unreserved.contains(c) || (keep_slash && c == '/')) {
      out += c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

/// Reads a text from left to right; any step that does not fit makes the whole fail.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}

  int number(std::size_t digits) {
    auto value = rest_.size() < digits ? std::nullopt : parse_number(rest_.substr(0, digits));
    if (!value) return refuse();
    rest_.remove_prefix(digits);
    return static_cast<int>(*value);
  }
  int day() {
    if (rest_.starts_with(' ')) rest_.remove_prefix(1);
    return rest_.size() > 1 && hex_digit(rest_[1]) ? number(2) : number(1);
  }
  int month() {
    static constexpr std::array<std::string_view, 12> names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    auto found = std::ranges::find(names, rest_.substr(0, 3));
    if (found == names.end()) return refuse();
    rest_.remove_prefix(3);
    return static_cast<int>(found - names.begin()) + 1;
  }
  void skip(std::string_view literal) {
    if (rest_.starts_with(literal))
      rest_.remove_prefix(literal.size());
    else
      refuse();
  }
  /// ".123": milliseconds, further digits are dropped; 0 when there is none.
  int fraction() {
    if (!rest_.starts_with('.')) return 0;
    rest_.remove_prefix(1);
    int value = 0, weight = 100;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1), weight /= 10)
      value += weight * (rest_.front() - '0');
    return value;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool good() const { return good_; }

 private:
  int refuse() {
    good_ = false;
    return 0;
  }
  std::string_view rest_;
  bool good_ = true;
};

struct Civil {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milliseconds = 0;
};

void read_clock(TimeReader& in, Civil& out) {
  out.hour = in.number(2);
  in.skip(":");
  out.minute = in.number(2);
  in.skip(":");
  out.second = in.number(2);
}

std::optional<WallTime> to_time(const Civil& c) {
  using namespace std::chrono;
  year_month_day date{year{c.year}, month{static_cast<unsigned>(c.month)}, day{static_cast<unsigned>(c.day)}};
  if (!date.ok() || c.hour > 23 || c.minute > 59 || c.second > 60) return std::nullopt;
  return WallTime(sys_days(date)) + hours(c.hour) + minutes(c.minute) + seconds(c.second) +
         milliseconds(c.milliseconds);
}

/// "2020-12-10T03:37:30.000Z"
std::optional<WallTime> parse_iso(std::string_view text) {
  TimeReader in(text);
  Civil c;
  c.year = in.number(4);
  in.skip("-");
  c.month = in.number(2);
  in.skip("-");
  c.day = in.number(2);
  in.skip(text.size() > 10 && text[10] == ' ' ? " " : "T");
  read_clock(in, c);
  c.milliseconds = in.fraction();
  if (!in.good() || (!in.rest().empty() && in.rest() != "Z" && in.rest() != "+00:00")) return std::nullopt;
  return to_time(c);
}

/// "Tue, 14 Nov 2023 22:13:20 GMT"
std::optional<WallTime> parse_rfc1123(std::string_view text) {
  TimeReader in(text.substr(5));
  Civil c;
  c.day = in.day();
  in.skip(" ");
  c.month = in.month();
  in.skip(" ");
  c.year = in.number(4);
  in.skip(" ");
  read_clock(in, c);
  in.skip(" GMT");
  return in.good() ? to_time(c) : std::nullopt;
}

/// "Wed Jan 18 16:04:17 2017"
std::optional<WallTime> parse_asctime(std::string_view text) {
  TimeReader in(text.substr(4));
  Civil c;
  c.month = in.month();
  in.skip(" ");
  c.day = in.day();
  in.skip(" ");
  read_clock(in, c);
  in.skip(" ");
  c.year = in.number(4);
  return in.good() ? to_time(c) : std::nullopt;
}

}  // namespace

std::string encode(std::string_view bytes) { return encode_except(bytes, false); }
std::string encode_path(std::string_view bytes) { return encode_except(bytes, true); }

std::optional<std::string> decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (text.size() - i < 3) return std::nullopt;
      auto high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (!high || !low) return std::nullopt;
      out += static_cast<char>(*high * 16 + *low);
      i += 2;
    }
  }
  return out;
}

std::string unquote_etag(std::string_view text) {
  text = trim(text);
  if (text.starts_with("W/")) text.remove_prefix(2);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

std::string quote_etag(std::string_view etag) { return fmt::format("\"{}\"", etag); }

bool is_md5_etag(std::string_view etag) {
  return etag.size() == 32 && std::ranges::all_of(etag, [](char c) { return hex_digit(c).has_value(); });
}

std::string md5_of(const Chunks& body) {
  digest::Hasher hasher(digest::Algorithm::md5);
  for (ByteView chunk : body) hasher.update(chunk);
  return hasher.finish();
}

std::string crc32c_text(std::uint32_t value) {
  std::string raw;
  for (int shift = 24; shift >= 0; shift -= 8) raw += static_cast<char>((value >> shift) & 0xff);
  return digest::to_base64(raw);
}

std::optional<WallTime> parse_store_time(std::string_view text) {
  text = trim(text);
  if (text.size() < 19) return std::nullopt;
  if (text[3] == ',') return parse_rfc1123(text);
  if (text[3] == ' ') return parse_asctime(text);
  return parse_iso(text);
}

std::string amz_date(WallTime time) {
  using namespace std::chrono;
  auto day_start = floor<days>(time);
  year_month_day date(day_start);
  hh_mm_ss clock(floor<seconds>(time) - day_start);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

}  // namespace gantry::object
