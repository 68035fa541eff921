// Text in columns of a terminal: how wide it is, what of it may be shown, cutting and padding. UTF-8; what wcwidth()
// says counts, so the locale must be one of UTF-8. Must not know: what the text means.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gantry::terminal {

/// Columns `text` takes: wide characters count two, combining ones none, malformed bytes one each.
[[nodiscard]] std::size_t width_of(std::string_view text);

/// What a terminal may be given of a text from elsewhere: control characters, bytes that are no UTF-8, and characters
/// that turn the direction of writing become \xNN. The rest stays.
[[nodiscard]] std::string printable(std::string_view text);

/// At most `columns` wide: what is too long loses its middle to "…", so that beginning and end (of a name: its
/// extension) stay. No character is split, combining ones stay with theirs.
[[nodiscard]] std::string cut(std::string_view text, std::size_t columns);

/// Exactly `columns` wide: cut, or filled with blanks on the right (`fit`) or the left (`fit_right`).
[[nodiscard]] std::string fit(std::string_view text, std::size_t columns);
[[nodiscard]] std::string fit_right(std::string_view text, std::size_t columns);

}  // namespace gantry::terminal
