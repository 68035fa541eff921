#include "tests/support/memory_store.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "digest/digest.hpp"

namespace gantry::test {

using object::Integrity;
using object::ListPage;
using object::ObjectInfo;
using object::PartInfo;
using object::PutOptions;
using object::PutResult;

struct MemoryStore::Object {
  std::string content;
  std::string etag;
  PutOptions options;
  WallTime modified{};
};

struct MemoryStore::Upload {
  std::string key;
  PutOptions options;
  WallTime started{};
  std::map<std::uint32_t, std::string> parts;
};

namespace {

std::string joined(const Chunks& chunks) {
  std::string out;
  for (ByteView chunk : chunks) out += as_text(chunk);
  return out;
}

std::string md5(std::string_view text) { return digest::hash(digest::Algorithm::md5, as_byte_view(text)); }

std::uint64_t crc64_of(std::string_view text) { return digest::crc64(as_byte_view(text)); }

Result<void> check(std::string_view operation, std::string_view content, const Integrity& integrity) {
  if (!integrity.md5.empty() && integrity.md5 != md5(content))
    return fail(Errc::corrupt, std::string(operation), "MD5 differs");
  if (integrity.crc64 && *integrity.crc64 != crc64_of(content))
    return fail(Errc::corrupt, std::string(operation), "CRC-64 differs");
  return {};
}

}  // namespace

/// Reads from the version it was opened on, whatever is stored under the key later.
class MemoryStore::Reader : public object::Body {
 public:
  Reader(MemoryStore& store, ObjectInfo info, std::shared_ptr<const Object> object, ByteRange range)
      : store_(store), info_(std::move(info)), object_(std::move(object)), range_(range) {}

  const ObjectInfo& info() const override { return info_; }
  ByteRange range() const override { return range_; }
  std::optional<std::uint64_t> crc64() const override {
    if (!info_.crc64 || range_.length != info_.size) return std::nullopt;
    return digest::crc64(as_byte_view(object_->content).first(static_cast<std::size_t>(done_)));
  }
  Task<Result<std::size_t>> read(MutableBytes buffer) override {
    auto entered = co_await store_.enter("body", info_.key);
    if (!entered) co_return fail(std::move(entered.error()));
    std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), range_.length - done_));
    auto from = as_byte_view(object_->content).subspan(static_cast<std::size_t>(range_.offset + done_), size);
    std::ranges::copy(from, buffer.begin());
    done_ += size;
    co_return size;
  }

 private:
  MemoryStore& store_;
  ObjectInfo info_;
  std::shared_ptr<const Object> object_;
  ByteRange range_;
  std::uint64_t done_ = 0;
};

MemoryStore::MemoryStore(MemoryStoreOptions options) : options_(std::move(options)) {}
MemoryStore::~MemoryStore() = default;

void MemoryStore::fail_next(std::string_view operation, Errc code, unsigned times) {
  failures_.insert_or_assign(std::string(operation), Scripted{code, times});
}

void MemoryStore::lose_answer(std::string_view operation, Errc code, unsigned times) {
  lost_answers_.insert_or_assign(std::string(operation), Scripted{code, times});
}

void MemoryStore::on_call(std::function<Task<void>(std::string, std::string)> hook) { hook_ = std::move(hook); }

std::uint64_t MemoryStore::count(std::string_view operation) const {
  if (!operation.empty()) {
    auto found = counts_.find(operation);
    return found == counts_.end() ? 0 : found->second;
  }
  std::uint64_t sum = 0;
  for (const auto& [name, calls] : counts_)
    if (name != "body") sum += calls;
  return sum;
}

void MemoryStore::reset_counts() { counts_.clear(); }

void MemoryStore::set(const std::string& key, std::string content, PutOptions options, WallTime modified) {
  std::string etag = to_hex(md5(content));
  if (modified == WallTime{}) modified = wall_now();
  objects_[key] = std::make_shared<Object>(std::move(content), std::move(etag), std::move(options), modified);
  changed(key);
}

void MemoryStore::changed(const std::string& key) {
  auto found = objects_.find(key);
  not_yet_listed_.emplace_back(key, found == objects_.end() ? nullptr : found->second);
  lag_listings(options_.listing_lag);
}

void MemoryStore::lag_listings(std::size_t writes) {
  options_.listing_lag = writes;
  while (not_yet_listed_.size() > writes) {
    auto& [key, object] = not_yet_listed_.front();
    if (object) {
      listed_[key] = std::move(object);
    } else {
      listed_.erase(key);
    }
    not_yet_listed_.pop_front();
  }
}

bool MemoryStore::has(const std::string& key) const { return objects_.contains(key); }

std::string MemoryStore::content(const std::string& key) const {
  auto found = objects_.find(key);
  return found == objects_.end() ? std::string() : found->second->content;
}

