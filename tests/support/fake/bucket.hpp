// The bucket of the fake store and its operations. Not thread-safe: the server holds a lock.
// Must not know: sockets, signatures, faults (it is only told to corrupt what it stores).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/fake/wire.hpp"
#include "tests/support/fake_store.hpp"

namespace gantry::test::fake {

struct StoredObject {
  std::vector<Piece> pieces;
  std::uint64_t size = 0;
  std::string etag;
  std::uint64_t crc64 = 0;
  std::string content_type;
  std::map<std::string, std::string> metadata;
  std::int64_t modified = 0;
};

struct StoredPart {
  std::vector<Piece> pieces;
  std::uint64_t size = 0;
  std::string md5;  ///< raw
  std::uint64_t crc64 = 0;
  std::string crc32c{};  ///< base64; empty: not asked for
  std::int64_t modified = 0;
};

struct Upload {
  std::string key;
  std::string id;
  bool crc32c = false;  ///< every part must come with one
  std::int64_t started = 0;
  std::string content_type;
  std::map<std::string, std::string> metadata;
  std::map<std::uint32_t, StoredPart> parts;
};

/// Where a request points, by host and path.
struct Target {
  std::string op;   ///< "PutObject", ...; empty: no such operation
  std::string key;  ///< decoded
};

/// Content with its digests, prepared outside the lock.
struct Content {
  std::vector<Piece> pieces;
  std::uint64_t size = 0;
  std::string md5;  ///< raw
  std::uint64_t crc64 = 0;
  std::string crc32c{};  ///< base64; empty: the store does not know it
};
[[nodiscard]] Content make_content(std::string bytes, const FakeStoreOptions& options);

class Bucket {
 public:
  explicit Bucket(const FakeStoreOptions& options) : options_(options), lag_(options.listing_lag) {}

  /// Names the operation and the key; an error reply when the bucket is not ours or the key is impossible.
  [[nodiscard]] std::optional<HttpReply> locate(const HttpRequest& request, Target& target) const;
  /// Executes; `content` is the body of PutObject and UploadPart.
  [[nodiscard]] HttpReply execute(const HttpRequest& request, const Target& target, Content content);

  [[nodiscard]] HttpReply error(int status, std::string code, std::string message) const;

  [[nodiscard]] Blanks blanks() const { return s3() ? Blanks::behind_declaration : Blanks::before_declaration; }

  [[nodiscard]] const std::map<std::string, StoredObject>& objects() const { return objects_; }
  void store(const std::string& key, StoredObject object);
  void erase(const std::string& key);
  /// Listings do not show the last `writes` changes; all others they do.
  void lag_listings(std::size_t writes);

  std::map<std::string, Upload> uploads;  ///< by id
  std::int64_t now = 0;                   ///< set by the server before each call
  bool corrupt = false;                   ///< set by the server: damage what the next call stores

 private:
  [[nodiscard]] bool s3() const { return options_.dialect == FakeDialect::s3; }
  [[nodiscard]] std::string own(std::string_view name) const {
    return (s3() ? "x-amz-" : "x-cos-") + std::string(name);
  }
  [[nodiscard]] std::uint64_t min_part() const;
  [[nodiscard]] HttpReply xml(std::string_view root, std::string inner) const;

  [[nodiscard]] HttpReply put_object(const HttpRequest& request, const std::string& key, Content content);
  [[nodiscard]] HttpReply get_object(const HttpRequest& request, const std::string& key) const;
  [[nodiscard]] HttpReply delete_objects(const HttpRequest& request);
  [[nodiscard]] HttpReply copy_object(const HttpRequest& request, const std::string& key);
  [[nodiscard]] std::optional<HttpReply> copy_source(const HttpRequest& request, std::string& key,
                                                     const StoredObject*& object) const;
  [[nodiscard]] std::optional<HttpReply> refuse_overwrite(const HttpRequest& request, const std::string& key) const;
  [[nodiscard]] std::optional<HttpReply> read_metadata(const HttpRequest& request, std::string& content_type,
                                                       std::map<std::string, std::string>& metadata) const;
  void describe(const StoredObject& object, HttpReply& reply) const;

  [[nodiscard]] HttpReply list_objects(const HttpRequest& request, bool v2) const;

  [[nodiscard]] HttpReply create_upload(const HttpRequest& request, const std::string& key);
  [[nodiscard]] Upload* find_upload(const HttpRequest& request, const std::string& key);
  /// The refusal of a part whose CRC-32C is not the one in its head, or whose upload was not created for that.
  [[nodiscard]] std::optional<HttpReply> refuse_crc32c(const HttpRequest& request, const Upload& upload,
                                                       const Content& content) const;
  [[nodiscard]] HttpReply upload_part(const HttpRequest& request, const std::string& key, Content content);
  [[nodiscard]] HttpReply upload_part_copy(const HttpRequest& request, const std::string& key);
  [[nodiscard]] HttpReply list_parts(const HttpRequest& request, const std::string& key);
  [[nodiscard]] HttpReply list_uploads(const HttpRequest& request) const;
  [[nodiscard]] HttpReply complete_upload(const HttpRequest& request, const std::string& key);
  [[nodiscard]] std::optional<HttpReply> check_parts(
      const Upload& upload, const std::vector<std::pair<std::uint32_t, std::string>>& named) const;
  [[nodiscard]] HttpReply abort_upload(const HttpRequest& request, const std::string& key);

  void damage(std::vector<Piece>& pieces);
  [[nodiscard]] std::string shown(std::string_view key, bool encoded) const;

  const FakeStoreOptions& options_;
  std::map<std::string, StoredObject> objects_;
  std::map<std::string, StoredObject> listed_;  // what listings show
  std::deque<std::pair<std::string, std::optional<StoredObject>>> not_yet_listed_;
  std::size_t lag_ = 0;
  std::uint64_t next_upload_ = 1;
};

/// A decimal parameter with bounds; `fallback` when absent or malformed.
[[nodiscard]] std::uint32_t number_parameter(const HttpRequest& request, std::string_view name, std::uint32_t fallback);
/// "bytes=a-b", "bytes=a-", "bytes=-n" within `size`; first and last byte. Nothing when it selects nothing.
struct Span {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
[[nodiscard]] std::optional<Span> parse_range(std::string_view text, std::uint64_t size);
[[nodiscard]] std::string unquote(std::string_view etag);

}  // namespace gantry::test::fake
