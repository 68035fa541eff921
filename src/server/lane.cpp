#include "server/lane.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <cstring>

#include "base/log.hpp"

namespace gantry::server {
namespace {

/// A masquerade name is looked up again after this time: such addresses change with the line's.
constexpr auto masquerade_lifetime = std::chrono::seconds(60);

Result<asio::ip::address_v4> look_up_ipv4(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (int error = getaddrinfo(name.c_str(), nullptr, &hints, &found); error != 0)
    return fail(Errc::unavailable, "resolve server.masquerade_address", gai_strerror(error));
  sockaddr_in address{};
  std::memcpy(&address, found->ai_addr, sizeof address);
  freeaddrinfo(found);
  return asio::ip::address_v4(ntohl(address.sin_addr.s_addr));
}

}  // namespace

Lane::Lane(Shared& shared) : shared_(shared), work_(asio::make_work_guard(context_)) {}

Lane::~Lane() { stop(); }

void Lane::start() {
  thread_ = std::thread([this] { context_.run(); });
}

void Lane::stop() {
  if (!thread_.joinable()) return;
  work_.reset();
  context_.stop();
  thread_.join();
  living_.clear();
}

void Lane::adopt(Tcp::socket socket, session::Security security) {
  count_.fetch_add(1);
  asio::post(context_, [this, socket = std::move(socket), security]() mutable { begin(std::move(socket), security); });
}

void Lane::begin(Tcp::socket socket, session::Security security) {
  auto session = std::make_unique<session::Session>(*this, std::move(socket), security);
  session::Session& alive = *session;
  living_.push_back({std::move(session), {}});
  living_.back().child = async::Child(context_.get_executor(), "session", alive.run(), [this] {
    count_.fetch_sub(1);
    asio::post(context_, [this] { bury_the_dead(); });
  });
}

void Lane::bury_the_dead() {
  std::erase_if(living_, [](const Living& one) { return !one.child.running(); });
}

void Lane::drain() {
  asio::post(context_, [this] {
    for (Living& one : living_) one.session->drain();
  });
}

void Lane::cancel() {
  asio::post(context_, [this] {
    for (Living& one : living_) one.child.cancel();
  });
}

template <class Question>
Task<std::invoke_result_t<Question>> Lane::ask(Question question) {
  auto here = [](Question asked) -> Task<std::invoke_result_t<Question>> { co_return asked(); };
  co_return co_await asio::co_spawn(context_, here(std::move(question)), asio::use_awaitable);
}

Task<std::vector<session::Summary>> Lane::summaries() {
  co_return co_await ask([this] {
    std::vector<session::Summary> all;
    for (const Living& one : living_)
      if (one.child.running()) all.push_back(one.session->summary());
    return all;
  });
}

Task<std::size_t> Lane::kill(std::function<bool(const session::Summary&)> chosen) {
  co_return co_await ask([this, chosen = std::move(chosen)] {
    std::size_t count = 0;
    for (Living& one : living_) {
      if (!one.child.running() || !chosen(one.session->summary())) continue;
      one.child.cancel();
      ++count;
    }
    return count;
  });
}

std::shared_ptr<const config::Config> Lane::config() const { return shared_.generation()->config; }
std::shared_ptr<const tls::ServerContext> Lane::tls() const { return shared_.generation()->tls; }
std::shared_ptr<accounts::Accounts> Lane::accounts() const { return shared_.generation()->accounts; }

Task<Result<std::shared_ptr<vfs::FileSystem>>> Lane::open_file_system(accounts::Account account) {
  auto config = shared_.generation()->config;
  if (storage_config_ != config) {
    // Sessions that run keep their file systems; these hold the stores they were built on.
    auto storage = Storage::create(*config, shared_, context_.get_executor());
    if (!storage) co_return fail(std::move(storage.error()));
    storage_ = std::move(*storage);
    storage_config_ = std::move(config);
  }
  co_return co_await storage_->open(std::move(account));
}

Result<session::PassiveListener> Lane::open_passive(const asio::ip::address& local) {
  return shared_.passive_ports->open(context_.get_executor(), local);
}

Task<std::optional<asio::ip::address_v4>> Lane::masquerade_address() {
  auto config = shared_.generation()->config;
  const std::string& name = config->server.masquerade_address;
  if (name.empty()) co_return std::nullopt;
  if (SteadyClock::now() < masquerade_until_) co_return masquerade_;
  auto found = co_await async::run_blocking(shared_.blocking, [name] { return look_up_ipv4(name); });
  if (!found) {
    log::error("masquerade address", {{"name", name}, {"reason", found.error().text()}});
    co_return masquerade_;  // the last good answer, if there was one
  }
  masquerade_ = *found;
  masquerade_until_ = SteadyClock::now() + masquerade_lifetime;
  co_return masquerade_;
}

std::optional<vfs::Quota> Lane::quota(const accounts::Account& account) { return shared_.quota(account); }

limits::SpeedLimits Lane::speed_limits(const accounts::Account& account) {
  return shared_.speeds.begin(account.name, rates_of(account));
}

}  // namespace gantry::server
