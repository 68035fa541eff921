// The text forms of single values: addresses, port ranges, places, paths. Each gives the value or a sentence that says
// what was expected. Must not know: TOML, the table of settings.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace gantry::config {

template <class T>
using Parsed = std::expected<T, std::string>;

/// `"text"` for a message: control bytes escaped, cut after 64 bytes.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// HOST:PORT; IPv6 in brackets.
[[nodiscard]] Parsed<ListenAddress> parse_listen_address(std::string_view text);
[[nodiscard]] std::string format_listen_address(const ListenAddress& address);

/// FIRST-LAST or one port.
[[nodiscard]] Parsed<PortRange> parse_port_range(std::string_view text);
[[nodiscard]] std::string format_port_range(const PortRange& range);

/// STORE:/PREFIX, without a slash at the end.
[[nodiscard]] Parsed<Mount> parse_place(std::string_view text);
[[nodiscard]] std::string format_place(const Mount& place);

/// An absolute path without empty, "." and ".." segments; a slash at the end is dropped.
[[nodiscard]] Parsed<std::string> parse_absolute_path(std::string_view text);

/// Letters of permissions, each at most once.
[[nodiscard]] Parsed<std::string> parse_permissions(std::string_view text);

/// http(s)://HOST[:PORT] and nothing behind it.
[[nodiscard]] Parsed<std::string> parse_endpoint(std::string_view text);

/// A DNS name or an IPv4 address.
[[nodiscard]] bool is_host_name(std::string_view text);

/// Letters, digits, '-', '_' and '.', at most 64.
[[nodiscard]] bool is_store_name(std::string_view text);

/// The text with the password of a URL (USER:PASSWORD@, password=...) replaced by "***".
[[nodiscard]] std::string hide_password(std::string_view url);

/// The candidate that looks most like `text`, empty when none is close.
[[nodiscard]] std::string nearest(std::string_view text, const std::vector<std::string_view>& candidates);

}  // namespace gantry::config
