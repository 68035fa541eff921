// The server of the fake store: threads, connections, the order of checks, faults and the control requests.
#include "tests/support/fake_store.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <ctime>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "tests/support/fake/auth.hpp"
#include "tests/support/fake/bucket.hpp"
#include "tests/support/fake/codec.hpp"
#include "tests/support/fake/faults.hpp"
#include "tests/support/fake/traffic.hpp"
#include "tests/support/fake/wire.hpp"

namespace gantry::test {

using namespace fake;

namespace {

/// A body this small is read even when the request is refused, so that the connection stays usable.
constexpr std::uint64_t small_body = 1 << 20;
constexpr std::string_view control_prefix = "/_fake/";

HttpReply plain(std::string text, int status = 200) {
  HttpReply reply{.status = status};
  reply.headers.emplace_back("Content-Type", "text/plain");
  reply.body = std::move(text);
  return reply;
}

/// Changes the first hexadecimal digit of every ETag in the reply.
void falsify_etag(HttpReply& reply) {
  const auto change = [](char& c) { c = c == '0' ? '1' : '0'; };
  for (auto& [name, value] : reply.headers) {
    if (name == "ETag" && value.size() > 1) change(value[1]);
  }
  constexpr std::string_view mark = "<ETag>&quot;";
  for (auto at = reply.body.find(mark); at != std::string::npos; at = reply.body.find(mark, at + mark.size())) {
    change(reply.body[at + mark.size()]);
  }
}

bool is_crc(std::string_view name) { return name == "x-cos-hash-crc64ecma" || name == "x-amz-checksum-crc32c"; }

/// Changes the CRC in the head of the reply.
void falsify_crc(HttpReply& reply) {
  for (auto& [name, value] : reply.headers) {
    if (!is_crc(name)) continue;
    char& digit = name == "x-amz-checksum-crc32c" ? value.front() : value.back();
    digit = digit == '0' ? '1' : '0';
  }
}

StoredObject object_of(Content content, std::int64_t now) {
  return {.pieces = std::move(content.pieces),
          .size = content.size,
          .etag = hex(content.md5),
          .crc64 = content.crc64,
          .content_type = "application/octet-stream",
          .metadata = {},
          .modified = now};
}

std::string key_or_prefix(const HttpRequest& request, const Target& target) {
  const std::string* prefix = request.parameter("prefix");
  return target.key.empty() && prefix != nullptr ? *prefix : target.key;
}

std::string content_of(const StoredObject& object) {
  std::string content;
  for_each_block(object.pieces, 0, object.size, [&](std::string_view block) {
    content += block;
    return true;
  });
  return content;
}

}  // namespace

struct FakeStore::Implementation {
  explicit Implementation(FakeStoreOptions given);
  ~Implementation();

  struct Client {
    std::unique_ptr<Socket> socket;
    std::thread thread;
    bool done = false;
  };

  void listen();
  void use_certificate();
  void accept_loop();
  void refuse_connections(std::chrono::milliseconds time);
  /// Listens again on the same port once the time of refusals is over; false when the store ends.
  bool reopen(std::chrono::milliseconds after);
  void serve(Client& client);
  /// Handles one request; false when the connection must end.
  bool answer(Socket& socket, Reader& reader, HttpRequest& request);
  bool answer_control(Socket& socket, Reader& reader, HttpRequest& request);
  HttpReply control(const HttpRequest& request);
  HttpReply control_object(const HttpRequest& request, const std::string& key);
  HttpReply control_traffic(const HttpRequest& request);
  HttpReply put_many(const HttpRequest& request);
  void set_credentials(std::string access_key, std::string secret_key, std::string token, std::string stale_code);
  std::optional<HttpReply> refuse(const HttpRequest& request, const std::optional<HttpReply>& nowhere);
  std::optional<Refusal> refuse_signature(const HttpRequest& request) const;
  bool refuse_early(Socket& socket, Reader& reader, HttpRequest& request, HttpReply reply);
  std::optional<HttpReply> instead_of_executing(const FaultRule& rule, const Target& target);
  HttpReply execute(const HttpRequest& request, const Target& target, bool corrupt);
  bool deliver(Socket& socket, Reader& reader, const HttpRequest& request, HttpReply reply,
               const std::optional<FaultRule>& rule);
  void note(const HttpRequest& request, const Target& target, int status);
  void dress(HttpReply& reply);
  void wait(std::chrono::milliseconds time);
  std::chrono::milliseconds usual_latency() const {
    std::lock_guard lock(mutex);
    return options.latency;
  }
  std::int64_t now() const { return std::time(nullptr) + options.clock_offset.count(); }

