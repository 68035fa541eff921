#include "tests/support/fake/auth.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "tests/support/fake/codec.hpp"

namespace gantry::test::fake {
namespace {

constexpr std::int64_t max_skew = 15 * 60;
constexpr std::string_view v4_name = "AWS4-HMAC-SHA256";

Refusal denied(std::string message) { return {403, "AccessDenied", std::move(message)}; }
Refusal mismatch(const std::string& detail) {
  return {403, "SignatureDoesNotMatch", "The signature does not match; the server signed: " + detail};
}

std::string collapse_blanks(std::string_view value) {
  std::string result;
  for (const char c : strip(value)) {
    if (c != ' ' || !result.ends_with(' ')) result += c;
  }
  return result;
}

struct V4 {
  std::string access_key, date, region, scope;
  std::vector<std::string> signed_headers;
  std::string signature;
};

std::optional<V4> parse_v4(std::string_view text) {
  V4 v4;
  std::string credential;
  for (const std::string& item : split(text.substr(v4_name.size()), ',')) {
    const std::string field(strip(item));
    const auto equal = field.find('=');
    if (equal == std::string::npos) return std::nullopt;
    const std::string value = field.substr(equal + 1);
    if (field.starts_with("Credential=")) credential = value;
    if (field.starts_with("SignedHeaders=")) v4.signed_headers = split(value, ';');
    if (field.starts_with("Signature=")) v4.signature = value;
  }
  const auto parts = split(credential, '/');
  if (parts.size() != 5 || parts[3] != "s3" || parts[4] != "aws4_request" || v4.signature.empty()) return std::nullopt;
  v4.access_key = parts[0];
  v4.date = parts[1];
  v4.region = parts[2];
  v4.scope = credential.substr(parts[0].size() + 1);
  return v4;
}

std::string canonical_query(const HttpRequest& request) {
  std::vector<std::pair<std::string, std::string>> items;
  for (const auto& [name, value] : request.query) {
    items.emplace_back(encode(name, Slash::encode), encode(value, Slash::encode));
  }
  std::ranges::sort(items);
  std::string text;
  for (const auto& [name, value] : items) text += (text.empty() ? "" : "&") + name + "=" + value;
  return text;
}

std::optional<Refusal> check_v4_headers(const HttpRequest& request, const V4& v4) {
  if (!std::ranges::is_sorted(v4.signed_headers)) return denied("SignedHeaders must be sorted");
  const auto is_signed = [&](const std::string& name) {
    return std::ranges::find(v4.signed_headers, name) != v4.signed_headers.end();
  };
  if (!is_signed("host")) return denied("Host must be signed");
  for (const auto& [name, value] : request.headers) {
    if (name.starts_with("x-amz-") && !is_signed(name)) {
      return denied("There were headers present in the request which were not signed: " + name);
    }
  }
  return std::nullopt;
}

std::optional<Refusal> check_v4(const HttpRequest& request, const FakeStoreOptions& options, std::int64_t now) {
  const auto v4 = parse_v4(request.header("authorization"));
  if (!v4) return Refusal{400, "AuthorizationHeaderMalformed", "The authorization header is malformed"};
  if (v4->access_key != options.access_key) {
    return Refusal{403, "InvalidAccessKeyId", "The access key id does not exist in our records"};
  }
  if (v4->region != options.region) {
    return Refusal{400, "AuthorizationHeaderMalformed",
                   fmt::format("the region '{}' is wrong; expecting '{}'", v4->region, options.region)};
  }
  const std::string amz_date = request.header("x-amz-date");
  const auto time = parse_basic_date(amz_date);
  if (!time || !amz_date.starts_with(v4->date)) return denied("x-amz-date is missing or does not fit the scope");
  if (std::abs(*time - now) > max_skew) {
    return Refusal{403, "RequestTimeTooSkewed",
                   "The difference between the request time and the server's is too large"};
  }
  const std::string payload = request.header("x-amz-content-sha256");
  if (payload.empty()) return Refusal{400, "InvalidRequest", "Missing required header: x-amz-content-sha256"};
  if (payload.starts_with("STREAMING-")) return Refusal{501, "NotImplemented", "aws-chunked is not supported"};
  if (auto refusal = check_v4_headers(request, *v4)) return refusal;

  const auto path = decode(request.path, Plus::literal);
  if (!path) return Refusal{400, "InvalidURI", "Could not parse the URI"};
  std::string canonical =
      fmt::format("{}\n{}\n{}\n", request.method, encode(*path, Slash::keep), canonical_query(request));
  std::string names;
  for (const std::string& name : v4->signed_headers) {
    canonical += fmt::format("{}:{}\n", name, collapse_blanks(request.header(name)));
    names += (names.empty() ? "" : ";") + name;
  }
  canonical += fmt::format("\n{}\n{}", names, payload);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", v4_name, amz_date, v4->scope, hex(digest(Hash::sha256, canonical)));
  std::string key = "AWS4" + options.secret_key;
  for (const std::string& step : {v4->date, v4->region, std::string("s3"), std::string("aws4_request")}) {
    key = hmac(Hash::sha256, key, step);
  }
  if (hex(hmac(Hash::sha256, key, to_sign)) != v4->signature) return mismatch(canonical);
  return std::nullopt;
}

using Fields = std::map<std::string, std::string>;

Fields parse_cos(std::string_view text) {
  Fields fields;
  for (const std::string& item : split(text, '&')) {
    const auto equal = std::min(item.find('='), item.size());
    fields[item.substr(0, equal)] = item.substr(std::min(equal + 1, item.size()));
  }
  return fields;
}

/// "name=value" of the listed items; nothing when the list is unsorted or names something that was not sent.
std::optional<std::string> cos_items(const std::string& list, const std::map<std::string, std::string>& sent) {
  const auto names = split(list, ';');
  if (!std::ranges::is_sorted(names)) return std::nullopt;
  std::string text;
  for (const std::string& name : names) {
    const auto found = sent.find(name);
    if (found == sent.end()) return std::nullopt;
    text += (text.empty() ? "" : "&") + name + "=" + encode(found->second, Slash::encode);
  }
  return text;
}

std::optional<Refusal> check_cos_window(const std::string& window, std::int64_t now) {
  const auto times = split(window, ';');
  if (times.size() != 2) return denied("q-sign-time is malformed");
  const std::int64_t start = std::strtoll(times[0].c_str(), nullptr, 10);
  const std::int64_t end = std::strtoll(times[1].c_str(), nullptr, 10);
  if (start > now + max_skew) {
    return Refusal{403, "RequestTimeTooSkewed",
                   "The difference between the request time and the server's is too large"};
  }
  // A second of grace: the vendors' clocks are not exact either.
  if (start > now + 1 || end < now) return denied("Request has expired");
  return std::nullopt;
}

std::optional<Refusal> check_cos(const HttpRequest& request, const FakeStoreOptions& options, std::int64_t now) {
  Fields fields = parse_cos(request.header("authorization"));
  if (fields["q-sign-algorithm"] != "sha1") return denied("q-sign-algorithm must be sha1");
  if (fields["q-ak"] != options.access_key) return Refusal{403, "InvalidAccessKeyId", "The SecretId does not exist"};
  if (fields["q-sign-time"] != fields["q-key-time"]) return denied("q-sign-time and q-key-time differ");
  if (auto refusal = check_cos_window(fields["q-sign-time"], now)) return refusal;

  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : request.headers) headers[lower(encode(name, Slash::encode))] = value;
  std::map<std::string, std::string> parameters;
  for (const auto& [name, value] : request.query) parameters[lower(encode(name, Slash::encode))] = value;
  const auto header_text = cos_items(fields["q-header-list"], headers);
  const auto parameter_text = cos_items(fields["q-url-param-list"], parameters);
  const auto path = decode(request.path, Plus::literal);
  if (!header_text || !parameter_text || !path) return mismatch("a list is unsorted or names something not sent");

