// What a cloud does: keys, ranges, parts. One bucket, seen through one prefix-free key space.
// Must not know: directories, FTP, users. vfs/ builds directories on it.
// Every call is retried inside (object/retry) within its own deadline; an error that comes out is final for now.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/units.hpp"

namespace gantry::object {

struct Limits {
  std::uint64_t min_part = 5 * mib;  ///< every part but the last
  std::uint64_t max_part = 5 * gib;
  std::uint32_t max_parts = 10'000;
  std::uint64_t max_put = 5 * gib;  ///< one PUT or one server-side copy call
  std::uint64_t max_object = 5 * tib;
  std::size_t max_key = 1024;  ///< bytes
};

/// User metadata, names without the dialect's prefix, lower case [a-z0-9-]; values ASCII.
using Metadata = std::map<std::string, std::string>;

struct ObjectInfo {
  std::string key;
  std::uint64_t size = 0;
  WallTime modified{};                 ///< upload time as the store says; epoch when unknown
  std::string etag;                    ///< without quotes
  std::optional<std::uint64_t> crc64;  ///< of the whole object, when the store keeps it (COS)
  Metadata metadata;                   ///< head and get; a listing has what is known without asking
  std::string content_type;
  std::string request_id;
};

/// An object being read. Destroying it early drops the connection.
class Body {
 public:
  virtual ~Body() = default;
  [[nodiscard]] virtual const ObjectInfo& info() const = 0;  ///< size is the whole object's, not the range's
  [[nodiscard]] virtual ByteRange range() const = 0;         ///< what is really delivered
  /// Next bytes, 0 at the end of the range. A broken connection is continued with a ranged, ETag-pinned request
  /// inside; Errc::conflict when the object changed meanwhile. Errc::corrupt instead of the last bytes of a whole
  /// object whose CRC-64 is not the one the store says.
  [[nodiscard]] virtual Task<Result<std::size_t>> read(MutableBytes buffer) = 0;
  /// Of what was read so far, when it is the whole object and the store said its CRC-64.
  [[nodiscard]] virtual std::optional<std::uint64_t> crc64() const { return std::nullopt; }
};

struct GetOptions {
  ByteRange range{};
  std::string if_match{};  ///< ETag; empty: any version
};

struct PutOptions {
  Metadata metadata{};
  std::string content_type = "application/octet-stream";
  bool create_only = false;  ///< Errc::already_exists when the key exists (as far as the store can tell)
  /// Of start_parts(): called, before it returns, when a try may have begun an upload whose id nobody heard.
  std::function<void()> unheard{};
  /// Of start_parts(): when given, the store is asked to check the parts by CRC-32C. Called, before it returns, if it
  /// was: then every part must carry one.
  std::function<void()> by_crc32c{};
};

/// Checks the caller made of the bytes, sent along or compared with what the store answers.
struct Integrity {
  std::string md5{};                     ///< 16 raw bytes; empty: not sent
  std::optional<std::uint64_t> crc64{};  ///< compared with the store's answer when it gives one; Errc::corrupt
  /// Of a part whose upload is checked by it: sent, and compared with what the store says it computed; Errc::corrupt.
  /// Where the store says nothing it has proved nothing: a part without an MD5 is then sent once more with one.
  std::optional<std::uint32_t> crc32c{};
};

struct PutResult {
  std::string etag;
  std::optional<std::uint64_t> crc64;
  std::string request_id;
  std::string crc32c{};  ///< of the part just sent, as the store writes it (base64); empty: it does not say
};

struct ListRequest {
  std::string prefix{};
  std::string delimiter{};    ///< "/" or empty
  std::string start_after{};  ///< keys strictly after this one
  std::string cursor{};       ///< from the page before; opaque
  std::uint32_t max = 1000;
  /// Called before the page's names are read, if its answer shows by then with which cursor the next one is asked for.
  /// The call may still fail or be answered anew: only the page's own cursor counts.
  std::function<void(std::string cursor)> on_cursor{};
};

struct ListPage {
  std::vector<ObjectInfo> objects;    ///< in the store's order (UTF-8 bytes)
  std::vector<std::string> prefixes;  ///< common prefixes, each ending in the delimiter
  std::string cursor;                 ///< for the next page; empty: this was the last
};

struct CopyRequest {
  std::string from;
  std::string to;
  std::string origin{};                 ///< Store::origin() of the source's store; empty: this one
  std::string if_match{};               ///< source ETag; empty: any
  std::optional<PutOptions> replace{};  ///< new metadata; absent: the source's
  std::optional<std::uint64_t> size{};  ///< the source's, when the caller knows it; the store needs it for nothing
  bool create_only = false;             ///< as in PutOptions; few stores know it of a copy
};

struct PartTarget {
  std::string key;
  std::string upload_id;
  std::uint32_t number = 1;  ///< 1..10000
  std::string origin{};      ///< of copy_part(): as in CopyRequest
};

struct PartInfo {
  std::uint32_t number = 0;
  std::uint64_t size = 0;
  std::string etag;
  std::optional<std::uint64_t> crc64;  ///< as the store says; nothing where it keeps none
  std::string crc32c{};                ///< as the store writes it (base64), which it wants back; empty: it keeps none
};

struct UploadInfo {
  std::string key;
  std::string upload_id;
  WallTime started{};
};

/// Whether a store checks parts by CRC-32C, as far as its answers have shown.
enum class ProvesCrc32c : std::uint8_t { no, unknown, yes };

struct KeyFailure {
  std::string key;
  Error error;
};

/// All calls: Errc::not_found (no such key or upload), denied, throttled, unavailable, timed_out, conflict,
/// cancelled, corrupt, too_large, bad_name. String and option parameters are taken by value; chunk bodies are
/// borrowed until the call returns.
class Store {
 public:
  virtual ~Store() = default;
  [[nodiscard]] virtual const Limits& limits() const = 0;
  [[nodiscard]] virtual ProvesCrc32c proves_crc32c() const { return ProvesCrc32c::no; }
  /// How other stores of the same service and keys call this one when they copy from it.
  [[nodiscard]] virtual std::string origin() const = 0;
  [[nodiscard]] virtual Task<Result<ObjectInfo>> head(std::string key) = 0;
  [[nodiscard]] virtual Task<Result<std::unique_ptr<Body>>> get(std::string key, GetOptions options) = 0;
  [[nodiscard]] virtual Task<Result<PutResult>> put(std::string key, Chunks body, Integrity integrity,
                                                    PutOptions options) = 0;
  [[nodiscard]] virtual Task<Result<ListPage>> list(ListRequest request) = 0;
  /// Success also when the key did not exist.
  [[nodiscard]] virtual Task<Result<void>> remove(std::string key) = 0;
  /// Up to 1000 keys; the failures among them.
  [[nodiscard]] virtual Task<Result<std::vector<KeyFailure>>> remove_many(std::vector<std::string> keys) = 0;
  /// Server-side, up to Limits::max_put; larger ones by copy_part.
  [[nodiscard]] virtual Task<Result<PutResult>> copy(CopyRequest request) = 0;
  [[nodiscard]] virtual Task<Result<std::string>> start_parts(std::string key, PutOptions options) = 0;
  [[nodiscard]] virtual Task<Result<PartInfo>> put_part(PartTarget target, Chunks body, Integrity integrity) = 0;
  [[nodiscard]] virtual Task<Result<PartInfo>> copy_part(PartTarget target, std::string from, ByteRange range,
                                                         std::string if_match) = 0;
  [[nodiscard]] virtual Task<Result<std::vector<PartInfo>>> list_parts(std::string key, std::string upload_id) = 0;
  [[nodiscard]] virtual Task<Result<std::vector<UploadInfo>>> list_uploads(std::string prefix) = 0;
  /// Joins the parts. An uncertain outcome (timeout, reset, 5xx, 200 with an error) is settled inside by asking the
  /// store; a detail that begins with "uncertain" says that it could not be: then never abort the upload.
  [[nodiscard]] virtual Task<Result<PutResult>> finish_parts(std::string key, std::string upload_id,
                                                             std::vector<PartInfo> parts, bool create_only) = 0;
  /// Success also when the upload is gone.
  [[nodiscard]] virtual Task<Result<void>> abort_parts(std::string key, std::string upload_id) = 0;
  /// Can the bucket be reached and used with these credentials? For start-up and `gantryd check`.
  [[nodiscard]] virtual Task<Result<void>> probe() = 0;
};

}  // namespace gantry::object
