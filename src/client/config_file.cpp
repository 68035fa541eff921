#include "client/config_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "base/replace_file.hpp"
#include "base/text.hpp"
#include "client/setting_table.hpp"
#include "ftp/site.hpp"

namespace gantry::client {
namespace {

constexpr std::uint64_t largest_file = mib;

class Reader {
 public:
  explicit Reader(Config& config) : config_(config) {}

  void read(const toml::table& root) {
    for (const auto& [key, node] : root) {
      if (key.str() == "bookmark")
        read_bookmarks(key, node);
      else if (const Setting* setting = find(key, std::string(key.str())))
        read_setting(*setting, key, node);
    }
  }

 private:
  void problem(const toml::source_region& where, const std::string& key, const std::string& what) {
    config_.problems.push_back(fmt::format("{}:{}:{}: {}: {}", config_.file.string(), where.begin.line,
                                           where.begin.column, escape_control(key), what));
  }

  const Setting* find(const toml::key& key, const std::string& shown) {
    const Setting* setting = find_setting(key.str());
    if (setting == nullptr) problem(key.source(), shown, "there is no such setting; gantry --print-config lists them");
    return setting;
  }

  /// The value as text; nothing, and a problem, when it has the wrong type or is refused.
  std::optional<std::string> value_of(const Setting& setting, const std::string& shown, const toml::node& node) {
    std::optional<std::string> text;
    if (is_text(setting)) {
      if (const auto* string = node.as_string()) text = string->get();
    } else if (const auto* flag = node.as_boolean()) {
      text = flag->get() ? "true" : "false";
    } else if (const auto* number = node.as_integer()) {
      text = fmt::format("{}", number->get());
    }
    if (!text) {
      problem(node.source(), shown,
              fmt::format("must be {}{}", accepted(setting), is_text(setting) ? ", in quotes" : ", without quotes"));
      return std::nullopt;
    }
    Settings scratch;
    if (auto done = assign(setting, scratch, *text); !done) {
      problem(node.source(), shown, done.error());
      return std::nullopt;
    }
    return text;
  }

  void read_setting(const Setting& setting, const toml::key& key, const toml::node& node) {
    const auto text = value_of(setting, std::string(key.str()), node);
    if (!text) return;
    (void)assign(setting, config_.settings, *text);
    config_.sources[std::string(setting.name)] = fmt::format("{}:{}", config_.file.string(), key.source().begin.line);
  }

  void read_bookmarks(const toml::key& key, const toml::node& node) {
    const toml::table* tables = node.as_table();
    if (tables == nullptr) return problem(key.source(), "bookmark", "is not a table; write [bookmark.NAME]");
    for (const auto& [name, value] : *tables) {
      const std::string shown = fmt::format("bookmark.{}", name.str());
      if (!is_bookmark_name(name.str()))
        problem(name.source(), shown, "a name has letters, digits, \"-\", \"_\" and \".\", at most 64");
      else if (const toml::table* table = value.as_table())
        read_bookmark(name, shown, *table);
      else
        problem(name.source(), shown, fmt::format("is not a table; write [{}]", shown));
    }
    std::ranges::sort(config_.bookmarks, {}, &Bookmark::line);
  }

  void read_bookmark(const toml::key& name, const std::string& shown, const toml::table& table) {
    Bookmark bookmark{.name = std::string(name.str()), .url = {}, .line = table.source().begin.line};
    for (const auto& [key, node] : table) {
      const std::string path = fmt::format("{}.{}", shown, key.str());
      if (key.str() == "url") {
        read_url(bookmark, path, node);
      } else if (const Setting* setting = find(key, path)) {
        if (auto text = value_of(*setting, path, node)) bookmark.settings.emplace_back(setting->name, *std::move(text));
      }
    }
    if (!table.contains("url")) problem(name.source(), shown, "has no url = \"ftp://USER@HOST/DIRECTORY\"");
    config_.bookmarks.push_back(std::move(bookmark));
  }

  void read_url(Bookmark& bookmark, const std::string& path, const toml::node& node) {
    const auto* text = node.as_string();
    if (text == nullptr) return problem(node.source(), path, "must be a URL in quotes: \"ftp://USER@HOST/DIRECTORY\"");
    // The reason never quotes the URL: it may hold a password.
    if (auto url = ftp::parse_url(text->get()); !url) return problem(node.source(), path, url.error().text);
    bookmark.url = text->get();
  }

  Config& config_;
};

ftp::Outcome<std::string> read_file(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) return std::string();
  if (!std::filesystem::is_regular_file(file, error) || std::filesystem::file_size(file, error) > largest_file)
    return ftp::failed(ftp::Why::local, "is no file, or too large for a configuration");
  std::ifstream in(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) return ftp::failed(ftp::Why::local, "cannot be read");
  return text;
}

/// "[bookmark.NAME]" as add_bookmark() writes it, and people usually do.
bool is_header(std::string_view line) { return trim(line).starts_with('['); }

std::string without_lines(const std::string& text, std::size_t first, std::size_t behind) {
  std::string out;
  std::size_t number = 1;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line); ++number)
    if (number < first || number >= behind) out += line + "\n";
  return out;
}

