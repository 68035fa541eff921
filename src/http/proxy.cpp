#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <cstdlib>

#include "base/text.hpp"
#include "base/units.hpp"
#include "http/client.hpp"
#include "http/url.hpp"

namespace gantry::http {
namespace {

/// curl's port for a proxy that names none.
constexpr std::uint16_t curl_default_port = 1080;

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    result += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return result;
}

std::optional<Proxy> parse_with_default(std::string_view url, std::uint16_t default_port) {
  const auto separator = url.find("://");
  if (separator == std::string_view::npos || to_lower(url.substr(0, separator)) != "http") return std::nullopt;
  std::string_view rest = url.substr(separator + 3);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  Proxy proxy;
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view login = rest.substr(0, at);
    const auto colon = login.find(':');
    auto user = percent_decode(login.substr(0, colon));
    auto password = colon == std::string_view::npos ? std::string{} : percent_decode(login.substr(colon + 1));
    // Basic credentials cannot carry a colon in the name (RFC 7617 section 2) and never a line break.
    if (!user || !password || user->find(':') != std::string::npos) return std::nullopt;
    if (has_control(*user) || has_control(*password)) return std::nullopt;
    proxy.user = std::move(*user);
    proxy.password = Secret(std::move(*password));
    rest = rest.substr(at + 1);
  }
  auto where = parse_host_port(rest);
  if (!where) return std::nullopt;
  proxy.host = std::move(where->host);
  proxy.port = where->port.value_or(default_port);
  return proxy;
}

std::string_view environment(const char* lower, const char* upper) {
  for (const char* name : {lower, upper}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  }
  return {};
}

template <class Network, class Address>
bool in_network(const Address& address, const std::string& text,
                Network (*make)(const std::string&, boost::system::error_code&)) {
  boost::system::error_code error;
  const Network network = make(text, error);
  if (error) return false;
  return Network(address, network.prefix_length()).canonical() == network.canonical();
}

bool address_matches(const asio::ip::address& address, const std::string& entry) {
  boost::system::error_code error;
  if (entry.find('/') == std::string::npos) return asio::ip::make_address(entry, error) == address && !error;
  if (address.is_v4()) {
    return in_network<asio::ip::network_v4>(address.to_v4(), entry, &asio::ip::make_network_v4);
  }
  return in_network<asio::ip::network_v6>(address.to_v6(), entry, &asio::ip::make_network_v6);
}

bool name_matches(std::string_view host, std::string_view entry) {
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.ends_with('.')) entry.remove_suffix(1);
  if (entry.empty() || !host.ends_with(entry)) return false;
  return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

bool excluded(const std::string& host, std::string_view list) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  const bool numeric = !error;
  std::string entries = to_lower(list);
  for (char& c : entries) {
    if (c == ' ' || c == '\t') c = ',';
  }
  for (std::string_view entry : split(entries, ',')) {
    if (entry == "*") return true;
    if (entry.starts_with('[') && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
    if (entry.empty()) continue;
    if (numeric ? address_matches(address, std::string(entry)) : name_matches(host, entry)) return true;
  }
  return false;
}

}  // namespace

std::optional<Proxy> parse_proxy(std::string_view url) { return parse_with_default(url, Proxy{}.port); }

std::optional<Proxy> proxy_from_environment(const Origin& origin) {
  std::string_view url =
      origin.tls ? environment("https_proxy", "HTTPS_PROXY") : environment("http_proxy", "HTTP_PROXY");
  if (url.empty()) url = environment("all_proxy", "ALL_PROXY");
  if (url.empty() || excluded(origin.host, environment("no_proxy", "NO_PROXY"))) return std::nullopt;
  if (url.find("://") != std::string_view::npos) return parse_with_default(url, curl_default_port);
  return parse_with_default("http://" + std::string(url), curl_default_port);
}

}  // namespace gantry::http
