// Multipart uploads: parts in, parts copied, joined, aborted.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "digest/digest.hpp"
#include "object/remote_store.hpp"
#include "object/xml.hpp"

namespace gantry::object {
namespace {

/// 1000 a page: far more than a janitor meets, and a bound on memory.
constexpr unsigned max_upload_pages = 100;
constexpr std::size_t max_ignored_body = 64 * kib;

std::string from_hex(std::string_view text) {
  auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10); };
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  return out;
}

/// S3's ETag of joined parts: MD5 over the binary MD5s of the parts. Empty when a part's ETag is no MD5.
std::string joined_etag(const std::vector<PartInfo>& parts) {
  std::string all;
  for (const PartInfo& part : parts) {
    if (!is_md5_etag(part.etag)) return {};
    all += from_hex(part.etag);
  }
  return fmt::format("{}-{}", to_hex(digest::hash(digest::Algorithm::md5, as_byte_view(all))), parts.size());
}

std::optional<std::uint64_t> joined_crc64(const std::vector<PartInfo>& parts) {
  std::uint64_t crc = 0;
  for (const PartInfo& part : parts) {
    if (!part.crc64) return std::nullopt;
    crc = digest::crc64_combine(crc, *part.crc64, part.size);
  }
  return crc;
}

Parameters part_query(const PartTarget& target) {
  return {{"partNumber", std::to_string(target.number)}, {"uploadId", target.upload_id}};
}

/// A refusal that may be due to a header the store does not know.
bool dislikes(const Failure& failure) {
  return failure.remedy == Remedy::none && (failure.status == 400 || failure.status == 403 || failure.status == 501);
}

Result<void> check_target(const char* operation, const PartTarget& target, const Limits& limits) {
  if (target.number < 1 || target.number > limits.max_parts || target.upload_id.empty())
    return fail(Errc::invalid, operation, "part number or upload id");
  return {};
}

}  // namespace

Task<Attempt<std::string>> RemoteStore::ask_for_parts(const Call& call) {
  auto response = co_await exchange_->send(call);
  if (!response) co_return std::unexpected(std::move(response.error()));
  auto text = co_await exchange_->read_document(call, **response);
  if (!text) co_return std::unexpected(std::move(text.error()));
  auto id = xml::read_upload_id(*text);
  if (!id) co_return std::unexpected(exchange_->nonsense(call, **response, "no upload id in the answer"));
  co_return std::move(*id);
}

Task<Result<std::string>> RemoteStore::start_parts(std::string key, PutOptions options) {
  if (auto good = check_key("start_parts", key); !good) co_return fail(std::move(good.error()));
  if (auto good = check_metadata("start_parts", options.metadata); !good) co_return fail(std::move(good.error()));
  Call call{.operation = "start_parts", .method = "POST", .key = key, .query = {{"uploads", ""}}, .repeatable = false};
  add_put_headers(call, options);
  bool refused = false;
  if (!options.by_crc32c || proves_crc32c() == ProvesCrc32c::no)
    co_return co_await begin_parts(std::move(call), options.unheard, refused);
  Call checked = call;
  checked.headers.emplace_back(exchange_->dialect().header("checksum-algorithm"), "CRC32C");
  auto begun = co_await begin_parts(std::move(checked), options.unheard, refused);
  if (begun) options.by_crc32c();
  if (!refused) co_return begun;
  // Some stores refuse what they do not know.
  begun = co_await begin_parts(std::move(call), options.unheard, refused);
  if (begun) exchange_->shared().learn_crc32c(false);
  co_return begun;
}

Task<Result<std::string>> RemoteStore::begin_parts(Call call, std::function<void()> unheard, bool& refused) {
  refused = false;
  co_return co_await with_retries<std::string>(exchange_->retry_context("start_parts"),
                                               [&](unsigned) -> Task<Attempt<std::string>> {
                                                 auto begun = co_await ask_for_parts(call);
                                                 refused = !begun && dislikes(begun.error());
                                                 if (!begun && begun.error().uncertain && unheard) unheard();
                                                 co_return begun;
                                               });
}

