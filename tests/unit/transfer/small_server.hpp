// A server that lets everybody in and knows no files: greets, answers logins, counts connections.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ftp/connection.hpp"

namespace gantry::transfer {

class SmallServer {
 public:
  /// Greets with 421 what comes while `most` are connected.
  explicit SmallServer(unsigned most = 1000);
  ~SmallServer();

  [[nodiscard]] std::unique_ptr<ftp::Connection> connect(const std::atomic<bool>& stop) const;
  [[nodiscard]] unsigned logins() const { return logins_; }
  [[nodiscard]] unsigned refused() const { return refused_; }
  /// The final reply to PASS: "230 in", "530 no".
  void answer_logins(const std::string& reply);

 private:
  void listen();
  void serve(int peer);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  unsigned most_;
  std::atomic<bool> ended_ = false;
  std::atomic<unsigned> connected_ = 0, logins_ = 0, refused_ = 0;
  std::mutex mutex_;
  std::string login_reply_ = "230 in";
  std::vector<std::thread> threads_;  ///< of peers; changed by the listening one only
  std::thread listening_;
};

}  // namespace gantry::transfer
