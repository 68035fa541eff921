// Which servers' keys are trusted though no authority vouches for them: the file known_hosts, a line a server.
// Must not know: TLS connections, questions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ftp/failure.hpp"

namespace gantry::ftp {

/// Lines "host:port sha256//BASE64"; what begins with '#' is skipped. Several processes may use it at once.
class KnownHosts {
 public:
  /// The file need not exist.
  explicit KnownHosts(std::string file) : file_(std::move(file)) {}

  /// The key remembered for `server` ("host:port"); nothing when there is none. Why::local when the file cannot be
  /// read.
  [[nodiscard]] Outcome<std::optional<std::string>> find(std::string_view server) const;
  /// Writes the file anew and puts it in place at once, for the owner alone. Why::tls when another key was remembered
  /// meanwhile.
  [[nodiscard]] Outcome<void> remember(std::string_view server, std::string_view key) const;

  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  std::string file_;
};

}  // namespace gantry::ftp
