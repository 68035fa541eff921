#include "server/server.hpp"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/signal_set.hpp>
#include <iterator>

#include "base/log.hpp"
#include "base/text.hpp"
#include "config/loader.hpp"
#include "config/log_options.hpp"
#include "config/settings.hpp"
#include "server/admin_socket.hpp"
#include "server/admin_users.hpp"
#include "server/ban_exchange.hpp"
#include "server/credentials_watch.hpp"
#include "server/descriptors.hpp"
#include "server/lane.hpp"
#include "server/wire.hpp"

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

/// A control connection is silent while its transfer runs and while the store works: routers forget it within minutes,
/// and a client that lost its power must be missed. The system's own idea of that is two hours. What a listener has
/// been told holds for its connections.
void watch_over(Tcp::acceptor& listener) {
  constexpr int silence = 30;   // seconds before the first question
  constexpr int interval = 10;  // seconds between questions
  constexpr int questions = 6;
  boost::system::error_code ignored;
  listener.set_option(asio::socket_base::keep_alive(true), ignored);
  const int descriptor = listener.native_handle();
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &silence, sizeof silence);
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &questions, sizeof questions);
}

void log_end(const Shared& shared) {
  const auto sessions = shared.session_limits.sessions();
  const auto ports = shared.passive_ports->in_use();
  const auto memory = shared.budget->used();
  const bool clean = sessions == 0 && ports == 0 && memory == 0;
  log::write(clean ? log::Level::info : log::Level::warning, "stopped",
             {{"sessions", sessions}, {"passive_ports", ports}, {"buffered_bytes", memory}});
}

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
  if (!error) watch_over(acceptor);
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

struct Server::Parts : Control {
  explicit Parts(const config::Config& config) : shared(config), signals(context, SIGTERM, SIGINT, SIGHUP) {}

  asio::io_context context{1};
  Shared shared;
  std::vector<std::unique_ptr<Lane>> lanes;
  std::vector<Listener> listeners;
  asio::signal_set signals;
  std::unique_ptr<Storage> storage;  ///< for the janitor, on the main thread's context
  BanExchange bans{shared};
  CredentialsWatch credentials{context.get_executor(), shared};
  std::unique_ptr<AdminSocket> admin;  ///< null: none, or it could not be opened
  std::shared_ptr<async::ByteBudget> reload_turn = async::ByteBudget::create(1);  ///< one reload at a time
  std::size_t next_lane = 0;

  Task<void> accept(Listener& listener);
  Task<void> wait_for_signals(async::TaskGroup& tasks, async::TaskGroup& lasting);
  Task<std::vector<session::Summary>> sessions() override;
  Task<std::size_t> kill(std::function<bool(const session::Summary&)> chosen) override;
  Task<Reloaded> reload() override;
  Task<void> exchange_bans() override;
  Task<void> follow_users() override;
  Task<Reloaded> read_configuration();
  Task<AdminAnswer> administer(json::object request);
  void open_admin();
  Task<void> open_log(config::Log settings);
  Task<void> wait_until_empty(SteadyClock::duration limit);
  Task<void> keep_house();
  Task<Result<void>> call_roll();
  Task<void> keep_ledger();
  Task<Result<void>> suspect_memory();
  Task<void> keep_quotas();
  std::size_t count() const;
};

std::size_t Server::Parts::count() const {
  std::size_t sum = 0;
  for (const auto& lane : lanes) sum += lane->sessions();
  return sum;
}

Task<void> Server::Parts::accept(Listener& listener) {
  while (!co_await async::cancelled()) {
    Lane& lane = *lanes[next_lane++ % lanes.size()];
    boost::system::error_code error;
    Tcp::socket socket =
        co_await listener.acceptor.async_accept(lane.executor(), asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      log::error("accept", {{"reason", error.message()}});
      co_await async::sleep_for(accept_pause);
      continue;
    }
    if (turned_away(shared.defender, socket, listener.security)) continue;
    lane.adopt(std::move(socket), listener.security);
  }
}

Task<void> Server::Parts::open_log(config::Log settings) {
  auto opened = co_await async::run_blocking(
      shared.blocking, [settings = std::move(settings)] { return log::open(config::log_options(settings)); });
  if (!opened) log::error("log not opened anew", {{"reason", opened.error().text()}});
}

Task<std::vector<session::Summary>> Server::Parts::sessions() {
  std::vector<session::Summary> all;
  for (auto& lane : lanes) {
    auto some = co_await lane->summaries();
    std::ranges::move(some, std::back_inserter(all));
  }
  co_return all;
}