Task<Result<PartInfo>> RemoteStore::put_part(PartTarget target, Chunks body, Integrity integrity) {
  if (auto good = check_target("put_part", target, limits()); !good) co_return fail(std::move(good.error()));
  std::uint64_t size = total_size(body);
  if (size > limits().max_part) co_return fail(Errc::too_large, "put_part", target.key);
  Call call{.operation = "put_part", .method = "PUT", .key = target.key, .query = part_query(target), .body = body};
  bool refused = false;
  auto sent = co_await send_part(call, integrity, refused);
  refused = refused && proves_crc32c() != ProvesCrc32c::yes;
  if (integrity.crc32c) {
    const bool silent = sent && sent->crc32c.empty();
    if (sent) exchange_->shared().learn_crc32c(!silent);
    if (refused || (silent && integrity.md5.empty())) {
      if (refused) integrity.crc32c.reset();
      sent = co_await send_part_by_md5(std::move(call), std::move(integrity));
      if (refused && sent) exchange_->shared().learn_crc32c(false);
    }
  }
  if (!sent) co_return fail(std::move(sent.error()));
  co_return PartInfo{target.number, size, sent->etag, sent->crc64, sent->crc32c};
}

Task<Result<PutResult>> RemoteStore::send_part_by_md5(Call call, Integrity integrity) {
  if (integrity.md5.empty()) integrity.md5 = md5_of(call.body);
  bool refused = false;
  co_return co_await send_part(std::move(call), std::move(integrity), refused);
}

Task<Result<PutResult>> RemoteStore::send_part(Call call, Integrity integrity, bool& refused) {
  if (!integrity.md5.empty()) call.headers.emplace_back("Content-MD5", digest::to_base64(integrity.md5));
  if (integrity.crc32c)
    call.headers.emplace_back(std::string(exchange_->dialect().crc32c_header), crc32c_text(*integrity.crc32c));
  co_return co_await with_retries<PutResult>(exchange_->retry_context("put_part"),
                                             [&](unsigned) -> Task<Attempt<PutResult>> {
                                               auto sent = co_await send_body(call, integrity);
                                               refused = !sent && dislikes(sent.error());
                                               co_return sent;
                                             });
}

Task<Result<PartInfo>> RemoteStore::copy_part(PartTarget target, std::string from, ByteRange range,
                                              std::string if_match) {
  if (auto good = check_target("copy_part", target, limits()); !good) co_return fail(std::move(good.error()));
  if (range.length == 0) co_return fail(Errc::invalid, "copy_part", "an empty range");
  if (!target.origin.empty() && range.length == ByteRange::unbounded)
    co_return fail(Errc::invalid, "copy_part", "of another bucket only a range with an end");
  const Dialect& dialect = exchange_->dialect();
  if (dialect.kind == DialectKind::s3 && !exchange_->bucket().vendor_host && from.contains('%'))
    co_return co_await copy_part_by_hand(std::move(target), std::move(from), range, std::move(if_match));
  if (!range.whole() && range.length == ByteRange::unbounded) {
    // The wire form needs the last byte.
    auto info = co_await head(from);
    if (!info) co_return fail(std::move(info.error()));
    if (range.offset >= info->size) co_return fail(Errc::bad_offset, "copy_part", from);
    range.length = info->size - range.offset;
  }
  Call call{.operation = "copy_part",
            .method = "PUT",
            .key = target.key,
            .query = part_query(target),
            .patience = Patience::long_running};
  call.headers.emplace_back(dialect.header("copy-source"), copy_source(target.origin, from));
  if (!if_match.empty()) call.headers.emplace_back(dialect.header("copy-source-if-match"), quote_etag(if_match));
  if (!range.whole())
    call.headers.emplace_back(dialect.header("copy-source-range"),
                              fmt::format("bytes={}-{}", range.offset, range.offset + range.length - 1));
  auto copied = co_await with_retries<PutResult>(exchange_->retry_context("copy_part"),
                                                 [&](unsigned) { return send_for_document(call); });
  if (!copied) co_return fail(std::move(copied.error()));
  std::uint64_t size = range.length;
  if (range.whole()) {
    auto info = co_await head(from);
    if (!info) co_return fail(std::move(info.error()));
    size = info->size;
  }
  co_return PartInfo{target.number, size, copied->etag, copied->crc64};
}

