#include "http/connector.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <openssl/evp.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>

#include <cstring>

#include "async/child.hpp"
#include "async/event.hpp"
#include "async/watchdog.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "http/message.hpp"
#include "http/url.hpp"

namespace gantry::http {
namespace {

/// A proxy answers CONNECT with a head and no body; more than this many bytes is nonsense.
constexpr std::size_t read_step = 8 * 1024;

std::string base64(std::string_view text) {
  std::string result(4 * ((text.size() + 2) / 3) + 1, '\0');
  const auto size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                                    reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  result.resize(static_cast<std::size_t>(size));
  return result;
}

std::int64_t in_ms(SteadyClock::duration duration) {
  return std::chrono::duration_cast<Milliseconds>(duration).count();
}

Result<std::vector<Tcp::endpoint>> look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); code != 0) {
    return fail(Errc::unavailable, "http resolve",
                fmt::format("resolve {}: {}; check endpoint and DNS", host, ::gai_strerror(code)));
  }
  std::vector<Tcp::endpoint> result;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    Tcp::endpoint endpoint;
    if (entry->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
    endpoint.resize(entry->ai_addrlen);
    endpoint.port(port);
    result.push_back(endpoint);
  }
  ::freeaddrinfo(list);
  return result;
}

}  // namespace

/// A look-up in progress, shared by all who wait for it. It cannot be interrupted, so it has its own coroutine and
/// whoever loses patience leaves; the coroutine keeps this alive until getaddrinfo returns.
struct Connector::Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : done(executor) {}

  static Task<void> run(std::shared_ptr<Lookup> self, async::BlockingPool& pool, std::string host, std::uint16_t port) {
    self->result = co_await async::run_blocking(pool, [host = std::move(host), port] { return look_up(host, port); });
    self->done.notify();
  }

  async::Event done;
  std::optional<Result<Endpoints>> result;
  async::Child child;
};

Connector::Connector(Origin origin, ClientOptions options, async::BlockingPool& pool)
    : origin_(std::move(origin)), options_(std::move(options)), pool_(pool) {
  if (options_.proxy && !options_.proxy->user.empty()) {
    proxy_authorization_ = "Basic " + base64(options_.proxy->user + ":" + options_.proxy->password.reveal());
  }
}

Connector::~Connector() = default;

Result<std::unique_ptr<Connector>> Connector::create(Origin origin, ClientOptions options, async::BlockingPool& pool) {
  std::unique_ptr<Connector> connector(new Connector(std::move(origin), std::move(options), pool));
  if (!connector->origin_.tls) return connector;
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  boost::system::error_code error;
  const std::string& file = connector->options_.ca_file;
  if (file.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->load_verify_file(file, error);
  }
  if (error) {
    return fail(Errc::invalid, "http client",
                fmt::format("ca_file {}: {}; it must be a readable PEM file", file, to_lower(error.message())));
  }
  connector->tls_ = std::move(context);
  return connector;
}

const std::string& Connector::peer_host() const { return options_.proxy ? options_.proxy->host : origin_.host; }
std::uint16_t Connector::peer_port() const { return options_.proxy ? options_.proxy->port : origin_.port; }

std::unexpected<Error> Connector::too_late(std::string_view step) const {
  return fail(Errc::timed_out, "http connect",
              fmt::format("{} {}: not done within {} ms; check endpoint and network", step,
                          host_port_text(peer_host(), peer_port()), in_ms(options_.connect_timeout)));
}

Task<Result<Connector::Endpoints>> Connector::resolve(Deadline deadline) {
  boost::system::error_code not_numeric;
  const auto address = asio::ip::make_address(peer_host(), not_numeric);
  if (!not_numeric) co_return Endpoints{Tcp::endpoint(address, peer_port())};
  const auto executor = co_await asio::this_coro::executor;
  if (!lookup_ || lookup_->result) {
    lookup_ = std::make_shared<Lookup>(executor);
    lookup_->child = async::Child(executor, "resolve", Lookup::run(lookup_, pool_, peer_host(), peer_port()));
  }
  auto lookup = lookup_;
  while (!lookup->result) {
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "http resolve");
    if (!co_await lookup->done.wait_until(deadline) && !lookup->result) co_return too_late("resolve");
  }
  co_return *lookup->result;
}

