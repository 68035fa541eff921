// A session of the floor server: commands in, the shortest right answers out.
// Must not know: how transfers move their bytes.
#pragma once

#include <netinet/in.h>
#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/bench/floor/transfer.hpp"
#include "tests/bench/wire/stream.hpp"

namespace gantry::bench {

/// Hands out listeners on one port after the other: where clients come and go by thousands, the system takes long to
/// find a free one. Thread-safe.
class PassivePorts {
 public:
  explicit PassivePorts(const sockaddr_in& address) : address_(address) {}
  [[nodiscard]] Descriptor listen();

 private:
  sockaddr_in address_;
  std::atomic<unsigned> next_{0};
};

struct Options {
  std::filesystem::path root;
  Receiving receiving = Receiving::copy;
  PassivePorts* ports = nullptr;
  ssl_ctx_st* tls = nullptr;              ///< null: AUTH is refused
  std::chrono::seconds idle_limit{3600};  ///< on the control connection
  std::chrono::seconds data_limit{30};
};

/// Serves one client until it leaves or breaks a rule; never throws. `options` outlive it.
void serve(Stream control, const Options& options);

}  // namespace gantry::bench
