#include "config/toml_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "config/external_values.hpp"
#include "config/settings.hpp"
#include "config/text_values.hpp"
#include "config/toml_values.hpp"

namespace gantry::config {
namespace {

constexpr std::string_view file_suffix = "_file";

/// How a key of the file names a setting.
struct Match {
  const Setting* setting = nullptr;
  bool from_file = false;  ///< the value is the path of a file that holds it
};

Match find_setting(std::string_view table, std::string_view key) {
  for (const Setting& setting : settings_of(table))
    if (key == setting.name || (!setting.alias.empty() && key == setting.alias)) return {&setting, false};
  if (!key.ends_with(file_suffix)) return {};
  const Match base = find_setting(table, key.substr(0, key.size() - file_suffix.size()));
  if (base.setting == nullptr || base.from_file || !base.setting->external()) return {};
  return {base.setting, true};
}

std::string hint_for_key(std::string_view table, std::string_view key) {
  std::vector<std::string> names;
  for (const Setting& setting : settings_of(table)) {
    names.emplace_back(setting.name);
    if (!setting.alias.empty()) names.emplace_back(setting.alias);
    if (setting.external()) names.push_back(std::string(setting.name) + std::string(file_suffix));
  }
  const std::string near = nearest(key, {names.begin(), names.end()});
  if (!near.empty()) return fmt::format("; did you mean {}?", near);
  for (std::string_view other : tables())
    if (find_setting(other, key).setting != nullptr)
      return fmt::format("; it belongs to {}{}{}", repeats(other) ? "[[" : "[", other, repeats(other) ? "]]" : "]");
  return {};
}

class Loader {
 public:
  Loader(Config& config, Report& report, std::filesystem::path directory)
      : config_(config), report_(report), external_(std::move(directory)) {}

  void read(const toml::table& root) {
    for (const auto& [key, node] : root) {
      const auto known = std::ranges::find(tables(), key.str());
      if (known == tables().end())
        unknown_table(key);
      else if (repeats(*known))
        read_repeated(key, node);
      else
        read_single(key, node);
    }
  }

  [[nodiscard]] const std::vector<std::string>& files() const { return external_.files(); }
  /// A secret stood in the text itself.
  [[nodiscard]] bool holds_secrets() const { return holds_secrets_; }

 private:
  void unknown_table(const toml::key& key);
  void read_single(const toml::key& key, const toml::node& node);
  void read_repeated(const toml::key& key, const toml::node& node);
  void read_section(Section section, const Spot& spot, const toml::table& table);
  void read_key(Section section, const Spot& spot, const toml::key& key, const toml::node& node);
  void read_external(Section section, const Spot& spot, const Match& match, const toml::node& node);
  void require_all(const Spot& spot);

