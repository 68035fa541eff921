// The Unix socket on which a running server hears administrators: one line of JSON in, one line out, then the end.
// Must not know: what the commands do.
#pragma once

#include <sys/types.h>

#include <boost/asio/local/stream_protocol.hpp>

#include <functional>
#include <memory>
#include <string>

#include "async/child.hpp"
#include "server/admin.hpp"

namespace gantry::server {

/// A longer request is refused.
inline constexpr std::size_t longest_admin_request = 256 * 1024;
/// Time for an answer, asked and answered over the socket or without a server.
inline constexpr auto admin_answer_limit = std::chrono::seconds(90);

/// Lives on one io_context. Only the server's own user and root are heard.
class AdminSocket {
 public:
  using Answer = std::function<Task<AdminAnswer>(json::object request)>;

  /// Makes the socket with mode 0600 in place of one that nobody listens on any more. Errc::unavailable: something else
  /// is there, another server listens, or the directory cannot be written.
  [[nodiscard]] static Result<std::unique_ptr<AdminSocket>> open(const asio::any_io_executor& executor,
                                                                 const std::string& path, Answer answer);
  /// Removes the file.
  ~AdminSocket();
  AdminSocket(const AdminSocket&) = delete;
  AdminSocket& operator=(const AdminSocket&) = delete;

  /// Answers until stop(), then until the last answer is given.
  [[nodiscard]] Task<void> run();
  void stop();

 private:
  using Protocol = asio::local::stream_protocol;

  AdminSocket(Protocol::acceptor acceptor, std::string path, Answer answer);
  [[nodiscard]] Task<void> serve(Protocol::socket socket);
  void remove_file();

  Protocol::acceptor acceptor_;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  Answer answer_;
};

}  // namespace gantry::server
