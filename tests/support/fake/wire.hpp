// Blocking sockets, in clear or over TLS, and HTTP/1.1 messages of the fake store: one thread a connection.
// Must not know: objects, signatures.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct ssl_st;
struct ssl_ctx_st;

namespace gantry::test::fake {

/// The line to the store, which all connections share: so many bytes a second go in. Thread-safe.
class Uplink {
 public:
  explicit Uplink(std::uint64_t rate) : rate_(rate) {}  ///< 0: no limit
  /// The most of `wanted` that one turn may carry.
  [[nodiscard]] std::size_t turn(std::size_t wanted) const;
  /// Waits until so many bytes have got through.
  void carry(std::size_t bytes);

  /// The way back, which has no limit: bytes that the system took for sending, so far.
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  void note_sent(std::size_t bytes) { sent_ += bytes; }

 private:
  std::uint64_t rate_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point free_{};
  std::atomic<std::uint64_t> sent_ = 0;
};

class Socket {
 public:
  /// The uplink outlives it.
  Socket(int descriptor, std::uint64_t throughput, Uplink& uplink)
      : descriptor_(descriptor), throughput_(throughput), uplink_(uplink) {}
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  [[nodiscard]] bool accept_tls(ssl_ctx_st* context);
  /// 0: end or error.
  std::size_t read(char* data, std::size_t size);
  bool write(std::string_view bytes);
  void finish_sending();  ///< FIN
  void reset();           ///< RST and close
  /// Wakes a thread blocked in read() or write(); the descriptor stays open until destruction.
  void interrupt();

 private:
  int descriptor_;
  std::uint64_t throughput_;
  Uplink& uplink_;
  ssl_st* ssl_ = nullptr;
};

struct HttpRequest {
  std::string method;
  std::string target;
  std::string path;                                        ///< as on the wire
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, wire order
  std::map<std::string, std::string> headers;              ///< names in lower case, values trimmed
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  std::string body;

  [[nodiscard]] std::string header(const std::string& name) const;
  [[nodiscard]] bool has_header(const std::string& name) const { return headers.contains(name); }
  [[nodiscard]] const std::string* parameter(std::string_view name) const;
};

/// A run of bytes inside shared content.
struct Piece {
  std::shared_ptr<const std::string> data;  ///< empty: a pattern instead of kept bytes
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// Long operations answer at once, chunked, with keep-alive blanks: COS before the XML declaration, S3 behind it.
enum class Blanks : std::uint8_t { none, before_declaration, behind_declaration };

struct HttpReply {
  int status = 200;
  std::string code{};  ///< error code, for the record
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  std::vector<Piece> pieces{};                    ///< the body when `body` is empty
  std::optional<std::uint64_t> content_length{};  ///< for HEAD
  Blanks blanks = Blanks::none;
  bool close = false;
};

/// Reads messages of one connection.
class Reader {
 public:
  explicit Reader(Socket& socket) : socket_(socket) {}
  /// Up to the end of the head; nothing at the end of the connection or when malformed.
  [[nodiscard]] std::optional<HttpRequest> head();
  /// The body into request.body; stops early and returns false when the peer is gone or `limit` bytes arrived.
  [[nodiscard]] bool body(HttpRequest& request, std::optional<std::uint64_t> limit);
  /// Reads and drops until the peer ends or `limit` bytes passed.
  void drain(std::uint64_t limit);

 private:
  [[nodiscard]] bool fill();
  [[nodiscard]] bool take(std::string& into, std::uint64_t size);
  [[nodiscard]] std::optional<std::string> line();
  Socket& socket_;
  std::string pending_;
};

enum class SendEnd : std::uint8_t { whole, reset, fin, hang };
struct SendLimit {
  SendEnd end = SendEnd::whole;
  std::uint64_t bytes = 0;  ///< of the body, before `end` happens
  bool corrupt = false;     ///< flip one byte of the body
};

/// False when the connection cannot be used any more.
[[nodiscard]] bool send_reply(Socket& socket, const HttpReply& reply, bool head_only, const SendLimit& limit,
                              const std::function<void()>& hang);

[[nodiscard]] std::uint64_t total(const std::vector<Piece>& pieces);
/// Calls `sink` with successive blocks of [offset, offset + size).
void for_each_block(const std::vector<Piece>& pieces, std::uint64_t offset, std::uint64_t size,
                    const std::function<bool(std::string_view)>& sink);
[[nodiscard]] std::vector<Piece> cut(const std::vector<Piece>& pieces, std::uint64_t offset, std::uint64_t size);

}  // namespace gantry::test::fake