object::Metadata MemoryStore::metadata(const std::string& key) const {
  auto found = objects_.find(key);
  return found == objects_.end() ? object::Metadata() : found->second->options.metadata;
}

std::vector<std::string> MemoryStore::keys() const {
  std::vector<std::string> all;
  for (const auto& [key, object] : objects_) all.push_back(key);
  return all;
}

std::size_t MemoryStore::open_uploads() const { return uploads_.size(); }

Task<Result<void>> MemoryStore::enter(std::string operation, std::string key) {
  ++counts_[operation];
  if (hook_) co_await hook_(operation, key);
  if (co_await async::cancelled()) co_return fail(Errc::cancelled, operation);
  auto found = failures_.find(operation);
  if (found == failures_.end() || found->second.times == 0) co_return Result<void>();
  --found->second.times;
  co_return fail(found->second.code, operation, "scripted failure");
}

Result<void> MemoryStore::leave(std::string_view operation) {
  auto found = lost_answers_.find(operation);
  if (found == lost_answers_.end() || found->second.times == 0) return {};
  --found->second.times;
  return fail(found->second.code, std::string(operation), "scripted: the answer was lost");
}

ObjectInfo MemoryStore::info_of(const std::string& key, const Object& object) const {
  ObjectInfo info;
  info.key = key;
  info.size = object.content.size();
  info.modified = object.modified;
  info.etag = object.etag;
  if (options_.crc64) info.crc64 = crc64_of(object.content);
  info.metadata = object.options.metadata;
  info.content_type = object.options.content_type;
  return info;
}

PutResult MemoryStore::store(const std::string& key, std::shared_ptr<Object> object) {
  object->modified = wall_now();
  PutResult result;
  result.request_id = "memory";
  result.etag = object->etag;
  if (options_.crc64) result.crc64 = crc64_of(object->content);
  objects_[key] = std::move(object);
  changed(key);
  return result;
}

const object::Limits& MemoryStore::limits() const { return options_.limits; }

Task<Result<ObjectInfo>> MemoryStore::head(std::string key) {
  auto entered = co_await enter("head", key);
  if (!entered) co_return fail(std::move(entered.error()));
  auto found = objects_.find(key);
  if (found == objects_.end()) co_return fail(Errc::not_found, "head", key);
  co_return info_of(key, *found->second);
}

Task<Result<std::unique_ptr<object::Body>>> MemoryStore::get(std::string key, object::GetOptions options) {
  auto entered = co_await enter("get", key);
  if (!entered) co_return fail(std::move(entered.error()));
  auto found = objects_.find(key);
  if (found == objects_.end()) co_return fail(Errc::not_found, "get", key);
  const auto& object = found->second;
  if (!options.if_match.empty() && options.if_match != object->etag) co_return fail(Errc::conflict, "get", key);
  std::uint64_t size = object->content.size();
  ByteRange range = options.range;
  if (!range.whole() && range.offset >= size) co_return fail(Errc::bad_offset, "get", key);
  range.length = std::min(range.length, size - range.offset);
  co_return std::make_unique<Reader>(*this, info_of(key, *object), object, range);
}

Task<Result<PutResult>> MemoryStore::put(std::string key, Chunks body, Integrity integrity, PutOptions options) {
  auto entered = co_await enter("put", key);
  if (!entered) co_return fail(std::move(entered.error()));
  if (key.size() > options_.limits.max_key) co_return fail(Errc::bad_name, "put", key);
  std::string content = joined(body);
  if (content.size() > options_.limits.max_put) co_return fail(Errc::too_large, "put", key);
  if (auto good = check("put", content, integrity); !good) co_return fail(std::move(good.error()));
  if (options.create_only && objects_.contains(key)) co_return fail(Errc::already_exists, "put", key);
  std::string etag = to_hex(md5(content));
  auto result = store(key, std::make_shared<Object>(std::move(content), std::move(etag), std::move(options)));
  if (auto left = leave("put"); !left) co_return fail(std::move(left.error()));
  co_return result;
}

