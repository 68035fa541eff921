#include "tests/support/fake/wire.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include "tests/support/fake/codec.hpp"

namespace gantry::test::fake {
namespace {

constexpr std::size_t max_head = 64 * 1024;
constexpr std::size_t block_size = 256 * 1024;

std::optional<std::uint64_t> number(std::string_view text, int base = 10) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void pace(std::size_t bytes, std::uint64_t throughput) {
  if (throughput == 0 || bytes == 0) return;
  std::this_thread::sleep_for(std::chrono::microseconds(bytes * 1'000'000 / throughput));
}

const std::string& pattern() {
  static const std::string block(block_size, 'g');
  return block;
}

std::string chunk(std::string_view text) { return fmt::format("{:x}\r\n{}\r\n", text.size(), text); }

/// The chunked form of a body that came slowly.
std::string with_blanks(const HttpReply& reply) {
  const bool behind = reply.blanks == Blanks::behind_declaration;
  const std::string_view body = reply.body;
  const auto end = behind ? body.find('\n') + 1 : 0;
  return (behind ? chunk(body.substr(0, end)) : "") + chunk("\r\n") + chunk(" ") + chunk(body.substr(end)) +
         "0\r\n\r\n";
}

}  // namespace

std::size_t Uplink::turn(std::size_t wanted) const {
  return rate_ == 0 ? wanted : std::min<std::size_t>(wanted, std::max<std::uint64_t>(rate_ / 50, 1));
}

void Uplink::carry(std::size_t bytes) {
  if (rate_ == 0) return;
  std::unique_lock lock(mutex_);
  free_ = std::max(free_, std::chrono::steady_clock::now()) + std::chrono::microseconds(bytes * 1'000'000 / rate_);
  const auto mine = free_;
  lock.unlock();
  std::this_thread::sleep_until(mine);
}

Socket::~Socket() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  ::close(descriptor_);
}

bool Socket::accept_tls(ssl_ctx_st* context) {
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, descriptor_);
  return SSL_accept(ssl_) == 1;
}

std::size_t Socket::read(char* data, std::size_t size) {
  if (throughput_ > 0) size = std::min<std::size_t>(size, std::max<std::uint64_t>(throughput_ / 20, 1));
  size = uplink_.turn(size);
  ERR_clear_error();
  const auto got = ssl_ != nullptr ? SSL_read(ssl_, data, static_cast<int>(size)) : ::recv(descriptor_, data, size, 0);
  if (got <= 0) return 0;
  pace(static_cast<std::size_t>(got), throughput_);
  uplink_.carry(static_cast<std::size_t>(got));
  return static_cast<std::size_t>(got);
}

bool Socket::write(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t step = std::min(bytes.size(), block_size);
    if (throughput_ > 0) step = std::min<std::size_t>(step, std::max<std::uint64_t>(throughput_ / 20, 1));
    ERR_clear_error();
    const auto sent = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(step))
                                      : ::send(descriptor_, bytes.data(), step, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    uplink_.note_sent(static_cast<std::size_t>(sent));
    pace(static_cast<std::size_t>(sent), throughput_);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Socket::finish_sending() {
  if (ssl_ != nullptr) SSL_shutdown(ssl_);
  ::shutdown(descriptor_, SHUT_WR);
}

void Socket::reset() {
  // Connecting to "no address" aborts the connection with a reset and keeps the descriptor for the destructor.
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  ::connect(descriptor_, &nowhere, sizeof nowhere);
}

void Socket::interrupt() { ::shutdown(descriptor_, SHUT_RDWR); }

std::string HttpRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string{} : found->second;
}

const std::string* HttpRequest::parameter(std::string_view name) const {
  const auto found = std::ranges::find_if(query, [&](const auto& item) { return item.first == name; });
  return found == query.end() ? nullptr : &found->second;
}

bool Reader::fill() {
  const std::size_t before = pending_.size();
  pending_.resize(before + 16 * 1024);
  const std::size_t got = socket_.read(pending_.data() + before, 16 * 1024);
  pending_.resize(before + got);
  return got > 0;
}

bool Reader::take(std::string& into, std::uint64_t size) {
  const std::size_t ready = std::min<std::uint64_t>(pending_.size(), size);
  into.append(pending_, 0, ready);
  pending_.erase(0, ready);
  std::size_t at = into.size();
  const std::size_t goal = at + static_cast<std::size_t>(size) - ready;
  // Grows with what really arrives, so that a false Content-Length costs nothing.
  while (at < goal) {
    into.resize(std::min(goal, std::max(at + block_size, at * 2)));
    const std::size_t got = socket_.read(into.data() + at, std::min(into.size() - at, block_size));
    at += got;
    if (got == 0) {
      into.resize(at);
      return false;
    }
  }
  into.resize(at);
  return true;
}

std::optional<std::string> Reader::line() {
  for (;;) {
    if (const auto end = pending_.find("\r\n"); end != std::string::npos) {
      std::string text = pending_.substr(0, end);
      pending_.erase(0, end + 2);
      return text;
    }
    if (pending_.size() > max_head || !fill()) return std::nullopt;
  }
}