Task<Result<PartInfo>> RemoteStore::copy_part_by_hand(PartTarget target, std::string from, ByteRange range,
                                                      std::string if_match) {
  if (!target.origin.empty())
    co_return fail(Errc::unsupported, "copy_part", "a key with '%' is not copied in parts from another bucket here");
  auto body = co_await get(from, {range, if_match});
  if (!body) co_return fail(std::move(body.error()));
  std::uint64_t length = (*body)->range().length;
  if (length > max_part_by_hand)
    co_return fail(Errc::unsupported, "copy_part", "a key with '%' is copied in parts of at most 64 MiB here");
  std::vector<std::byte> bytes(static_cast<std::size_t>(length));
  for (std::size_t done = 0; done < bytes.size();) {
    auto got = co_await (*body)->read(MutableBytes(bytes).subspan(done));
    if (!got) co_return fail(std::move(got.error()));
    if (*got == 0) co_return fail(Errc::unavailable, "copy_part", "the source ended early");
    done += *got;
  }
  Chunks chunks{bytes};
  Integrity integrity{.md5 = digest::hash(digest::Algorithm::md5, bytes), .crc64 = {}};
  co_return co_await put_part(std::move(target), chunks, std::move(integrity));
}

Task<Result<std::vector<PartInfo>>> RemoteStore::list_parts(std::string key, std::string upload_id) {
  std::vector<PartInfo> all;
  std::uint32_t marker = 0;
  for (;;) {
    Call call{.operation = "list_parts", .method = "GET", .key = key};
    call.query = {{"uploadId", upload_id}, {"max-parts", "1000"}, {"encoding-type", "url"}};
    if (marker > 0) call.query.emplace_back("part-number-marker", std::to_string(marker));
    auto page = co_await with_retries<xml::PartsPage>(
        exchange_->retry_context("list_parts"), [&](unsigned) -> Task<Attempt<xml::PartsPage>> {
          auto response = co_await exchange_->send(call);
          if (!response) co_return std::unexpected(std::move(response.error()));
          auto text = co_await exchange_->read_document(call, **response);
          if (!text) co_return std::unexpected(std::move(text.error()));
          auto read = xml::read_parts(*text);
          if (!read) co_return std::unexpected(exchange_->nonsense(call, **response, "no list of parts in the answer"));
          co_return std::move(*read);
        });
    if (!page) co_return fail(std::move(page.error()));
    std::ranges::move(page->parts, std::back_inserter(all));
    if (!page->truncated) co_return all;
    std::uint32_t next = page->next_marker > 0 || all.empty() ? page->next_marker : all.back().number;
    if (next <= marker || all.size() > limits().max_parts)
      co_return fail(Errc::unavailable, "list_parts", "the listing does not advance");
    marker = next;
  }
}

Task<Result<std::vector<UploadInfo>>> RemoteStore::list_uploads(std::string prefix) {
  std::vector<UploadInfo> all;
  std::string key_marker, upload_marker;
  for (unsigned pages = 0; pages < max_upload_pages; ++pages) {
    Call call{.operation = "list_uploads", .method = "GET"};
    call.query = {{"uploads", ""}, {"max-uploads", "1000"}};
    // Ceph's gateway encodes here without saying so in its answer, so S3 stores are asked for plain names.
    if (exchange_->dialect().kind == DialectKind::cos) call.query.emplace_back("encoding-type", "url");
    if (!prefix.empty()) call.query.emplace_back("prefix", prefix);
    if (!key_marker.empty()) call.query.emplace_back("key-marker", key_marker);
    if (!key_marker.empty() && !upload_marker.empty()) call.query.emplace_back("upload-id-marker", upload_marker);
    auto page = co_await with_retries<xml::UploadsPage>(
        exchange_->retry_context("list_uploads"), [&](unsigned) -> Task<Attempt<xml::UploadsPage>> {
          auto response = co_await exchange_->send(call);
          if (!response) co_return std::unexpected(std::move(response.error()));
          auto text = co_await exchange_->read_document(call, **response);
          if (!text) co_return std::unexpected(std::move(text.error()));
          auto read = xml::read_uploads(*text, exchange_->dialect().listing_plus);
          if (!read)
            co_return std::unexpected(exchange_->nonsense(call, **response, "no list of uploads in the answer"));
          co_return std::move(*read);
        });
    if (!page) co_return fail(std::move(page.error()));
    std::ranges::move(page->uploads, std::back_inserter(all));
    if (!page->truncated) co_return all;
    if (page->next_key_marker == key_marker && page->next_upload_marker == upload_marker)
      co_return fail(Errc::unavailable, "list_uploads", "the listing does not advance");
    key_marker = std::move(page->next_key_marker);
    upload_marker = std::move(page->next_upload_marker);
  }
  log::warning("store uploads", {{"store", exchange_->options().name}, {"listed", all.size()}, {"complete", false}});
  co_return all;
}

