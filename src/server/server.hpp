// The server: listeners, lanes, signals, the orderly end.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/config.hpp"

namespace gantry::server {

class Server {
 public:
  /// Opens the listeners and builds the lanes. Errc::unavailable when an address cannot be bound, Errc::invalid when a
  /// certificate or a store cannot be set up; the detail names the setting and what to do.
  [[nodiscard]] static Result<std::unique_ptr<Server>> create(std::shared_ptr<const config::Config> config);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves until SIGTERM (drains: transfers end, then the sessions) or SIGINT (stops at once). SIGHUP opens the log
  /// files anew and reloads the configuration file and the certificate; one with errors changes nothing and is logged.
  /// The last line of the log counts what was not given back: nothing, unless the end came too soon for somebody.
  void run();

  /// The addresses really bound, "127.0.0.1:40123", in the order of the configuration.
  [[nodiscard]] std::vector<std::string> addresses() const;

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace gantry::server
