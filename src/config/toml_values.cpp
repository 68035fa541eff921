#include "config/toml_values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "base/cidr.hpp"
#include "base/text.hpp"
#include "config/memory.hpp"
#include "config/text_values.hpp"

namespace gantry::config {
namespace {

using Read = std::expected<Value, Refused>;

/// As long as a name.
constexpr std::size_t longest_pattern = 255;

std::unexpected<Refused> refuse(const toml::node& node, std::string message) {
  return std::unexpected(Refused{std::move(message), position_of(node.source())});
}

template <class T>
Read wrap(const toml::node& node, Parsed<T> parsed) {
  if (!parsed) return refuse(node, std::move(parsed.error()));
  return Value(*std::move(parsed));
}

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

std::unexpected<Refused> wrong_type(const toml::node& node, std::string_view wanted) {
  return refuse(node, fmt::format("is {}, but must be {}", type_name(node), wanted));
}

std::string show(Kind kind, std::uint64_t number) {
  if (kind == Kind::duration) return exact_duration(Milliseconds(static_cast<std::int64_t>(number)));
  return kind == Kind::number ? fmt::format("{}", number) : exact_bytes(number);
}

std::expected<std::uint64_t, Refused> bounded(const Setting& setting, const toml::node& node, std::uint64_t number) {
  if (number < setting.least)
    return refuse(node, fmt::format("{} is too small; the least is {}", show(setting.kind, number),
                                    show(setting.kind, setting.least)));
  if (number > setting.most)
    return refuse(node, fmt::format("{} is too large; the most is {}", show(setting.kind, number),
                                    show(setting.kind, setting.most)));
  return number;
}

std::optional<std::uint64_t> share_of_memory(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  const auto percent = parse_number(text.substr(0, text.size() - 1));
  if (!percent || *percent == 0 || *percent > 100) return std::nullopt;
  return usable_memory() / 100 * *percent;
}

std::string_view examples(Kind kind) {
  switch (kind) {
    case Kind::duration:
      return R"(a duration; write e.g. "30s", "5m", "24h")";
    case Kind::rate:
      return R"(a rate; write e.g. "300KiB/s", "10MB/s", 0)";
    case Kind::memory:
      return R"(an amount of memory; write e.g. "25%", "512MiB")";
    default:
      return R"(an amount of bytes; write e.g. "10GiB", "500MB", 4096)";
  }
}

std::optional<std::uint64_t> parse_amount(Kind kind, std::string_view text) {
  if (kind == Kind::duration) {
    const auto duration = parse_duration(text);
    if (!duration) return std::nullopt;
    return static_cast<std::uint64_t>(duration->count());
  }
  if (kind == Kind::memory && text.ends_with('%')) return share_of_memory(text);
  if (kind == Kind::rate && text.ends_with("/s")) text.remove_suffix(2);
  return parse_bytes(trim(text));
}

/// Numbers, and texts with a unit.
Read read_amount(const Setting& setting, const toml::node& node) {
  std::optional<std::uint64_t> number;
  if (const auto* integer = node.as_integer()) {
    if (integer->get() < 0) return refuse(node, fmt::format("{} is negative", integer->get()));
    number = static_cast<std::uint64_t>(integer->get());
    if (setting.kind == Kind::duration) {
      if (*number > setting.most) return refuse(node, fmt::format("{} is too large", *number));
      *number *= 1000;  // a bare number means seconds
    }
  } else if (const auto* string = node.as_string(); string != nullptr && setting.kind != Kind::number) {
    number = parse_amount(setting.kind, string->get());
    if (!number) return refuse(node, fmt::format("{} is not {}", in_quotes(string->get()), examples(setting.kind)));
    // A share of a small machine is raised to the least rather than refused.
    if (setting.kind == Kind::memory && string->get().ends_with('%')) number = std::max(*number, setting.least);
  } else {
    return wrong_type(node, setting.kind == Kind::number ? "a whole number, without quotes" : examples(setting.kind));
  }
  const auto checked = bounded(setting, node, *number);
  if (!checked) return std::unexpected(checked.error());
  if (setting.kind == Kind::duration) return Value(Milliseconds(static_cast<std::int64_t>(*checked)));
  return Value(*checked);
}

Read read_choice(const Setting& setting, const toml::node& node, std::string_view word) {
  const auto found = std::ranges::find(setting.choices, word);
  if (found == setting.choices.end())
    return refuse(node, fmt::format("{} is not one of {}", in_quotes(word), fmt::join(setting.choices, ", ")));
  return Value(Choice{static_cast<std::size_t>(found - setting.choices.begin())});
}

Read read_text(const Setting& setting, const toml::node& node, const std::string& text) {
  // First, so that no other message can quote a secret.
  if (setting.hidden()) {
    if (has_control(text)) return refuse(node, "holds a control character");
    if (text == hidden_secret) return refuse(node, R"("***" stands for a secret that was hidden; write the real one)");
    return Value(Secret(text));
  }
  if (setting.kind == Kind::url || setting.kind == Kind::database) {
    if (has_control(text)) return refuse(node, "holds a control character");
    if (text.contains("***")) return refuse(node, R"("***" stands for a password that was hidden; write the real one)");
    return Value(text);
  }
  if (setting.kind == Kind::lines) {
    const auto pieces = split(text, '\n');
    if (std::ranges::any_of(pieces, has_control)) return refuse(node, "holds a control character besides line ends");
    return Value(text);
  }
  if (has_control(text)) return refuse(node, in_quotes(text) + " holds a control character");
  switch (setting.kind) {
    case Kind::choice:
      return read_choice(setting, node, text);
    case Kind::port_range:
      return wrap(node, parse_port_range(text));
    case Kind::permissions:
      return wrap(node, parse_permissions(text));
    case Kind::place:
      if (text.empty() && setting.initial == R"("")") return Value(Mount{});
      return wrap(node, parse_place(text));
    default:
      return Value(text);
  }
}

/// One item of a list; an empty message when it is fine.
std::string refuse_item(const Setting& setting, const std::string& item) {
  if (item.empty()) return "an item is empty";
  if (has_control(item)) return in_quotes(item) + " holds a control character";
  if (setting.kind == Kind::networks && !Cidr::parse(item))
    return in_quotes(item) + R"( is not a network; write e.g. "10.0.0.0/8", "2001:db8::/32", "192.0.2.7")";
  if (setting.kind == Kind::patterns && (item.contains('/') || item.size() > longest_pattern))
    return fmt::format(R"({} is not a pattern of one name; it may have no "/" and at most {} bytes)", in_quotes(item),
                       longest_pattern);
  if (!setting.choices.empty() && std::ranges::find(setting.choices, item) == setting.choices.end())
    return fmt::format("{} is not one of {}", in_quotes(item), fmt::join(setting.choices, ", "));
  return {};
}

Read read_list(const Setting& setting, const toml::node& node) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return wrong_type(node, R"(a list of texts, e.g. ["..."])");
  std::vector<ListenAddress> addresses;
  std::vector<std::string> texts;
  for (const toml::node& item : *array) {
    const auto* text = item.as_string();
    if (text == nullptr) return refuse(item, fmt::format("an item is {}, but must be a text", type_name(item)));
    if (setting.kind == Kind::addresses) {
      auto address = parse_listen_address(text->get());
      if (!address) return refuse(item, std::move(address.error()));
      addresses.push_back(*std::move(address));
    } else {
      std::string message = refuse_item(setting, text->get());
      if (!message.empty()) return refuse(item, std::move(message));
      texts.push_back(text->get());
    }
  }
  if (setting.kind == Kind::addresses) return Value(std::move(addresses));
  return Value(std::move(texts));
}

/// A table whose keys are absolute FTP paths. `read_text` makes the value of a text, or says what is wrong with it.
template <class T>
Read read_by_path(const toml::node& node, std::string_view example, std::string_view root_instead,
                  Parsed<T> (*read_text)(std::string_view)) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return wrong_type(node, fmt::format("a table, e.g. {}", example));
  std::map<std::string, T> values;
  for (const auto& [key, item] : *table) {
    auto refuse_key = [&, &name = key](std::string message) {
      return std::unexpected(Refused{std::move(message), position_of(name.source())});
    };
    auto path = parse_absolute_path(key.str());
    if (!path) return refuse_key("the path " + path.error());
    if (*path == "/") return refuse_key(std::string(root_instead));
    const auto* text = item.as_string();
    if (text == nullptr)
      return refuse(item, fmt::format("{} is {}, but must be a text", in_quotes(*path), type_name(item)));
    auto value = read_text(text->get());
    if (!value) return refuse(item, std::move(value.error()));
    if (!values.emplace(*path, *std::move(value)).second) return refuse_key(in_quotes(*path) + " is given twice");
  }
  return Value(std::move(values));
}

}  // namespace

Position position_of(const toml::source_region& region) { return {region.begin.line, region.begin.column}; }

std::expected<Value, Refused> read_value(const Setting& setting, const toml::node& node) {
  switch (setting.kind) {
    case Kind::flag:
      if (const auto* flag = node.as_boolean()) return Value(flag->get());
      return wrong_type(node, "true or false, without quotes");
    case Kind::number:
    case Kind::bytes:
    case Kind::rate:
    case Kind::memory:
    case Kind::duration:
      return read_amount(setting, node);
    case Kind::addresses:
    case Kind::texts:
    case Kind::patterns:
    case Kind::networks:
      return read_list(setting, node);
    case Kind::places:
      return read_by_path(node, R"({ "/archive" = "disk:/archive" })", R"("/" is the home; set home instead)",
                          &parse_place);
    case Kind::directory_permissions:
      return read_by_path(node, R"({ "/incoming" = "ew" })", R"("/" has what permissions says)", &parse_permissions);
    default:
      break;
  }
  if (const auto* text = node.as_string()) return read_text(setting, node, text->get());
  return wrong_type(node, "a text in quotes");
}

}  // namespace gantry::config
