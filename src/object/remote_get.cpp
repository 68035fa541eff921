// Reading an object: ranges, checks, and going on after a broken connection.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/text.hpp"
#include "digest/digest.hpp"
#include "object/remote_store.hpp"

namespace gantry::object {
namespace {

/// A server that ignores Range sends everything from the first byte; skipping more than this is not worth it.
constexpr std::uint64_t max_skipped = 64 * mib;
/// Connections that break one after the other without a byte between them.
constexpr unsigned max_fruitless_resumes = 3;

std::string range_header(const ByteRange& range) {
  if (range.length == ByteRange::unbounded) return fmt::format("bytes={}-", range.offset);
  return fmt::format("bytes={}-{}", range.offset, range.offset + range.length - 1);
}

struct ContentRange {
  std::uint64_t first = 0, last = 0, total = 0;
};

/// "bytes 0-99/1234"
std::optional<ContentRange> parse_content_range(std::string_view text) {
  text = trim(text);
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  std::size_t dash = text.find('-'), slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) return std::nullopt;
  auto first = parse_number(text.substr(0, dash));
  auto last = parse_number(text.substr(dash + 1, slash - dash - 1));
  auto total = parse_number(text.substr(slash + 1));
  if (!first || !last || !total || *first > *last || *last >= *total) return std::nullopt;
  return ContentRange{*first, *last, *total};
}

/// An answer to GET, its body not yet read.
struct Opened {
  std::unique_ptr<http::Response> response;
  ObjectInfo info;
  ByteRange range;
};

Call get_call(const std::string& key, const GetOptions& options) {
  Call call{.operation = "get", .method = "GET", .key = key};
  // Nothing between here and the store may compress: sizes and offsets would be of something else.
  call.headers.emplace_back("Accept-Encoding", "identity");
  if (!options.range.whole()) call.headers.emplace_back("Range", range_header(options.range));
  if (!options.if_match.empty()) call.headers.emplace_back("If-Match", quote_etag(options.if_match));
  return call;
}

Task<bool> skip(http::Response& response, std::uint64_t bytes) {
  std::vector<std::byte> waste(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, 64 * kib)));
  while (bytes > 0) {
    auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, waste.size()));
    auto got = co_await response.read(MutableBytes(waste).first(wanted));
    if (!got || *got == 0) co_return false;
    bytes -= *got;
  }
  co_return true;
}

using InfoReader = std::function<ObjectInfo(const http::Response&)>;

/// Checks what came against what was asked and brings the body to the first byte wanted.
Task<Attempt<Opened>> settle(Exchange& exchange, const Call& call, std::unique_ptr<http::Response> response,
                             ByteRange wanted, const InfoReader& read_info) {
  Opened out{std::move(response), {}, {}};
  out.info = read_info(*out.response);
  http::Response& reply = *out.response;
  auto length = parse_number(reply.header("Content-Length").value_or(""));
  if (reply.status() == 206) {
    auto range = parse_content_range(reply.header("Content-Range").value_or(""));
    if (!range || range->first != wanted.offset)
      co_return std::unexpected(exchange.nonsense(call, reply, "Content-Range does not answer the range"));
    out.info.size = range->total;
    out.range = {range->first, range->last - range->first + 1};
    co_return out;
  }
  if (!length) co_return std::unexpected(exchange.nonsense(call, reply, "no Content-Length"));
  out.info.size = *length;
  if (wanted.offset > 0 && wanted.offset >= out.info.size)
    co_return std::unexpected(Failure{.error = Error{Errc::bad_offset, "get", *call.key, {}}});
  if (wanted.offset > max_skipped)
    co_return std::unexpected(Failure{.error = Error{Errc::unsupported, "get", "the store ignores Range", {}}});
  if (wanted.offset > 0 && !co_await skip(reply, wanted.offset))
    co_return std::unexpected(exchange.nonsense(call, reply, "the body broke"));
  out.range = {wanted.offset, std::min(wanted.length, out.info.size - wanted.offset)};
  co_return out;
}

Task<Result<Opened>> open(Exchange& exchange, std::string key, GetOptions options, InfoReader read_info) {
  Call call = get_call(key, options);
  auto once = [&](unsigned) -> Task<Attempt<Opened>> {
    auto response = co_await exchange.send(call);
    if (!response) co_return std::unexpected(std::move(response.error()));
    co_return co_await settle(exchange, call, std::move(*response), options.range, read_info);
  };
  co_return co_await with_retries<Opened>(exchange.retry_context("get"), once);
}