  const std::string http_string =
      fmt::format("{}\n{}\n{}\n{}\n", lower(request.method), *path, *parameter_text, *header_text);
  const std::string to_sign =
      fmt::format("sha1\n{}\n{}\n", fields["q-sign-time"], hex(digest(Hash::sha1, http_string)));
  const std::string sign_key = hex(hmac(Hash::sha1, options.secret_key, fields["q-key-time"]));
  if (hex(hmac(Hash::sha1, sign_key, to_sign)) != fields["q-signature"]) return mismatch(http_string);
  return std::nullopt;
}

}  // namespace

namespace {

/// Temporary keys are good only together with their token.
std::optional<Refusal> check_token(const HttpRequest& request, const FakeStoreOptions& options) {
  if (options.session_token.empty()) return std::nullopt;
  const bool s3 = options.dialect == FakeDialect::s3;
  const std::string token = request.header(s3 ? "x-amz-security-token" : "x-cos-security-token");
  if (token == options.session_token) return std::nullopt;
  if (token.empty()) return Refusal{403, "InvalidAccessKeyId", "These keys need their token"};
  const int status = options.stale_token_code == "ExpiredToken" ? 400 : 403;
  return Refusal{status, options.stale_token_code, "The provided token has expired"};
}

}  // namespace

std::optional<Refusal> check_signature(const HttpRequest& request, const FakeStoreOptions& options, std::int64_t now) {
  if (auto refusal = check_token(request, options)) return refusal;
  const std::string text = request.header("authorization");
  if (options.dialect == FakeDialect::s3) {
    if (text.starts_with(v4_name)) return check_v4(request, options, now);
  } else if (text.starts_with("q-sign-algorithm=")) {
    return check_cos(request, options, now);
  }
  return denied("Anonymous access is forbidden, or the kind of signature is unknown");
}

std::optional<Refusal> check_body(const HttpRequest& request) {
  const std::string payload = request.header("x-amz-content-sha256");
  if (!payload.empty() && payload != "UNSIGNED-PAYLOAD" && payload != hex(digest(Hash::sha256, request.body))) {
    return Refusal{400, "XAmzContentSHA256Mismatch", "The provided x-amz-content-sha256 does not match the body"};
  }
  if (!request.has_header("content-md5")) return std::nullopt;
  const auto md5 = unbase64(request.header("content-md5"));
  if (!md5 || md5->size() != 16) return Refusal{400, "InvalidDigest", "The Content-MD5 is not valid"};
  if (*md5 != digest(Hash::md5, request.body)) return Refusal{400, "BadDigest", "The Content-MD5 did not match"};
  return std::nullopt;
}

}  // namespace gantry::test::fake
