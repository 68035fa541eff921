#include "ftp/site.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/text.hpp"

namespace gantry::ftp {
namespace {

constexpr std::string_view clear_scheme = "ftp://";
constexpr std::string_view implicit_scheme = "ftps://";

bool begins_with(std::string_view text, std::string_view scheme) {
  return text.size() >= scheme.size() && equal_ignoring_case(text.substr(0, scheme.size()), scheme);
}

/// Nothing on a '%' without two hexadecimal digits.
std::optional<std::string> decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || problem != std::errc{} || end != digits.data() + 2) return std::nullopt;
    decoded += static_cast<char>(value);
    i += 2;
  }
  return decoded;
}

/// "host", "host:2121", "[::1]:2121".
Outcome<void> read_address(std::string_view text, Site& site) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return failed(Why::usage, "the address has no closing ']'");
    site.host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return failed(Why::usage, "after ']' only :PORT may follow");
    if (!rest.empty()) port = rest.substr(1);
  } else {
    const std::size_t colon = text.find(':');
    site.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
  }
  if (site.host.empty()) return failed(Why::usage, "the URL names no host");
  if (site.host.find_first_of(" %/\\@") != std::string::npos || has_control(site.host))
    return failed(Why::usage, "the host has characters that no name may have");
  if (port.empty()) return {};
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), site.port);
  if (problem != std::errc{} || end != port.data() + port.size() || site.port == 0)
    return failed(Why::usage, fmt::format("\"{}\" is no port: 1 to 65535", escape_control(port)));
  return {};
}

}  // namespace

bool is_url(std::string_view text) { return begins_with(text, clear_scheme) || begins_with(text, implicit_scheme); }

Outcome<Url> parse_url(std::string_view text) {
  if (!is_url(text)) return failed(Why::usage, "a URL begins with ftp:// or ftps://");
  Url url;
  if (begins_with(text, implicit_scheme)) url.site.security = Security::implicit;
  text.remove_prefix(text.find("//") + 2);
  const std::size_t slash = text.find('/');
  std::string_view authority = text.substr(0, slash);
  if (slash != std::string_view::npos) {
    const auto path = decode(text.substr(slash + 1));
    if (!path) return failed(Why::usage, "'%' must be followed by two hexadecimal digits");
    if (has_control(*path)) return failed(Why::usage, "the path has control characters");
    url.path = *path;
    url.has_path = !path->empty();
  }
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = authority.substr(0, at);
    if (who.contains(':'))
      return failed(Why::usage,
                    "no password in the URL: everybody on this machine could read it; "
                    "use --password-file, a bookmark or ~/.netrc");
    const auto user = decode(who);
    if (!user || has_control(*user)) return failed(Why::usage, "the user name cannot be read");
    url.site.user = *user;
    authority.remove_prefix(at + 1);
  }
  if (auto address = read_address(authority, url.site); !address) return failed(address.error());
  return url;
}

std::uint16_t control_port(const Site& site) {
  if (site.port != 0) return site.port;
  return site.security == Security::implicit ? 990 : 21;
}

std::string address_of(const Site& site) {
  const std::string host = site.host.contains(':') ? "[" + site.host + "]" : site.host;
  return fmt::format("{}:{}", host, control_port(site));
}

std::string to_text(const Site& site) {
  std::string text(site.security == Security::implicit ? implicit_scheme : clear_scheme);
  if (!site.user.empty()) text += site.user + "@";
  text += site.host.contains(':') ? "[" + site.host + "]" : site.host;
  if (site.port != 0) text += fmt::format(":{}", site.port);
  return text;
}

}  // namespace gantry::ftp
