// A RemoteStore for tests on a lane of its own, with short pauses between tries.
#pragma once

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "async/blocking.hpp"
#include "digest/digest.hpp"
#include "object/remote_store.hpp"
#include "tests/support/run.hpp"

namespace gantry::object {

inline RetryOptions quick_retries() {
  return {.max_tries = 6,
          .base_delay = std::chrono::milliseconds(2),
          .max_delay = std::chrono::milliseconds(10),
          .deadline = std::chrono::seconds(20)};
}

class Bench {
 public:
  explicit Bench(StoreOptions options, SteadyClock::duration stall = std::chrono::seconds(5)) {
    // Made here and not by http_clients(): a proxy of the environment has no business with loopback.
    ClientFactory factory = [this, stall](const http::Origin& origin) {
      http::ClientOptions client;
      client.stall_timeout = stall;
      return http::make_client(io_.get_executor(), origin, client, pool_);
    };
    auto made = RemoteStore::create(std::move(options), shared_, factory);
    if (!made) throw std::runtime_error(made.error().text());
    store_ = std::move(*made);
  }

  /// Any other store, for the same exam.
  explicit Bench(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  Store* operator->() { return store_.get(); }
  SharedStoreState& shared() { return *shared_; }

  template <class T>
  T run(Task<T> task) {
    return test::run_task(io_, std::move(task));
  }

  Result<PutResult> put(const std::string& key, const std::string& text, PutOptions options = {}) {
    return run(store_->put(key, {as_byte_view(text)}, integrity_of(text), std::move(options)));
  }
  Result<PartInfo> put_part(const std::string& key, const std::string& id, std::uint32_t number,
                            const std::string& text) {
    return run(store_->put_part({key, id, number}, {as_byte_view(text)}, integrity_of(text)));
  }
  /// The bytes of a range, read to the end in pieces of `step`.
  Result<std::string> get(const std::string& key, GetOptions options = {}, std::size_t step = 65536) {
    return run(read_all(key, std::move(options), step));
  }

  static Integrity integrity_of(const std::string& text) {
    return {.md5 = digest::hash(digest::Algorithm::md5, as_byte_view(text)),
            .crc64 = digest::crc64(as_byte_view(text))};
  }

 private:
  Task<Result<std::string>> read_all(std::string key, GetOptions options, std::size_t step) {
    auto body = co_await store_->get(key, options);
    if (!body) co_return fail(std::move(body.error()));
    std::string out;
    std::vector<std::byte> buffer(step);
    for (;;) {
      auto got = co_await (*body)->read(buffer);
      if (!got) co_return fail(std::move(got.error()));
      if (*got == 0) co_return out;
      out += as_text(ByteView(buffer).first(*got));
    }
  }

  asio::io_context io_;
  async::BlockingPool pool_{1, 16};
  std::shared_ptr<SharedStoreState> shared_ = std::make_shared<SharedStoreState>();
  std::unique_ptr<Store> store_;
};

inline std::string pattern(std::size_t size, unsigned seed = 1) {
  std::string out(size, '\0');
  std::uint32_t state = seed;
  for (char& c : out) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return out;
}

}  // namespace gantry::object
