// A strict object store in memory that speaks S3 or COS over real sockets, with faults on demand. It verifies
// signatures, digests and protocol rules with code of its own, so that it cannot share a mistake with src/object.
// Must not know: anything of src/object, src/http, src/digest.
//
// The same server is the program `fake_store`; tests in other languages drive it through unsigned requests on the
// same port (one item a line, fields separated by blanks, keys percent-encoded):
//   POST   /_fake/fault            a rule a line: op=PutObject key=prefix skip=1 times=2 action=error status=503
//                                  code=SlowDown bytes=100 ms=50 (names as in FaultRule; all but action optional)
//   DELETE /_fake/fault            forgets all rules
//   GET    /_fake/requests         METHOD target op status
//   DELETE /_fake/requests
//   GET    /_fake/objects          key size etag crc64 content-type [name=value ...]
//   GET    /_fake/objects/KEY      the content; PUT stores it, DELETE removes it
//   GET    /_fake/uploads          key upload-id parts bytes
//   DELETE /_fake/uploads          forgets all open uploads, as a store that removes old ones
//   PUT    /_fake/credentials      ACCESS-KEY SECRET-KEY [TOKEN [CODE]]: what is accepted from now on, and with what
//                                  another token is refused (ExpiredToken)
//   POST   /_fake/credentials      the same, accepted beside what was accepted before
//   GET    /_fake/traffic          "sent" and the bytes of all answers since the start; then for each operation its
//   name,
//                                  how many requests run, and the most that ran at once since the last DELETE
//   DELETE /_fake/traffic
//   POST   /_fake/many             PREFIX NUMBER: as many objects of one byte, PREFIX0000000 and on
//   PUT    /_fake/listing_lag      a number: listings do not show so many of the last writes (option listing_lag)
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::test {

enum class FakeDialect : std::uint8_t { s3, cos };

struct FakeStoreOptions {
  FakeDialect dialect = FakeDialect::s3;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one
  std::string bucket = "examplebucket-1250000000";
  std::string region = "us-east-1";
  std::string access_key = "AKIDEXAMPLE";
  std::string secret_key = "EXAMPLEsecretKeyForTests";
  std::string session_token{};                    ///< of temporary keys; empty: none is asked for
  std::string stale_token_code = "ExpiredToken";  ///< 400; the other codes a stale token is refused with: 403
  double prefix_rate = 0;      ///< writes, deletes and listings a second below one top directory, then SlowDown; 0: any
  bool any_host = true;        ///< COS: the bucket is implied, whatever Host says
  std::uint64_t min_part = 0;  ///< 0: the dialect's own, 5 MiB (S3) or 1 MiB (COS)
  std::uint32_t max_page = 1000;         ///< most entries a listing page holds, whatever the request says
  std::chrono::milliseconds latency{0};  ///< before each response
  std::size_t listing_lag = 0;           ///< the last writes (puts and removals) that listings do not show yet
  std::uint64_t throughput = 0;          ///< bytes a second and connection and direction; 0: no limit
  std::uint64_t uplink = 0;              ///< bytes a second that all connections together bring in; 0: no limit
  std::string tls_certificate{};         ///< PEM chain file; empty: plain http
  std::string tls_key{};
  bool discard = false;        ///< contents above 64 KiB are hashed and forgotten; reading them gives a pattern
  bool crc32c = false;         ///< S3: checks parts by CRC-32C when asked to, as AWS does; otherwise it ignores that
  bool any_signature = false;  ///< requests need none, as those of a bare relay; a wrong one is taken, too
  std::chrono::seconds clock_offset{0};  ///< the server's clock minus the real one
};

enum class FaultAction : std::uint8_t {
  error,               ///< answer `status` and `code` instead of executing
  early_error,         ///< the same before the request body is read, then close
  ok_with_error,       ///< 200 with an <Error> body, without executing (Complete, Copy)
  reset,               ///< TCP reset instead of a response, without executing
  reset_request,       ///< TCP reset after `bytes` of the request body
  reset_response,      ///< TCP reset after `bytes` of the response body
  truncate,            ///< FIN after `bytes` of the response body
  stall,               ///< never answers
  stall_response,      ///< stops after `bytes` of the response body
  execute_then_reset,  ///< executes, then a reset: the outcome is lost to the client
  execute_then_error,  ///< executes, then answers `status` and `code`
  corrupt,             ///< flips a byte of the stored body (PUT, parts, Complete) or of the sent one (GET), answers OK
  wrong_etag,          ///< executes, answers with another ETag
  wrong_crc,           ///< executes, answers with another CRC-64 (COS) or CRC-32C (S3)
  no_crc,              ///< executes, answers without a CRC-64 or CRC-32C
  refuse,              ///< cuts every connection without executing, and for `delay` refuses new ones
  latency,             ///< waits `delay`, then goes on as usual
};

struct FaultRule {
  std::string op{};          ///< "PutObject", "GetObject", "UploadPart", ...; empty: any
  std::string key_prefix{};  ///< of the key; empty: any
  std::uint32_t skip = 0;    ///< lets this many matching requests pass first
  std::uint32_t times = 1;   ///< then applies to this many
  FaultAction action = FaultAction::error;
  int status = 503;
  std::string code = "SlowDown";
  std::uint64_t bytes = 0;
  std::chrono::milliseconds delay{0};
};

struct RecordedRequest {
  std::string method;
  std::string target;
  std::string op;
  std::string key;
  int status = 0;                              ///< 0: no response was sent
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::uint64_t body_size = 0;
};

struct FakeObject {
  std::string content;
  std::uint64_t size = 0;
  std::string etag;  ///< without quotes
  std::uint64_t crc64 = 0;
  std::string content_type;
  std::map<std::string, std::string> metadata;  ///< names without x-amz-meta-/x-cos-meta-
};

/// Runs in threads of its own; every method may be called from any thread. The destructor closes all connections.
class FakeStore {
 public:
  /// Throws std::runtime_error when it cannot listen or the certificate cannot be used.
  explicit FakeStore(FakeStoreOptions options = {});
  ~FakeStore();
  FakeStore(const FakeStore&) = delete;
  FakeStore& operator=(const FakeStore&) = delete;

  [[nodiscard]] const FakeStoreOptions& options() const;
  [[nodiscard]] std::uint16_t port() const;
  /// "http://127.0.0.1:PORT", or https when there is a certificate.
  [[nodiscard]] std::string endpoint() const;

  [[nodiscard]] std::vector<RecordedRequest> requests() const;
  void clear_requests();
  /// How often `op` was asked for; all requests when empty.
  [[nodiscard]] std::size_t count(std::string_view op = {}) const;

  void fail(FaultRule rule);
  void clear_faults();

  [[nodiscard]] std::map<std::string, FakeObject> objects() const;
  [[nodiscard]] std::vector<std::string> open_uploads() const;  ///< upload ids
  void put_object(std::string key, std::string content);
  void remove_object(const std::string& key);
  void set_latency(std::chrono::milliseconds latency);
  void set_credentials(std::string access_key, std::string secret_key, std::string session_token = {},
                       std::string stale_token_code = "ExpiredToken");
  /// From now on listings do not show the last `writes` changes, and all others they do.
  void lag_listings(std::size_t writes);

  /// One line of POST /_fake/fault; throws std::runtime_error saying what is wrong.
  [[nodiscard]] static FaultRule parse_rule(std::string_view line);

  struct Implementation;

 private:
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace gantry::test
