// As little HTTP/1.1 as a relay needs: one keep-alive connection to a store, blocking, answers with Content-Length or
// in chunks. Any failure is a std::runtime_error: nothing is tried again. Must not know: src/http, objects.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gantry::bench {

/// Of a blocking socket; at least one byte, or 0 at the end.
std::size_t receive(int socket, std::span<std::byte> into);
void send_all(int socket, std::span<const std::byte> bytes);
/// A connection to this port of the loopback.
int connect_to(std::uint16_t port);

class StoreConnection {
 public:
  explicit StoreConnection(std::uint16_t port);
  ~StoreConnection();
  StoreConnection(const StoreConnection&) = delete;
  StoreConnection& operator=(const StoreConnection&) = delete;

  /// Sends one request. `headers`: lines, each with its CRLF.
  void ask(std::string_view method, std::string_view target, std::span<const std::byte> body,
           std::string_view headers = {});
  /// Reads the head of the answer; its status must be 2xx. The value of `header`, if asked for.
  std::string head(std::string_view header = {});
  /// The whole body of the answer.
  std::string text();
  /// Bytes of the body into the buffer; 0 at its end. For answers with a Content-Length.
  std::size_t body(std::span<std::byte> into);

 private:
  std::string line();
  void fill();

  std::uint16_t port_;
  int socket_;
  std::string ahead_;  // received, not yet taken
  std::uint64_t left_ = 0;
  bool chunked_ = false;
};

}  // namespace gantry::bench