Call RemoteStore::join_call(const std::string& key, const std::string& upload_id, const std::vector<PartInfo>& parts,
                            bool create_only) const {
  const Dialect& dialect = exchange_->dialect();
  Call call{.operation = "finish_parts",
            .method = "POST",
            .key = key,
            .query = {{"uploadId", upload_id}},
            .patience = Patience::long_running,
            .repeatable = false};
  call.text = xml::write_complete(parts, dialect.xml_namespace);
  call.headers.emplace_back("Content-Type", "application/xml");
  call.headers.emplace_back("Content-MD5",
                            digest::to_base64(digest::hash(digest::Algorithm::md5, as_byte_view(call.text))));
  if (create_only)
    call.headers.emplace_back(std::string(dialect.create_only_header), std::string(dialect.create_only_value));
  return call;
}

Task<Result<PutResult>> RemoteStore::finish_parts(std::string key, std::string upload_id, std::vector<PartInfo> parts,
                                                  bool create_only) {
  if (parts.empty()) co_return fail(Errc::invalid, "finish_parts", "no parts");
  Call call = join_call(key, upload_id, parts, create_only);
  bool uncertain = false;
  auto finished = co_await with_retries<PutResult>(
      exchange_->retry_context("finish_parts"), [&](unsigned) -> Task<Attempt<PutResult>> {
        auto outcome = co_await send_for_document(call);
        if (outcome) co_return outcome;
        Failure failure = std::move(outcome.error());
        uncertain = uncertain || failure.uncertain;
        if (create_only && (failure.status == 412 || failure.code == "PreconditionFailed"))
          failure.error.code = Errc::already_exists;
        co_return std::unexpected(std::move(failure));
      });
  if (finished) {
    auto crc = joined_crc64(parts);
    if (!crc || !finished->crc64 || *crc == *finished->crc64) co_return finished;
    // No object is better than a wrong one under this name; another ETag would be somebody else's.
    auto info = co_await head(key);
    bool ours = info && info->etag == finished->etag;
    bool removed = ours && (co_await remove(key)).has_value();
    log::error("spoilt object", {{"key", key}, {"request_id", finished->request_id}, {"removed", removed}});
    co_return fail(Errc::corrupt, "finish_parts", "the CRC-64 of the object is not that of its parts",
                   finished->request_id);
  }
  if (!uncertain) co_return finished;
  Error error = std::move(finished.error());
  if (error.code != Errc::cancelled) {
    if (auto joined = co_await find_joined(key, std::move(parts))) co_return std::move(*joined);
    if (error.code == Errc::already_exists) co_return fail(std::move(error));
    error.code = Errc::unavailable;
  }
  // After a cancel, too, a request may still be on its way.
  error.detail = "uncertain: " + error.detail;
  co_return fail(std::move(error));
}

Task<std::optional<PutResult>> RemoteStore::find_joined(std::string key, std::vector<PartInfo> parts) {
  auto info = co_await head(key);
  if (!info) co_return std::nullopt;
  std::uint64_t size = 0;
  for (const PartInfo& part : parts) size += part.size;
  auto crc = joined_crc64(parts);
  bool same = crc && info->crc64 ? *crc == *info->crc64 : to_lower(info->etag) == to_lower(joined_etag(parts));
  if (info->size != size || !same) co_return std::nullopt;
  co_return PutResult{info->etag, info->crc64, info->request_id};
}

Task<Result<void>> RemoteStore::abort_parts(std::string key, std::string upload_id) {
  Call call{.operation = "abort_parts", .method = "DELETE", .key = key, .query = {{"uploadId", upload_id}}};
  auto aborted =
      co_await exchange_->perform<void>(std::move(call), [](http::Response& response) -> Task<Attempt<void>> {
        (void)co_await response.read_all(max_ignored_body);
        co_return Attempt<void>();
      });
  if (!aborted && aborted.error().code == Errc::not_found) co_return Result<void>();
  co_return aborted;
}

}  // namespace gantry::object
