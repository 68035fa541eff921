#include "client/trust.hpp"

#include "client/environment.hpp"
#include "digest/digest.hpp"
#include "terminal/question.hpp"
#include "terminal/screen.hpp"

namespace gantry::client {
namespace {

constexpr std::string_view pin_scheme = "sha256//";
constexpr std::size_t key_digest_size = 32;

std::string known_hosts_file() {
  const auto directory = config_directory();
  return directory.empty() ? std::string() : (directory / "known_hosts").string();
}

}  // namespace

std::string check_pin(const Settings& settings) {
  const std::string& pin = settings.connection.pinned_key;
  if (pin.empty()) return "";
  const auto digest = pin.starts_with(pin_scheme) ? digest::from_base64(pin.substr(pin_scheme.size())) : std::nullopt;
  return digest && digest->size() == key_digest_size ? "" : "a pin is sha256// and 44 characters of base64";
}

void complete_trust(ftp::ConnectionOptions& options, const std::atomic<bool>& stop) {
  if (options.known_hosts.empty()) options.known_hosts = known_hosts_file();
  if (options.ask_trust || !terminal::answers()) return;
  options.ask_trust = [&stop](const std::string& question) { return terminal::ask_yes(question, stop); };
}

}  // namespace gantry::client
