// Signing of store requests: AWS Signature Version 4 (S3) and the COS q-sign-algorithm=sha1.
// Must not know: what is being asked for, sockets, retries.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/units.hpp"
#include "http/client.hpp"
#include "object/credentials.hpp"

namespace gantry::object {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// A request before it is signed. Everything is decoded here; whoever sends it encodes with encoding.hpp.
struct SignRequest {
  std::string method;
  std::string path;                   ///< decoded, with its leading '/'
  Parameters query;                   ///< decoded
  std::vector<http::Header> headers;  ///< Host among them; values trimmed. sign() adds its own
  std::string payload_hash;           ///< SigV4: hex SHA-256 of the body, or unsigned_payload. COS: not used
};

inline constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view empty_payload_hash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

class Signer {
 public:
  virtual ~Signer() = default;
  /// Adds Authorization and the headers it depends on. `now` is the store's time, not necessarily the machine's.
  virtual void sign(SignRequest& request, const Credentials& keys, WallTime now) const = 0;
};

/// S3, header form; the path is encoded once and not normalised.
class SigV4Signer final : public Signer {
 public:
  explicit SigV4Signer(std::string region) : region_(std::move(region)) {}
  void sign(SignRequest& request, const Credentials& keys, WallTime now) const override;

 private:
  [[nodiscard]] const std::string& signing_key(const Secret& secret, const std::string& date) const;

  std::string region_;
  mutable std::string key_date_;  // the derived key changes once a day
  mutable Secret key_secret_;     // and with the secret
  mutable std::string key_;
};

/// COS XML API. A signature is valid from one minute before `now` for an hour.
class CosSigner final : public Signer {
 public:
  void sign(SignRequest& request, const Credentials& keys, WallTime now) const override;

  /// The Authorization value for a window in Unix seconds: over all parameters and those of the headers that COS
  /// SDKs sign.
  [[nodiscard]] static std::string authorization(const SignRequest& request, const Credentials& keys,
                                                 std::int64_t start, std::int64_t end);
};

}  // namespace gantry::object
