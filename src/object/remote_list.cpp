// Listing keys, removing many of them, and the probe at start-up.
#include <boost/asio/post.hpp>

#include <algorithm>
#include <iterator>

#include "base/text.hpp"
#include "digest/digest.hpp"
#include "object/remote_store.hpp"
#include "object/xml.hpp"

namespace gantry::object {
namespace {

constexpr std::size_t max_delete = 1000;
// The two kinds of cursor in a V2 listing: the store's token, or a key to go on after.
constexpr std::string_view token_mark = "token:";
constexpr std::string_view after_mark = "after:";

/// Where a truncated page ended, for stores that do not say.
std::string last_name(const ListPage& page) {
  std::string last = page.objects.empty() ? std::string() : page.objects.back().key;
  return page.prefixes.empty() ? last : std::max(last, page.prefixes.back());
}

std::string next_cursor(const Dialect& dialect, const xml::Listing& listing) {
  if (!listing.truncated) return {};
  if (!dialect.list_v2) return listing.next_marker.empty() ? last_name(listing.page) : listing.next_marker;
  if (!listing.continuation_token.empty()) return std::string(token_mark) + listing.continuation_token;
  return std::string(after_mark) + last_name(listing.page);
}

}  // namespace

Call RemoteStore::list_call(const ListRequest& request) const {
  Call call{.operation = "list", .method = "GET"};
  const bool v2 = exchange_->dialect().list_v2;
  if (v2) call.query.emplace_back("list-type", "2");
  call.query.emplace_back("encoding-type", "url");
  call.query.emplace_back("max-keys", std::to_string(std::clamp<std::uint32_t>(request.max, 1, 1000)));
  if (!request.prefix.empty()) call.query.emplace_back("prefix", request.prefix);
  if (!request.delimiter.empty()) call.query.emplace_back("delimiter", request.delimiter);
  std::string_view cursor = request.cursor;
  if (v2 && cursor.starts_with(token_mark)) {
    call.query.emplace_back("continuation-token", std::string(cursor.substr(token_mark.size())));
    return call;
  }
  if (v2 && cursor.starts_with(after_mark)) cursor.remove_prefix(after_mark.size());
  std::string after = cursor.empty() ? request.start_after : std::string(cursor);
  if (!after.empty()) call.query.emplace_back(v2 ? "start-after" : "marker", after);
  return call;
}

Task<void> RemoteStore::announce_cursor(const ListRequest& request, std::string_view text) const {
  const auto frame = xml::read_listing_frame(text, exchange_->dialect().listing_plus);
  if (!frame) co_return;
  std::string cursor = next_cursor(exchange_->dialect(), *frame);
  if (cursor.empty() || cursor == after_mark) co_return;
  request.on_cursor(std::move(cursor));
  // What was begun by this goes out before the names are read.
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

Task<Result<ListPage>> RemoteStore::list(ListRequest request) {
  Call call = list_call(request);
  co_return co_await with_retries<ListPage>(exchange_->retry_context("list"), [&](unsigned) -> Task<Attempt<ListPage>> {
    auto response = co_await exchange_->send(call);
    if (!response) co_return std::unexpected(std::move(response.error()));
    auto text = co_await exchange_->read_document(call, **response);
    if (!text) co_return std::unexpected(std::move(text.error()));
    if (request.on_cursor) co_await announce_cursor(request, *text);
    auto listing = xml::read_listing(std::move(*text), exchange_->dialect().listing_plus);
    if (!listing) co_return std::unexpected(exchange_->nonsense(call, **response, "no listing in the answer"));
    std::string cursor = next_cursor(exchange_->dialect(), *listing);
    bool stuck = listing->truncated && (cursor == request.cursor || cursor == after_mark || cursor.empty());
    if (stuck) co_return std::unexpected(exchange_->nonsense(call, **response, "the listing does not advance"));
    listing->page.cursor = std::move(cursor);
    co_return std::move(listing->page);
  });
}

Task<Result<std::vector<KeyFailure>>> RemoteStore::remove_many(std::vector<std::string> keys) {
  if (keys.size() > max_delete) co_return fail(Errc::invalid, "remove_many", "more than 1000 keys");
  // XML 1.0 has no way to say a control character: such keys go one by one.
  auto odd = std::partition(keys.begin(), keys.end(),
                            [](const std::string& key) { return !has_control(key) && is_utf8(key); });
  std::vector<std::string> single(std::make_move_iterator(odd), std::make_move_iterator(keys.end()));
  keys.erase(odd, keys.end());
  std::vector<KeyFailure> failures;
  if (!keys.empty()) {
    auto listed = co_await remove_listed(std::move(keys));
    if (!listed) co_return fail(std::move(listed.error()));
    for (KeyFailure& failure : *listed) {
      bool passing = failure.error.code == Errc::unavailable || failure.error.code == Errc::throttled;
      if (passing)
        single.push_back(std::move(failure.key));
      else
        failures.push_back(std::move(failure));
    }
  }
  for (std::string& key : single) {
    auto removed = co_await remove(key);
    if (!removed && removed.error().code == Errc::cancelled) co_return fail(std::move(removed.error()));
    if (!removed) failures.push_back({std::move(key), std::move(removed.error())});
  }
  co_return failures;
}

Task<Result<std::vector<KeyFailure>>> RemoteStore::remove_listed(std::vector<std::string> keys) {
  Call call{.operation = "remove_many", .method = "POST", .query = {{"delete", ""}}};
  call.text = xml::write_delete(keys, exchange_->dialect().xml_namespace);
  call.headers.emplace_back("Content-Type", "application/xml");
  call.headers.emplace_back("Content-MD5",
                            digest::to_base64(digest::hash(digest::Algorithm::md5, as_byte_view(call.text))));
  using Failures = std::vector<KeyFailure>;
  co_return co_await with_retries<Failures>(
      exchange_->retry_context("remove_many"), [&](unsigned) -> Task<Attempt<Failures>> {
        auto response = co_await exchange_->send(call);
        if (!response) co_return std::unexpected(std::move(response.error()));
        auto text = co_await exchange_->read_document(call, **response);
        if (!text) co_return std::unexpected(std::move(text.error()));
        auto failed = xml::read_delete_result(*text);
        if (!failed) co_return std::unexpected(exchange_->nonsense(call, **response, "no result in the answer"));
        Failures out;
        for (xml::DeleteFailure& one : *failed) {
          Refusal said{.operation = "remove_many",
                       .store = exchange_->options().name,
                       .key = one.key,
                       .status = 200,
                       .code = one.code,
                       .message = one.message,
                       .request_id = exchange_->request_id(**response)};
          Failure failure = map_refusal(said);
          if (failure.error.code != Errc::not_found) out.push_back({std::move(one.key), std::move(failure.error)});
        }
        co_return out;
      });
}

Task<Result<void>> RemoteStore::probe() {
  // A listing and not HEAD: only an answer with a body says what is wrong.
  ListRequest one_key;
  one_key.max = 1;
  auto page = co_await list(std::move(one_key));
  if (page) co_return Result<void>();
  page.error().operation = "probe";
  co_return fail(std::move(page.error()));
}

}  // namespace gantry::object
