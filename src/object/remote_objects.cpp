// Whole objects: head, put, remove, copy.
#include <fmt/format.h>

#include <charconv>

#include "base/log.hpp"
#include "base/text.hpp"
#include "digest/digest.hpp"
#include "object/remote_store.hpp"
#include "object/xml.hpp"

namespace gantry::object {
namespace {

/// Answers whose body is of no interest; reading it gives the connection back.
constexpr std::size_t max_ignored_body = 64 * kib;

bool says_exists(const Failure& failure) {
  return failure.error.code == Errc::already_exists || failure.status == 412 || failure.code == "PreconditionFailed";
}

}  // namespace

ClientFactory http_clients(asio::any_io_executor executor, http::ClientOptions options, async::BlockingPool& pool) {
  return [executor = std::move(executor), options = std::move(options), &pool](const http::Origin& origin) {
    http::ClientOptions with_proxy = options;
    if (!with_proxy.proxy) with_proxy.proxy = http::proxy_from_environment(origin);
    return http::make_client(executor, origin, std::move(with_proxy), pool);
  };
}

Result<std::unique_ptr<RemoteStore>> RemoteStore::create(StoreOptions options, std::shared_ptr<SharedStoreState> shared,
                                                         ClientFactory make_client) {
  auto exchange = Exchange::create(std::move(options), std::move(shared), std::move(make_client));
  if (!exchange) return fail(std::move(exchange.error()));
  return std::unique_ptr<RemoteStore>(new RemoteStore(std::move(*exchange)));
}

Result<void> RemoteStore::check_key(const std::string& operation, const std::string& key) const {
  if (key.empty()) return fail(Errc::bad_name, operation, "empty key");
  if (key.size() > limits().max_key) return fail(Errc::bad_name, operation, "key longer than the store takes");
  bool cos = exchange_->dialect().kind == DialectKind::cos;
  if (cos && (key.front() == '/' || key.front() == '\\' || has_control(key)))
    return fail(Errc::bad_name, operation, "COS takes no key with a leading '/' or '\\', or a control character");
  return {};
}

Result<void> RemoteStore::check_metadata(const std::string& operation, const Metadata& metadata) const {
  for (const auto& [name, value] : metadata)
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos &&
        exchange_->dialect().kind == DialectKind::cos)
      return fail(Errc::invalid, operation, "COS takes no such name of metadata: " + escape_control(name));
  return {};
}