Task<Result<ListPage>> MemoryStore::list(object::ListRequest request) {
  auto entered = co_await enter("list", request.prefix);
  if (!entered) co_return fail(std::move(entered.error()));
  std::string after = std::max(request.start_after, request.cursor);
  ListPage page;
  std::uint32_t limit = std::clamp<std::uint32_t>(request.max, 1, 1000);
  auto it = listed_.lower_bound(std::max(request.prefix, after));
  std::string last;
  for (; it != listed_.end() && it->first.starts_with(request.prefix); ++it) {
    const std::string& key = it->first;
    if (!after.empty() && key <= after) continue;
    std::size_t cut =
        request.delimiter.empty() ? std::string::npos : key.find(request.delimiter, request.prefix.size());
    std::string entry = cut == std::string::npos ? key : key.substr(0, cut + request.delimiter.size());
    if (entry == last || (cut != std::string::npos && entry == after)) continue;
    if (page.objects.size() + page.prefixes.size() == limit) {
      page.cursor = last;
      break;
    }
    last = entry;
    if (cut != std::string::npos) {
      page.prefixes.push_back(entry);
      continue;
    }
    ObjectInfo info = info_of(key, *it->second);
    info.metadata.clear();
    info.content_type.clear();
    info.crc64.reset();
    page.objects.push_back(std::move(info));
  }
  co_return page;
}

Task<Result<void>> MemoryStore::remove(std::string key) {
  auto entered = co_await enter("remove", key);
  if (!entered) co_return fail(std::move(entered.error()));
  objects_.erase(key);
  changed(key);
  co_return leave("remove");
}

Task<Result<std::vector<object::KeyFailure>>> MemoryStore::remove_many(std::vector<std::string> keys) {
  auto entered = co_await enter("remove_many", keys.empty() ? std::string() : keys.front());
  if (!entered) co_return fail(std::move(entered.error()));
  if (keys.size() > 1000) co_return fail(Errc::invalid, "remove_many", "more than 1000 keys");
  for (const std::string& key : keys) {
    objects_.erase(key);
    changed(key);
  }
  if (auto left = leave("remove_many"); !left) co_return fail(std::move(left.error()));
  co_return std::vector<object::KeyFailure>();
}

std::shared_ptr<MemoryStore::Object> MemoryStore::find_source(const std::string& origin, const std::string& key) const {
  const auto& objects = origin.empty() ? objects_ : other_->objects_;
  const auto found = objects.find(key);
  return found == objects.end() ? nullptr : found->second;
}

Task<Result<PutResult>> MemoryStore::copy(object::CopyRequest request) {
  auto entered = co_await enter("copy", request.to);
  if (!entered) co_return fail(std::move(entered.error()));
  const auto found = find_source(request.origin, request.from);
  if (!found) co_return fail(Errc::not_found, "copy", request.from);
  const Object& source = *found;
  if (!request.if_match.empty() && request.if_match != source.etag)
    co_return fail(Errc::conflict, "copy", request.from);
  if (source.content.size() > options_.limits.max_put) co_return fail(Errc::too_large, "copy", request.from);
  if (request.origin.empty() && request.from == request.to && !request.replace)
    co_return fail(Errc::invalid, "copy", "onto itself unchanged");
  if (options_.create_only && request.create_only && objects_.contains(request.to))
    co_return fail(Errc::already_exists, "copy", request.to);
  auto target = std::make_shared<Object>(source);
  target->etag = to_hex(md5(target->content));
  if (request.replace) target->options = *request.replace;
  auto result = store(request.to, std::move(target));
  if (auto left = leave("copy"); !left) co_return fail(std::move(left.error()));
  co_return result;
}

Task<Result<std::string>> MemoryStore::start_parts(std::string key, PutOptions options) {
  auto entered = co_await enter("start_parts", key);
  if (!entered) co_return fail(std::move(entered.error()));
  std::string id = "upload-" + std::to_string(next_upload_++);
  uploads_[id] = Upload{key, std::move(options), wall_now(), {}};
  if (auto left = leave("start_parts"); !left) co_return fail(std::move(left.error()));
  co_return id;
}

MemoryStore::Upload* MemoryStore::find_upload(const std::string& key, const std::string& upload_id) {
  auto found = uploads_.find(upload_id);
  return found == uploads_.end() || found->second.key != key ? nullptr : &found->second;
}

PartInfo MemoryStore::add_part(Upload& upload, std::uint32_t number, std::string content) const {
  PartInfo info{number, content.size(), to_hex(md5(content)), {}};
  if (options_.crc64) info.crc64 = crc64_of(content);
  upload.parts[number] = std::move(content);
  return info;
}

Task<Result<PartInfo>> MemoryStore::put_part(object::PartTarget target, Chunks body, Integrity integrity) {
  auto entered = co_await enter("put_part", target.key);
  if (!entered) co_return fail(std::move(entered.error()));
  Upload* upload = find_upload(target.key, target.upload_id);
  if (upload == nullptr) co_return fail(Errc::not_found, "put_part", target.upload_id);
  if (target.number < 1 || target.number > options_.limits.max_parts) co_return fail(Errc::invalid, "put_part");
  std::string content = joined(body);
  if (content.size() > options_.limits.max_part) co_return fail(Errc::too_large, "put_part", target.key);
  if (auto good = check("put_part", content, integrity); !good) co_return fail(std::move(good.error()));
  PartInfo info = add_part(*upload, target.number, std::move(content));
  if (auto left = leave("put_part"); !left) co_return fail(std::move(left.error()));
  co_return info;
}