  FakeStoreOptions options;
  Uplink uplink{options.uplink};
  Traffic traffic;
  std::uint16_t port = 0;
  int listener = -1;
  SSL_CTX* tls = nullptr;

  mutable std::mutex mutex;  // guards all below
  std::condition_variable stopped;
  bool stopping = false;
  std::chrono::milliseconds refusing{0};  // the listener is to be closed for so long
  Bucket bucket{options};
  std::optional<FakeStoreOptions> still_accepted;  // keys that others have followed
  std::vector<RecordedRequest> records;
  std::uint64_t next_request = 1;
  std::list<Client> clients;

  Faults faults;
  PrefixBudget prefix_budget{options.prefix_rate};
  std::thread acceptor;
};

FakeStore::Implementation::Implementation(FakeStoreOptions given) : options(std::move(given)) {
  if (!options.tls_certificate.empty()) use_certificate();
  listen();
  acceptor = std::thread([this] { accept_loop(); });
}

FakeStore::Implementation::~Implementation() {
  {
    std::lock_guard lock(mutex);
    stopping = true;
    for (Client& client : clients) client.socket->interrupt();
    ::shutdown(listener, SHUT_RDWR);
  }
  stopped.notify_all();
  acceptor.join();
  ::close(listener);
  for (Client& client : clients) client.thread.join();
  clients.clear();
  SSL_CTX_free(tls);
}

void FakeStore::Implementation::use_certificate() {
  tls = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(tls, options.tls_certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(tls, options.tls_key.c_str(), SSL_FILETYPE_PEM) != 1) {
    SSL_CTX_free(tls);
    throw std::runtime_error("cannot use certificate " + options.tls_certificate + " with key " + options.tls_key);
  }
}

void FakeStore::Implementation::listen() {
  const int opened = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port != 0 ? port : options.port);
  const bool numeric = ::inet_pton(AF_INET, options.address.c_str(), &address.sin_addr) == 1;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!numeric || ::bind(opened, generic, sizeof address) != 0 || ::listen(opened, 512) != 0) {
    ::close(opened);
    throw std::runtime_error(fmt::format("cannot listen on {}:{}", options.address, options.port));
  }
  socklen_t size = sizeof address;
  ::getsockname(opened, generic, &size);
  std::lock_guard lock(mutex);
  if (port == 0) port = ntohs(address.sin_port);
  listener = opened;
}

void FakeStore::Implementation::accept_loop() {
  for (;;) {
    const int descriptor = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    std::unique_lock lock(mutex);
    if (const auto pause = std::exchange(refusing, {}); pause.count() > 0 && !stopping) {
      if (descriptor >= 0) ::close(descriptor);
      ::close(std::exchange(listener, -1));
      lock.unlock();
      if (!reopen(pause)) return;
      continue;
    }
    if (stopping) {
      if (descriptor >= 0) ::close(descriptor);
      return;
    }
    if (descriptor < 0) continue;
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (auto client = clients.begin(); client != clients.end();) {
      if (client->done) client->thread.join();
      client = client->done ? clients.erase(client) : std::next(client);
    }
    Client& client = clients.emplace_back();
    client.socket = std::make_unique<Socket>(descriptor, options.throughput, uplink);
    client.thread = std::thread([this, &client] { serve(client); });
  }
}

void FakeStore::Implementation::refuse_connections(std::chrono::milliseconds time) {
  std::lock_guard lock(mutex);
  refusing = time;
  for (Client& client : clients) client.socket->interrupt();
  ::shutdown(listener, SHUT_RDWR);
}