ftp::Outcome<void> write_config(const std::filesystem::path& file, const std::string& text) {
  std::error_code error;
  // A link to a file kept elsewhere stays a link.
  const std::filesystem::path real = std::filesystem::weakly_canonical(file, error);
  if (error) return ftp::failed(ftp::Why::local, file.string() + ": " + error.message());
  std::filesystem::create_directories(real.parent_path(), error);
  if (auto done = replace_file(real.string(), text); !done) return ftp::failed(ftp::Why::local, done.error().detail);
  return {};
}

}  // namespace

Config read_config(std::string_view text, const std::filesystem::path& file) {
  Config config{.file = file, .settings = {}};
  try {
    Reader(config).read(toml::parse(text, file.string()));
  } catch (const toml::parse_error& error) {
    const auto& where = error.source().begin;
    const std::string_view why = error.description();
    config.problems.push_back(fmt::format("{}:{}:{}: this is not TOML: {}", file.string(), where.line, where.column,
                                          escape_control(why.substr(0, why.find(", saw")))));
  }
  return config;
}

Config load_config(const std::filesystem::path& file) {
  if (file.empty()) return {};
  auto text = read_file(file);
  if (text) return read_config(*text, file);
  Config config{.file = file, .settings = {}};
  config.problems.push_back(fmt::format("{}: {}", file.string(), text.error().text));
  return config;
}

bool is_bookmark_name(std::string_view name) {
  constexpr std::size_t longest = 64;
  const auto plain = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  return !name.empty() && name.size() <= longest && plain(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return plain(c) || c == '-' || c == '_' || c == '.'; });
}

std::optional<Named> named_bookmark(std::span<const Bookmark> bookmarks, std::string_view argument) {
  const std::size_t colon = argument.find(':');
  if (colon == std::string_view::npos || ftp::is_url(argument)) return std::nullopt;
  const auto found = std::ranges::find(bookmarks, argument.substr(0, colon), &Bookmark::name);
  if (found == bookmarks.end()) return std::nullopt;
  return Named{&*found, std::string(argument.substr(colon + 1))};
}

void apply(const Bookmark& bookmark, Settings& settings) {
  for (const auto& [name, text] : bookmark.settings) (void)assign(*find_setting(name), settings, text);
}

ftp::Outcome<void> add_bookmark(const std::filesystem::path& file, const Bookmark& bookmark) {
  auto text = read_file(file);
  if (!text) return ftp::failed(text.error());
  const Config before = read_config(*text, file);
  if (!before.problems.empty()) return ftp::failed(ftp::Why::local, before.problems.front());
  if (std::ranges::find(before.bookmarks, bookmark.name, &Bookmark::name) != before.bookmarks.end())
    return ftp::failed(ftp::Why::usage, "there is a bookmark of this name; bookmark remove removes it");
  if (!text->empty() && !text->ends_with('\n')) *text += '\n';
  // The name is quoted: a dot in it would make a table of a table.
  *text += fmt::format("{}[bookmark.\"{}\"]\nurl = \"{}\"\n", text->empty() ? "" : "\n", bookmark.name, bookmark.url);
  const Config after = read_config(*text, file);
  if (!after.problems.empty()) return ftp::failed(ftp::Why::usage, "the URL cannot stand in the file as it is");
  return write_config(file, *text);
}

ftp::Outcome<void> remove_bookmark(const std::filesystem::path& file, std::string_view name) {
  auto text = read_file(file);
  if (!text) return ftp::failed(text.error());
  const Config before = read_config(*text, file);
  const auto found = std::ranges::find(before.bookmarks, name, &Bookmark::name);
  if (found == before.bookmarks.end()) return ftp::failed(ftp::Why::usage, "there is no bookmark of this name");
  const auto lines = split(*text, '\n');
  std::size_t behind = found->line;
  while (behind < lines.size() && !is_header(lines[behind])) ++behind;
  std::string kept = without_lines(*text, found->line, behind + 1);
  // Nothing else may have gone: a table can be written in ways that are not lines of its own.
  const Config after = read_config(kept, file);
  const bool right = is_header(lines[found->line - 1]) && after.problems.empty() &&
                     after.bookmarks.size() + 1 == before.bookmarks.size() &&
                     after.sources.size() == before.sources.size();
  if (!right) return ftp::failed(ftp::Why::local, file.string() + ": write [bookmark.NAME] on a line of its own first");
  return write_config(file, kept);
}

std::string print_config(const Config& config, const Settings& in_force) {
  std::string out = fmt::format("# {}\n", config.file.empty() ? "no configuration file" : config.file.string());
  for (const Setting& setting : setting_table()) {
    const std::string value = toml_of(setting, in_force);
    const auto source = config.sources.find(std::string(setting.name));
    const bool changed = value != toml_of(setting, config.settings);
    out += fmt::format("\n# {}: {}\n{} = {}  # {}\n", setting.help, accepted(setting), setting.name, value,
                       changed                          ? "command line"
                       : source != config.sources.end() ? source->second
                                                        : "default");
  }
  for (const Bookmark& bookmark : config.bookmarks) {
    out += fmt::format("\n[bookmark.\"{}\"]  # {}:{}\nurl = \"{}\"\n", bookmark.name, config.file.string(),
                       bookmark.line, bookmark.url);
    Settings own;
    apply(bookmark, own);
    for (const auto& [name, text] : bookmark.settings)
      out += fmt::format("{} = {}\n", name, toml_of(*find_setting(name), own));
  }
  return out;
}

}  // namespace gantry::client
