#include "client/setting_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <type_traits>

#include "base/text.hpp"
#include "client/environment.hpp"
#include "client/speed_options.hpp"
#include "client/trust.hpp"

namespace gantry::client {
namespace {

using std::string_view;

constexpr std::array<string_view, 5> existing_words = {"resume", "overwrite", "skip", "rename", "ask"};
constexpr std::array<string_view, 4> proof_words = {"auto", "strong", "size", "none"};
constexpr std::array<string_view, 5> show_words = {"auto", "bars", "lines", "json", "none"};
constexpr std::array<string_view, 3> colour_words = {"auto", "always", "never"};
constexpr std::uint64_t second = 1000;
constexpr std::uint64_t day = 24 * 60 * 60 * second;
constexpr unsigned most_connections = 64;

const std::array table = {
    Setting{.name = "plain",
            .help = "No TLS: everybody on the way can read the password and the files",
            .field = [](Settings& s) -> Field { return &s.plain; },
            .option = "--plain"},
    Setting{.name = "password_file",
            .help = "The password is the first line of this file",
            .field = [](Settings& s) -> Field { return &s.password_file; },
            .option = "--password-file",
            .path = true},
    Setting{.name = "ca_file",
            .help = "Certificates of authorities to trust instead of the system's",
            .field = [](Settings& s) -> Field { return &s.connection.ca_file; },
            .option = "--ca-file",
            .path = true},
    Setting{.name = "pinned_key",
            .help = "The only key the server may have: sha256//BASE64",
            .field = [](Settings& s) -> Field { return &s.connection.pinned_key; },
            .option = "--pin",
            .check = [](Settings& s) { return check_pin(s); }},
    Setting{.name = "trust_on_first_use",
            .help = "Trust and remember a server never seen before that nobody vouches for",
            .field = [](Settings& s) -> Field { return &s.connection.trust_on_first_use; },
            .option = "--trust-on-first-use"},
    Setting{.name = "active",
            .help = "The server connects to us for data (PORT) instead of us to it (PASV)",
            .field = [](Settings& s) -> Field { return &s.connection.active; },
            .option = "--active"},
    Setting{.name = "connect_timeout",
            .help = "How long connecting may take",
            .field = [](Settings& s) -> Field { return &s.connection.connect_timeout; },
            .least = second,
            .most = day,
            .option = "--connect-timeout"},
    Setting{.name = "reply_timeout",
            .help = "How long a reply may take",
            .field = [](Settings& s) -> Field { return &s.connection.reply_timeout; },
            .least = second,
            .most = day,
            .option = "--reply-timeout"},
    Setting{.name = "stall_timeout",
            .help = "How long a transfer may stand still",
            .field = [](Settings& s) -> Field { return &s.connection.stall_timeout; },
            .least = second,
            .most = day,
            .option = "--stall-timeout"},
    Setting{.name = "existing",
            .help = "What becomes of a target that is there and differs",
            .field = [](Settings& s) -> Field { return &s.file.existing; },
            .choices = existing_words,
            .option = "--existing",
            .for_moves = Moves::files},
    Setting{.name = "verify",
            .help = "How a finished transfer is proved: auto takes a checksum where the server has one, else the size",
            .field = [](Settings& s) -> Field { return &s.file.proof; },
            .choices = proof_words,
            .option = "--verify",
            .for_moves = Moves::trees},
    Setting{.name = "times",
            .help = "Copies get the time of what they are copies of",
            .field = [](Settings& s) -> Field { return &s.file.keep_times; },
            .option = "--times,!--no-times",
            .for_moves = Moves::trees},
    Setting{.name = "tries",
            .help = "How often a transfer is tried in all; a cut one goes on where it was",
            .field = [](Settings& s) -> Field { return &s.file.tries; },
            .least = 1,
            .most = 1000,
            .option = "--tries",
            .for_moves = Moves::trees},
    Setting{.name = "retry_pause",
            .help = "Before the second try; doubles from try to try",
            .field = [](Settings& s) -> Field { return &s.file.first_pause; },
            .least = 1,
            .most = 60 * 60 * second,
            .option = "--retry-pause",
            .for_moves = Moves::trees},
    Setting{.name = "parallel",
            .help = "Files at once, each over a connection of its own",
            .field = [](Settings& s) -> Field { return &s.parallel; },
            .least = 1,
            .most = most_connections,
            .option = "-P,--parallel",
            .for_moves = Moves::trees},
    Setting{.name = "segments",
            .help = "Connections for one large file",
            .field = [](Settings& s) -> Field { return &s.segments; },
            .least = 1,
            .most = most_connections,
            .option = "--segments",
            .for_moves = Moves::trees},
    Setting{
        .name = "limit",
        .help = "Bytes per second of all transfers together: 5MiB/s, or by local time 08:00-18:00=1MiB/s,otherwise=0",
        .field = [](Settings& s) -> Field { return &s.limit; },
        .option = "--limit",
        .for_moves = Moves::trees,
        .check = set_pace},
    Setting{.name = "progress",
            .help = "How transfers are shown",
            .field = [](Settings& s) -> Field { return &s.show; },
            .choices = show_words,
            .option = "--progress",
            .for_moves = Moves::trees},
    Setting{.name = "color",
            .help = "Colours in listings",
            .field = [](Settings& s) -> Field { return &s.colour; },
            .choices = colour_words,
            .option = "--color,--colour"},
    Setting{.name = "json",
            .help = "One JSON object a line instead of text",
            .field = [](Settings& s) -> Field { return &s.json; },
            .option = "--json"},
};

std::string quoted(string_view text) { return fmt::format("\"{}\"", escape_control(text)); }

std::string duration_of(std::uint64_t milliseconds) {
  return exact_duration(Milliseconds(static_cast<std::int64_t>(milliseconds)));
}

/// Takes a text into the field, or says what would be right.
struct Assign {
  const Setting& setting;
  string_view text;

