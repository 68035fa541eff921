#include "gantryd/import.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "accounts/password.hpp"
#include "base/password_hash.hpp"
#include "config/print.hpp"
#include "server/wire.hpp"

namespace gantry {
namespace {

constexpr int exit_cannot_create = 73;  // sysexits.h

/// GANTRY_FILES_1250000000_SECRET_KEY
std::string variable_name(const std::string& store, std::string_view setting) {
  std::string name = fmt::format("GANTRY_{}_{}", store, setting);
  for (char& c : name)
    c = std::isalnum(static_cast<unsigned char>(c)) != 0
            ? static_cast<char>(std::toupper(static_cast<unsigned char>(c)))
            : '_';
  return name;
}

/// A new file that only its owner can read; false, with errno set, when that cannot be.
bool write_secret_file(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return false;
  const std::string line = text + "\n";
  const bool written = ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  return ::close(file) == 0 && written;
}

bool hash_plain_passwords(config::Config& config) {
  for (config::User& user : config.users) {
    if (is_password_hash(user.password.reveal())) continue;
    auto hash = accounts::hash_password(user.password.reveal(), server::hash_cost(config));
    if (!hash) {
      fmt::print(stderr, "the password of {}: {}\n", user.name, hash.error().text());
      return false;
    }
    user.password = Secret(*std::move(hash));
  }
  return true;
}

class SecretWriter {
 public:
  explicit SecretWriter(const ImportOptions& options) : options_(options) {}

  config::WrittenSecret write(const config::Setting& setting, const std::string& owner, const Secret& secret) {
    if (setting.table == "user") return {secret.reveal(), false};
    if (options_.secrets_from_environment) {
      variables_.push_back(variable_name(owner, setting.name));
      return {"env:" + variables_.back(), false};
    }
    if (options_.secret_directory.empty()) return {secret.reveal(), false};
    const auto path = std::filesystem::absolute(options_.secret_directory) / fmt::format("{}.{}", owner, setting.name);
    if (!write_secret_file(path.string(), secret.reveal()) && problem_.empty())
      problem_ = fmt::format("cannot write {}: {}", path.string(), std::strerror(errno));
    return {path.string(), true};
  }

  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] const std::vector<std::string>& variables() const { return variables_; }

 private:
  const ImportOptions& options_;
  std::vector<std::string> variables_;
  std::string problem_;
};

}  // namespace

int import(const config::Config& config, const ImportOptions& options) {
  config::Config copy = config;
  if (!hash_plain_passwords(copy)) return exit_cannot_create;
  if (!options.secret_directory.empty()) {
    std::error_code error;
    if (std::filesystem::create_directories(options.secret_directory, error))
      std::filesystem::permissions(options.secret_directory, std::filesystem::perms::owner_all, error);
    if (error) {
      fmt::print(stderr, "cannot create {}: {}\n", options.secret_directory, error.message());
      return exit_cannot_create;
    }
  }
  SecretWriter secrets(options);
  const std::string text =
      config::to_toml(copy, [&](const config::Setting& setting, const std::string& owner, const Secret& secret) {
        return secrets.write(setting, owner, secret);
      });
  if (!secrets.problem().empty()) {
    fmt::print(stderr, "{}\n", secrets.problem());
    return exit_cannot_create;
  }
  fmt::print("# Made from {} by gantryd import.\n{}", config.source, text);
  for (const std::string& variable : secrets.variables())
    fmt::print(stderr, "set the environment variable {} before starting gantryd\n", variable);
  return 0;
}

}  // namespace gantry
