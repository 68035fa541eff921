// Addressing, dispatch and the operations on whole objects.
#include "tests/support/fake/bucket.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>

#include "tests/support/fake/codec.hpp"

namespace gantry::test::fake {
namespace {

constexpr std::uint64_t max_copy = 5ULL << 30;
constexpr std::size_t max_metadata = 2048;
constexpr std::uint64_t kept_when_discarding = 64 * 1024;

std::string host_name(const HttpRequest& request) {
  const std::string host = request.header("host");
  return lower(host.substr(0, host.rfind(':')));
}

std::string object_operation(const HttpRequest& request, const std::string& source_header) {
  const bool part = request.parameter("uploadId") != nullptr;
  if (request.method == "PUT") {
    const bool copy = request.has_header(source_header);
    if (part) return copy ? "UploadPartCopy" : "UploadPart";
    return copy ? "CopyObject" : "PutObject";
  }
  if (request.method == "GET") return part ? "ListParts" : "GetObject";
  if (request.method == "HEAD") return "HeadObject";
  if (request.method == "DELETE") return part ? "AbortMultipartUpload" : "DeleteObject";
  if (request.method != "POST") return {};
  if (request.parameter("uploads") != nullptr) return "CreateMultipartUpload";
  return part ? "CompleteMultipartUpload" : "";
}

std::string bucket_operation(const HttpRequest& request) {
  if (request.method == "HEAD") return "HeadBucket";
  if (request.method == "POST" && request.parameter("delete") != nullptr) return "DeleteObjects";
  if (request.method != "GET") return {};
  if (request.parameter("uploads") != nullptr) return "ListMultipartUploads";
  if (request.parameter("location") != nullptr) return "GetBucketLocation";
  const std::string* type = request.parameter("list-type");
  return type != nullptr && *type == "2" ? "ListObjectsV2" : "ListObjects";
}

}  // namespace

std::uint32_t number_parameter(const HttpRequest& request, std::string_view name, std::uint32_t fallback) {
  const std::string* text = request.parameter(name);
  if (text == nullptr) return fallback;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  return error == std::errc{} && end == text->data() + text->size() ? value : fallback;
}

std::optional<Span> parse_range(std::string_view text, std::uint64_t size) {
  if (!text.starts_with("bytes=")) return std::nullopt;
  text.remove_prefix(6);
  const auto dash = text.find('-');
  if (dash == std::string_view::npos || size == 0) return std::nullopt;
  const auto number = [](std::string_view digits) {
    std::uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  };
  if (dash == 0) {
    const std::uint64_t tail = std::min(number(text.substr(1)), size);
    return tail == 0 ? std::nullopt : std::optional(Span{size - tail, size - 1});
  }
  const std::uint64_t first = number(text.substr(0, dash));
  const std::uint64_t last = dash + 1 < text.size() ? std::min(number(text.substr(dash + 1)), size - 1) : size - 1;
  if (first >= size || last < first) return std::nullopt;
  return Span{first, last};
}

std::string unquote(std::string_view etag) {
  if (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"')) etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

Content make_content(std::string bytes, const FakeStoreOptions& options) {
  Content content;
  content.size = bytes.size();
  content.md5 = digest(Hash::md5, bytes);
  content.crc64 = crc64(bytes);
  if (options.crc32c) content.crc32c = crc32c(bytes);
  auto data = options.discard && bytes.size() > kept_when_discarding
                  ? nullptr
                  : std::make_shared<const std::string>(std::move(bytes));
  if (content.size > 0) content.pieces = {{std::move(data), 0, content.size}};
  return content;
}

std::uint64_t Bucket::min_part() const {
  if (options_.min_part > 0) return options_.min_part;
  return s3() ? 5ULL << 20 : 1ULL << 20;
}

HttpReply Bucket::error(int status, std::string code, std::string message) const {
  HttpReply reply{.status = status, .code = code};
  reply.headers.emplace_back("Content-Type", "application/xml");
  reply.body = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>{}"
      "<RequestId>FAKE</RequestId></Error>",
      xml_escape(code), xml_escape(message),
      code == "AuthorizationHeaderMalformed" ? "<Region>" + options_.region + "</Region>" : "");
  return reply;
}

void Bucket::store(const std::string& key, StoredObject object) {
  objects_[key] = object;
  not_yet_listed_.emplace_back(key, std::move(object));
  lag_listings(lag_);
}

void Bucket::erase(const std::string& key) {
  objects_.erase(key);
  not_yet_listed_.emplace_back(key, std::nullopt);
  lag_listings(lag_);
}

void Bucket::lag_listings(std::size_t writes) {
  lag_ = writes;
  while (not_yet_listed_.size() > lag_) {
    auto& [key, object] = not_yet_listed_.front();
    if (object) {
      listed_[key] = std::move(*object);
    } else {
      listed_.erase(key);
    }
    not_yet_listed_.pop_front();
  }
}

HttpReply Bucket::xml(std::string_view root, std::string inner) const {
  HttpReply reply;
  reply.headers.emplace_back("Content-Type", "application/xml");
  reply.body = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{0}{1}>{2}</{0}>", root,
                           s3() ? " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"" : "", inner);
  return reply;
}

std::optional<HttpReply> Bucket::locate(const HttpRequest& request, Target& target) const {
  auto path = decode(request.path, Plus::literal);
  if (!path || !path->starts_with('/')) return error(400, "InvalidURI", "Could not parse the URI");
  const std::string host = host_name(request);
  std::string key = path->substr(1);
  if (s3() && !host.starts_with(options_.bucket + ".")) {
    const auto slash = std::min(key.find('/'), key.size());
    if (key.substr(0, slash) != options_.bucket) return error(404, "NoSuchBucket", "The bucket does not exist");
    key.erase(0, std::min(slash + 1, key.size()));
  } else if (!s3() && !options_.any_host) {
    if (host.starts_with("cos.")) return error(403, "PathStyleDomainForbidden", "Path style is not allowed");
    if (host != fmt::format("{}.cos.{}.myqcloud.com", options_.bucket, options_.region)) {
      return error(404, "NoSuchBucket", "The bucket does not exist");
    }
  }
  target.op = key.empty() ? bucket_operation(request) : object_operation(request, own("copy-source"));
  target.key = std::move(key);
  if (target.op.empty()) return error(405, "MethodNotAllowed", "The method is not allowed here");
  if (target.key.size() > (s3() ? 1024U : 850U)) {
    return error(400, s3() ? "KeyTooLongError" : "KeyTooLong", "The key is too long");
  }
  if (!s3() && target.key.starts_with('/')) return error(400, "InvalidObjectName", "A key must not begin with a slash");
  return std::nullopt;
}

HttpReply Bucket::execute(const HttpRequest& request, const Target& target, Content content) {
  const std::string& op = target.op;
  const std::string& key = target.key;
  if (op == "PutObject") return put_object(request, key, std::move(content));
  if (op == "GetObject" || op == "HeadObject") return get_object(request, key);
  if (op == "CopyObject") return copy_object(request, key);
  if (op == "DeleteObjects") return delete_objects(request);
  if (op == "ListObjects" || op == "ListObjectsV2") return list_objects(request, op == "ListObjectsV2");
  if (op == "CreateMultipartUpload") return create_upload(request, key);
  if (op == "UploadPart") return upload_part(request, key, std::move(content));
  if (op == "UploadPartCopy") return upload_part_copy(request, key);
  if (op == "ListParts") return list_parts(request, key);
  if (op == "ListMultipartUploads") return list_uploads(request);
  if (op == "CompleteMultipartUpload") return complete_upload(request, key);
  if (op == "AbortMultipartUpload") return abort_upload(request, key);
  if (op == "GetBucketLocation")
    return xml("LocationConstraint", options_.region == "us-east-1" ? "" : options_.region);
  if (op == "DeleteObject") {
    erase(key);
    return {.status = 204};
  }
  HttpReply reply;  // HeadBucket
  reply.headers.emplace_back(own("bucket-region"), options_.region);
  return reply;
}

void Bucket::damage(std::vector<Piece>& pieces) {
  if (!corrupt || pieces.empty() || !pieces.front().data) return;
  Piece& first = pieces.front();
  std::string bytes = first.data->substr(static_cast<std::size_t>(first.offset), static_cast<std::size_t>(first.size));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  first = {std::make_shared<const std::string>(std::move(bytes)), 0, first.size};
}

std::optional<HttpReply> Bucket::refuse_overwrite(const HttpRequest& request, const std::string& key) const {
  const auto found = objects_.find(key);
  if (!s3()) {
    const bool forbid = lower(request.header("x-cos-forbid-overwrite")) == "true";
    if (!forbid || found == objects_.end()) return std::nullopt;
    return error(409, "FileAlreadyExists", "The object exists already");
  }
  const std::string none = request.header("if-none-match");
  if (!none.empty() && none != "*") return error(501, "NotImplemented", "If-None-Match takes * only");
  if (!none.empty() && found != objects_.end()) return error(412, "PreconditionFailed", "The object exists already");
  const std::string match = request.header("if-match");
  if (match.empty()) return std::nullopt;
  if (found == objects_.end()) return error(404, "NoSuchKey", "The key does not exist");
  if (unquote(match) != found->second.etag) return error(412, "PreconditionFailed", "The ETag differs");
  return std::nullopt;
}

std::optional<HttpReply> Bucket::read_metadata(const HttpRequest& request, std::string& content_type,
                                               std::map<std::string, std::string>& metadata) const {
  content_type = request.has_header("content-type") ? request.header("content-type") : "binary/octet-stream";
  const std::string prefix = own("meta-");
  std::size_t size = 0;
  for (const auto& [name, value] : request.headers) {
    if (!name.starts_with(prefix)) continue;
    if (!s3() && name.find('_') != std::string::npos) return error(400, "InvalidArgument", "No '_' in metadata names");
    size += name.size() - prefix.size() + value.size();
    metadata[name.substr(prefix.size())] = value;
  }
  if (size > max_metadata) return error(400, "MetadataTooLarge", "The metadata is too large");
  return std::nullopt;
}

HttpReply Bucket::put_object(const HttpRequest& request, const std::string& key, Content content) {
  if (auto refusal = refuse_overwrite(request, key)) return *refusal;
  StoredObject object;
  if (auto refusal = read_metadata(request, object.content_type, object.metadata)) return *refusal;
  object.pieces = std::move(content.pieces);
  object.size = content.size;
  object.etag = hex(content.md5);
  object.crc64 = content.crc64;
  object.modified = now;
  if (corrupt && !object.pieces.empty() && object.pieces.front().data) {
    damage(object.pieces);
    object.etag = hex(digest(Hash::md5, *object.pieces.front().data));
    object.crc64 = crc64(*object.pieces.front().data);
  }
  HttpReply reply;
  reply.headers.emplace_back("ETag", "\"" + object.etag + "\"");
  if (!s3()) reply.headers.emplace_back("x-cos-hash-crc64ecma", std::to_string(object.crc64));
  store(key, std::move(object));
  return reply;
}

void Bucket::describe(const StoredObject& object, HttpReply& reply) const {
  reply.headers.emplace_back("ETag", "\"" + object.etag + "\"");
  reply.headers.emplace_back("Last-Modified", http_date(object.modified));
  reply.headers.emplace_back("Content-Type", object.content_type);
  reply.headers.emplace_back("Accept-Ranges", "bytes");
  for (const auto& [name, value] : object.metadata) reply.headers.emplace_back(own("meta-") + name, value);
  if (!s3()) reply.headers.emplace_back("x-cos-hash-crc64ecma", std::to_string(object.crc64));
}

HttpReply Bucket::get_object(const HttpRequest& request, const std::string& key) const {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return error(404, "NoSuchKey", "The key does not exist");
  const StoredObject& object = found->second;
  const std::string match = request.header("if-match");
  if (!match.empty() && match != "*" && unquote(match) != object.etag) {
    return error(412, "PreconditionFailed", "The ETag differs");
  }
  HttpReply reply;
  const std::string none = request.header("if-none-match");
  if (!none.empty() && (none == "*" || unquote(none) == object.etag)) {
    reply.status = 304;
    return reply;
  }
  std::uint64_t offset = 0;
  std::uint64_t size = object.size;
  if (request.has_header("range")) {
    const auto range = parse_range(request.header("range"), object.size);
    if (!range) {
      HttpReply refusal = error(416, "InvalidRange", "The requested range is not satisfiable");
      refusal.headers.emplace_back("Content-Range", fmt::format("bytes */{}", object.size));
      return refusal;
    }
    offset = range->first;
    size = range->last - range->first + 1;
    reply.status = 206;
    reply.headers.emplace_back("Content-Range", fmt::format("bytes {}-{}/{}", range->first, range->last, object.size));
  }
  describe(object, reply);
  reply.content_length = size;
  if (request.method == "GET") reply.pieces = cut(object.pieces, offset, size);
  return reply;
}

HttpReply Bucket::delete_objects(const HttpRequest& request) {
  // S3 takes one of its own checksums instead; COS does not.
  const auto checksum = request.headers.lower_bound("x-amz-checksum-");
  const bool has_checksum = s3() && checksum != request.headers.end() && checksum->first.starts_with("x-amz-checksum-");
  if (!request.has_header("content-md5") && !has_checksum) {
    return error(400, "InvalidRequest", "Missing required header: Content-MD5");
  }
  pugi::xml_document document;
  if (!document.load_buffer(request.body.data(), request.body.size()) || !document.child("Delete")) {
    return error(400, "MalformedXML", "The XML is not well-formed");
  }
  const bool quiet = std::string_view(document.child("Delete").child_value("Quiet")) == "true";
  std::string result;
  std::size_t count = 0;
  for (const auto& node : document.child("Delete").children("Object")) {
    const std::string key = node.child_value("Key");
    if (++count > 1000) return error(400, "MalformedXML", "More than 1000 keys");
    erase(key);
    if (!quiet) result += fmt::format("<Deleted><Key>{}</Key></Deleted>", xml_escape(key));
  }
  if (count == 0) return error(400, "MalformedXML", "No keys");
  return xml("DeleteResult", result);
}

std::optional<HttpReply> Bucket::copy_source(const HttpRequest& request, std::string& key,
                                             const StoredObject*& object) const {
  std::string text = request.header(own("copy-source"));
  if (s3() && text.starts_with('/')) text.erase(0, 1);
  const auto slash = text.find('/');
  if (slash == std::string::npos)
    return error(400, s3() ? "InvalidArgument" : "InvalidCopySource", "No key in the source");
  const std::string where = text.substr(0, slash);
  auto decoded = decode(text.substr(slash + 1), Plus::literal);
  if (!decoded) return error(400, "InvalidArgument", "The copy source is not properly encoded");
  if (s3() && where != options_.bucket) return error(404, "NoSuchBucket", "The source bucket does not exist");
  const std::string vendor = fmt::format("{}.cos.{}.myqcloud.com", options_.bucket, options_.region);
  const bool own_host = options_.any_host && where.starts_with(options_.bucket + ".");
  if (!s3() && where != vendor && !own_host) return error(400, "InvalidCopySource", "The copy source must be host/key");
  key = std::move(*decoded);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return error(404, s3() ? "NoSuchKey" : "NoSuchCopySource", "The source does not exist");
  const std::string match = request.header(own("copy-source-if-match"));
  if (!match.empty() && unquote(match) != found->second.etag) {
    return error(412, "PreconditionFailed", "The ETag of the source differs");
  }
  object = &found->second;
  return std::nullopt;
}

HttpReply Bucket::copy_object(const HttpRequest& request, const std::string& key) {
  std::string from;
  const StoredObject* source = nullptr;
  if (auto refusal = copy_source(request, from, source)) return *refusal;
  const std::string directive = request.header(own("metadata-directive"));
  const std::string_view keep = s3() ? "COPY" : "Copy";
  const std::string_view replace = s3() ? "REPLACE" : "Replaced";
  if (!directive.empty() && directive != keep && directive != replace) {
    return error(400, "InvalidArgument", "Unknown metadata directive");
  }
  if (from == key && directive != replace) {
    return error(400, "InvalidRequest", "Copying an object onto itself needs new metadata");
  }
  if (source->size > max_copy) return error(400, "InvalidRequest", "The source is larger than a single copy may be");
  if (auto refusal = refuse_overwrite(request, key)) return *refusal;
  StoredObject object = *source;
  object.modified = now;
  if (directive == replace) {
    object.metadata.clear();
    if (auto refusal = read_metadata(request, object.content_type, object.metadata)) return *refusal;
  }
  if (object.etag.find('-') != std::string::npos) {
    // A copy is a single-part object, so the ETag becomes a plain MD5.
    RunningHash md5(Hash::md5);
    for_each_block(object.pieces, 0, object.size, [&](std::string_view block) {
      md5.update(block);
      return true;
    });
    object.etag = hex(md5.finish());
  }
  damage(object.pieces);
  HttpReply reply = xml("CopyObjectResult", fmt::format("<ETag>&quot;{}&quot;</ETag><LastModified>{}</LastModified>",
                                                        object.etag, iso_date(now)));
  if (!s3()) reply.headers.emplace_back("x-cos-hash-crc64ecma", std::to_string(object.crc64));
  store(key, std::move(object));
  return reply;
}

}  // namespace gantry::test::fake
