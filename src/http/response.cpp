#include "http/response.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "async/watchdog.hpp"
#include "base/text.hpp"

namespace gantry::http {
namespace {

namespace beast = boost::beast;

constexpr std::size_t chunked_read_step = 64 * 1024;
/// Where the length is not known read_all() starts with this much room and doubles it.
constexpr std::size_t first_room = 16 * 1024;

class StreamedResponse final : public Response {
 public:
  StreamedResponse(Lease lease, std::unique_ptr<Parser> parser, bool reusable, SteadyClock::duration stall)
      : lease_(std::move(lease)),
        parser_(std::move(parser)),
        headers_(take_headers(*parser_)),
        stall_(stall),
        reusable_(reusable && parser_->keep_alive()) {
    if (const auto length = parser_->content_length()) length_ = *length;
    parser_->eager(true);
    if (parser_->is_done() || (!parser_->chunked() && length_ == 0)) {
      finish();
    } else if (parser_->chunked()) {
      framing_ = Framing::chunked;
    } else if (length_) {
      framing_ = Framing::sized;
      left_ = *length_;
    }
  }

  int status() const override { return static_cast<int>(parser_->get().result_int()); }
  const std::vector<Header>& headers() const override { return headers_; }
  std::optional<std::uint64_t> content_length() const override { return length_; }

  std::optional<std::string_view> header(std::string_view name) const override {
    for (const Header& header : headers_) {
      if (equal_ignoring_case(header.first, name)) return header.second;
    }
    return std::nullopt;
  }

  Task<Result<std::size_t>> read(MutableBytes buffer) override {
    if (framing_ == Framing::ended) co_return std::size_t{0};
    if (failure_) co_return fail(*failure_);
    if (buffer.empty()) co_return fail(Errc::invalid, "http read", "empty buffer");
    async::Watchdog watchdog(lease_->executor(), stall_, [c = lease_.connection()] { c->close(); });
    auto result =
        framing_ == Framing::chunked ? co_await read_chunked(buffer, watchdog) : co_await read_plain(buffer, watchdog);
    if (!result) {
      failure_ = result.error();
      lease_.close();
    }
    co_return result;
  }

  Task<Result<std::string>> read_all(std::size_t limit) override {
    std::string text;
    std::size_t used = 0;
    for (;;) {
      // One byte of room beyond the limit tells "exactly full" from "too long".
      const std::size_t wanted =
          length_ ? *length_ - std::min<std::size_t>(*length_, used) : std::max(used, first_room);
      const std::size_t room = std::min(limit - used, wanted) + 1;
      text.resize(used + room);
      auto got = co_await read({reinterpret_cast<std::byte*>(text.data()) + used, room});
      if (!got) co_return fail(std::move(got.error()));
      used += *got;
      if (used > limit) {
        failure_ = Error{Errc::too_large, "http read", fmt::format("body longer than {} bytes", limit), {}};
        framing_ = Framing::until_close;
        lease_.close();
        co_return fail(*failure_);
      }
      if (*got == 0) break;
    }
    text.resize(used);
    co_return text;
  }

 private:
  enum class Framing : std::uint8_t { ended, sized, chunked, until_close };

  void finish() {
    framing_ = Framing::ended;
    if (reusable_) {
      lease_.recycle();
    } else {
      lease_.close();
    }
  }

  std::size_t take_ahead(MutableBytes buffer) {
    auto& ahead = lease_->ahead();
    const std::size_t size = std::min(buffer.size(), ahead.size());
    std::memcpy(buffer.data(), ahead.data().data(), size);
    ahead.consume(size);
    return size;
  }

  Task<Result<std::size_t>> read_plain(MutableBytes buffer, async::Watchdog& watchdog) {
    const bool sized = framing_ == Framing::sized;
    if (sized) buffer = buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_)));
    std::size_t size = take_ahead(buffer);
    if (size == 0) {
      const IoResult got = co_await lease_->read_some(buffer);
      if (got.error == asio::error::eof && !sized) {
        reusable_ = false;
        finish();
        co_return std::size_t{0};
      }
      if (got.error) co_return std::unexpected(co_await broken(got.error, watchdog));
      size = got.bytes;
    }
    received_ += size;
    if (sized) {
      left_ -= size;
      if (left_ == 0) finish();
    }
    co_return size;
  }

  Task<Result<std::size_t>> read_chunked(MutableBytes buffer, async::Watchdog& watchdog) {
    for (;;) {
      auto& body = parser_->get().body();
      body.data = buffer.data();
      body.size = buffer.size();
      beast::error_code error;
      auto& ahead = lease_->ahead();
      if (ahead.size() > 0) ahead.consume(parser_->put(ahead.data(), error));
      const std::size_t size = buffer.size() - body.size;
      received_ += size;
      if (error && error != beast::http::error::need_more && error != beast::http::error::need_buffer) {
        co_return fail(Errc::unavailable, "http read", "malformed chunked body: " + error.message());
      }
      if (parser_->is_done()) {
        finish();
        co_return size;
      }
      if (size > 0) co_return size;
      const IoResult got = co_await lease_->read_ahead(chunked_read_step);
      if (got.error) co_return std::unexpected(co_await broken(got.error, watchdog));
      watchdog.touch();
    }
  }

  Task<Error> broken(boost::system::error_code error, const async::Watchdog& watchdog) {
    std::string what = length_ ? fmt::format("response body after {} of {} bytes", received_, *length_)
                               : fmt::format("response body after {} bytes", received_);
    co_return co_await describe_failure(error, watchdog.expired(), std::move(what));
  }

  Lease lease_;
  std::unique_ptr<Parser> parser_;
  std::vector<Header> headers_;
  std::optional<std::uint64_t> length_;
  SteadyClock::duration stall_;
  std::uint64_t received_ = 0;
  std::uint64_t left_ = 0;
  std::optional<Error> failure_;
  Framing framing_ = Framing::until_close;
  bool reusable_;
};

}  // namespace

std::unique_ptr<Response> make_response(Lease lease, std::unique_ptr<Parser> parser, bool reusable,
                                        SteadyClock::duration stall) {
  return std::make_unique<StreamedResponse>(std::move(lease), std::move(parser), reusable, stall);
}

}  // namespace gantry::http