bool FakeStore::Implementation::reopen(std::chrono::milliseconds after) {
  for (wait(after);; wait(std::chrono::milliseconds(10))) {
    {
      std::lock_guard lock(mutex);
      if (stopping) return false;
    }
    try {
      listen();
      return true;
    } catch (const std::runtime_error&) {  // an outgoing connection may have got the port meanwhile
    }
  }
}

void FakeStore::Implementation::serve(Client& client) {
  // TLS writes cannot say MSG_NOSIGNAL, and the process may be a test program.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  Socket& socket = *client.socket;
  Reader reader(socket);
  if (tls == nullptr || socket.accept_tls(tls)) {
    for (bool usable = true; usable;) {
      auto request = reader.head();
      if (!request) break;
      usable = request->path.starts_with(control_prefix) ? answer_control(socket, reader, *request)
                                                         : answer(socket, reader, *request);
    }
  }
  socket.interrupt();
  std::lock_guard lock(mutex);
  client.done = true;
}

void FakeStore::Implementation::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, time, [this] { return stopping; });
}

void FakeStore::Implementation::note(const HttpRequest& request, const Target& target, int status) {
  std::lock_guard lock(mutex);
  records.push_back({request.method, request.target, target.op, target.key, status, request.headers,
                     request.content_length.value_or(request.body.size())});
}

void FakeStore::Implementation::dress(HttpReply& reply) {
  const bool s3 = options.dialect == FakeDialect::s3;
  reply.headers.emplace_back("Date", http_date(now()));
  reply.headers.emplace_back("Server", "fake_store");
  std::lock_guard lock(mutex);
  reply.headers.emplace_back(s3 ? "x-amz-request-id" : "x-cos-request-id", fmt::format("FAKE{:012d}", next_request++));
}

std::optional<Refusal> FakeStore::Implementation::refuse_signature(const HttpRequest& request) const {
  if (options.any_signature) return std::nullopt;
  FakeStoreOptions newest;
  std::optional<FakeStoreOptions> older;
  {
    std::lock_guard lock(mutex);
    newest = options;
    older = still_accepted;
  }
  auto refusal = check_signature(request, newest, now());
  return refusal && older && !check_signature(request, *older, now()) ? std::nullopt : refusal;
}

/// What a refusal by the head alone looks like; `nowhere` is what locating the target found wrong.
std::optional<HttpReply> FakeStore::Implementation::refuse(const HttpRequest& request,
                                                           const std::optional<HttpReply>& nowhere) {
  if (auto refusal = refuse_signature(request)) {
    return bucket.error(refusal->status, refusal->code, refusal->message);
  }
  if (nowhere) return nowhere;
  if (request.method != "PUT" && request.method != "POST") return std::nullopt;
  if (request.chunked && options.dialect == FakeDialect::s3) {
    return bucket.error(501, "NotImplemented", "Transfer-Encoding: chunked is not implemented");
  }
  if (!request.chunked && !request.content_length) {
    return bucket.error(411, "MissingContentLength", "You must provide the Content-Length header");
  }
  return std::nullopt;
}

bool FakeStore::Implementation::refuse_early(Socket& socket, Reader& reader, HttpRequest& request, HttpReply reply) {
  const bool waits = lower(request.header("expect")) == "100-continue";
  const std::uint64_t size = request.content_length.value_or(0);
  const bool keep = !waits && !request.chunked && size <= small_body;
  if (keep && !reader.body(request, std::nullopt)) return false;
  reply.close = !keep;
  dress(reply);
  const bool sent = send_reply(socket, reply, request.method == "HEAD", {}, [] {});
  if (keep) return sent;
  // A lingering close: the client is still sending and must get to read the answer before any reset.
  socket.finish_sending();
  if (!waits) reader.drain(size);
  return false;
}

std::optional<HttpReply> FakeStore::Implementation::instead_of_executing(const FaultRule& rule, const Target& target) {
  if (rule.action != FaultAction::error && rule.action != FaultAction::ok_with_error) return std::nullopt;
  const bool disguised = rule.action == FaultAction::ok_with_error;
  HttpReply reply = bucket.error(disguised ? 200 : rule.status, rule.code, "A fault on demand");
  if (disguised && target.op == "CompleteMultipartUpload") reply.blanks = bucket.blanks();
  return reply;
}

