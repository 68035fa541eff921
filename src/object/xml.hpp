// The XML documents of S3 and COS: replies into values, values into request bodies.
// Must not know: HTTP, retries. Namespaces are ignored (local names only), DTDs refused, unknown elements skipped,
// blank text before the declaration (keep-alive of long answers) accepted. Nothing means: not that document.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "object/dialect.hpp"
#include "object/store.hpp"

namespace gantry::object::xml {

/// Longest document read: a page of 1000 keys of 1024 bytes, percent-encoded, with all its elements.
inline constexpr std::size_t max_document = 8 * mib;

struct ErrorDocument {
  std::string code;
  std::string message;
  std::string region;  ///< S3, wrong region
  std::string request_id;
  std::optional<WallTime> server_time;
};

struct Listing {
  ListPage page;  ///< its cursor is empty
  bool truncated = false;
  std::string next_marker;         ///< V1, decoded
  std::string continuation_token;  ///< V2, opaque
};

struct PartsPage {
  std::vector<PartInfo> parts;
  bool truncated = false;
  std::uint32_t next_marker = 0;
};

struct UploadsPage {
  std::vector<UploadInfo> uploads;
  bool truncated = false;
  std::string next_key_marker;  ///< decoded
  std::string next_upload_marker;
};

struct Written {
  std::string etag;
  std::optional<std::uint64_t> crc64;
};

struct DeleteFailure {
  std::string key;
  std::string code;
  std::string message;
};

[[nodiscard]] std::optional<ErrorDocument> read_error(std::string_view text);
/// Both list versions. `plus` says what '+' means where the reply is url-encoded.
[[nodiscard]] std::optional<Listing> read_listing(std::string text, Plus plus);
/// What read_listing() says of a page but its names, found in what stands before and behind them. Nothing also where
/// they cannot be told apart quickly.
[[nodiscard]] std::optional<Listing> read_listing_frame(std::string_view text, Plus plus);
[[nodiscard]] std::optional<PartsPage> read_parts(std::string_view text);
[[nodiscard]] std::optional<UploadsPage> read_uploads(std::string_view text, Plus plus);
/// The upload id of InitiateMultipartUploadResult.
[[nodiscard]] std::optional<std::string> read_upload_id(std::string_view text);
/// CopyObjectResult, CopyPartResult or CompleteMultipartUploadResult; an ETag is required.
[[nodiscard]] std::optional<Written> read_written(std::string_view text);
[[nodiscard]] std::optional<std::vector<DeleteFailure>> read_delete_result(std::string_view text);

[[nodiscard]] std::string write_complete(const std::vector<PartInfo>& parts, std::string_view name_space);
/// Keys must be free of control characters, which XML cannot carry.
[[nodiscard]] std::string write_delete(const std::vector<std::string>& keys, std::string_view name_space);

}  // namespace gantry::object::xml
