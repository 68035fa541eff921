// Where passwords come from: the file named on the command line or by the bookmark, ~/.netrc, the keyring, the person
// at the terminal; the first that has one counts. Never the command line or the environment, which others can read.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "base/secret.hpp"
#include "ftp/failure.hpp"
#include "ftp/site.hpp"

namespace gantry::client {

struct PasswordSources {
  std::string file;   ///< its first line; empty: none
  std::string netrc;  ///< empty: none
  std::function<void(const std::string& warning)> warn;
  const std::atomic<bool>* stop = nullptr;
};

/// NETRC, else ~/.netrc.
[[nodiscard]] std::string netrc_file();

/// Empty for anonymous; Why::login with what to do when nobody knows it.
[[nodiscard]] ftp::Outcome<Secret> find_password(const ftp::Site& site, const PasswordSources& sources);

/// Gives it to the system's keyring (secret-tool), where find_password() finds it. Why::local when there is none.
[[nodiscard]] ftp::Outcome<void> keep_in_keyring(const ftp::Site& site, const Secret& password);

}  // namespace gantry::client