Task<std::size_t> Server::Parts::kill(std::function<bool(const session::Summary&)> chosen) {
  std::size_t ended = 0;
  for (auto& lane : lanes) ended += co_await lane->kill(chosen);
  co_return ended;
}

Task<Control::Reloaded> Server::Parts::reload() {
  const async::Lease turn = co_await reload_turn->acquire(1);
  if (turn.bytes() == 0) co_return Reloaded{.problems = {"the server stops"}, .warnings = {}};
  auto reloaded = co_await read_configuration();
  for (const std::string& problem : reloaded.problems) log::error("reload failed", {{"problem", problem}});
  for (const std::string& warning : reloaded.warnings) log::warning("configuration", {{"warning", warning}});
  if (reloaded.problems.empty()) log::info("reloaded", {{"file", shared.generation()->config->source}});
  co_return reloaded;
}

Task<void> Server::Parts::exchange_bans() {
  // Whoever asked hears from the book itself that it cannot be reached.
  if (auto done = co_await bans.exchange(); !done) log::debug("bans", {{"reason", done.error().text()}});
}

Task<void> Server::Parts::follow_users() { co_await shared.follow_user_rates(); }

Task<Control::Reloaded> Server::Parts::read_configuration() {
  Reloaded outcome;
  const auto failed = [&](std::string problem) {
    outcome.problems.push_back(std::move(problem));
    return std::move(outcome);
  };
  auto before = shared.generation();
  // First of all, whatever the new configuration is worth: logrotate has moved the files away and waits.
  co_await open_log(before->config->log);
  std::string file = before->config->source;
  auto loaded = co_await shared.blocking.run([file] { return config::load_file(file); });
  if (!loaded) co_return failed(loaded.error().text());
  if (!*loaded) {
    for (const auto& problem : loaded->error()) outcome.problems.push_back(config::format(problem));
    co_return outcome;
  }
  for (const auto& warning : (*loaded)->warnings) outcome.warnings.push_back(config::format(warning));
  auto next = std::make_shared<Generation>(*before);
  auto config = std::make_shared<const config::Config>(std::move((*loaded)->config));
  auto tls =
      co_await async::run_blocking(shared.blocking, [config, before] { return make_tls(*config, before->tls.get()); });
  if (!tls) co_return failed(tls.error().text());
  for (const auto* setting : config::changed_settings(*before->config, *config))
    if (setting->reload == config::Reload::restart)
      outcome.warnings.push_back(
          fmt::format("{}.{}: the change counts after a restart", setting->table, setting->name));
  if (auto hidden = co_await hidden_users(config, shared.users))
    std::ranges::move(*hidden, std::back_inserter(outcome.warnings));
  if (auto scarce = too_few_descriptors(*config, descriptor_limit())) outcome.warnings.push_back(std::move(*scarce));
  next->config = config;
  next->tls = std::move(*tls);
  make_accounts(*next, shared);
  if (next->tls) log::info("certificate", {{"subject", next->tls->describe()}});
  if (config->log != before->config->log) co_await open_log(config->log);
  shared.stores.renew_credentials(*config);
  shared.obey(*config);
  shared.replace(std::move(next));
  co_await shared.follow_user_rates();
  co_return outcome;
}

Task<AdminAnswer> Server::Parts::administer(json::object request) {
  const std::string command = text_of(request, "command");
  const json::value* arguments = request.if_contains("arguments");
  std::string name;
  if (arguments != nullptr && arguments->is_object())
    for (const char* member : {"name", "network"})
      if (name.empty()) name = text_of(arguments->get_object(), member);
  const Recount recount = [this](accounts::Account account) { return storage->recount(std::move(account)); };
  const QuotaAnswerer quotas = [this, recount](std::string user, QuotaAsked asked) {
    return report_quota(shared, std::move(user), asked == QuotaAsked::counted_anew ? recount : Recount{});
  };
  auto answer =
      co_await answer_admin({shared.generation()->config, shared.users, shared.bans, quotas, this}, std::move(request));
  log::info("administration", {{"command", command}, {"name", name}, {"exit", static_cast<int>(answer.exit)}});
  co_return answer;
}

/// A server without it serves all the same.
void Server::Parts::open_admin() {
  const std::string path = shared.generation()->config->server.admin_socket;
  if (path.empty()) return;
  auto opened = AdminSocket::open(context.get_executor(), path,
                                  [this](json::object request) { return administer(std::move(request)); });
  if (opened)
    admin = std::move(*opened);
  else
    log::warning("no admin socket", {{"setting", "server.admin_socket"}, {"reason", opened.error().detail}});
}

