// One call to a bucket: build, sign, send, read the refusal, try again. What every verb of RemoteStore stands on.
// Must not know: what the verbs mean. Single-threaded: one lane.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/client.hpp"
#include "object/dialect.hpp"
#include "object/error_map.hpp"
#include "object/retry.hpp"
#include "object/signer.hpp"

namespace gantry::object {

struct StoreOptions {
  std::string name;  ///< for the log
  Location location;
  Credentials credentials;  ///< to begin with; a SharedStoreState that has some already keeps them
  RetryOptions retry;
  SteadyClock::duration request_timeout = std::chrono::seconds(60);       ///< longest wait for an answer to begin
  SteadyClock::duration long_request_timeout = std::chrono::minutes(20);  ///< the same for copies and joins of parts
};

/// Makes the connection pool for an origin: once at the start, and again when the bucket turns out to live elsewhere.
using ClientFactory = std::function<Result<std::unique_ptr<http::Client>>(const http::Origin&)>;

enum class Patience : std::uint8_t { normal, long_running };

struct Call {
  std::string operation;
  std::string method;
  std::optional<std::string> key{};  ///< absent: the bucket itself
  Parameters query{};
  std::vector<http::Header> headers{};
  Chunks body{};       ///< borrowed; not signed (Content-MD5 guards it)
  std::string text{};  ///< a small body instead of `body`, signed
  Patience patience = Patience::normal;
  /// False where a second execution is answered otherwise than the first: then every try must be seen here.
  bool repeatable = true;
};

class Exchange {
 public:
  template <class T>
  using Reader = std::function<Task<Attempt<T>>(http::Response&)>;

  /// Errors: invalid (the location), and what the factory says.
  [[nodiscard]] static Result<std::unique_ptr<Exchange>> create(StoreOptions options,
                                                                std::shared_ptr<SharedStoreState> shared,
                                                                ClientFactory make_client);

  [[nodiscard]] const Dialect& dialect() const { return dialect_; }
  [[nodiscard]] const StoreOptions& options() const { return options_; }
  [[nodiscard]] SharedStoreState& shared() { return *shared_; }
  [[nodiscard]] const BucketOrigin& bucket() const { return bucket_; }

  /// Sends `call` and lets `read` make a value of a 2xx answer; both again as often as retry.hpp allows.
  template <class T>
  [[nodiscard]] Task<Result<T>> perform(Call call, Reader<T> read) {
    auto once = [&](unsigned) -> Task<Attempt<T>> {
      auto response = co_await send(call);
      if (!response) co_return std::unexpected(std::move(response.error()));
      co_return co_await read(**response);
    };
    co_return co_await with_retries<T>(retry_context(call.operation), once);
  }

  [[nodiscard]] RetryContext retry_context(std::string operation);
  /// One try: the 2xx answer, or why there is none. `call` must outlive the task.
  [[nodiscard]] Task<Attempt<std::unique_ptr<http::Response>>> send(const Call& call);
  /// The XML body of an answer that is 200 whatever happened: an <Error> in it is a failure. `call` and `response`
  /// must outlive the task.
  [[nodiscard]] Task<Attempt<std::string>> read_document(const Call& call, http::Response& response);
  /// A failure for an answer that made no sense.
  [[nodiscard]] Failure nonsense(const Call& call, const http::Response& response, std::string what) const;
  [[nodiscard]] std::string request_id(const http::Response& response) const;

 private:
  Exchange(StoreOptions options, std::shared_ptr<SharedStoreState> shared, ClientFactory make_client);
  [[nodiscard]] Result<void> move_to(const std::string& region);
  void follow_shared_region();
  [[nodiscard]] http::Request build(const Call& call, const Credentials& keys) const;
  [[nodiscard]] Task<Failure> refusal(const Call& call, http::Response& response);
  [[nodiscard]] Failure describe(const Call& call, const http::Response& response, const std::string& body) const;
  void find_disguised_causes(Failure& failure, const http::Response& response) const;
  [[nodiscard]] bool uses_token() const;
  [[nodiscard]] bool repair(const Failure& failure);
  [[nodiscard]] Task<bool> renew_credentials(std::uint64_t refused_version);

  StoreOptions options_;
  std::shared_ptr<SharedStoreState> shared_;
  ClientFactory make_client_;
  const Dialect& dialect_;
  BucketOrigin bucket_;
  std::unique_ptr<Signer> signer_;
  std::vector<std::unique_ptr<http::Client>> clients_;  // the last is in use; older ones may still have requests
};

}  // namespace gantry::object
