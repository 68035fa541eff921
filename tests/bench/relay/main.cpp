// The null relay: what moving bytes between a client's socket and a bucket costs at least. It receives, computes the
// CRC-64 and sends; no FTP, no signatures, no retries, nothing beside the bytes. One thread a connection, one buffer
// each.
//
//   null_relay up|down --store PORT --bucket-path /bucket [--md5]
//
// prints the port it listens on. Connection n (from 0) is an upload to the key relay-n in parts of 8 MiB, ended by the
// client's FIN and answered with the CRC-64; or a download of the key bench-n.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/units.hpp"
#include "digest/digest.hpp"
#include "tests/bench/relay/http.hpp"

namespace gantry::bench {
namespace {

constexpr std::size_t part_size = 8 * mib;
/// One receive from a socket: bytes stay in the processor's cache from there to the CRC-64.
constexpr std::size_t step = 256 * kib;

struct Arguments {
  std::string direction;
  std::uint16_t store = 0;
  std::string bucket_path;
  bool md5 = false;
};

std::string between(const std::string& text, std::string_view begin, std::string_view end) {
  const auto from = text.find(begin);
  if (from == std::string::npos) throw std::runtime_error("unexpected answer: " + text);
  const auto at = from + begin.size();
  return text.substr(at, text.find(end, at) - at);
}

/// The characters that the fake store's upload ids have and queries must not.
std::string encoded(const std::string& id) {
  std::string out;
  for (const char c : id) out += c == '/' || c == '+' || c == '=' ? fmt::format("%{:02X}", c) : std::string(1, c);
  return out;
}

class Upload {
 public:
  Upload(const Arguments& arguments, unsigned number)
      : store_(arguments.store),
        target_(fmt::format("{}/relay-{}", arguments.bucket_path, number)),
        md5_(arguments.md5) {
    store_.ask("POST", target_ + "?uploads", {});
    store_.head();
    id_ = encoded(between(store_.text(), "<UploadId>", "</UploadId>"));
  }

  void put_part(std::span<const std::byte> bytes) {
    std::string headers;
    if (md5_) headers = "Content-MD5: " + digest::to_base64(digest::hash(digest::Algorithm::md5, bytes)) + "\r\n";
    store_.ask("PUT", fmt::format("{}?partNumber={}&uploadId={}", target_, ++parts_, id_), bytes, headers);
    const std::string etag = store_.head("ETag");
    store_.text();
    list_ += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", parts_, etag);
  }

  void join() {
    const std::string body = "<CompleteMultipartUpload>" + list_ + "</CompleteMultipartUpload>";
    store_.ask("POST", fmt::format("{}?uploadId={}", target_, id_), as_byte_view(body));
    store_.head();
    between(store_.text(), "<ETag>", "</ETag>");
  }

 private:
  StoreConnection store_;
  std::string target_;
  bool md5_;
  std::string id_;
  unsigned parts_ = 0;
  std::string list_;
};

void move_up(const Arguments& arguments, int client, unsigned number) {
  Upload upload(arguments, number);
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(part_size);
  std::uint64_t crc = 0;
  for (bool more = true; more;) {
    std::size_t used = 0;
    while (used < part_size && more) {
      const std::size_t got = receive(client, {buffer.get() + used, std::min(step, part_size - used)});
      crc = digest::crc64({buffer.get() + used, got}, crc);
      used += got;
      more = got > 0;
    }
    if (used > 0) upload.put_part({buffer.get(), used});
  }
  upload.join();
  const std::string answer = fmt::format("{:016x}\n", crc);
  send_all(client, as_byte_view(answer));
}

void move_down(const Arguments& arguments, int client, unsigned number) {
  StoreConnection store(arguments.store);
  store.ask("GET", fmt::format("{}/bench-{}", arguments.bucket_path, number), {});
  store.head();
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(step);
  std::uint64_t crc = 0;
  while (const std::size_t got = store.body({buffer.get(), step})) {
    crc = digest::crc64({buffer.get(), got}, crc);
    send_all(client, {buffer.get(), got});
  }
  // The sum must be used, or nobody would have to compute it.
  if (crc == 0) fmt::print(stderr, "null_relay: an empty object\n");
}

void serve(const Arguments& arguments, int client, unsigned number) {
  try {
    arguments.direction == "up" ? move_up(arguments, client, number) : move_down(arguments, client, number);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "null_relay: {}\n", problem.what());
  }
  ::close(client);
}

int listen_somewhere() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (::bind(listener, generic, size) != 0 || ::listen(listener, 64) != 0) throw std::runtime_error("cannot listen");
  ::getsockname(listener, generic, &size);
  fmt::print("{}\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

}  // namespace
}  // namespace gantry::bench

int main(int argc, char** argv) {
  gantry::bench::Arguments arguments;
  CLI::App app("Moves bytes between sockets and a bucket, and nothing else: a floor for measurements");
  app.add_option("direction", arguments.direction)->required()->check(CLI::IsMember({"up", "down"}));
  app.add_option("--store", arguments.store, "port of the store on the loopback")->required();
  app.add_option("--bucket-path", arguments.bucket_path, "what stands before /KEY in a request: empty for COS");
  app.add_flag("--md5", arguments.md5, "send the MD5 of each part, too");
  CLI11_PARSE(app, argc, argv);
  try {
    const int listener = gantry::bench::listen_somewhere();
    // Until it is killed.
    for (unsigned number = 0;; ++number) {
      const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return 1;
      std::thread(gantry::bench::serve, std::cref(arguments), client, number).detach();
    }
  } catch (const std::exception& problem) {
    fmt::print(stderr, "null_relay: {}\n", problem.what());
    return 1;
  }
}
