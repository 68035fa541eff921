#include "config/loader.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "config/external_values.hpp"
#include "config/settings.hpp"
#include "config/toml_file.hpp"
#include "config/toml_values.hpp"
#include "config/validate.hpp"
#include "config/vsftpd_conf.hpp"

namespace gantry::config {
namespace {

constexpr std::size_t largest_file = 4 * mib;

/// The one default that depends on the machine.
void fill_memory_budget(Config& config, const Report& report) {
  if (report.written({"server", 0, "memory_budget"})) return;
  for (const Setting& setting : settings_of("server")) {
    if (setting.kind != Kind::memory) continue;
    const toml::table initial = toml::parse(fmt::format("value = {}", setting.initial));
    if (auto value = read_value(setting, *initial.get("value"))) setting.put(&config.server, *std::move(value));
  }
}

/// A service manager that makes directories for the service names them in the environment (systemd.exec(5)); several
/// are separated by colons. They take the place of defaults only.
void use_service_directories(Config& config, const Report& report) {
  const auto first = [](const char* variable) -> std::string {
    const char* value = std::getenv(variable);
    const std::string_view all = value == nullptr ? "" : value;
    return std::string(all.substr(0, all.find(':')));
  };
  if (const std::string state = first("STATE_DIRECTORY"); !state.empty() && !report.written({"server", 0, "state"}))
    config.server.state = fmt::format("sqlite:{}/gantry.db", state);
  if (const std::string state = first("STATE_DIRECTORY");
      !state.empty() && !report.written({"server", 0, "admin_socket"}))
    config.server.admin_socket = state + "/gantryd.sock";
  if (const std::string logs = first("LOGS_DIRECTORY"); !logs.empty() && !report.written({"log", 0, "directory"}))
    config.log.directory = logs;
}

/// Where the database lies the server may write, and whoever administers it looks there.
void place_admin_socket(Config& config, const Report& report) {
  static constexpr std::string_view sqlite = "sqlite:";
  const std::string& state = config.server.state;
  if (report.written({"server", 0, "admin_socket"}) || !state.starts_with(sqlite) || state == "sqlite::memory:") return;
  const std::filesystem::path database = std::string_view(state).substr(sqlite.size());
  config.server.admin_socket = (database.parent_path() / "gantryd.sock").string();
}

void resolve_paths_of(Section section, const std::filesystem::path& directory) {
  static constexpr std::string_view sqlite = "sqlite:";
  const auto absolute = [&](std::string_view path) { return (directory / path).lexically_normal().string(); };
  for (const Setting& setting : settings()) {
    if (setting.kind != Kind::path && setting.kind != Kind::database) continue;
    if (setting.table != table_of(section)) continue;
    const auto text = std::get<std::string>(setting.get(section));
    if (setting.kind == Kind::path && !text.empty()) setting.put(section, absolute(text));
    if (setting.kind == Kind::database && text.starts_with(sqlite) && text != sqlite && text != "sqlite::memory:")
      setting.put(section, std::string(sqlite) + absolute(std::string_view(text).substr(sqlite.size())));
  }
}

/// Relative paths begin at `directory`.
void resolve_paths(Config& config, const std::filesystem::path& directory) {
  resolve_paths_of(&config.server, directory);
  resolve_paths_of(&config.tls, directory);
  resolve_paths_of(&config.login_hook, directory);
  resolve_paths_of(&config.log, directory);
  for (Store& store : config.stores) resolve_paths_of(&store, directory);
}

std::vector<Problem> whole_file(const std::string& file, std::string message) {
  return {Problem{file, 0, 0, {}, std::move(message)}};
}

bool everyone_may_read(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0;
}

}  // namespace

std::expected<Loaded, std::vector<Problem>> load_text(std::string_view text, const std::string& file_name) {
  if (text.size() > largest_file) return std::unexpected(whole_file(file_name, "is larger than 4 MiB"));
  if (text.contains('\0')) return std::unexpected(whole_file(file_name, "holds a NUL byte: it is not a text file"));
  Loaded loaded;
  loaded.config.source = file_name;
  loaded.files = {file_name};
  Report report(file_name);
  std::error_code ignored;
  std::filesystem::path directory = std::filesystem::absolute(file_name, ignored).parent_path();
  const bool legacy = is_vsftpd_conf(text, file_name);
  if (legacy) directory = vsftpd_conf_base(directory);
  const bool readable = legacy ? read_vsftpd_conf(text, loaded, report) : read_toml(text, directory, loaded, report);
  if (!readable) return std::unexpected(report.take_errors());
  fill_memory_budget(loaded.config, report);
  use_service_directories(loaded.config, report);
  resolve_paths(loaded.config, directory);
  place_admin_socket(loaded.config, report);
  complete_and_validate(loaded.config, report);
  if (!report.clean()) return std::unexpected(report.take_errors());
  loaded.warnings = report.take_warnings();
  loaded.notes = report.take_notes();
  return loaded;
}

std::expected<Loaded, std::vector<Problem>> load_file(const std::string& path) {
  auto text = read_small_file(path, largest_file);
  if (!text) return std::unexpected(whole_file(path, std::move(text.error())));
  auto loaded = load_text(*text, path);
  if (loaded && loaded->holds_secrets && everyone_may_read(path))
    loaded->warnings.push_back({path, 0, 0, {}, "holds secrets and everyone may read it; chmod 640 or stricter"});
  return loaded;
}

}  // namespace gantry::config
