#include "client/environment.hpp"

#include <cstdlib>

namespace gantry::client {
namespace {

std::filesystem::path below(const char* variable, const char* usual) {
  // The specification of these directories says that relative ones are to be ignored.
  const std::filesystem::path chosen = environment(variable);
  if (chosen.is_absolute()) return chosen / "gantry";
  const std::filesystem::path home = home_directory();
  return home.empty() ? home : home / usual / "gantry";
}

}  // namespace

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::filesystem::path home_directory() { return environment("HOME"); }

std::filesystem::path config_directory() { return below("XDG_CONFIG_HOME", ".config"); }
std::filesystem::path state_directory() { return below("XDG_STATE_HOME", ".local/state"); }

std::string with_home(const std::string& path) {
  if (path != "~" && !path.starts_with("~/")) return path;
  const std::string home = home_directory().string();
  return home.empty() ? path : home + path.substr(1);
}

}  // namespace gantry::client
