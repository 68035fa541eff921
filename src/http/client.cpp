#include "http/client.hpp"

#include "http/exchange.hpp"
#include "http/pool.hpp"
#include "http/response.hpp"

namespace gantry::http {
namespace {

Task<Result<std::unique_ptr<Response>>> send_on(std::shared_ptr<Pool> pool, Request request) {
  const Connector& connector = pool->connector();
  const bool absolute = connector.options().proxy && !connector.origin().tls;
  auto head = build_head(request, connector.origin(), absolute, connector.proxy_authorization());
  if (!head) co_return fail(std::move(head.error()));
  const SteadyClock::duration stall = connector.options().stall_timeout;
  const ExchangeLimits limits{stall, request.response_timeout.value_or(stall)};
  for (Reuse reuse = Reuse::allowed;; reuse = Reuse::never) {
    auto lease = co_await pool->acquire(reuse);
    if (!lease) co_return fail(std::move(lease.error()));
    const bool pooled = (*lease)->reused;
    ExchangeResult result = co_await exchange(lease->connection(), request, head->text, limits);
    if (result.head) {
      co_return make_response(std::move(*lease), std::move(*result.head), result.whole && !head->close, stall);
    }
    // A server may close an idle connection at the very moment we use it. That says nothing about the request.
    const bool stale = pooled && !result.answered && result.head.error().code == Errc::unavailable;
    if (!stale || !request.repeatable || reuse == Reuse::never) co_return fail(std::move(result.head.error()));
  }
}

class PooledClient final : public Client {
 public:
  explicit PooledClient(std::unique_ptr<Connector> connector) : pool_(std::make_shared<Pool>(std::move(connector))) {}
  ~PooledClient() override { pool_->shut(); }
  PooledClient(const PooledClient&) = delete;
  PooledClient& operator=(const PooledClient&) = delete;

  const Origin& origin() const override { return pool_->connector().origin(); }

  Task<Result<std::unique_ptr<Response>>> send(Request request) override {
    // Everything the coroutine needs is in its own frame: the client may go while it runs.
    return send_on(pool_, std::move(request));
  }

 private:
  std::shared_ptr<Pool> pool_;
};

}  // namespace

Result<std::unique_ptr<Client>> make_client(asio::any_io_executor executor, Origin origin, ClientOptions options,
                                            async::BlockingPool& pool) {
  if (!executor) return fail(Errc::invalid, "http client", "no executor");
  if (options.max_connections == 0) return fail(Errc::invalid, "http client", "max_connections must be at least 1");
  auto connector = Connector::create(std::move(origin), std::move(options), pool);
  if (!connector) return fail(std::move(connector.error()));
  return std::make_unique<PooledClient>(std::move(*connector));
}

}  // namespace gantry::http
