#include "config/text_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <vector>

#include "base/secret.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

namespace gantry::config {
namespace {

constexpr std::size_t longest_quote = 64;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  auto number = parse_number(text);
  if (!number || *number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string in_quotes(std::string_view text) {
  if (text.size() <= longest_quote) return fmt::format("\"{}\"", escape_control(text));
  std::size_t cut = longest_quote;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return fmt::format("\"{}...\"", escape_control(text.substr(0, cut)));
}

Parsed<ListenAddress> parse_listen_address(std::string_view text) {
  const auto bad = [&] {
    return std::unexpected(in_quotes(text) +
                           R"( is not an address to listen on; write e.g. "0.0.0.0:2121", "[::]:990")");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  const auto port = parse_port(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  if (!port || host.empty()) return bad();
  if (host.starts_with('[')) {
    if (!host.ends_with(']') || std::ranges::count(host, ':') < 2) return bad();
    host = host.substr(1, host.size() - 2);
    if (!std::ranges::all_of(host, [](char c) { return is_word(c) || c == ':' || c == '%'; })) return bad();
  } else if (!is_host_name(host)) {
    return bad();
  }
  return ListenAddress{std::string(host), *port};
}

std::string format_listen_address(const ListenAddress& address) {
  return fmt::format(fmt::runtime(address.host.contains(':') ? "[{}]:{}" : "{}:{}"), address.host, address.port);
}

Parsed<PortRange> parse_port_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_port(trim(text.substr(0, dash)));
  const auto last = dash == std::string_view::npos ? first : parse_port(trim(text.substr(dash + 1)));
  if (!first || !last || *first == 0)
    return std::unexpected(in_quotes(text) + R"( is not a range of ports; write e.g. "60000-65535")");
  if (*first > *last) return std::unexpected(in_quotes(text) + " ends before it begins");
  return PortRange{*first, *last};
}

std::string format_port_range(const PortRange& range) { return fmt::format("{}-{}", range.first, range.last); }

Parsed<std::string> parse_absolute_path(std::string_view text) {
  if (!text.starts_with('/')) return std::unexpected(in_quotes(text) + " is not absolute; it must begin with \"/\"");
  if (text == "/") return std::string(text);
  if (text.ends_with('/')) text.remove_suffix(1);
  for (std::string_view segment : split(text.substr(1), '/'))
    if (segment.empty() || segment == "." || segment == "..")
      return std::unexpected(in_quotes(text) + R"( holds an empty, "." or ".." segment)");
  if (has_control(text)) return std::unexpected(in_quotes(text) + " holds a control character");
  return std::string(text);
}

Parsed<Mount> parse_place(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return std::unexpected(in_quotes(text) + R"( is not a place; write STORE:/PREFIX, e.g. "main:/users/alice")");
  auto prefix = parse_absolute_path(text.substr(colon + 1));
  if (!prefix) return std::unexpected(fmt::format("{}: the prefix {}", in_quotes(text), prefix.error()));
  return Mount{std::string(text.substr(0, colon)), *std::move(prefix)};
}

std::string format_place(const Mount& place) {
  return place.store.empty() ? std::string() : fmt::format("{}:{}", place.store, place.prefix);
}

Parsed<std::string> parse_permissions(std::string_view text) {
  static constexpr std::string_view letters = "elradfmwMT";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!letters.contains(text[i]))
      return std::unexpected(
          fmt::format("{} holds a letter that is no permission; known are \"{}\"", in_quotes(text), letters));
    if (text.substr(i + 1).contains(text[i])) return std::unexpected(in_quotes(text) + " names a permission twice");
  }
  return std::string(text);
}

Parsed<std::string> parse_endpoint(std::string_view text) {
  if (text.empty()) return std::string();
  const auto bad = [&] {
    return std::unexpected(in_quotes(hide_password(text)) +
                           R"( is not an endpoint; write http(s)://HOST[:PORT], e.g. "https://s3.example.com:9000")");
  };
  std::string_view rest = text;
  if (rest.starts_with("https://"))
    rest.remove_prefix(8);
  else if (rest.starts_with("http://"))
    rest.remove_prefix(7);
  else
    return bad();
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t length = static_cast<std::size_t>(rest.data() - text.data()) + rest.size();
  if (is_host_name(rest) || parse_listen_address(rest)) return std::string(text.substr(0, length));
  return bad();
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, is_word) && text.front() != '-' &&
         text.front() != '.' && !text.contains("..");
}

bool is_store_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, is_word);
}

std::string hide_password(std::string_view url) {
  std::string out(url);
  const std::size_t scheme = out.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  // The last '@' ends the user's part: a careless password may hold one, or a slash.
  const std::size_t at = out.rfind('@');
  const std::size_t colon = out.find(':', host);
  if (scheme != std::string::npos && at != std::string::npos && colon != std::string::npos && colon < at)
    out.replace(colon + 1, at - colon - 1, hidden_secret);
  for (std::size_t from = 0;;) {
    const std::size_t key = out.find("password=", from);
    if (key == std::string::npos) return out;
    const std::size_t value = key + 9;
    const bool apostrophes = out.substr(value).starts_with('\'');
    const std::size_t end =
        std::min(apostrophes ? out.find('\'', value + 1) : out.find_first_of("& ", value), out.size());
    out.replace(value, end - value, hidden_secret);
    from = value;
  }
}

std::string nearest(std::string_view text, const std::vector<std::string_view>& candidates) {
  if (text.size() > longest_quote) return {};
  std::string best;
  std::size_t least = std::max<std::size_t>(2, text.size() / 3) + 1;
  for (std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(to_lower(text), to_lower(candidate));
    if (distance < least && distance < candidate.size()) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace gantry::config
