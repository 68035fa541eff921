// libcurl's FTP engine under one connection: prepares an operation, runs it, watches every wait, says what failed.
// Must not know: what the operations mean.
#pragma once

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ftp/certificate_check.hpp"
#include "ftp/connection.hpp"
#include "ftp/transcript.hpp"

namespace gantry::ftp {

class Engine {
 public:
  Engine(Site site, ConnectionOptions options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Begins an operation on `path`: everything that all of them need is set.
  void prepare(std::string_view path);
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(easy_, option, value);
  }
  /// Commands without a data connection instead; a negative reply to one is not a failure. Each reply may take `limit`.
  void set_commands(const std::vector<std::string>& commands, Milliseconds limit);
  /// Commands right before the one that moves the data; a negative reply to one ends the operation.
  void set_before(const std::vector<std::string>& commands);
  void set_sink(const Sink& sink) { sink_ = &sink; }
  void set_source(const Source& source, const std::function<void()>& sent_all);
  /// Connects and logs in when there is no connection, then does it.
  Outcome<void> perform();

  /// The control connection stands, as far as this side can know.
  [[nodiscard]] bool alive() const;
  /// The failed operation found that the server had closed the idle connection, and did nothing there that must not be
  /// done twice.
  [[nodiscard]] bool may_repeat() const;
  /// Says goodbye without waiting for the answer.
  void hang_up();

  [[nodiscard]] const Site& site() const { return site_; }
  [[nodiscard]] const ConnectionOptions& options() const { return options_; }
  [[nodiscard]] const Transcript& transcript() const { return transcript_; }
  [[nodiscard]] CertificateCheck& certificate() { return certificate_; }
  [[nodiscard]] std::string entry_path() const;  ///< where the login led; empty when the server did not say

 private:
  using Clock = std::chrono::steady_clock;

  /// What the operation waits for.
  enum class Wait : std::uint8_t { connect, greeting, reply, handshake, data_connection, data, confirmation, goodbye };

  static int on_debug(CURL* handle, curl_infotype type, char* data, std::size_t size, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static int on_progress(void* self, curl_off_t, curl_off_t down, curl_off_t, curl_off_t up);
  static std::size_t on_data(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_want_data(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_close_socket(void* self, curl_socket_t socket);
  static CURLcode on_tls(CURL* handle, void* context, void* self);

  void start_handles();
  void end_handles();
  void set_callbacks();
  void set_security();
  void set_list(CURLoption option, const std::vector<std::string>& commands, const char* prefix);
  [[nodiscard]] curl_socket_t control_socket() const;
  [[nodiscard]] std::string url_of(std::string_view path) const;
  [[nodiscard]] bool stopped();
  [[nodiscard]] Wait wait() const;
  [[nodiscard]] Milliseconds limit_of(Wait wait) const;
  [[nodiscard]] std::string late(Wait wait) const;
  [[nodiscard]] bool in_time();
  [[nodiscard]] Failure explain(CURLcode code) const;
  void drop_lists();

  Site site_;
  ConnectionOptions options_;
  Transcript transcript_;
  CertificateCheck certificate_;
  CURLM* multi_ = nullptr;  ///< keeps the connection between operations
  CURL* easy_ = nullptr;
  std::vector<curl_socket_t> sockets_;  ///< open ones
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  bool sessions_run_out_ = false;  ///< the server refused data connections under TLS 1.3

  // Of the running operation.
  std::vector<curl_slist*> lists_;
  const Sink* sink_ = nullptr;
  const Source* source_ = nullptr;
  const std::function<void()>* sent_all_ = nullptr;
  std::optional<Failure> own_failure_;  ///< of the sink, the source or a wait that took too long
  Milliseconds reply_limit_{};
  Clock::time_point last_event_{};
  curl_off_t moved_ = 0;  ///< bytes on the data connection
  bool all_sent_ = false;
  bool lost_ = false;  ///< the connection broke
};

}  // namespace gantry::ftp