HttpReply FakeStore::Implementation::execute(const HttpRequest& request, const Target& target, bool corrupt) {
  Content content;
  if (target.op == "PutObject" || target.op == "UploadPart") content = make_content(request.body, options);
  std::lock_guard lock(mutex);
  bucket.now = now();
  bucket.corrupt = corrupt;
  return bucket.execute(request, target, std::move(content));
}

bool FakeStore::Implementation::deliver(Socket& socket, Reader& reader, const HttpRequest& request, HttpReply reply,
                                        const std::optional<FaultRule>& rule) {
  SendLimit limit;
  if (rule) {
    limit.bytes = rule->bytes;
    limit.corrupt = rule->action == FaultAction::corrupt && request.method == "GET";
    if (rule->action == FaultAction::reset_response) limit.end = SendEnd::reset;
    if (rule->action == FaultAction::truncate) limit.end = SendEnd::fin;
    if (rule->action == FaultAction::stall_response) limit.end = SendEnd::hang;
  }
  dress(reply);
  const auto hang = [&] { reader.drain(~std::uint64_t{0}); };
  return send_reply(socket, reply, request.method == "HEAD", limit, hang);
}

bool FakeStore::Implementation::answer(Socket& socket, Reader& reader, HttpRequest& request) {
  Target target;
  const auto nowhere = bucket.locate(request, target);
  const auto rule = faults.match(target.op, target.key);
  const auto hit = [&](FaultAction action) { return rule && rule->action == action; };

  auto refusal = refuse(request, nowhere);
  if (!refusal && hit(FaultAction::early_error)) refusal = bucket.error(rule->status, rule->code, "A fault on demand");
  if (refusal) {
    note(request, target, refusal->status);
    return refuse_early(socket, reader, request, std::move(*refusal));
  }
  const Traffic::Request running(traffic, target.op);
  if (lower(request.header("expect")) == "100-continue" && !socket.write("HTTP/1.1 100 Continue\r\n\r\n")) return false;
  const bool cut_short = hit(FaultAction::reset_request);
  if (!reader.body(request, cut_short ? std::optional(rule->bytes) : std::nullopt) || cut_short) {
    note(request, target, 0);
    if (cut_short) socket.reset();
    return false;
  }
  wait(usual_latency());
  if (hit(FaultAction::latency)) wait(rule->delay);
  if (hit(FaultAction::reset) || hit(FaultAction::stall)) {
    note(request, target, 0);
    if (hit(FaultAction::stall)) reader.drain(~std::uint64_t{0});
    socket.reset();
    return false;
  }
  if (hit(FaultAction::refuse)) {
    note(request, target, 0);
    refuse_connections(rule->delay);
    return false;
  }
  HttpReply reply;
  auto fault_reply = rule ? instead_of_executing(*rule, target) : std::nullopt;
  if (auto bad = check_body(request)) {
    reply = bucket.error(bad->status, bad->code, bad->message);
  } else if (fault_reply) {
    reply = std::move(*fault_reply);
  } else if (options.prefix_rate > 0 && !prefix_budget.take(target.op, key_or_prefix(request, target))) {
    reply = bucket.error(503, "SlowDown", "Reduce your request rate");
  } else {
    reply = execute(request, target, hit(FaultAction::corrupt));
  }
  if (hit(FaultAction::execute_then_reset)) {
    note(request, target, 0);
    socket.reset();
    return false;
  }
  if (hit(FaultAction::execute_then_error)) reply = bucket.error(rule->status, rule->code, "A fault on demand");
  if (hit(FaultAction::wrong_etag)) falsify_etag(reply);
  if (hit(FaultAction::wrong_crc)) falsify_crc(reply);
  if (hit(FaultAction::no_crc)) std::erase_if(reply.headers, [](const auto& header) { return is_crc(header.first); });
  note(request, target, reply.status);
  return deliver(socket, reader, request, std::move(reply), rule);
}

