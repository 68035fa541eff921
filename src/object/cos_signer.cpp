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

bool is_signed(std::string_view name) {
  static constexpr std::array<std::string_view, 17> names{"cache-control",
                                                          "content-disposition",
                                                          "content-encoding",
                                                          "content-length",
                                                          "content-md5",
                                                          "content-type",
                                                          "expect",
                                                          "expires",
                                                          "host",
                                                          "if-match",
                                                          "if-modified-since",
                                                          "if-none-match",
                                                          "if-unmodified-since",
                                                          "origin",
                                                          "range",
                                                          "transfer-encoding",
                                                          "pic-operations"};
  return std::ranges::find(names, name) != names.end() || name.starts_with("x-cos-") || name.starts_with("x-ci-");
}

struct Listed {
  std::string pairs;  // n=v&n=v
  std::string names;  // n;n
};

Listed listed(const Parameters& items) {
  Parameters encoded;
  // Lower case comes after encoding: an escape inside a name becomes %2f.
  for (const auto& [name, value] : items) encoded.emplace_back(to_lower(encode(name)), encode(value));
  std::ranges::sort(encoded);
  Listed out;
  for (const auto& [name, value] : encoded) {
    out.pairs += fmt::format("{}{}={}", out.pairs.empty() ? "" : "&", name, value);
    out.names += out.names.empty() ? name : ";" + name;
  }
  return out;
}

/// HMAC-SHA1 as hexadecimal text: the next step takes the text, not the bytes, as its key.
std::string hmac_hex(std::string_view key, std::string_view message) {
  return to_hex(digest::hmac(Algorithm::sha1, key, message));
}

}  // namespace

std::string CosSigner::authorization(const SignRequest& request, const Credentials& keys, std::int64_t start,
                                     std::int64_t end) {
  Parameters chosen;
  std::ranges::copy_if(request.headers, std::back_inserter(chosen),
                       [](const http::Header& header) { return is_signed(to_lower(header.first)); });
  Listed headers = listed(chosen);
  Listed query = listed(request.query);
  std::string http_string =
      fmt::format("{}\n{}\n{}\n{}\n", to_lower(request.method), request.path, query.pairs, headers.pairs);
  std::string key_time = fmt::format("{};{}", start, end);
  std::string to_sign =
      fmt::format("sha1\n{}\n{}\n", key_time, to_hex(digest::hash(Algorithm::sha1, as_byte_view(http_string))));
  std::string signature = hmac_hex(hmac_hex(keys.secret_key.reveal(), key_time), to_sign);
  return fmt::format(
      "q-sign-algorithm=sha1&q-ak={}&q-sign-time={}&q-key-time={}&q-header-list={}&q-url-param-list={}&q-signature={}",
      keys.access_key, key_time, key_time, headers.names, query.names, signature);
}

void CosSigner::sign(SignRequest& request, const Credentials& keys, WallTime now) const {
  if (!keys.session_token.empty()) request.headers.emplace_back("x-cos-security-token", keys.session_token.reveal());
  std::int64_t seconds = std::chrono::floor<Seconds>(now).time_since_epoch().count();
  request.headers.emplace_back("Authorization", authorization(request, keys, seconds - 60, seconds + 3600));
}

}  // namespace gantry::object
