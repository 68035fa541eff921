#include "tests/bench/load/session.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace gantry::bench {

namespace {

constexpr std::size_t longest_line = 4096;

/// The code that begins a line; nothing when none does.
std::optional<int> code_of(std::string_view line) {
  int code = 0;
  const auto digits = line.substr(0, 3);
  if (line.size() < 4 || std::from_chars(digits.begin(), digits.end(), code).ptr != digits.end()) return {};
  return code;
}

/// The port in "229 ... (|||PORT|)".
std::uint16_t extended_port(std::string_view reply) {
  std::uint16_t port = 0;
  const auto at = reply.find("(|||");
  if (at == std::string_view::npos || std::from_chars(reply.begin() + at + 4, reply.end(), port).ec != std::errc{})
    throw Failure(fmt::format("no port in '{}'", reply));
  return port;
}

}  // namespace

Session::Session(const Target& target, const TlsClient& tls, std::span<char> scratch)
    : target_(target), tls_(tls), scratch_(scratch), control_(Stream::connect(target.address, target.limit)) {
  control_.send_at_once();
  expect(220);
  if (target.tls) {
    command("AUTH TLS", 234);
    control_.start_tls(tls.context(), nullptr, &ticket_);
  }
  command("USER " + target.user, 331);
  command("PASS " + target.password, 230);
}

std::string_view Session::line() {
  for (;;) {
    if (const auto end = received_.find('\n', taken_); end != std::string::npos) {
      const std::string_view found(received_.data() + taken_, end - taken_);
      taken_ = end + 1;
      return found.substr(0, found.size() - (found.ends_with('\r') ? 1 : 0));
    }
    received_.erase(0, taken_);
    taken_ = 0;
    if (received_.size() > longest_line) throw Failure("a reply without end");
    char more[512];
    const auto got = control_.read(more);
    if (got == 0) throw Failure("the server closed the control connection");
    received_.append(more, got);
  }
}

int Session::reply() {
  last_ = line();
  const auto first = code_of(last_);
  if (!first) throw Failure(fmt::format("'{}' is not a reply", last_));
  if (last_[3] == '-') do {
      last_ = line();
    } while (code_of(last_) != first || last_[3] != ' ');
  return *first;
}

void Session::expect(int code) {
  if (reply() != code) throw Failure(fmt::format("'{}' came and not {}", last_, code));
}

void Session::command(std::string_view text, int code) {
  control_.write(fmt::format("{}\r\n", text));
  expect(code);
}

Stream Session::begin(std::string_view transfer) {
  if (data_connections_ == 0) {
    command("TYPE I", 200);
    if (target_.tls) {
      command("PBSZ 0", 200);
      command("PROT P", 200);
    }
  }
  command("EPSV", 229);
  auto address = target_.address;
  address.sin_port = htons(extended_port(last_));
  auto data = Stream::connect(address, target_.limit);
  control_.write(fmt::format("{}\r\n", transfer));
  if (const int code = reply(); code != 150 && code != 125)
    throw Failure(fmt::format("{}: '{}' came and not 150", transfer, last_));
  ++data_connections_;
  if (target_.tls) {
    data.start_tls(tls_.context(), ticket_.get(), nullptr);
    resumed_ += data.resumed() ? 1 : 0;
  }
  return data;
}

std::uint64_t Session::retrieve(std::string_view name) {
  std::uint64_t bytes = 0;
  {
    auto data = begin(fmt::format("RETR {}", name));
    while (const auto got = data.discard(scratch_)) bytes += got;
    data.finish_sending();
  }
  expect(226);
  return bytes;
}

void Session::store(std::string_view name, const Source& source, std::uint64_t size) {
  {
    auto data = begin(fmt::format("STOR {}", name));
    while (size > 0) {
      const auto part = std::min(size, source.size);
      data.send_file(source.file, 0, part, scratch_);
      size -= part;
    }
    data.finish_sending();
    // A socket closed over unread bytes, as TLS 1.3's tickets are, would reset the connection and lose the upload.
    data.expect_end();
  }
  expect(226);
}

std::uint64_t Session::list(std::string_view verb, std::string_view path, std::string_view marker) {
  std::string listing;
  {
    auto data = begin(fmt::format("{} {}", verb, path));
    while (const auto got = data.read(scratch_)) listing.append(scratch_.data(), got);
    data.finish_sending();
  }
  expect(226);
  std::uint64_t lines = 0;
  for (std::size_t at = 0, end = 0; (end = listing.find('\n', at)) != std::string::npos; at = end + 1)
    lines += std::string_view(listing).substr(at, end - at).contains(marker) ? 1 : 0;
  return lines;
}

void Session::noop() { command("NOOP", 200); }

void Session::quit() { command("QUIT", 221); }

}  // namespace gantry::bench
