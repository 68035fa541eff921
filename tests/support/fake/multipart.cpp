// Multipart uploads of the fake store.
#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>

#include "tests/support/fake/bucket.hpp"
#include "tests/support/fake/codec.hpp"

namespace gantry::test::fake {
namespace {

constexpr std::uint32_t max_parts = 10'000;

}  // namespace

HttpReply Bucket::create_upload(const HttpRequest& request, const std::string& key) {
  Upload upload;
  if (auto refusal = read_metadata(request, upload.content_type, upload.metadata)) return *refusal;
  upload.key = key;
  // Characters that must be encoded in a query catch clients that do not.
  upload.id = fmt::format("u{:08d}/+={:x}", next_upload_++, now);
  upload.started = now;
  upload.crc32c = options_.crc32c && request.header("x-amz-checksum-algorithm") == "CRC32C";
  HttpReply reply =
      xml("InitiateMultipartUploadResult", fmt::format("<Bucket>{}</Bucket><Key>{}</Key><UploadId>{}</UploadId>",
                                                       options_.bucket, xml_escape(key), upload.id));
  if (upload.crc32c) reply.headers.emplace_back("x-amz-checksum-algorithm", "CRC32C");
  const std::string id = upload.id;
  uploads.emplace(id, std::move(upload));
  return reply;
}

Upload* Bucket::find_upload(const HttpRequest& request, const std::string& key) {
  const std::string* id = request.parameter("uploadId");
  const auto found = id == nullptr ? uploads.end() : uploads.find(*id);
  return found == uploads.end() || found->second.key != key ? nullptr : &found->second;
}

std::optional<HttpReply> Bucket::refuse_crc32c(const HttpRequest& request, const Upload& upload,
                                               const Content& content) const {
  if (!options_.crc32c) return std::nullopt;
  const std::string given = request.header("x-amz-checksum-crc32c");
  if (given.empty() == upload.crc32c)
    return error(400, "InvalidRequest", "Checksum Type mismatch occurred: as the upload was created, so its parts");
  if (!given.empty() && given != content.crc32c)
    return error(400, "BadDigest", "The CRC32C you specified did not match the calculated checksum");
  return std::nullopt;
}

HttpReply Bucket::upload_part(const HttpRequest& request, const std::string& key, Content content) {
  Upload* upload = find_upload(request, key);
  if (upload == nullptr) return error(404, "NoSuchUpload", "The upload does not exist");
  const std::uint32_t number = number_parameter(request, "partNumber", 0);
  if (number < 1 || number > max_parts) return error(400, "InvalidArgument", "Part numbers go from 1 to 10000");
  if (auto refusal = refuse_crc32c(request, *upload, content)) return *refusal;
  StoredPart part{.pieces = std::move(content.pieces),
                  .size = content.size,
                  .md5 = std::move(content.md5),
                  .crc64 = content.crc64,
                  .crc32c = upload->crc32c ? content.crc32c : "",
                  .modified = now};
  if (corrupt && !part.pieces.empty() && part.pieces.front().data) {
    damage(part.pieces);
    part.md5 = digest(Hash::md5, *part.pieces.front().data);
    part.crc64 = crc64(*part.pieces.front().data);
    if (upload->crc32c) part.crc32c = crc32c(*part.pieces.front().data);
  }
  HttpReply reply;
  reply.headers.emplace_back("ETag", "\"" + hex(part.md5) + "\"");
  if (!s3()) reply.headers.emplace_back("x-cos-hash-crc64ecma", std::to_string(part.crc64));
  if (upload->crc32c) reply.headers.emplace_back("x-amz-checksum-crc32c", part.crc32c);
  upload->parts[number] = std::move(part);
  return reply;
}

HttpReply Bucket::upload_part_copy(const HttpRequest& request, const std::string& key) {
  Upload* upload = find_upload(request, key);
  if (upload == nullptr) return error(404, "NoSuchUpload", "The upload does not exist");
  const std::uint32_t number = number_parameter(request, "partNumber", 0);
  if (number < 1 || number > max_parts) return error(400, "InvalidArgument", "Part numbers go from 1 to 10000");
  std::string from;
  const StoredObject* source = nullptr;
  if (auto refusal = copy_source(request, from, source)) return *refusal;
  // What a copy answers is not modelled, and nothing should depend on it.
  if (upload->crc32c) return error(501, "NotImplemented", "A part of an upload with checksums is not copied");
  Span span{0, source->size == 0 ? 0 : source->size - 1};
  std::uint64_t size = source->size;
  if (const std::string text = request.header(own("copy-source-range")); !text.empty()) {
    const auto range = parse_range(text, source->size);
    // The range must lie inside the source: it is not clipped as for GET.
    if (!range || text != fmt::format("bytes={}-{}", range->first, range->last)) {
      return error(400, s3() ? "InvalidArgument" : "InvalidRange", "The range does not lie inside the source");
    }
    span = *range;
    size = span.last - span.first + 1;
  }
  StoredPart part;
  part.pieces = cut(source->pieces, span.first, size);
  part.size = size;
  part.modified = now;
  damage(part.pieces);
  RunningHash md5(Hash::md5);
  for_each_block(part.pieces, 0, size, [&](std::string_view block) {
    md5.update(block);
    part.crc64 = crc64(block, part.crc64);
    return true;
  });
  part.md5 = md5.finish();
  HttpReply reply = xml("CopyPartResult", fmt::format("<ETag>&quot;{}&quot;</ETag><LastModified>{}</LastModified>",
                                                      hex(part.md5), iso_date(now)));
  if (!s3()) reply.headers.emplace_back("x-cos-hash-crc64ecma", std::to_string(part.crc64));
  upload->parts[number] = std::move(part);
  return reply;
}

HttpReply Bucket::list_parts(const HttpRequest& request, const std::string& key) {
  const Upload* upload = find_upload(request, key);
  if (upload == nullptr) return error(404, "NoSuchUpload", "The upload does not exist");
  const std::uint32_t max =
      std::min({number_parameter(request, "max-parts", 1000), std::uint32_t{1000}, options_.max_page});
  const std::uint32_t marker = number_parameter(request, "part-number-marker", 0);
  const std::string* encoding = request.parameter("encoding-type");
  std::string parts;
  std::uint32_t count = 0;
  std::uint32_t last = 0;
  bool truncated = false;
  for (auto at = upload->parts.upper_bound(marker); at != upload->parts.end(); ++at) {
    if (count == max) {
      truncated = true;
      break;
    }
    ++count;
    last = at->first;
    parts += fmt::format(
        "<Part><PartNumber>{}</PartNumber><LastModified>{}</LastModified><ETag>&quot;{}&quot;</ETag><Size>{}</Size>"
        "{}</Part>",
        at->first, iso_date(at->second.modified), hex(at->second.md5), at->second.size,
        upload->crc32c ? fmt::format("<ChecksumCRC32C>{}</ChecksumCRC32C>", at->second.crc32c) : "");
  }
  return xml(
      "ListPartsResult",
      fmt::format("<Bucket>{}</Bucket><Key>{}</Key><UploadId>{}</UploadId><PartNumberMarker>{}</PartNumberMarker>"
                  "{}<MaxParts>{}</MaxParts><IsTruncated>{}</IsTruncated>{}",
                  options_.bucket, shown(key, encoding != nullptr), upload->id, marker,
                  truncated ? fmt::format("<NextPartNumberMarker>{}</NextPartNumberMarker>", last) : "", max, truncated,
                  parts));
}

HttpReply Bucket::list_uploads(const HttpRequest& request) const {
  const auto text = [&](std::string_view name) {
    const std::string* value = request.parameter(name);
    return value == nullptr ? std::string{} : *value;
  };
  const std::string prefix = text("prefix");
  const bool encoded = text("encoding-type") == "url";
  const std::uint32_t max =
      std::min({number_parameter(request, "max-uploads", 1000), std::uint32_t{1000}, options_.max_page});
  const std::pair marker(text("key-marker"), text("upload-id-marker"));
  std::map<std::pair<std::string, std::string>, const Upload*> sorted;
  for (const auto& [id, upload] : uploads) {
    if (!upload.key.starts_with(prefix)) continue;
    const std::pair position(upload.key, id);
    const bool behind = marker.second.empty() ? upload.key > marker.first : position > marker;
    if (marker.first.empty() || behind) sorted[position] = &upload;
  }
  std::string inner;
  std::pair<std::string, std::string> last;
  std::uint32_t count = 0;
  for (const auto& [position, upload] : sorted) {
    if (count++ == max) break;
    last = position;
    inner += fmt::format(
        "<Upload><Key>{}</Key><UploadId>{}</UploadId><StorageClass>STANDARD</StorageClass>"
        "<Initiated>{}</Initiated></Upload>",
        shown(upload->key, encoded), upload->id, iso_date(upload->started));
  }
  const bool truncated = sorted.size() > max;
  std::string head = fmt::format("<Bucket>{}</Bucket><KeyMarker>{}</KeyMarker><UploadIdMarker>{}</UploadIdMarker>",
                                 options_.bucket, shown(marker.first, encoded), xml_escape(marker.second));
  if (truncated) {
    head += fmt::format("<NextKeyMarker>{}</NextKeyMarker><NextUploadIdMarker>{}</NextUploadIdMarker>",
                        shown(last.first, encoded), last.second);
  }
  if (encoded) head += "<EncodingType>url</EncodingType>";
  return xml("ListMultipartUploadsResult",
             fmt::format("{}<Prefix>{}</Prefix><MaxUploads>{}</MaxUploads><IsTruncated>{}</IsTruncated>{}", head,
                         shown(prefix, encoded), max, truncated, inner));
}

std::optional<HttpReply> Bucket::check_parts(const Upload& upload,
                                             const std::vector<std::pair<std::uint32_t, std::string>>& named) const {
  if (named.empty()) return error(400, "MalformedXML", "No parts are named");
  const auto unordered = [](const auto& a, const auto& b) { return a.first >= b.first; };
  if (std::ranges::adjacent_find(named, unordered) != named.end()) {
    return error(400, "InvalidPartOrder", "The parts must be in ascending order");
  }
  if (!s3() && named.back().first != named.size()) return error(400, "InvalidPart", "Part numbers must be consecutive");
  for (const auto& [number, etag] : named) {
    const auto found = upload.parts.find(number);
    if (found == upload.parts.end() || hex(found->second.md5) != unquote(etag)) {
      return error(400, "InvalidPart", fmt::format("Part {} does not exist or its ETag differs", number));
    }
    if (number != named.back().first && found->second.size < min_part()) {
      return error(400, "EntityTooSmall", fmt::format("Part {} is smaller than the minimum", number));
    }
  }
  return std::nullopt;
}

HttpReply Bucket::complete_upload(const HttpRequest& request, const std::string& key) {
  Upload* upload = find_upload(request, key);
  if (upload == nullptr) return error(404, "NoSuchUpload", "The upload does not exist");
  pugi::xml_document document;
  if (!document.load_buffer(request.body.data(), request.body.size()) || !document.child("CompleteMultipartUpload")) {
    return error(400, "MalformedXML", "The XML is not well-formed");
  }
  std::vector<std::pair<std::uint32_t, std::string>> named;
  for (const auto& node : document.child("CompleteMultipartUpload").children("Part")) {
    named.emplace_back(node.child("PartNumber").text().as_uint(), node.child_value("ETag"));
  }
  if (auto refusal = check_parts(*upload, named)) return *refusal;
  for (const auto& node : document.child("CompleteMultipartUpload").children("Part")) {
    const StoredPart& part = upload->parts[node.child("PartNumber").text().as_uint()];
    if (upload->crc32c && part.crc32c != node.child_value("ChecksumCRC32C"))
      return error(400, "InvalidPart",
                   "The upload was created using a crc32c checksum: each part must be named with it");
  }
  if (auto refusal = refuse_overwrite(request, key)) return *refusal;
  StoredObject object;
  std::string md5s;
  for (const auto& [number, etag] : named) {
    StoredPart& part = upload->parts[number];
    object.pieces.insert(object.pieces.end(), part.pieces.begin(), part.pieces.end());
    object.crc64 = crc64_join(object.crc64, part.crc64, part.size);
    object.size += part.size;
    md5s += part.md5;
  }
  if (corrupt) {
    damage(object.pieces);
    object.crc64 ^= 1;
  }
  object.etag = fmt::format("{}-{}", hex(digest(Hash::md5, md5s)), named.size());
  object.content_type = upload->content_type;
  object.metadata = upload->metadata;
  object.modified = now;
  HttpReply reply = xml("CompleteMultipartUploadResult",
                        fmt::format("<Location>http://{0}/{1}</Location><Bucket>{0}</Bucket><Key>{1}</Key>"
                                    "<ETag>&quot;{2}&quot;</ETag>",
                                    options_.bucket, xml_escape(key), object.etag));
  reply.blanks = blanks();
  if (!s3()) reply.headers.emplace_back("x-cos-hash-crc64ecma", std::to_string(object.crc64));
  uploads.erase(upload->id);
  store(key, std::move(object));
  return reply;
}

HttpReply Bucket::abort_upload(const HttpRequest& request, const std::string& key) {
  const Upload* upload = find_upload(request, key);
  if (upload == nullptr) return error(404, "NoSuchUpload", "The upload does not exist");
  uploads.erase(std::string(upload->id));
  return {.status = 204};
}

}  // namespace gantry::test::fake