  Config& config_;
  Report& report_;
  ExternalValues external_;
  bool holds_secrets_ = false;
};

void Loader::unknown_table(const toml::key& key) {
  std::string hint = nearest(key.str(), tables());
  if (!hint.empty()) hint = fmt::format("; did you mean {}?", hint);
  if (hint.empty())
    for (std::string_view table : tables())
      if (find_setting(table, key.str()).setting != nullptr) {
        hint = fmt::format("; it belongs to {}{}{}", repeats(table) ? "[[" : "[", table, repeats(table) ? "]]" : "]");
        break;
      }
  report_.error_at(position_of(key.source()), escape_control(key.str()), "there is no such table" + hint);
}

void Loader::read_single(const toml::key& key, const toml::node& node) {
  const Spot spot{std::string(key.str()), 0, {}};
  report_.written_at(spot, position_of(key.source()));
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    report_.error(spot, fmt::format("must be one table: write [{}]", key.str()));
    return;
  }
  const std::string_view name = key.str();
  if (name == "server") read_section(&config_.server, spot, *table);
  if (name == "tls") read_section(&config_.tls, spot, *table);
  if (name == "passwords") read_section(&config_.passwords, spot, *table);
  if (name == "login_hook") read_section(&config_.login_hook, spot, *table);
  if (name == "transfer") read_section(&config_.transfer, spot, *table);
  if (name == "defender") read_section(&config_.defender, spot, *table);
  if (name == "log") read_section(&config_.log, spot, *table);
  if (name == "anonymous") read_section(&config_.anonymous, spot, *table);
}

void Loader::read_repeated(const toml::key& key, const toml::node& node) {
  const toml::array* array = node.as_array();
  if (array == nullptr || !std::ranges::all_of(*array, [](const toml::node& item) { return item.is_table(); })) {
    report_.error_at(position_of(key.source()), std::string(key.str()),
                     fmt::format("may occur many times: write [[{}]]", key.str()));
    return;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    const toml::table& table = *array->get(i)->as_table();
    const Spot spot{std::string(key.str()), i, {}};
    report_.written_at(spot, position_of(table.source()));
    if (const auto name = table["name"].value<std::string>()) report_.call(spot.table, i, *name);
    if (key.str() == "store")
      read_section(&config_.stores.emplace_back(), spot, table);
    else
      read_section(&config_.users.emplace_back(), spot, table);
  }
}

void Loader::read_section(Section section, const Spot& spot, const toml::table& table) {
  for (const auto& [key, node] : table) read_key(section, spot, key, node);
  require_all(spot);
}

void Loader::read_key(Section section, const Spot& spot, const toml::key& key, const toml::node& node) {
  const Match match = find_setting(spot.table, key.str());
  if (match.setting == nullptr) {
    report_.error_at(position_of(key.source()), fmt::format("{}.{}", report_.key(spot), escape_control(key.str())),
                     "there is no such setting" + hint_for_key(spot.table, key.str()));
    return;
  }
  const Spot here{spot.table, spot.index, std::string(match.setting->name)};
  if (report_.written(here)) {
    report_.error_at(position_of(key.source()), report_.key({spot.table, spot.index, std::string(key.str())}),
                     fmt::format("is the same as {} and given twice", match.setting->name));
    return;
  }
  report_.written_at(here, position_of(key.source()));
  if (match.setting->external()) {
    read_external(section, here, match, node);
    return;
  }
  auto value = read_value(*match.setting, node);
  if (value) {
    match.setting->put(section, *std::move(value));
    return;
  }
  report_.written_at(here, value.error().position);
  report_.error(here, std::move(value.error().message));
}

void Loader::read_external(Section section, const Spot& spot, const Match& match, const toml::node& node) {
  auto value = read_value(*match.setting, node);
  if (!value) {
    report_.written_at(spot, value.error().position);
    report_.error(spot, std::move(value.error().message));
    return;
  }
  const auto* secret = std::get_if<Secret>(&*value);
  const std::string& written = secret != nullptr ? secret->reveal() : std::get<std::string>(*value);
  auto text = match.from_file ? external_.from_file(written) : external_.from_text(written);
  if (secret != nullptr && !match.from_file && !ExternalValues::is_reference(written)) holds_secrets_ = true;
  if (!text)
    report_.error(spot, std::move(text.error()));
  else if (match.setting->hidden())
    match.setting->put(section, Secret(*std::move(text)));
  else
    match.setting->put(section, *std::move(text));
}

void Loader::require_all(const Spot& spot) {
  for (const Setting& setting : settings_of(spot.table)) {
    const Spot here{spot.table, spot.index, std::string(setting.name)};
    if (setting.initial.empty() && !report_.written(here)) report_.error(here, "is missing");
  }
}

/// The sentence of a syntax error without the piece of the file it quotes, which may be a secret.
std::string syntax_message(std::string_view description, std::string_view line) {
  for (const Setting& setting : settings()) {
    const bool sensitive = setting.external() || setting.kind == Kind::url || setting.kind == Kind::database;
    if (sensitive && line.contains(setting.name)) return "this is not TOML; a text must stand in quotes";
  }
  const std::size_t saw = description.find(", saw");
  return fmt::format("this is not TOML: {}", escape_control(description.substr(0, saw)));
}

std::string_view line_of(std::string_view text, unsigned number) {
  const auto lines = split(text, '\n');
  return number == 0 || number > lines.size() ? std::string_view() : lines[number - 1];
}

}  // namespace

bool read_toml(std::string_view text, const std::filesystem::path& directory, Loaded& loaded, Report& report) {
  try {
    const toml::table root = toml::parse(text, loaded.config.source);
    Loader loader(loaded.config, report, directory);
    loader.read(root);
    loaded.holds_secrets = loader.holds_secrets();
    loaded.files.insert(loaded.files.end(), loader.files().begin(), loader.files().end());
    return true;
  } catch (const toml::parse_error& error) {
    const Position position = position_of(error.source());
    report.error_at(position, {}, syntax_message(error.description(), line_of(text, position.line)));
    return false;
  }
}

}  // namespace gantry::config
