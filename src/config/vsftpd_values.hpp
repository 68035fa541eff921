// The values of a vsftpd.conf as the COS FTP Server tool wrote them, each as the value of the setting it becomes.
// Inside this room only. Must not know: sections, files.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/settings.hpp"

namespace gantry::config {

/// What became of one value: a value, or neither value nor error when the default stays.
struct Reading {
  std::optional<Value> value;
  std::string error;
  std::string warning;
};

/// Reads the text of a key into a value of `setting`.
using ReadValue = Reading (*)(const Setting& setting, std::string_view text);

/// What the published examples show instead of a value: crossed out, as in ap-xxx, or in braces.
[[nodiscard]] bool is_from_the_example(std::string_view text);

/// As it is.
[[nodiscard]] Reading read_plain(const Setting& setting, std::string_view text);
/// As it is, unless it is from the example.
[[nodiscard]] Reading read_credential(const Setting& setting, std::string_view text);
[[nodiscard]] Reading read_bucket(const Setting& setting, std::string_view text);
[[nodiscard]] Reading read_region(const Setting& setting, std::string_view text);
/// A word of the setting's choices, in any case.
[[nodiscard]] Reading read_word(const Setting& setting, std::string_view text);
/// What ConfigParser takes for a truth value: true, yes, on, 1 and their opposites.
[[nodiscard]] Reading read_flag(const Setting& setting, std::string_view text);
/// R, W or RW.
[[nodiscard]] Reading read_authority(const Setting& setting, std::string_view text);
/// Within the setting's bounds; "default" leaves the default.
[[nodiscard]] Reading read_count(const Setting& setting, std::string_view text);
/// As read_count, but the tool took larger numbers: they count as the largest.
[[nodiscard]] Reading read_threads(const Setting& setting, std::string_view text);
[[nodiscard]] Reading read_bytes(const Setting& setting, std::string_view text);
/// At least the 1 MiB that COS accepts, "default" leaves the default.
[[nodiscard]] Reading read_part_size(const Setting& setting, std::string_view text);
/// An address or name; the crossed-out one of the example counts as nothing.
[[nodiscard]] Reading read_masquerade(const Setting& setting, std::string_view text);
/// One port, on all IPv4 addresses.
[[nodiscard]] Reading read_listen_port(const Setting& setting, std::string_view text);
/// FIRST,LAST, or FIRST up to 65535.
[[nodiscard]] Reading read_passive_port(const Setting& setting, std::string_view text);
[[nodiscard]] Reading read_log_level(const Setting& setting, std::string_view text);
/// S, M, H, D.
[[nodiscard]] Reading read_log_rotate_when(const Setting& setting, std::string_view text);

}  // namespace gantry::config
