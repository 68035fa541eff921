#include "server/server.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/signal_set.hpp>

#include "base/log.hpp"
#include "config/loader.hpp"
#include "config/log_options.hpp"
#include "server/ban_exchange.hpp"
#include "server/credentials_watch.hpp"
#include "server/lane.hpp"

namespace gantry::server {
namespace {

/// After SIGTERM transfers may go on for so long; then their sessions are cancelled.
constexpr auto drain_limit = std::chrono::minutes(10);
/// Cancelled sessions get so long to say goodbye.
constexpr auto cancel_limit = std::chrono::seconds(10);
constexpr auto drain_poll = std::chrono::milliseconds(50);
/// Without free descriptors accept fails at once, again and again: wait before the next try.
constexpr auto accept_pause = std::chrono::milliseconds(100);
/// How often expired held uploads are looked for.
constexpr auto sweep_interval = std::chrono::minutes(1);
/// How often the upload ledger hears that this process lives. Others take it for dead after a minute of silence.
constexpr auto roll_interval = std::chrono::seconds(10);
/// Disks are walked for leftovers at the start and then so often.
constexpr auto disk_sweep_interval = std::chrono::hours(6);

struct Listener {
  Tcp::acceptor acceptor;
  session::Security security;
};

Result<Tcp::acceptor> listen(asio::io_context& context, const config::ListenAddress& where, std::string_view setting) {
  auto complain = [&](const std::string& reason) {
    return fail(Errc::unavailable, std::string(setting),
                fmt::format("cannot listen on {}:{}: {}; choose another address or stop what uses it", where.host,
                            where.port, reason));
  };
  boost::system::error_code error;
  auto address = asio::ip::make_address(where.host, error);
  if (error) return complain("not an IP address");
  Tcp::endpoint endpoint(address, where.port);
  Tcp::acceptor acceptor(context);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && address.is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return complain(error.message());
  return acceptor;
}

/// Closes a connection from a banned address; true when it did. Asks memory only and waits for nothing. Implicit TLS is
/// closed without a word: a handshake is just what such a peer must not cost.
bool turned_away(const limits::Defender& defender, Tcp::socket& socket, session::Security security) {
  boost::system::error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error || !defender.refuses(peer.address(), wall_now())) return false;
  log::debug("turned away", {{"peer", peer.address().to_string()}});
  static constexpr std::string_view farewell = "421 Your address is banned for now; try again later\r\n";
  if (security == session::Security::explicit_tls)
    ::send(socket.native_handle(), farewell.data(), farewell.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  socket.shutdown(Tcp::socket::shutdown_send, error);
  socket.close(error);
  return true;
}

}  // namespace

struct Server::Parts {
  explicit Parts(const config::Config& config) : shared(config), signals(context, SIGTERM, SIGINT, SIGHUP) {}

  asio::io_context context{1};
  Shared shared;
  std::vector<std::unique_ptr<Lane>> lanes;
  std::vector<Listener> listeners;
  asio::signal_set signals;
  std::unique_ptr<Storage> storage;  ///< for the janitor, on the main thread's context
  BanExchange bans{shared};
  CredentialsWatch credentials{context.get_executor(), shared};
  std::size_t next_lane = 0;

  Task<void> accept(Listener& listener);
  Task<void> wait_for_signals(async::TaskGroup& tasks);
  Task<void> reload();
  Task<void> open_log(config::Log settings);
  Task<void> wait_until_empty(SteadyClock::duration limit);
  Task<void> keep_house();
  Task<Result<void>> call_roll();
  Task<void> keep_ledger();
  std::size_t sessions() const;
};

std::size_t Server::Parts::sessions() const {
  std::size_t sum = 0;
  for (const auto& lane : lanes) sum += lane->sessions();
  return sum;
}

Task<void> Server::Parts::accept(Listener& listener) {
  Tcp protocol = listener.acceptor.local_endpoint().protocol();
  while (!co_await async::cancelled()) {
    boost::system::error_code error;
    Tcp::socket socket = co_await listener.acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      log::error("accept", {{"reason", error.message()}});
      co_await async::sleep_for(accept_pause);
      continue;
    }
    if (turned_away(shared.defender, socket, listener.security)) continue;
    socket.set_option(asio::socket_base::keep_alive(true), error);
    auto descriptor = socket.release(error);
    if (error) continue;
    lanes[next_lane++ % lanes.size()]->adopt(descriptor, protocol, listener.security);
  }
}

Task<void> Server::Parts::open_log(config::Log settings) {
  auto opened = co_await async::run_blocking(
      shared.blocking, [settings = std::move(settings)] { return log::open(config::log_options(settings)); });
  if (!opened) log::error("log not opened anew", {{"reason", opened.error().text()}});
}

Task<void> Server::Parts::reload() {
  auto before = shared.generation();
  // First of all, whatever the new configuration is worth: logrotate has moved the files away and waits.
  co_await open_log(before->config->log);
  std::string file = before->config->source;
  auto loaded = co_await shared.blocking.run([file] { return config::load_file(file); });
  if (!loaded || !*loaded) {
    if (!loaded)
      log::error("reload failed", {{"reason", loaded.error().text()}});
    else
      for (const auto& problem : loaded->error()) log::error("reload failed", {{"problem", config::format(problem)}});
    co_return;
  }
  auto next = std::make_shared<Generation>(*before);
  auto config = std::make_shared<const config::Config>(std::move((*loaded)->config));
  auto tls =
      co_await async::run_blocking(shared.blocking, [config, before] { return make_tls(*config, before->tls.get()); });
  if (!tls) {
    log::error("reload failed", {{"reason", tls.error().text()}});
    co_return;
  }
  next->config = config;
  next->tls = std::move(*tls);
  make_accounts(*next, shared.blocking);
  if (next->tls) log::info("certificate", {{"subject", next->tls->describe()}});
  if (config->log != before->config->log) co_await open_log(config->log);
  shared.stores.renew_credentials(*config);
  shared.obey(*config);
  shared.replace(std::move(next));
  co_await shared.follow_user_rates();
  log::info("reloaded", {{"file", file}});
}

