#include "config/vsftpd_values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "base/text.hpp"
#include "config/text_values.hpp"

namespace gantry::config {
namespace {

constexpr std::string_view default_word = "default";
/// COS refuses smaller parts, the last one excepted.
constexpr std::uint64_t least_part = mib;

Reading value_of(Value value) { return {.value = std::move(value), .error = {}, .warning = {}}; }
Reading refuse(std::string message) { return {.value = {}, .error = std::move(message), .warning = {}}; }
Reading warn(std::optional<Value> value, std::string message) {
  return {.value = std::move(value), .error = {}, .warning = std::move(message)};
}

/// A word of the old file and the word of the setting's choices it becomes.
using Words = std::pair<std::string_view, std::string_view>;

Reading translate(const Setting& setting, std::string_view text, std::span<const Words> words) {
  const auto found =
      std::ranges::find_if(words, [&](const Words& one) { return equal_ignoring_case(one.first, text); });
  if (found == words.end()) {
    std::vector<std::string_view> accepted;
    for (const Words& one : words) accepted.push_back(one.first);
    return refuse(fmt::format("{} is not one of {}", in_quotes(text), fmt::join(accepted, ", ")));
  }
  const auto choice = std::ranges::find(setting.choices, found->second);
  return value_of(Choice{static_cast<std::size_t>(choice - setting.choices.begin())});
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto number = parse_number(trim(text));
  if (!number || *number == 0 || *number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

}  // namespace

bool is_from_the_example(std::string_view text) {
  const bool crossed_out =
      text.size() >= 3 && std::ranges::all_of(text, [](char c) { return c == 'X' || c == 'x' || c == '.'; });
  return crossed_out || to_lower(text).ends_with("-xxx") || text.contains('{');
}

Reading read_plain(const Setting& setting, std::string_view text) {
  if (setting.hidden()) return value_of(Secret(std::string(text)));
  return value_of(std::string(text));
}

Reading read_credential(const Setting& setting, std::string_view text) {
  if (is_from_the_example(text)) return refuse("still holds the example's placeholder; fill in your own");
  return read_plain(setting, text);
}

Reading read_bucket(const Setting&, std::string_view text) {
  const std::size_t dash = text.rfind('-');
  const std::string_view appid = dash == std::string_view::npos ? std::string_view() : text.substr(dash + 1);
  if (dash == 0 || !parse_number(appid) || !is_store_name(text))
    return refuse(in_quotes(text) + " is not a bucket; write {name}-{appid}, e.g. examplebucket-1250000000");
  return value_of(std::string(text));
}

Reading read_region(const Setting&, std::string_view text) {
  if (is_from_the_example(text))
    return refuse(in_quotes(text) + " is the example's placeholder; write e.g. ap-guangzhou");
  if (!is_host_name(text)) return refuse(in_quotes(text) + " is not a region; write e.g. ap-guangzhou");
  return value_of(std::string(text));
}

Reading read_word(const Setting& setting, std::string_view text) {
  const auto found =
      std::ranges::find_if(setting.choices, [&](std::string_view word) { return equal_ignoring_case(word, text); });
  if (found == setting.choices.end())
    return refuse(fmt::format("{} is not one of {}", in_quotes(text), fmt::join(setting.choices, ", ")));
  return value_of(Choice{static_cast<std::size_t>(found - setting.choices.begin())});
}

Reading read_flag(const Setting&, std::string_view text) {
  for (std::string_view word : {"true", "yes", "on", "1"})
    if (equal_ignoring_case(text, word)) return value_of(true);
  for (std::string_view word : {"false", "no", "off", "0"})
    if (equal_ignoring_case(text, word)) return value_of(false);
  return refuse(in_quotes(text) + " is neither true nor false");
}

Reading read_authority(const Setting&, std::string_view text) {
  // A user who only writes may enter directories, or no client could leave its home; he sees no names and no data.
  if (text == "R") return value_of(std::string("elr"));
  if (text == "W") return value_of(std::string("eadfmwMT"));
  if (text == "RW" || text == "WR") return value_of(std::string("elradfmwMT"));
  return refuse(in_quotes(text) + " is not one of R, W, RW");
}

Reading read_count(const Setting& setting, std::string_view text) {
  if (equal_ignoring_case(text, default_word)) return {};
  const auto number = parse_number(text);
  if (!number || *number < setting.least || *number > setting.most)
    return refuse(fmt::format("{} is not a whole number from {} to {}, nor the word default", in_quotes(text),
                              setting.least, setting.most));
  return value_of(*number);
}

Reading read_threads(const Setting& setting, std::string_view text) {
  const auto number = parse_number(text);
  if (number && *number > setting.most)
    return warn(setting.most, fmt::format("{} counts as {}, the most parts of one upload", *number, setting.most));
  return read_count(setting, text);
}

Reading read_bytes(const Setting& setting, std::string_view text) {
  const bool per_second = setting.kind == Kind::rate;
  if (per_second && text.ends_with("/s")) text.remove_suffix(2);
  const auto bytes = parse_bytes(trim(text));
  if (!bytes)
    return refuse(fmt::format("{} is not {}", in_quotes(text),
                              per_second ? "a rate; write bytes in a second, e.g. 307200 or 300KiB/s"
                                         : "an amount of bytes; write e.g. 21474836480 or 20GiB"));
  return value_of(*bytes);
}

Reading read_part_size(const Setting& setting, std::string_view text) {
  if (equal_ignoring_case(text, default_word)) return {};
  const auto bytes = parse_bytes(text);
  if (!bytes || *bytes == 0 || *bytes > setting.most)
    return refuse(fmt::format("{} is not a number of bytes from 1048576 to {}, nor the word default", in_quotes(text),
                              setting.most));
  if (*bytes < least_part)
    return warn(least_part, fmt::format("{} counts as {}, the least COS accepts", *bytes, least_part));
  return value_of(*bytes);
}

Reading read_masquerade(const Setting&, std::string_view text) {
  if (is_from_the_example(text))
    return warn({}, in_quotes(text) +
                        " is the example's placeholder: no address is set, replies to PASV name the one "
                        "the client connected to");
  if (!is_host_name(text)) return refuse(in_quotes(text) + " is neither an IPv4 address nor a DNS name");
  return value_of(std::string(text));
}

Reading read_listen_port(const Setting&, std::string_view text) {
  const auto port = parse_port(text);
  if (!port) return refuse(in_quotes(text) + " is not a port; write a number from 1 to 65535");
  return value_of(std::vector<ListenAddress>{{"0.0.0.0", *port}});
}

Reading read_passive_port(const Setting&, std::string_view text) {
  const std::size_t comma = text.find(',');
  const auto first = parse_port(text.substr(0, comma));
  const auto last = comma == std::string_view::npos ? std::uint16_t{65535} : parse_port(text.substr(comma + 1));
  if (!first || !last || *first > *last)
    return refuse(in_quotes(text) + " is not a range of ports; write FIRST,LAST, e.g. 60000,65535");
  return value_of(PortRange{*first, *last});
}

Reading read_log_level(const Setting& setting, std::string_view text) {
  static constexpr std::array<Words, 6> levels{{{"DEBUG", "debug"},
                                                {"INFO", "info"},
                                                {"WARNING", "warning"},
                                                {"WARN", "warning"},
                                                {"ERROR", "error"},
                                                {"CRITICAL", "error"}}};
  return translate(setting, text, levels);
}

Reading read_log_rotate_when(const Setting& setting, std::string_view text) {
  static constexpr std::array<Words, 4> periods{{{"S", "second"}, {"M", "minute"}, {"H", "hour"}, {"D", "day"}}};
  return translate(setting, text, periods);
}

}  // namespace gantry::config