std::optional<HttpRequest> Reader::head() {
  auto first = line();
  if (!first) return std::nullopt;
  HttpRequest request;
  const auto space = first->find(' ');
  const auto last = first->rfind(' ');
  if (space == std::string::npos || last == space || !first->ends_with(" HTTP/1.1")) return std::nullopt;
  request.method = first->substr(0, space);
  request.target = first->substr(space + 1, last - space - 1);
  if (request.target.starts_with("http://")) {
    request.target.erase(0, std::min(request.target.find('/', 7), request.target.size()));
  }
  const auto mark = std::min(request.target.find('?'), request.target.size());
  request.path = request.target.substr(0, mark);
  for (const std::string& item :
       split(std::string_view(request.target).substr(std::min(mark + 1, request.target.size())), '&')) {
    const auto equal = std::min(item.find('='), item.size());
    auto name = decode(item.substr(0, equal), Plus::space);
    auto value = decode(item.substr(std::min(equal + 1, item.size())), Plus::space);
    if (!name || !value) return std::nullopt;
    request.query.emplace_back(std::move(*name), std::move(*value));
  }
  for (;;) {
    auto text = line();
    if (!text) return std::nullopt;
    if (text->empty()) break;
    const auto colon = text->find(':');
    if (colon == std::string::npos) return std::nullopt;
    request.headers[lower(text->substr(0, colon))] = std::string(strip(text->substr(colon + 1)));
  }
  if (request.has_header("content-length")) {
    request.content_length = number(request.header("content-length"));
    if (!request.content_length) return std::nullopt;
  }
  request.chunked = lower(request.header("transfer-encoding")) == "chunked";
  return request;
}

bool Reader::body(HttpRequest& request, std::optional<std::uint64_t> limit) {
  if (!request.chunked) {
    const std::uint64_t size = request.content_length.value_or(0);
    return take(request.body, std::min(size, limit.value_or(size))) && !(limit && *limit < size);
  }
  for (;;) {
    const auto size_text = line();
    if (!size_text) return false;
    const auto size = number(size_text->substr(0, size_text->find(';')), 16);
    if (!size || !take(request.body, *size)) return false;
    const auto end = line();
    if (!end || !end->empty()) return false;
    if (*size == 0) return true;
    if (limit && request.body.size() > *limit) return false;
  }
}

void Reader::drain(std::uint64_t limit) {
  std::uint64_t passed = pending_.size();
  pending_.clear();
  while (passed < limit && fill()) {
    passed += pending_.size();
    pending_.clear();
  }
}

std::uint64_t total(const std::vector<Piece>& pieces) {
  std::uint64_t sum = 0;
  for (const Piece& piece : pieces) sum += piece.size;
  return sum;
}

void for_each_block(const std::vector<Piece>& pieces, std::uint64_t offset, std::uint64_t size,
                    const std::function<bool(std::string_view)>& sink) {
  for (const Piece& piece : cut(pieces, offset, size)) {
    for (std::uint64_t at = 0; at < piece.size;) {
      const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size - at, block_size));
      const std::string_view block =
          piece.data ? std::string_view(*piece.data).substr(static_cast<std::size_t>(piece.offset + at), step)
                     : std::string_view(pattern()).substr(0, step);
      if (!sink(block)) return;
      at += step;
    }
  }
}

std::vector<Piece> cut(const std::vector<Piece>& pieces, std::uint64_t offset, std::uint64_t size) {
  std::vector<Piece> result;
  for (const Piece& piece : pieces) {
    if (offset >= piece.size) {
      offset -= piece.size;
      continue;
    }
    if (size == 0) break;
    const std::uint64_t part = std::min(piece.size - offset, size);
    result.push_back({piece.data, piece.offset + offset, part});
    size -= part;
    offset = 0;
  }
  return result;
}

bool send_reply(Socket& socket, const HttpReply& reply, bool head_only, const SendLimit& limit,
                const std::function<void()>& hang) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", reply.status, reply.status < 300 ? "OK" : "Error");
  for (const auto& [name, value] : reply.headers) head += fmt::format("{}: {}\r\n", name, value);
  std::vector<Piece> pieces = reply.pieces;
  if (!reply.body.empty()) {
    const std::string text = reply.blanks == Blanks::none ? reply.body : with_blanks(reply);
    pieces = {{std::make_shared<const std::string>(text), 0, text.size()}};
  }
  const std::uint64_t size = reply.content_length.value_or(total(pieces));
  if (reply.blanks != Blanks::none && !reply.body.empty()) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (reply.status != 204) {
    head += fmt::format("Content-Length: {}\r\n", size);
  }
  head += reply.close ? "Connection: close\r\n\r\n" : "\r\n";
  if (!socket.write(head)) return false;
  if (head_only) return true;
  const std::uint64_t send_size = limit.end == SendEnd::whole ? total(pieces) : std::min(limit.bytes, total(pieces));
  bool good = true;
  bool flip = limit.corrupt;
  for_each_block(pieces, 0, send_size, [&](std::string_view block) {
    if (flip) {
      std::string changed(block);
      changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
      flip = false;
      return good = socket.write(changed);
    }
    return good = socket.write(block);
  });
  if (limit.end == SendEnd::reset) socket.reset();
  if (limit.end == SendEnd::fin) socket.finish_sending();
  if (limit.end == SendEnd::hang) hang();
  return good && limit.end == SendEnd::whole;
}

}  // namespace gantry::test::fake