Task<void> Server::Parts::wait_until_empty(SteadyClock::duration limit) {
  auto deadline = SteadyClock::now() + limit;
  while (count() > 0 && SteadyClock::now() < deadline) co_await async::sleep_for(drain_poll);
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
  if (shared.quotas)
    if (auto called = co_await shared.quotas->adopt(); !called) co_return fail(std::move(called.error()));
  if (*adopted > 0) log::info("uploads of an ended process taken over", {{"count", *adopted}});
  co_return Result<void>();
}

Task<void> Server::Parts::keep_ledger() {
  while (co_await async::sleep_for(roll_interval)) {
    if (auto called = co_await call_roll(); !called) log::error("state database", {{"reason", called.error().text()}});
  }
}

/// What was in memory is gone with the process that had it.
Task<Result<void>> Server::Parts::suspect_memory() {
  if (!shared.quotas) co_return Result<void>();
  for (const config::Store& store : shared.generation()->config->stores) {
    if (store.type != config::StoreType::memory) continue;
    if (auto told = co_await shared.quotas->suspect(store.name); !told) co_return fail(std::move(told.error()));
  }
  co_return Result<void>();
}

/// Counts what must be counted, and nothing waits for it: a tree may be large.
Task<void> Server::Parts::keep_quotas() {
  if (!shared.quotas) co_return;
  do co_await storage->count_due();
  while (co_await async::sleep_for(roll_interval));
}

/// `tasks` end when the first signal to stop comes, `lasting` when no session is left.
Task<void> Server::Parts::wait_for_signals(async::TaskGroup& tasks, async::TaskGroup& lasting) {
  for (;;) {
    boost::system::error_code error;
    int signal = co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    if (signal == SIGHUP) {
      (void)co_await reload();
      continue;
    }
    log::info(signal == SIGTERM ? "draining" : "stopping", {{"sessions", count()}});
    tasks.cancel();
    for (Listener& listener : listeners) listener.acceptor.close(error);
    if (signal == SIGTERM) {
      for (auto& lane : lanes) lane->drain();
      co_await wait_until_empty(drain_limit);
    }
    for (auto& lane : lanes) lane->cancel();
    co_await wait_until_empty(cancel_limit);
    lasting.cancel();
    co_await tasks.join();
    co_await lasting.join();
    // What nobody can continue must not cost money, and no book will tell of half a rename.
    if (!shared.ledger->outlives_process()) {
      co_await storage->end_renames();
      co_await storage->sweep(Milliseconds::zero());
    }
    credentials.stop();
    if (admin) admin->stop();
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
  const std::uint64_t descriptors = descriptor_limit();
  log::info("descriptors", {{"limit", descriptors}, {"sessions", sessions_within(*config, descriptors)}});
  if (auto scarce = too_few_descriptors(*config, descriptors)) log::warning("configuration", {{"warning", *scarce}});
  if (auto opened = open_state(*config, parts->shared); !opened) return fail(std::move(opened.error()));
  make_accounts(*generation, parts->shared);
  parts->shared.replace(generation);

  Result<void> called;
  auto call = [&]() -> Task<void> {
    called = co_await parts->call_roll();
    if (called) called = co_await parts->suspect_memory();
    if (auto hidden = co_await hidden_users(config, parts->shared.users))
      for (const std::string& user : *hidden) log::warning("configuration", {{"warning", user}});
  };
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
  parts->open_admin();
  for (std::size_t i = lanes_of(*config); i > 0; --i) parts->lanes.push_back(std::make_unique<Lane>(parts->shared));
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
  tasks.spawn("bans", parts_->bans.run());
  tasks.spawn("quotas", parts_->keep_quotas());
  // Others would take uploads for left behind when a server that lets them finish fell silent.
  async::TaskGroup lasting(executor);
  lasting.spawn("ledger", parts_->keep_ledger());
  // Transfers that SIGTERM lets finish may need new keys.
  async::Child watch(executor, "credentials", parts_->credentials.run());
  // Whoever waits for transfers to finish may want to see them, or to end them.
  async::Child admin;
  if (parts_->admin) admin = async::Child(executor, "admin", parts_->admin->run());
  async::Child control(executor, "signals", parts_->wait_for_signals(tasks, lasting));
  parts_->context.run();
  for (auto& lane : parts_->lanes) lane->stop();
  log_end(parts_->shared);
  parts_->shared.blocking.stop();
}

}  // namespace gantry::server