class RemoteBody final : public Body {
 public:
  RemoteBody(Exchange& exchange, Opened opened, InfoReader read_info)
      : exchange_(exchange),
        response_(std::move(opened.response)),
        info_(std::move(opened.info)),
        range_(opened.range),
        read_info_(std::move(read_info)) {}

  const ObjectInfo& info() const override { return info_; }
  ByteRange range() const override { return range_; }
  std::optional<std::uint64_t> crc64() const override { return proves() ? std::optional(crc64_) : std::nullopt; }

  Task<Result<std::size_t>> read(MutableBytes buffer) override {
    for (;;) {
      std::uint64_t left = range_.length - done_;
      if (left == 0 || buffer.empty()) co_return std::size_t{0};
      Result<std::size_t> got = fail(Errc::unavailable, "get", "no connection");
      if (response_) {
        auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left));
        got = co_await response_->read(buffer.first(wanted));
      }
      if (got && *got > 0) {
        done_ += *got;
        fruitless_ = 0;
        if (proves()) crc64_ = digest::crc64(buffer.first(*got), crc64_);
        if (done_ == range_.length) co_return co_await finish(*got);
        co_return got;
      }
      if (auto resumed = co_await resume(std::move(got)); !resumed) co_return fail(std::move(resumed.error()));
    }
  }

 private:
  /// The whole object is read, and the store said its checksum.
  [[nodiscard]] bool proves() const { return info_.crc64 && range_.offset == 0 && range_.length == info_.size; }

  /// Reads the end of the body, so that the connection serves again. `last` bytes complete the range; they are held
  /// back when the checksum of all does not agree, so that nobody takes the object for complete.
  Task<Result<std::size_t>> finish(std::size_t last) {
    if (response_) {
      std::array<std::byte, 1> none{};
      (void)co_await response_->read(none);
      response_.reset();
    }
    if (proves() && crc64_ != *info_.crc64)
      co_return fail(Errc::corrupt, "get", "the bytes differ from the store's CRC-64", info_.request_id);
    co_return last;
  }

  Task<Result<void>> resume(Result<std::size_t> broken) {
    response_.reset();
    if (!broken && broken.error().code != Errc::unavailable && broken.error().code != Errc::timed_out)
      co_return fail(std::move(broken.error()));
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "get");
    if (++fruitless_ > max_fruitless_resumes || info_.etag.empty()) {
      if (!broken) co_return fail(std::move(broken.error()));
      co_return fail(Errc::unavailable, "get", "the body keeps ending early", info_.request_id);
    }
    log::info("store body resumed", {{"key", escape_control(info_.key)}, {"at", range_.offset + done_}});
    GetOptions rest{{range_.offset + done_, range_.length - done_}, info_.etag};
    auto opened = co_await open(exchange_, info_.key, std::move(rest), read_info_);
    if (!opened && opened.error().code == Errc::bad_offset)
      co_return fail(Errc::conflict, "get", "the object became shorter while it was read");
    if (!opened) co_return fail(std::move(opened.error()));
    if (opened->info.etag != info_.etag || opened->info.size != info_.size)
      co_return fail(Errc::conflict, "get", "the object changed while it was read", opened->info.request_id);
    response_ = std::move(opened->response);
    co_return Result<void>();
  }

  Exchange& exchange_;
  std::unique_ptr<http::Response> response_;
  ObjectInfo info_;
  ByteRange range_;
  InfoReader read_info_;
  std::uint64_t done_ = 0;
  std::uint64_t crc64_ = 0;  ///< of the bytes read, when proves()
  unsigned fruitless_ = 0;
};

}  // namespace

Task<Result<std::unique_ptr<Body>>> RemoteStore::get(std::string key, GetOptions options) {
  if (auto good = check_key("get", key); !good) co_return fail(std::move(good.error()));
  if (options.range.length == 0) co_return fail(Errc::invalid, "get", "an empty range");
  InfoReader read_info = [this, key](const http::Response& response) { return info_of(key, response); };
  auto opened = co_await open(*exchange_, key, std::move(options), read_info);
  if (!opened) co_return fail(std::move(opened.error()));
  co_return std::make_unique<RemoteBody>(*exchange_, std::move(*opened), std::move(read_info));
}

}  // namespace gantry::object
