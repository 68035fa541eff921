#include "config/print.hpp"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "config/text_values.hpp"

namespace gantry::config {
namespace {

/// A TOML basic string.
std::string text_of(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (has_control({&c, 1}))
      out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out + '"';
}

std::string list_of(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + text_of(item);
  return "[" + out + "]";
}

/// One overload for each alternative of Value.
struct Printer {
  const Setting& setting;

  std::string operator()(const std::string& text) const {
    const bool may_hold_password = setting.kind == Kind::url || setting.kind == Kind::database;
    return text_of(may_hold_password ? hide_password(text) : text);
  }
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(std::uint64_t number) const {
    if (setting.kind == Kind::number || number == 0) return fmt::format("{}", number);
    return text_of(exact_bytes(number) + (setting.kind == Kind::rate ? "/s" : ""));
  }
  std::string operator()(Milliseconds duration) const { return text_of(exact_duration(duration)); }
  std::string operator()(Choice choice) const { return text_of(setting.choices[choice.index]); }
  std::string operator()(const PortRange& range) const { return text_of(format_port_range(range)); }
  std::string operator()(const std::vector<ListenAddress>& addresses) const {
    std::vector<std::string> items;
    for (const ListenAddress& address : addresses) items.push_back(format_listen_address(address));
    return list_of(items);
  }
  std::string operator()(const std::vector<std::string>& items) const { return list_of(items); }
  std::string operator()(const Secret& secret) const { return text_of(secret.empty() ? "" : hidden_secret); }
  std::string operator()(const Mount& place) const { return text_of(format_place(place)); }
  std::string operator()(const std::map<std::string, Mount>& places) const {
    std::string out;
    for (const auto& [path, place] : places)
      out += fmt::format("{}{} = {}", out.empty() ? " " : ", ", text_of(path), text_of(format_place(place)));
    return out.empty() ? "{}" : "{" + out + " }";
  }
};

void print_section(std::string& out, Section section) {
  const std::string_view table = table_of(section);
  if (!out.empty()) out += '\n';
  out += fmt::format(fmt::runtime(repeats(table) ? "[[{}]]\n" : "[{}]\n"), table);
  const auto* store = std::get_if<Store*>(&section);
  for (const Setting& setting : settings_of(table)) {
    if (store != nullptr && (setting.stores & only((*store)->type)) == 0) continue;
    out += fmt::format("{} = {}\n", setting.name, print_value(setting, setting.get(section)));
  }
}

}  // namespace

std::string print_value(const Setting& setting, const Value& value) { return std::visit(Printer{setting}, value); }

std::string print(const Config& config) {
  Config copy = config;  // a Section points to what may be changed
  std::string out;
  print_section(out, &copy.server);
  print_section(out, &copy.tls);
  print_section(out, &copy.transfer);
  print_section(out, &copy.log);
  for (Store& store : copy.stores) print_section(out, &store);
  for (User& user : copy.users) print_section(out, &user);
  print_section(out, &copy.anonymous);
  return out;
}

}  // namespace gantry::config