Task<void> Server::Parts::wait_until_empty(SteadyClock::duration limit) {
  auto deadline = SteadyClock::now() + limit;
  while (sessions() > 0 && SteadyClock::now() < deadline) co_await async::sleep_for(drain_poll);
}

Task<void> Server::Parts::keep_house() {
  auto next_disk_sweep = SteadyClock::now();
  do {
    Milliseconds ttl = shared.generation()->config->transfer.held_upload_ttl;
    co_await storage->end_renames();
    co_await storage->sweep(ttl);
    if (SteadyClock::now() < next_disk_sweep) continue;
    co_await storage->sweep_disks(ttl);
    next_disk_sweep = SteadyClock::now() + disk_sweep_interval;
  } while (co_await async::sleep_for(sweep_interval));
}

/// Says that this process lives, and takes over what those that do not have left.
Task<Result<void>> Server::Parts::call_roll() {
  auto adopted = co_await shared.ledger->adopt();
  if (!adopted) co_return fail(std::move(adopted.error()));
  if (*adopted > 0) log::info("uploads of an ended process taken over", {{"count", *adopted}});
  co_return Result<void>();
}

Task<void> Server::Parts::keep_ledger() {
  while (co_await async::sleep_for(roll_interval)) {
    if (auto called = co_await call_roll(); !called) log::error("state database", {{"reason", called.error().text()}});
  }
}

Task<void> Server::Parts::wait_for_signals(async::TaskGroup& tasks) {
  for (;;) {
    boost::system::error_code error;
    int signal = co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    if (signal == SIGHUP) {
      co_await reload();
      continue;
    }
    log::info(signal == SIGTERM ? "draining" : "stopping", {{"sessions", sessions()}});
    tasks.cancel();
    for (Listener& listener : listeners) listener.acceptor.close(error);
    if (signal == SIGTERM) {
      for (auto& lane : lanes) lane->drain();
      co_await wait_until_empty(drain_limit);
    }
    for (auto& lane : lanes) lane->cancel();
    co_await wait_until_empty(cancel_limit);
    co_await tasks.join();
    // What nobody can continue must not cost money, and no book will tell of half a rename.
    if (!shared.ledger->outlives_process()) {
      co_await storage->end_renames();
      co_await storage->sweep(Milliseconds::zero());
    }
    credentials.stop();
    co_return;
  }
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::create(std::shared_ptr<const config::Config> config) {
  auto parts = std::make_unique<Parts>(*config);
  auto generation = std::make_shared<Generation>();
  generation->config = config;
  auto tls = make_tls(*config);
  if (!tls) return fail(std::move(tls.error()));
  generation->tls = std::move(*tls);
  if (generation->tls && generation->tls->expired())
    log::warning("certificate expired", {{"certificate", generation->tls->describe()}});
  make_accounts(*generation, parts->shared.blocking);
  parts->shared.replace(generation);

  if (auto opened = open_books(*config, parts->shared); !opened) return fail(std::move(opened.error()));
  Result<void> called;
  auto call = [&]() -> Task<void> { called = co_await parts->call_roll(); };
  {
    async::Child first_call(parts->context.get_executor(), "ledger", call());
    parts->context.run();
    parts->context.restart();
  }
  if (!called) return fail(std::move(called.error()));

  // A store that cannot be built at all is a mistake in the configuration; one that cannot be reached may come back.
  auto storage = Storage::create(*config, parts->shared, parts->context.get_executor());
  if (!storage) return fail(std::move(storage.error()));
  parts->storage = std::move(*storage);

  for (const auto& where : config->server.listen) {
    auto acceptor = listen(parts->context, where, "server.listen");
    if (!acceptor) return fail(std::move(acceptor.error()));
    parts->listeners.push_back({std::move(*acceptor), session::Security::explicit_tls});
  }
  for (const auto& where : config->server.listen_tls) {
    auto acceptor = listen(parts->context, where, "server.listen_tls");
    if (!acceptor) return fail(std::move(acceptor.error()));
    parts->listeners.push_back({std::move(*acceptor), session::Security::implicit_tls});
  }
  std::size_t lanes =
      config->server.lanes > 0 ? config->server.lanes : std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < lanes; ++i) parts->lanes.push_back(std::make_unique<Lane>(parts->shared));
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> all;
  for (const Listener& listener : parts_->listeners) {
    boost::system::error_code error;
    auto endpoint = listener.acceptor.local_endpoint(error);
    all.push_back(fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port()));
  }
  return all;
}

void Server::run() {
  for (auto& lane : parts_->lanes) lane->start();
  auto executor = parts_->context.get_executor();
  async::TaskGroup tasks(executor);
  for (Listener& listener : parts_->listeners) tasks.spawn("accept", parts_->accept(listener));
  tasks.spawn("janitor", parts_->keep_house());
  tasks.spawn("ledger", parts_->keep_ledger());
  tasks.spawn("bans", parts_->bans.run());
  // Not one of the tasks: transfers that SIGTERM lets finish may need new keys.
  async::Child watch(executor, "credentials", parts_->credentials.run());
  async::Child control(executor, "signals", parts_->wait_for_signals(tasks));
  parts_->context.run();
  for (auto& lane : parts_->lanes) lane->stop();
  parts_->shared.blocking.stop();
}

}  // namespace gantry::server