Task<Result<void>> Connector::connect(std::shared_ptr<Connection> connection, Endpoints endpoints, Deadline deadline) {
  boost::system::error_code last = asio::error::host_not_found;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "http connect");
    // A silent first address must not use up the time of the others.
    const auto share = (deadline - SteadyClock::now()) / static_cast<int>(endpoints.size() - i);
    connection->close();
    async::Watchdog limit(connection->executor(), share, [connection] { connection->close(); });
    auto [error] = co_await connection->socket().async_connect(endpoints[i], asio::as_tuple(asio::use_awaitable));
    if (!error && !limit.expired()) {
      boost::system::error_code ignored;
      connection->socket().set_option(Tcp::no_delay(true), ignored);
      co_return Result<void>{};
    }
    last = limit.expired() ? asio::error::timed_out : error;
  }
  if (co_await async::cancelled()) co_return fail(Errc::cancelled, "http connect");
  if (last == asio::error::timed_out && SteadyClock::now() >= deadline) co_return too_late("connect");
  co_return fail(Errc::unavailable, "http connect",
                 fmt::format("connect {}: {}; check endpoint and network", host_port_text(peer_host(), peer_port()),
                             to_lower(last.message())));
}

Task<Result<void>> Connector::tunnel(std::shared_ptr<Connection> connection) {
  const std::string target = host_port_text(origin_.host, origin_.port);
  const std::string proxy = host_port_text(peer_host(), peer_port());
  std::string head = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", target);
  if (!proxy_authorization_.empty()) head += fmt::format("Proxy-Authorization: {}\r\n", proxy_authorization_);
  head += "\r\n";
  asio::const_buffer rest = asio::buffer(head);
  while (rest.size() > 0) {
    const IoResult sent = co_await connection->write_some({&rest, 1});
    if (sent.error) co_return fail(Errc::unavailable, "http proxy", proxy + ": " + to_lower(sent.error.message()));
    rest += sent.bytes;
  }
  auto parser = make_parser(Body::none);
  for (;;) {
    auto complete = parse_head(*parser, *connection);
    if (!complete) co_return fail(std::move(complete.error()));
    if (*complete) break;
    const IoResult got = co_await connection->read_ahead(read_step);
    if (got.error) {
      co_return fail(Errc::unavailable, "http proxy",
                     fmt::format("proxy {}: {}; check the proxy setting", proxy, to_lower(got.error.message())));
    }
  }
  const unsigned status = parser->get().result_int();
  if (status / 100 == 2) co_return Result<void>{};
  co_return fail(Errc::unavailable, "http proxy",
                 fmt::format("proxy {} refused CONNECT {} with status {}; check {}", proxy, target, status,
                             status == 407 ? "the proxy's user and password" : "what the proxy allows"));
}

Task<Result<void>> Connector::secure(std::shared_ptr<Connection> connection, Deadline deadline) {
  if (!origin_.tls) co_return Result<void>{};
  async::Watchdog limit(connection->executor(), deadline - SteadyClock::now(), [connection] { connection->close(); });
  Result<void> result{};
  if (options_.proxy) result = co_await tunnel(connection);
  if (result) result = co_await connection->handshake(*tls_, origin_.host, options_.verify_certificate);
  if (limit.expired()) co_return too_late(options_.proxy ? "proxy and TLS" : "TLS");
  if (co_await async::cancelled()) co_return fail(Errc::cancelled, "http connect");
  co_return result;
}

Task<Result<std::shared_ptr<Connection>>> Connector::open() {
  const Deadline deadline = SteadyClock::now() + options_.connect_timeout;
  auto endpoints = co_await resolve(deadline);
  if (!endpoints) co_return fail(std::move(endpoints.error()));
  auto connection = std::make_shared<Connection>(co_await asio::this_coro::executor);
  auto done = co_await connect(connection, std::move(*endpoints), deadline);
  if (done) done = co_await secure(connection, deadline);
  if (!done) {
    connection->close();
    co_return fail(std::move(done.error()));
  }
  co_return connection;
}

}  // namespace gantry::http