bool FakeStore::Implementation::answer_control(Socket& socket, Reader& reader, HttpRequest& request) {
  if (!reader.body(request, std::nullopt)) return false;
  return send_reply(socket, control(request), request.method == "HEAD", {}, [] {});
}

HttpReply FakeStore::Implementation::control(const HttpRequest& request) {
  const std::string what = request.path.substr(control_prefix.size());
  if (what == "fault" && request.method == "POST") {
    try {
      std::vector<FaultRule> rules;
      for (const std::string& line : split(request.body, '\n')) rules.push_back(parse_fault(line));
      for (FaultRule& rule : rules) faults.add(std::move(rule));
    } catch (const std::exception& problem) {
      return plain(std::string(problem.what()) + "\n", 400);
    }
    return plain("ok\n");
  }
  if (what == "fault" && request.method == "DELETE") {
    faults.clear();
    return plain("ok\n");
  }
  if (what == "credentials" && (request.method == "PUT" || request.method == "POST")) {
    auto words = split(strip(request.body), ' ');
    if (words.size() < 2) return plain("expected ACCESS-KEY SECRET-KEY [TOKEN [CODE]]\n", 400);
    words.resize(4);
    {
      std::lock_guard lock(mutex);
      still_accepted = request.method == "POST" ? std::optional(options) : std::nullopt;
    }
    set_credentials(words[0], words[1], words[2], words[3]);
    return plain("ok\n");
  }
  if (what.starts_with("objects/")) return control_object(request, decode(what.substr(8), Plus::literal).value_or(""));
  if (what == "traffic") return control_traffic(request);
  if (what == "many" && request.method == "POST") return put_many(request);
  std::lock_guard lock(mutex);
  std::string text;
  if (what == "listing_lag" && request.method == "PUT") {
    std::size_t writes = 0;
    const char* end = request.body.data() + request.body.size();
    if (std::from_chars(request.body.data(), end, writes).ptr != end) return plain("not a number\n", 400);
    bucket.lag_listings(writes);
  } else if (what == "requests" && request.method == "DELETE") {
    records.clear();
  } else if (what == "requests") {
    for (const auto& r : records) text += fmt::format("{} {} {} {}\n", r.method, r.target, r.op, r.status);
  } else if (what == "objects") {
    for (const auto& [key, object] : bucket.objects()) {
      text += fmt::format("{} {} {} {} {}", encode(key, Slash::keep), object.size, object.etag, object.crc64,
                          encode(object.content_type, Slash::keep));
      for (const auto& [name, value] : object.metadata)
        text += fmt::format(" {}={}", name, encode(value, Slash::encode));
      text += "\n";
    }
  } else if (what == "uploads" && request.method == "DELETE") {
    bucket.uploads.clear();
  } else if (what == "uploads") {
    for (const auto& [id, upload] : bucket.uploads) {
      std::uint64_t bytes = 0;
      for (const auto& [number, part] : upload.parts) bytes += part.size;
      text += fmt::format("{} {} {} {}\n", encode(upload.key, Slash::keep), id, upload.parts.size(), bytes);
    }
  } else {
    return plain("unknown\n", 404);
  }
  return plain(std::move(text));
}

HttpReply FakeStore::Implementation::control_object(const HttpRequest& request, const std::string& key) {
  Content content;
  if (request.method == "PUT") content = make_content(request.body, options);
  std::lock_guard lock(mutex);
  if (request.method == "DELETE") {
    bucket.erase(key);
    return plain("ok\n");
  }
  if (request.method == "PUT") {
    bucket.store(key, object_of(std::move(content), now()));
    return plain("ok\n");
  }
  const auto found = bucket.objects().find(key);
  if (found == bucket.objects().end()) return plain("no such object\n", 404);
  HttpReply reply;
  reply.pieces = found->second.pieces;
  return reply;
}

HttpReply FakeStore::Implementation::control_traffic(const HttpRequest& request) {
  if (request.method == "DELETE") traffic.restart();
  std::string text = fmt::format("sent {}\n", uplink.sent());
  for (const auto& [op, count] : traffic.counts()) text += fmt::format("{} {} {}\n", op, count.running, count.most);
  return plain(std::move(text));
}

