// An http::Client that answers from a list and remembers what it was asked.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "http/client.hpp"

namespace gantry::object {

struct Canned {
  int status = 200;
  std::vector<http::Header> headers{};
  std::string body{};
  std::size_t breaks_after = std::string::npos;  ///< the connection breaks after so many bytes of the body
  std::optional<Error> instead{};                ///< no answer at all
};

/// What all clients of one test share: the answers to come and the requests that came.
struct Script {
  std::deque<Canned> answers;
  struct Seen {
    std::string authority;
    std::string method;
    std::string target;
    std::vector<http::Header> headers;
    std::string body;

    [[nodiscard]] std::string header(std::string_view name) const {
      for (const auto& [key, value] : headers)
        if (equal_ignoring_case(key, name)) return value;
      return {};
    }
  };
  std::vector<Seen> requests;
};

class CannedResponse final : public http::Response {
 public:
  explicit CannedResponse(Canned answer) : answer_(std::move(answer)) {}
  int status() const override { return answer_.status; }
  std::optional<std::string_view> header(std::string_view name) const override {
    for (const auto& [key, value] : answer_.headers)
      if (equal_ignoring_case(key, name)) return value;
    return std::nullopt;
  }
  const std::vector<http::Header>& headers() const override { return answer_.headers; }
  std::optional<std::uint64_t> content_length() const override { return answer_.body.size(); }
  Task<Result<std::size_t>> read(MutableBytes buffer) override {
    std::size_t end = std::min(answer_.body.size(), answer_.breaks_after);
    if (done_ == end && end < answer_.body.size()) co_return fail(Errc::unavailable, "http", "connection reset");
    std::size_t size = std::min(buffer.size(), end - done_);
    std::ranges::copy(as_byte_view(std::string_view(answer_.body).substr(done_, size)), buffer.begin());
    done_ += size;
    co_return size;
  }
  Task<Result<std::string>> read_all(std::size_t limit) override {
    if (answer_.breaks_after < answer_.body.size()) co_return fail(Errc::unavailable, "http", "connection reset");
    if (answer_.body.size() > limit) co_return fail(Errc::too_large, "http", "body");
    co_return answer_.body;
  }

 private:
  Canned answer_;
  std::size_t done_ = 0;
};

class ScriptedClient final : public http::Client {
 public:
  ScriptedClient(http::Origin origin, std::shared_ptr<Script> script)
      : origin_(std::move(origin)), script_(std::move(script)) {}
  const http::Origin& origin() const override { return origin_; }
  Task<Result<std::unique_ptr<http::Response>>> send(http::Request request) override {
    std::string body;
    for (ByteView chunk : request.body) body += as_text(chunk);
    script_->requests.push_back({origin_.authority(), request.method, request.target, request.headers, body});
    if (script_->answers.empty()) co_return fail(Errc::internal, "http", "the script has ended");
    Canned answer = std::move(script_->answers.front());
    script_->answers.pop_front();
    if (answer.instead) co_return fail(std::move(*answer.instead));
    co_return std::make_unique<CannedResponse>(std::move(answer));
  }

 private:
  http::Origin origin_;
  std::shared_ptr<Script> script_;
};

}  // namespace gantry::object
