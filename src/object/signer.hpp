// Signing of store requests: AWS Signature Version 4 (S3) and the COS q-sign-algorithm=sha1.
// Must not know: what is being asked for, sockets, retries.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/secret.hpp"
#include "base/units.hpp"
#include "http/client.hpp"

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

struct Credentials {
  std::string access_key;
  Secret secret_key;
  Secret session_token;
};

class Signer {
 public:
  virtual ~Signer() = default;
  /// Adds Authorization and the headers it depends on. `now` is the store's time, not necessarily the machine's.
  virtual void sign(SignRequest& request, WallTime now) const = 0;
};

/// S3, header form; the path is encoded once and not normalised.
class SigV4Signer final : public Signer {
 public:
  SigV4Signer(Credentials credentials, std::string region);
  void sign(SignRequest& request, WallTime now) const override;

 private:
  [[nodiscard]] const std::string& signing_key(const std::string& date) const;

  Credentials credentials_;
  std::string region_;
  mutable std::string key_date_;  // the derived key changes once a day
  mutable std::string key_;
};

/// COS XML API. A signature is valid from one minute before `now` for an hour.
class CosSigner final : public Signer {
 public:
  explicit CosSigner(Credentials credentials);
  void sign(SignRequest& request, WallTime now) const override;

  /// The Authorization value for a window in Unix seconds: over all parameters and those of the headers that COS
  /// SDKs sign.
  [[nodiscard]] std::string authorization(const SignRequest& request, std::int64_t start, std::int64_t end) const;

 private:
  Credentials credentials_;
};

}  // namespace gantry::object
