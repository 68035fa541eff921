#include "config/print.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "config/loader.hpp"
#include "config/text_values.hpp"

namespace gantry::config {
namespace {

std::string list_of(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + toml_text(item);
  return "[" + out + "]";
}

/// One overload for each alternative of Value.
struct Printer {
  const Setting& setting;

  std::string operator()(const std::string& text) const {
    const bool may_hold_password = setting.kind == Kind::url || setting.kind == Kind::database;
    return toml_text(may_hold_password ? hide_password(text) : text);
  }
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(std::uint64_t number) const {
    if (setting.kind == Kind::number || number == 0) return fmt::format("{}", number);
    return toml_text(exact_bytes(number) + (setting.kind == Kind::rate ? "/s" : ""));
  }
  std::string operator()(Milliseconds duration) const { return toml_text(exact_duration(duration)); }
  std::string operator()(Choice choice) const { return toml_text(setting.choices[choice.index]); }
  std::string operator()(const PortRange& range) const { return toml_text(format_port_range(range)); }
  std::string operator()(const std::vector<ListenAddress>& addresses) const {
    std::vector<std::string> items;
    for (const ListenAddress& address : addresses) items.push_back(format_listen_address(address));
    return list_of(items);
  }
  std::string operator()(const std::vector<std::string>& items) const { return list_of(items); }
  std::string operator()(const Secret& secret) const { return toml_text(secret.empty() ? "" : hidden_secret); }
  std::string operator()(const Mount& place) const { return toml_text(format_place(place)); }
  std::string operator()(const std::map<std::string, Mount>& places) const {
    std::string out;
    for (const auto& [path, place] : places)
      out += fmt::format("{}{} = {}", out.empty() ? " " : ", ", toml_text(path), toml_text(format_place(place)));
    return out.empty() ? "{}" : "{" + out + " }";
  }
  std::string operator()(const std::map<std::string, std::string>& texts) const {
    std::string out;
    for (const auto& [path, text] : texts)
      out += fmt::format("{}{} = {}", out.empty() ? " " : ", ", toml_text(path), toml_text(text));
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

/// What `section` would hold if the file did not mention it.
Value initial_value(const Setting& setting, Config& defaults) {
  Store store;
  User user;
  if (setting.table == "server") return setting.get(&defaults.server);
  if (setting.table == "tls") return setting.get(&defaults.tls);
  if (setting.table == "passwords") return setting.get(&defaults.passwords);
  if (setting.table == "login_hook") return setting.get(&defaults.login_hook);
  if (setting.table == "transfer") return setting.get(&defaults.transfer);
  if (setting.table == "defender") return setting.get(&defaults.defender);
  if (setting.table == "log") return setting.get(&defaults.log);
  if (setting.table == "store") return setting.get(&store);
  if (setting.table == "user") return setting.get(&user);
  return setting.get(&defaults.anonymous);
}

class TomlWriter {
 public:
  explicit TomlWriter(const WriteSecret& write_secret)
      : write_secret_(write_secret), defaults_(load_text({}, "gantry.toml").value().config) {}

  void write(Section section, const std::string& owner) {
    const std::string_view table = table_of(section);
    std::string lines;
    for (const Setting& setting : settings_of(table)) {
      const Value value = setting.get(section);
      const bool place_bound = setting.kind == Kind::path || setting.kind == Kind::database;
      if (!setting.initial.empty() && !place_bound && value == initial_value(setting, defaults_)) continue;
      if (place_bound && std::get<std::string>(value).empty() && setting.initial == R"("")") continue;
      lines += line_of(setting, value, owner);
    }
    if (lines.empty()) return;
    out_ += fmt::format(fmt::runtime(repeats(table) ? "\n[[{}]]\n" : "\n[{}]\n"), table) + lines;
  }

  std::string take() { return std::move(out_); }

 private:
  std::string line_of(const Setting& setting, const Value& value, const std::string& owner) {
    if (const auto* secret = std::get_if<Secret>(&value)) {
      const WrittenSecret written = write_secret_(setting, owner, *secret);
      return fmt::format("{}{} = {}\n", setting.name, written.in_file ? "_file" : "", toml_text(written.text));
    }
    // Here passwords inside URLs are wanted: the file is to be served from.
    if (const auto* text = std::get_if<std::string>(&value))
      return fmt::format("{} = {}\n", setting.name, toml_text(*text));
    return fmt::format("{} = {}\n", setting.name, print_value(setting, value));
  }

  const WriteSecret& write_secret_;
  Config defaults_;
  std::string out_;
};

}  // namespace

std::string toml_text(std::string_view text) {
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

std::string to_toml(const Config& config, const WriteSecret& write_secret) {
  Config copy = config;
  TomlWriter writer(write_secret);
  writer.write(&copy.server, {});
  writer.write(&copy.tls, {});
  writer.write(&copy.passwords, {});
  writer.write(&copy.login_hook, {});
  writer.write(&copy.transfer, {});
  writer.write(&copy.defender, {});
  writer.write(&copy.log, {});
  for (Store& store : copy.stores) writer.write(&store, store.name);
  for (User& user : copy.users) writer.write(&user, user.name);
  writer.write(&copy.anonymous, {});
  return writer.take();
}

std::string print_value(const Setting& setting, const Value& value) { return std::visit(Printer{setting}, value); }

std::string print(const Config& config) {
  Config copy = config;  // a Section points to what may be changed
  std::string out;
  print_section(out, &copy.server);
  print_section(out, &copy.tls);
  print_section(out, &copy.passwords);
  print_section(out, &copy.login_hook);
  print_section(out, &copy.transfer);
  print_section(out, &copy.defender);
  print_section(out, &copy.log);
  for (Store& store : copy.stores) print_section(out, &store);
  for (User& user : copy.users) print_section(out, &user);
  print_section(out, &copy.anonymous);
  return out;
}

}  // namespace gantry::config
