// One lane: a thread, an io_context, the stores' connections, and the sessions born here.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "async/child.hpp"
#include "server/shared.hpp"
#include "server/storage.hpp"
#include "session/session.hpp"

namespace gantry::server {

class Lane : public session::Host {
 public:
  explicit Lane(Shared& shared);
  ~Lane() override;

  void start();
  /// Where sockets for adopt() belong.
  [[nodiscard]] asio::any_io_executor executor() { return context_.get_executor(); }
  /// Thread-safe: begins a session with the socket of an accepted connection.
  void adopt(Tcp::socket socket, session::Security security);
  /// Thread-safe: asks every session to end after its transfer.
  void drain();
  /// Thread-safe: cancels every session.
  void cancel();
  /// Thread-safe.
  [[nodiscard]] std::size_t sessions() const { return count_.load(); }
  /// May be awaited on another thread, not once the lane is stopped and not by who may be cancelled meanwhile.
  [[nodiscard]] Task<std::vector<session::Summary>> summaries();
  /// The same: cancels the sessions that are chosen; how many.
  [[nodiscard]] Task<std::size_t> kill(std::function<bool(const session::Summary&)> chosen);
  /// Ends the thread; sessions must be gone or are dropped.
  void stop();

  // session::Host
  [[nodiscard]] std::shared_ptr<const config::Config> config() const override;
  [[nodiscard]] std::shared_ptr<const tls::ServerContext> tls() const override;
  [[nodiscard]] std::shared_ptr<accounts::Accounts> accounts() const override;
  [[nodiscard]] Task<Result<std::shared_ptr<vfs::FileSystem>>> open_file_system(accounts::Account account) override;
  [[nodiscard]] Result<session::PassiveListener> open_passive(const asio::ip::address& local) override;
  [[nodiscard]] Task<std::optional<asio::ip::address_v4>> masquerade_address() override;
  [[nodiscard]] std::optional<vfs::Quota> quota(const accounts::Account& account) override;
  [[nodiscard]] limits::SpeedLimits speed_limits(const accounts::Account& account) override;
  [[nodiscard]] limits::SessionLimits& session_limits() override { return shared_.session_limits; }
  [[nodiscard]] limits::LoginThrottle& login_throttle() override { return shared_.login_throttle; }
  [[nodiscard]] limits::Defender& defender() override { return shared_.defender; }
  [[nodiscard]] async::BlockingPool& blocking_pool() override { return shared_.blocking; }
  [[nodiscard]] std::shared_ptr<async::ByteBudget> byte_budget() override { return shared_.budget; }
  [[nodiscard]] std::uint64_t next_session_id() override { return shared_.next_session_id(); }

 private:
  struct Living {
    std::unique_ptr<session::Session> session;
    async::Child child;
  };
  /// Runs on the lane.
  template <class Question>
  [[nodiscard]] Task<std::invoke_result_t<Question>> ask(Question question);
  void begin(Tcp::socket socket, session::Security security);
  void bury_the_dead();

  Shared& shared_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::unique_ptr<Storage> storage_;
  std::shared_ptr<const config::Config> storage_config_;
  std::list<Living> living_;
  std::atomic<std::size_t> count_{0};
  std::optional<asio::ip::address_v4> masquerade_;
  SteadyClock::time_point masquerade_until_{};
  std::thread thread_;
};

}  // namespace gantry::server
