// Asks a program or an HTTP server about users that are not ours: JSON out, JSON in. Never logs a password.
// Must not know: what the settings of a user mean.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "accounts/login_check.hpp"
#include "async/blocking.hpp"
#include "config/config.hpp"

namespace gantry::server {

class LoginHook : public accounts::OutsideCheck {
 public:
  /// The account of a user with these settings of [[user]], each as TOML; what is wrong with them as Errc::invalid.
  using Read = std::function<Result<accounts::Account>(const std::string& name,
                                                       const std::map<std::string, std::string>& settings)>;

  LoginHook(config::LoginHook settings, async::BlockingPool& pool, Read read);

  /// {"user", "password", "address", "encrypted", "protocol": "ftp" or "ftps"} is asked; the answer is {"allow":
  /// false}, or {"allow": true} with settings of [[user]] beside it, of which home is needed. Errc::denied for the
  /// former and for settings that are not good; Errc::unavailable for anything else that is no answer, Errc::throttled
  /// when too many wait.
  [[nodiscard]] Task<Result<accounts::Account>> ask(accounts::Login attempt) override;

 private:
  [[nodiscard]] Task<Result<std::string>> put(std::string question);
  [[nodiscard]] Task<Result<std::string>> put_to_program(std::string question);
  [[nodiscard]] Task<Result<std::string>> put_to_server(std::string question);
  [[nodiscard]] Result<accounts::Account> understand(const std::string& answer, const std::string& user) const;

  config::LoginHook settings_;
  async::BlockingPool& pool_;
  Read read_;
  std::shared_ptr<async::ByteBudget> turns_;  ///< one byte is the right to one question
  std::atomic<std::size_t> in_line_{0};
};

}  // namespace gantry::server