std::optional<std::uint64_t> RemoteStore::crc64_of(const http::Response& response) const {
  std::string_view name = exchange_->dialect().crc64_header;
  if (name.empty()) return std::nullopt;
  auto text = response.header(name);
  if (!text) return std::nullopt;
  std::string_view digits = trim(*text);
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

ObjectInfo RemoteStore::info_of(std::string key, const http::Response& response) const {
  ObjectInfo info;
  info.key = std::move(key);
  info.size = parse_number(response.header("Content-Length").value_or("0")).value_or(0);
  info.etag = unquote_etag(response.header("ETag").value_or(""));
  info.modified = parse_store_time(response.header("Last-Modified").value_or("")).value_or(WallTime{});
  info.crc64 = crc64_of(response);
  info.content_type = std::string(response.header("Content-Type").value_or(""));
  info.request_id = exchange_->request_id(response);
  std::string prefix = exchange_->dialect().header("meta-");
  for (const auto& [name, value] : response.headers()) {
    std::string lower = to_lower(name);
    if (lower.starts_with(prefix)) info.metadata[lower.substr(prefix.size())] = value;
  }
  return info;
}

void RemoteStore::add_put_headers(Call& call, const PutOptions& options) const {
  const Dialect& dialect = exchange_->dialect();
  if (!options.content_type.empty()) call.headers.emplace_back("Content-Type", options.content_type);
  for (const auto& [name, value] : options.metadata)
    call.headers.emplace_back(dialect.header("meta-" + name), std::string(trim(value)));
}

Task<Result<ObjectInfo>> RemoteStore::head(std::string key) {
  if (auto good = check_key("head", key); !good) co_return fail(std::move(good.error()));
  Call call{.operation = "head", .method = "HEAD", .key = key};
  co_return co_await exchange_->perform<ObjectInfo>(std::move(call),
                                                    [this, key](http::Response& response) -> Task<Attempt<ObjectInfo>> {
                                                      (void)co_await response.read_all(0);
                                                      co_return info_of(key, response);
                                                    });
}

Task<Attempt<PutResult>> RemoteStore::send_body(const Call& call, const Integrity& integrity) {
  auto response = co_await exchange_->send(call);
  if (!response) co_return std::unexpected(std::move(response.error()));
  (void)co_await (*response)->read_all(max_ignored_body);
  PutResult result{.etag = unquote_etag((*response)->header("ETag").value_or("")),
                   .crc64 = crc64_of(**response),
                   .request_id = exchange_->request_id(**response)};
  if (integrity.crc32c)
    result.crc32c = std::string(trim((*response)->header(exchange_->dialect().crc32c_header).value_or("")));
  if (result.etag.empty()) co_return std::unexpected(exchange_->nonsense(call, **response, "no ETag"));
  // An ETag of a store that encrypts with keys of its own is no MD5, though it may look like one.
  auto encryption = (*response)->header(exchange_->dialect().header("server-side-encryption"));
  bool md5_etag = is_md5_etag(result.etag) && (!encryption || *encryption == "AES256") &&
                  !(*response)->header(exchange_->dialect().header("server-side-encryption-customer-algorithm"));
  bool differs = md5_etag && !integrity.md5.empty() && to_lower(result.etag) != to_hex(integrity.md5);
  if (integrity.crc64 && result.crc64) differs = differs || *integrity.crc64 != *result.crc64;
  if (!result.crc32c.empty()) differs = differs || result.crc32c != crc32c_text(*integrity.crc32c);
  if (!differs) co_return result;
  Failure failure;
  failure.error = Error{Errc::corrupt, call.operation, "the store's checksum differs from ours", result.request_id};
  failure.remedy = Remedy::retry_once;
  co_return std::unexpected(std::move(failure));
}

Task<Result<PutResult>> RemoteStore::put(std::string key, Chunks body, Integrity integrity, PutOptions options) {
  if (auto good = check_key("put", key); !good) co_return fail(std::move(good.error()));
  if (auto good = check_metadata("put", options.metadata); !good) co_return fail(std::move(good.error()));
  if (total_size(body) > limits().max_put) co_return fail(Errc::too_large, "put", key);
  const Dialect& dialect = exchange_->dialect();
  Call call{.operation = "put", .method = "PUT", .key = key, .body = body};
  call.repeatable = !options.create_only;
  add_put_headers(call, options);
  if (options.create_only)
    call.headers.emplace_back(std::string(dialect.create_only_header), std::string(dialect.create_only_value));
  if (!integrity.md5.empty()) call.headers.emplace_back("Content-MD5", digest::to_base64(integrity.md5));

  bool uncertain = false;
  bool spoilt = false;
  auto once = [&](unsigned) -> Task<Attempt<PutResult>> {
    auto outcome = co_await send_body(call, integrity);
    if (outcome) co_return outcome;
    Failure failure = std::move(outcome.error());
    // An answer of success with another checksum: what lies there now is not what was sent.
    spoilt = spoilt || (failure.status == 0 && failure.error.code == Errc::corrupt);
    if (options.create_only && says_exists(failure)) {
      failure.error.code = Errc::already_exists;
      // The try before may have succeeded without our hearing of it: then what exists is ours.
      if (uncertain)
        if (auto ours = co_await find_sent(key, body, integrity)) co_return std::move(*ours);
    }
    uncertain = uncertain || failure.uncertain;
    co_return std::unexpected(std::move(failure));
  };
  auto stored = co_await with_retries<PutResult>(exchange_->retry_context("put"), once);
  if (!stored && spoilt) co_await remove_spoilt(key, body, integrity);
  // No later try could have gone better than one whose answer was lost: the next upload would meet it as a stranger's.
  if (!stored && options.create_only && uncertain && stored.error().code != Errc::cancelled)
    if (auto ours = co_await find_sent(key, body, integrity)) co_return std::move(*ours);
  co_return stored;
}

namespace {

bool is_sent(const ObjectInfo& info, const Chunks& body, const Integrity& integrity) {
  if (integrity.crc64 && info.crc64) return *integrity.crc64 == *info.crc64;
  if (!is_md5_etag(info.etag)) return false;
  return to_lower(info.etag) == to_hex(integrity.md5.empty() ? md5_of(body) : integrity.md5);
}

}  // namespace

Task<void> RemoteStore::remove_spoilt(std::string key, Chunks body, Integrity integrity) {
  auto info = co_await head(key);
  // Of another size it is somebody else's; with our checksum it is right after all.
  if (!info || info->size != total_size(body) || is_sent(*info, body, integrity)) co_return;
  // No object is better than a wrong one under this name.
  auto removed = co_await remove(key);
  log::error("spoilt object", {{"key", key}, {"removed", removed.has_value()}});
}

Task<std::optional<PutResult>> RemoteStore::find_sent(std::string key, Chunks body, Integrity integrity) {
  auto info = co_await head(key);
  if (!info || info->size != total_size(body) || !is_sent(*info, body, integrity)) co_return std::nullopt;
  co_return PutResult{info->etag, info->crc64, info->request_id};
}

Task<Result<void>> RemoteStore::remove(std::string key) {
  if (auto good = check_key("remove", key); !good) co_return fail(std::move(good.error()));
  Call call{.operation = "remove", .method = "DELETE", .key = key};
  auto removed =
      co_await exchange_->perform<void>(std::move(call), [](http::Response& response) -> Task<Attempt<void>> {
        (void)co_await response.read_all(max_ignored_body);
        co_return Attempt<void>();
      });
  if (!removed && removed.error().code == Errc::not_found) co_return Result<void>();
  co_return removed;
}

ProvesCrc32c RemoteStore::proves_crc32c() const {
  return exchange_->dialect().crc32c_header.empty() ? ProvesCrc32c::no : exchange_->shared().proves_crc32c();
}

std::string RemoteStore::origin() const { return exchange_->bucket().copy_source; }

std::string RemoteStore::copy_source(const std::string& origin, const std::string& key) const {
  return (origin.empty() ? exchange_->bucket().copy_source : origin) + "/" + encode_path(key);
}

Task<Attempt<PutResult>> RemoteStore::send_for_document(const Call& call) {
  auto response = co_await exchange_->send(call);
  if (!response) co_return std::unexpected(std::move(response.error()));
  auto text = co_await exchange_->read_document(call, **response);
  if (!text) co_return std::unexpected(std::move(text.error()));
  auto written = xml::read_written(*text);
  if (!written) co_return std::unexpected(exchange_->nonsense(call, **response, "no result in the answer"));
  auto crc = crc64_of(**response);
  co_return PutResult{written->etag, crc ? crc : written->crc64, exchange_->request_id(**response)};
}

Task<Result<PutResult>> RemoteStore::copy(CopyRequest request) {
  for (const std::string& key : {request.from, request.to})
    if (auto good = check_key("copy", key); !good) co_return fail(std::move(good.error()));
  const Dialect& dialect = exchange_->dialect();
  Call call{.operation = "copy", .method = "PUT", .key = request.to, .patience = Patience::long_running};
  call.headers.emplace_back(dialect.header("copy-source"), copy_source(request.origin, request.from));
  call.headers.emplace_back(dialect.header("metadata-directive"),
                            std::string(request.replace ? dialect.replace_directive : dialect.copy_directive));
  if (!request.if_match.empty())
    call.headers.emplace_back(dialect.header("copy-source-if-match"), quote_etag(request.if_match));
  if (request.replace) add_put_headers(call, *request.replace);
  const bool create_only = request.create_only || (request.replace && request.replace->create_only);
  call.repeatable = !create_only;
  if (create_only)
    call.headers.emplace_back(std::string(dialect.create_only_header), std::string(dialect.create_only_value));
  bool uncertain = false;
  auto once = [&](unsigned) -> Task<Attempt<PutResult>> {
    auto outcome = co_await send_for_document(call);
    if (outcome) co_return outcome;
    Failure failure = std::move(outcome.error());
    if (create_only && says_exists(failure)) {
      // As with put: the try before may have made what is there now.
      if (uncertain && request.origin.empty())
        if (auto ours = co_await find_copied(request.from, request.to)) co_return std::move(*ours);
      // A source that has changed is refused with the same status.
      if ((co_await head(request.to)).has_value()) failure.error.code = Errc::already_exists;
    }
    uncertain = uncertain || failure.uncertain;
    co_return std::unexpected(std::move(failure));
  };
  co_return co_await with_retries<PutResult>(exchange_->retry_context("copy"), once);
}

Task<std::optional<PutResult>> RemoteStore::find_copied(std::string from, std::string to) {
  auto source = co_await head(std::move(from));
  auto target = co_await head(std::move(to));
  if (!source || !target || source->size != target->size) co_return std::nullopt;
  const bool same = source->crc64 && target->crc64 ? *source->crc64 == *target->crc64 : source->etag == target->etag;
  if (!same) co_return std::nullopt;
  co_return PutResult{target->etag, target->crc64, target->request_id};
}

}  // namespace gantry::object
