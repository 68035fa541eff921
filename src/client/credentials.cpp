#include "client/credentials.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>
#include <vector>

#include "base/text.hpp"
#include "client/environment.hpp"
#include "client/netrc.hpp"
#include "client/program.hpp"
#include "terminal/question.hpp"

namespace gantry::client {
namespace {

constexpr std::size_t largest_file = mib;
constexpr Milliseconds keyring_limit = Seconds(60);  // it may ask its owner to unlock it

std::optional<std::string> text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text(largest_file, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

void warn_if_readable(const std::string& file, const PasswordSources& sources) {
  struct stat about{};
  if (!sources.warn || ::stat(file.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return;
  if ((about.st_mode & (S_IRGRP | S_IROTH)) != 0)
    sources.warn(fmt::format("{} holds passwords and others can read it: chmod 600 {}", file, file));
}

ftp::Outcome<Secret> from_file(const PasswordSources& sources) {
  const auto text = text_of(sources.file);
  if (!text) return ftp::failed(ftp::Why::local, sources.file + ": the password file cannot be read");
  std::string_view line = std::string_view(*text).substr(0, text->find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return ftp::failed(ftp::Why::local, sources.file + ": holds no password");
  warn_if_readable(sources.file, sources);
  return Secret(std::string(line));
}

std::optional<Secret> from_netrc(const ftp::Site& site, const PasswordSources& sources) {
  const auto text = sources.netrc.empty() ? std::nullopt : text_of(sources.netrc);
  if (!text) return std::nullopt;
  auto password = netrc_password(*text, site.host, site.user);
  if (password) warn_if_readable(sources.netrc, sources);
  return password;
}

std::vector<std::string> keyring_attributes(const ftp::Site& site) {
  return {"service", "gantry", "host", ftp::address_of(site), "user", site.user};
}

std::optional<Secret> from_keyring(const ftp::Site& site) {
  std::vector<std::string> words{"secret-tool", "lookup"};
  for (const std::string& word : keyring_attributes(site)) words.push_back(word);
  auto found = run_program(words, Secret(), keyring_limit);
  if (!found) return std::nullopt;
  std::string_view password = found->reveal();
  if (password.ends_with('\n')) password.remove_suffix(1);
  if (password.empty()) return std::nullopt;
  return Secret(std::string(password));
}

}  // namespace

std::string netrc_file() {
  if (std::string named = environment("NETRC"); !named.empty()) return named;
  const auto home = home_directory();
  return home.empty() ? std::string() : (home / ".netrc").string();
}

ftp::Outcome<Secret> find_password(const ftp::Site& site, const PasswordSources& sources) {
  if (!sources.file.empty()) return from_file(sources);
  if (site.user.empty()) return Secret();
  if (auto password = from_netrc(site, sources)) return *password;
  if (auto password = from_keyring(site)) return *password;
  static const std::atomic<bool> never = false;
  const std::atomic<bool>& stop = sources.stop == nullptr ? never : *sources.stop;
  const std::string question = fmt::format("Password for {}: ", escape_control(ftp::to_text(site)));
  if (auto password = terminal::ask_password(question, stop)) return *password;
  if (stop) return ftp::failed(ftp::Why::cancelled, "stopped");
  return ftp::failed(ftp::Why::login,
                     fmt::format("no password for {} at {}: use --password-file FILE, a bookmark or ~/.netrc",
                                 escape_control(site.user), ftp::address_of(site)));
}

ftp::Outcome<void> keep_in_keyring(const ftp::Site& site, const Secret& password) {
  std::vector<std::string> words{"secret-tool", "store", "--label=gantry: " + ftp::to_text(site)};
  for (const std::string& word : keyring_attributes(site)) words.push_back(word);
  if (run_program(words, password, keyring_limit)) return {};
  return ftp::failed(ftp::Why::local,
                     "the password could not be given to the keyring (secret-tool of libsecret-tools)");
}

}  // namespace gantry::client
