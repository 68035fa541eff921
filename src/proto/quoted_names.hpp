// Names in the argument of a command that takes more than one thing: in quotes, or without blanks. Must not know:
// files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::proto {

/// In quotes, its own quotes doubled: what take_quoted() takes.
[[nodiscard]] std::string quote_name(std::string_view name);

/// Takes the name in quotes that `text` begins with, its inner quotes doubled; `text` goes on behind it. Nothing when
/// it does not begin with a quote, or the quote is not closed.
[[nodiscard]] std::optional<std::string> take_quoted(std::string_view& text);

/// Names with blanks between them: `"a name" plain "say ""hi"""`. Nothing when one is empty, a quote is not closed, or
/// something else than a blank follows it.
[[nodiscard]] std::optional<std::vector<std::string>> parse_names(std::string_view text);

}  // namespace gantry::proto
