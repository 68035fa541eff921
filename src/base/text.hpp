// Small text helpers shared by parsers and logs. ASCII only: names are bytes and stay untouched.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gantry {

[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] std::string to_upper(std::string_view text);
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);
/// Without blanks and tabs at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);
/// Pieces between separators; an empty text gives one empty piece.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
/// Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view text);
/// A byte below 0x20 or 0x7F occurs.
[[nodiscard]] bool has_control(std::string_view text);
/// For logs and replies: control bytes and DEL become \xNN, the rest stays.
[[nodiscard]] std::string escape_control(std::string_view text);
/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(std::string_view bytes);

}  // namespace gantry