  using Done = std::expected<void, std::string>;
  [[nodiscard]] Done refuse() const {
    return std::unexpected(fmt::format("{} is not {}", quoted(text), accepted(setting)));
  }

  Done operator()(std::string* field) const {
    if (has_control(text)) return std::unexpected("has control characters");
    *field = setting.path ? with_home(std::string(text)) : std::string(text);
    return {};
  }
  Done operator()(bool* field) const {
    if (text != "true" && text != "false") return refuse();
    *field = text == "true";
    return {};
  }
  Done operator()(unsigned* field) const {
    const auto number = parse_number(text);
    if (!number || *number < setting.least || *number > setting.most) return refuse();
    *field = static_cast<unsigned>(*number);
    return {};
  }
  Done operator()(Milliseconds* field) const {
    const auto duration = parse_duration(text);
    if (!duration) return refuse();
    const auto number = static_cast<std::uint64_t>(duration->count());
    if (number < setting.least || number > setting.most) return refuse();
    *field = *duration;
    return {};
  }
  template <class Enumeration>
    requires std::is_enum_v<Enumeration>
  Done operator()(Enumeration* field) const {
    const auto word = std::ranges::find(setting.choices, text);
    if (word == setting.choices.end()) return refuse();
    *field = static_cast<Enumeration>(word - setting.choices.begin());
    return {};
  }
};

std::string toml_text(string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::span<const Setting> setting_table() { return table; }

const Setting* find_setting(string_view name) {
  const auto found = std::ranges::find(table, name, &Setting::name);
  return found == table.end() ? nullptr : &*found;
}

std::expected<void, std::string> assign(const Setting& setting, Settings& settings, string_view text) {
  auto done = std::visit(Assign{setting, text}, setting.field(settings));
  if (!done || setting.check == nullptr) return done;
  if (std::string wrong = setting.check(settings); !wrong.empty()) return std::unexpected(std::move(wrong));
  return {};
}

std::string toml_of(const Setting& setting, const Settings& settings) {
  Settings copy = settings;
  return std::visit(
      [&](auto* field) -> std::string {
        using Value = std::remove_pointer_t<decltype(field)>;
        if constexpr (std::is_same_v<Value, std::string>) return toml_text(*field);
        if constexpr (std::is_same_v<Value, Milliseconds>) return toml_text(exact_duration(*field));
        if constexpr (std::is_enum_v<Value>) return toml_text(setting.choices[static_cast<std::size_t>(*field)]);
        if constexpr (std::is_arithmetic_v<Value>) return fmt::format("{}", *field);
      },
      setting.field(copy));
}

bool is_text(const Setting& setting) {
  Settings any;
  const Field field = setting.field(any);
  return !std::holds_alternative<bool*>(field) && !std::holds_alternative<unsigned*>(field);
}

std::string accepted(const Setting& setting) {
  Settings any;
  const Field field = setting.field(any);
  if (std::holds_alternative<bool*>(field)) return "true or false";
  if (std::holds_alternative<unsigned*>(field))
    return fmt::format("a number from {} to {}", setting.least, setting.most);
  if (std::holds_alternative<Milliseconds*>(field))
    return fmt::format("a duration from {} to {}, such as 30s or 5m", duration_of(setting.least),
                       duration_of(setting.most));
  if (std::holds_alternative<std::string*>(field)) return "a text";
  return fmt::format("one of {}", fmt::join(setting.choices, ", "));
}

}  // namespace gantry::client
