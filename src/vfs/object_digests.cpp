#include "vfs/object_digests.hpp"

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/text.hpp"

namespace gantry::vfs {
namespace {

using digest::Algorithm;

struct Form {
  Algorithm algorithm;
  std::size_t bytes;
};
constexpr std::array forms{Form{Algorithm::crc64, 8},  Form{Algorithm::crc32c, 4}, Form{Algorithm::crc32, 4},
                           Form{Algorithm::md5, 16},   Form{Algorithm::sha1, 20},  Form{Algorithm::sha256, 32},
                           Form{Algorithm::sha512, 64}};

std::string crc64_bytes(std::uint64_t value) {
  std::string raw;
  for (int shift = 56; shift >= 0; shift -= 8) raw += static_cast<char>((value >> shift) & 0xff);
  return raw;
}

digest::Digests read_digests(const object::Metadata& metadata) {
  digest::Digests digests;
  for (const Form& form : forms) {
    const auto field = metadata.find(std::string(digest::name(form.algorithm)));
    if (field == metadata.end()) continue;
    auto raw = digest::from_hex(field->second);
    if (raw && raw->size() == form.bytes) digests[form.algorithm] = std::move(*raw);
  }
  return digests;
}

void log_failure(const Result<void>& result, const std::string& key) {
  if (!result) log::warning("checksums not on record", {{"key", key}, {"reason", result.error().text()}});
}

}  // namespace

UploadDigests::UploadDigests(const std::vector<Algorithm>& wanted) {
  for (Algorithm algorithm : wanted)
    if (algorithm != Algorithm::crc64) hashers_.emplace_back(algorithm, digest::Hasher(algorithm));
}

void UploadDigests::begins_with(std::optional<std::uint64_t> crc64) {
  hashers_.clear();
  crc64_ = crc64;
}

void UploadDigests::passed(ByteView bytes) {
  for (auto& [algorithm, hasher] : hashers_) hasher.update(bytes);
}

void UploadDigests::part(std::uint64_t crc64, std::uint64_t size) {
  if (crc64_) crc64_ = digest::crc64_combine(*crc64_, crc64, size);
}

void UploadDigests::skipped(std::optional<std::uint64_t> crc64, std::uint64_t size) {
  hashers_.clear();
  if (crc64) return part(*crc64, size);
  crc64_.reset();
}

digest::Digests UploadDigests::finish() {
  digest::Digests digests;
  if (crc64_) digests[Algorithm::crc64] = crc64_bytes(*crc64_);
  for (auto& [algorithm, hasher] : hashers_) digests[algorithm] = hasher.finish();
  hashers_.clear();
  return digests;
}

void write_digests(object::Metadata& metadata, const digest::Digests& digests) {
  for (const auto& [algorithm, raw] : digests) metadata[std::string(digest::name(algorithm))] = to_hex(raw);
}

void erase_digests(object::Metadata& metadata) {
  for (const Form& form : forms) metadata.erase(std::string(digest::name(form.algorithm)));
}

digest::Digests digests_of(const object::ObjectInfo& info) {
  digest::Digests digests = read_digests(info.metadata);
  const auto crc64 = digests.find(Algorithm::crc64);
  const auto md5 = digests.find(Algorithm::md5);
  const bool fits = info.crc64 ? crc64 != digests.end() && crc64->second == crc64_bytes(*info.crc64)
                               : md5 != digests.end() && to_hex(md5->second) == to_lower(info.etag);
  if (!fits) digests.clear();
  if (info.crc64) digests[Algorithm::crc64] = crc64_bytes(*info.crc64);
  return digests;
}

Task<void> keep_digests(ObjectContextPtr context, object::ObjectInfo info, digest::Digests digests) {
  const auto& settings = context->options;
  if (!settings.digest_book) co_return;
  const digest::Digests itself = digests_of(info);
  const bool all = std::ranges::all_of(digests, [&](const auto& one) { return itself.contains(one.first); });
  if (all) co_return;
  std::string key = info.key;
  auto kept = co_await settings.digest_book->keep(settings.store_name, {std::move(info.key), std::move(info.etag)},
                                                  std::move(digests));
  log_failure(kept, key);
}

std::optional<std::uint64_t> crc64_in(const digest::Digests& digests) {
  const auto raw = digests.find(Algorithm::crc64);
  if (raw == digests.end()) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : raw->second) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

Task<digest::Digests> find_digests(ObjectContextPtr context, object::ObjectInfo info) {
  const auto& settings = context->options;
  digest::Digests digests = digests_of(info);
  const std::size_t by_store = info.crc64 ? 1 : 0;
  if (digests.size() > by_store || !settings.digest_book || info.etag.empty()) co_return digests;
  auto found = co_await settings.digest_book->find(settings.store_name, {info.key, info.etag});
  if (!found) {
    log_failure(fail(std::move(found.error())), info.key);
    co_return digests;
  }
  // Not every ETag is made from the content; where the store has a better word, it counts.
  if (!info.crc64 || crc64_in(*found) == info.crc64) digests.merge(*found);
  co_return digests;
}

Task<void> forget_digests(ObjectContextPtr context, std::string key) {
  const auto& settings = context->options;
  if (settings.digest_book) log_failure(co_await settings.digest_book->forget(settings.store_name, key), key);
}

Task<void> move_digests(ObjectContextPtr context, std::vector<DigestBook::Move> moves) {
  const auto& settings = context->options;
  if (!settings.digest_book || moves.empty()) co_return;
  const std::string first = moves.front().from.key;
  log_failure(co_await settings.digest_book->moved(settings.store_name, std::move(moves)), first);
}

}  // namespace gantry::vfs
