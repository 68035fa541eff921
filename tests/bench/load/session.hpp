// One FTP session of the load generator: what a client does, as cheaply as it can be done, and no reply taken on trust.
// Passive data connections, opened before the command and, where asked for, under TLS with the control connection's
// session. Must not know: what is measured.
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/wire/stream.hpp"
#include "tests/bench/wire/tls.hpp"

namespace gantry::bench {

struct Target {
  sockaddr_in address{};
  std::string user = "demo";
  std::string password = "demo";
  bool tls = false;
  std::chrono::seconds limit{30};  ///< of every single wait
};

/// What an upload sends, again and again until its size is reached.
struct Source {
  int file = -1;
  std::uint64_t size = 0;
};

/// Every function throws Failure when the server is late, answers anything else than success or breaks off.
class Session {
 public:
  /// Connects, under TLS when asked for, and logs in. `tls` and `scratch` outlive it.
  Session(const Target& target, const TlsClient& tls, std::span<char> scratch);

  /// RETR; the bytes that came.
  [[nodiscard]] std::uint64_t retrieve(std::string_view name);
  /// STOR of so many bytes of the source.
  void store(std::string_view name, const Source& source, std::uint64_t size);
  /// LIST or MLSD; how many of the lines contain the marker.
  [[nodiscard]] std::uint64_t list(std::string_view verb, std::string_view path, std::string_view marker);
  void noop();
  void quit();

  [[nodiscard]] std::uint64_t data_connections() const { return data_connections_; }
  /// How many of these took up the control connection's TLS session.
  [[nodiscard]] std::uint64_t resumed() const { return resumed_; }
  [[nodiscard]] std::string protocol() const { return control_.protocol(); }

 private:
  /// The code of the next reply, whose last line is in last_.
  int reply();
  void expect(int code);
  void command(std::string_view line, int code);
  [[nodiscard]] std::string_view line();
  /// The data connection of a transfer that the server has agreed to.
  [[nodiscard]] Stream begin(std::string_view transfer);

  Target target_;
  const TlsClient& tls_;
  std::span<char> scratch_;
  Stream control_;
  Ticket ticket_;
  std::string received_;   // of the control connection
  std::size_t taken_ = 0;  // of received_
  std::string last_;       // the last line of the last reply
  std::uint64_t data_connections_ = 0;
  std::uint64_t resumed_ = 0;
};

}  // namespace gantry::bench
