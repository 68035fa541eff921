#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "digest/digest.hpp"
#include "object/encoding.hpp"
#include "object/signer.hpp"

namespace gantry::object {
namespace {

using digest::Algorithm;

/// Headers that proxies and HTTP layers add or change.
constexpr std::array<std::string_view, 10> never_signed{
    "accept", "accept-encoding", "authorization",     "connection", "content-length",
    "expect", "user-agent",      "transfer-encoding", "date",       "x-amzn-trace-id"};

/// Trimmed, and runs of blanks made one.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (char c : trim(value))
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  return out;
}

struct Canonical {
  std::string headers;
  std::string names;
};

Canonical canonical_headers(const std::vector<http::Header>& headers) {
  std::vector<http::Header> chosen;
  for (const auto& [name, value] : headers) {
    std::string lower = to_lower(name);
    if (std::ranges::find(never_signed, lower) == never_signed.end())
      chosen.emplace_back(std::move(lower), canonical_value(value));
  }
  std::ranges::sort(chosen);
  Canonical out;
  for (const auto& [name, value] : chosen) {
    out.headers += fmt::format("{}:{}\n", name, value);
    out.names += out.names.empty() ? name : ";" + name;
  }
  return out;
}

std::string canonical_query(const Parameters& query) {
  Parameters encoded;
  for (const auto& [name, value] : query) encoded.emplace_back(encode(name), encode(value));
  std::ranges::sort(encoded);
  std::string out;
  for (const auto& [name, value] : encoded) out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  return out;
}

}  // namespace

const std::string& SigV4Signer::signing_key(const Secret& secret, const std::string& date) const {
  if (key_date_ != date || key_secret_ != secret) {
    std::string key = digest::hmac(Algorithm::sha256, "AWS4" + secret.reveal(), date);
    for (std::string_view step : {std::string_view(region_), std::string_view("s3"), std::string_view("aws4_request")})
      key = digest::hmac(Algorithm::sha256, key, step);
    key_ = std::move(key);
    key_date_ = date;
    key_secret_ = secret;
  }
  return key_;
}

void SigV4Signer::sign(SignRequest& request, const Credentials& keys, WallTime now) const {
  std::string stamp = amz_date(now);
  std::string date = stamp.substr(0, 8);
  request.headers.emplace_back("x-amz-date", stamp);
  request.headers.emplace_back("x-amz-content-sha256", request.payload_hash);
  if (!keys.session_token.empty()) request.headers.emplace_back("x-amz-security-token", keys.session_token.reveal());

  Canonical headers = canonical_headers(request.headers);
  std::string path = request.path.empty() ? "/" : encode_path(request.path);
  std::string canonical = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, path, canonical_query(request.query),
                                      headers.headers, headers.names, request.payload_hash);
  std::string scope = fmt::format("{}/{}/s3/aws4_request", date, region_);
  std::string to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", stamp, scope,
                                    to_hex(digest::hash(Algorithm::sha256, as_byte_view(canonical))));
  std::string signature = to_hex(digest::hmac(Algorithm::sha256, signing_key(keys.secret_key, date), to_sign));
  request.headers.emplace_back(
      "Authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}", keys.access_key,
                                   scope, headers.names, signature));
}

}  // namespace gantry::object