HttpReply FakeStore::Implementation::put_many(const HttpRequest& request) {
  const auto words = split(strip(request.body), ' ');
  std::size_t number = 0;
  if (words.size() != 2 ||
      std::from_chars(words[1].data(), words[1].data() + words[1].size(), number).ec != std::errc{})
    return plain("expected PREFIX NUMBER\n", 400);
  const auto prefix = decode(words[0], Plus::literal);
  if (!prefix) return plain("the prefix is not properly encoded\n", 400);
  const StoredObject one = object_of(make_content("x", options), now());
  std::lock_guard lock(mutex);
  for (std::size_t i = 0; i < number; ++i) bucket.store(fmt::format("{}{:07}", *prefix, i), one);
  return plain("ok\n");
}

void FakeStore::Implementation::set_credentials(std::string access_key, std::string secret_key, std::string token,
                                                std::string stale_code) {
  std::lock_guard lock(mutex);
  options.access_key = std::move(access_key);
  options.secret_key = std::move(secret_key);
  options.session_token = std::move(token);
  if (!stale_code.empty()) options.stale_token_code = std::move(stale_code);
}

FakeStore::FakeStore(FakeStoreOptions options)
    : implementation_(std::make_unique<Implementation>(std::move(options))) {}
FakeStore::~FakeStore() = default;

const FakeStoreOptions& FakeStore::options() const { return implementation_->options; }
std::uint16_t FakeStore::port() const { return implementation_->port; }

std::string FakeStore::endpoint() const {
  return fmt::format("{}://{}:{}", implementation_->tls != nullptr ? "https" : "http", implementation_->options.address,
                     implementation_->port);
}

std::vector<RecordedRequest> FakeStore::requests() const {
  std::lock_guard lock(implementation_->mutex);
  return implementation_->records;
}

void FakeStore::clear_requests() {
  std::lock_guard lock(implementation_->mutex);
  implementation_->records.clear();
}

std::size_t FakeStore::count(std::string_view op) const {
  std::lock_guard lock(implementation_->mutex);
  return static_cast<std::size_t>(
      std::ranges::count_if(implementation_->records, [&](const auto& r) { return op.empty() || r.op == op; }));
}

void FakeStore::set_credentials(std::string access_key, std::string secret_key, std::string session_token,
                                std::string stale_token_code) {
  implementation_->set_credentials(std::move(access_key), std::move(secret_key), std::move(session_token),
                                   std::move(stale_token_code));
}

void FakeStore::fail(FaultRule rule) { implementation_->faults.add(std::move(rule)); }
void FakeStore::clear_faults() { implementation_->faults.clear(); }

std::map<std::string, FakeObject> FakeStore::objects() const {
  std::lock_guard lock(implementation_->mutex);
  std::map<std::string, FakeObject> result;
  for (const auto& [key, object] : implementation_->bucket.objects()) {
    result[key] = {content_of(object), object.size, object.etag, object.crc64, object.content_type, object.metadata};
  }
  return result;
}

std::vector<std::string> FakeStore::open_uploads() const {
  std::lock_guard lock(implementation_->mutex);
  std::vector<std::string> ids;
  for (const auto& [id, upload] : implementation_->bucket.uploads) ids.push_back(id);
  return ids;
}

void FakeStore::put_object(std::string key, std::string bytes) {
  Content content = make_content(std::move(bytes), implementation_->options);
  std::lock_guard lock(implementation_->mutex);
  implementation_->bucket.store(key, object_of(std::move(content), implementation_->now()));
}

void FakeStore::remove_object(const std::string& key) {
  std::lock_guard lock(implementation_->mutex);
  implementation_->bucket.erase(key);
}

void FakeStore::set_latency(std::chrono::milliseconds latency) {
  std::lock_guard lock(implementation_->mutex);
  implementation_->options.latency = latency;
}

void FakeStore::lag_listings(std::size_t writes) {
  std::lock_guard lock(implementation_->mutex);
  implementation_->bucket.lag_listings(writes);
}

FaultRule FakeStore::parse_rule(std::string_view line) { return parse_fault(line); }

}  // namespace gantry::test