Task<Result<PartInfo>> MemoryStore::copy_part(object::PartTarget target, std::string from, ByteRange range,
                                              std::string if_match) {
  auto entered = co_await enter("copy_part", target.key);
  if (!entered) co_return fail(std::move(entered.error()));
  Upload* upload = find_upload(target.key, target.upload_id);
  const auto found = find_source(target.origin, from);
  if (upload == nullptr || !found) co_return fail(Errc::not_found, "copy_part", from);
  const Object& source = *found;
  if (!if_match.empty() && if_match != source.etag) co_return fail(Errc::conflict, "copy_part", from);
  std::uint64_t size = source.content.size();
  if (range.offset > size) co_return fail(Errc::bad_offset, "copy_part", from);
  std::uint64_t length = range.length == ByteRange::unbounded ? size - range.offset : range.length;
  if (length > size - range.offset) co_return fail(Errc::bad_offset, "copy_part", from);
  if (length > options_.limits.max_part) co_return fail(Errc::too_large, "copy_part", from);
  auto piece = source.content.substr(static_cast<std::size_t>(range.offset), static_cast<std::size_t>(length));
  PartInfo info = add_part(*upload, target.number, std::move(piece));
  if (auto left = leave("copy_part"); !left) co_return fail(std::move(left.error()));
  co_return info;
}

Task<Result<std::vector<PartInfo>>> MemoryStore::list_parts(std::string key, std::string upload_id) {
  auto entered = co_await enter("list_parts", key);
  if (!entered) co_return fail(std::move(entered.error()));
  Upload* upload = find_upload(key, upload_id);
  if (upload == nullptr) co_return fail(Errc::not_found, "list_parts", upload_id);
  std::vector<PartInfo> parts;
  for (const auto& [number, content] : upload->parts)
    parts.push_back({number, content.size(), to_hex(md5(content)), std::nullopt});
  co_return parts;
}

Task<Result<std::vector<object::UploadInfo>>> MemoryStore::list_uploads(std::string prefix) {
  auto entered = co_await enter("list_uploads", prefix);
  if (!entered) co_return fail(std::move(entered.error()));
  std::vector<object::UploadInfo> found;
  for (const auto& [id, upload] : uploads_)
    if (upload.key.starts_with(prefix)) found.push_back({upload.key, id, upload.started});
  co_return found;
}

Task<Result<PutResult>> MemoryStore::finish_parts(std::string key, std::string upload_id, std::vector<PartInfo> parts,
                                                  bool create_only) {
  auto entered = co_await enter("finish_parts", key);
  if (!entered) co_return fail(std::move(entered.error()));
  Upload* upload = find_upload(key, upload_id);
  if (upload == nullptr) co_return fail(Errc::not_found, "finish_parts", upload_id);
  if (parts.empty()) co_return fail(Errc::invalid, "finish_parts", "no parts");
  if (options_.create_only && create_only && objects_.contains(key))
    co_return fail(Errc::already_exists, "finish_parts", key);
  std::string content, hashes;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto found = upload->parts.find(parts[i].number);
    if (i > 0 && parts[i].number <= parts[i - 1].number) co_return fail(Errc::invalid, "finish_parts", "part order");
    if (found == upload->parts.end() || to_hex(md5(found->second)) != parts[i].etag)
      co_return fail(Errc::invalid, "finish_parts", "a part is missing or differs");
    if (i + 1 < parts.size() && found->second.size() < options_.limits.min_part)
      co_return fail(Errc::invalid, "finish_parts", "a part is too small");
    content += found->second;
    hashes += md5(found->second);
  }
  if (content.size() > options_.limits.max_object) co_return fail(Errc::too_large, "finish_parts", key);
  std::string etag = to_hex(md5(hashes)) + "-" + std::to_string(parts.size());
  auto object = std::make_shared<Object>(std::move(content), std::move(etag), std::move(upload->options));
  uploads_.erase(upload_id);
  auto result = store(key, std::move(object));
  if (auto left = leave("finish_parts"); !left) co_return fail(std::move(left.error()));
  co_return result;
}

Task<Result<void>> MemoryStore::abort_parts(std::string key, std::string upload_id) {
  auto entered = co_await enter("abort_parts", key);
  if (!entered) co_return fail(std::move(entered.error()));
  if (find_upload(key, upload_id) != nullptr) uploads_.erase(upload_id);
  co_return leave("abort_parts");
}

Task<Result<void>> MemoryStore::probe() {
  auto entered = co_await enter("probe", "");
  co_return entered;
}

}  // namespace gantry::test
