#include "object/signer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/text.hpp"
#include "object/encoding.hpp"
#include "tests/support/json.hpp"

namespace gantry::object {
namespace {

using test::Json;

const Json& cos_vectors() {
  static const Json all = Json::load(GANTRY_SOURCE_DIR "/tests/unit/object/vectors/cos-signature-vectors.json");
  return all;
}
const Json& sigv4_vectors() {
  static const Json all = Json::load(GANTRY_SOURCE_DIR "/tests/unit/object/vectors/sigv4-vectors.json");
  return all;
}

std::vector<std::pair<std::string, std::string>> pairs(const Json& list) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Json& item : list.items()) out.emplace_back(item.items().at(0).text(), item.items().at(1).text());
  return out;
}

Credentials credentials(const Json& c, const char* id) {
  return {c[id].text(), Secret(c["secret_key"].text()), Secret(c["session_token"].text())};
}

/// A request line back into what was signed.
void read_target(const std::string& target, Plus plus, SignRequest& request) {
  std::size_t mark = target.find('?');
  request.path = decode(target.substr(0, mark), Plus::literal).value();
  if (mark == std::string::npos) return;
  std::string query = target.substr(mark + 1);
  for (std::string_view item : split(query, '&')) {
    std::size_t equals = item.find('=');
    std::string value = equals == std::string_view::npos ? "" : decode(item.substr(equals + 1), plus).value();
    request.query.emplace_back(decode(item.substr(0, equals), plus).value(), value);
  }
}

const std::string& header(const SignRequest& request, std::string_view name) {
  static const std::string nothing;
  auto found = std::ranges::find_if(request.headers, [&](const auto& h) { return equal_ignoring_case(h.first, name); });
  return found == request.headers.end() ? nothing : found->second;
}

TEST(CosSigner, signer_cases) {
  ASSERT_EQ(cos_vectors()["signer_cases"].items().size(), 53U);
  for (const Json& c : cos_vectors()["signer_cases"].items()) {
    SignRequest request{c["method"].text(), c["uri_pathname"].text(), pairs(c["query"]), pairs(c["headers"]), {}};
    EXPECT_EQ(CosSigner::authorization(request, credentials(c, "secret_id"),
                                       static_cast<std::int64_t>(c["start_time"].number()),
                                       static_cast<std::int64_t>(c["end_time"].number())),
              c["expected"]["authorization"].text())
        << c["name"].text();
    EXPECT_EQ(encode_path(c["uri_pathname"].text()), c["wire_path"].text()) << c["name"].text();
  }
}

TEST(CosSigner, rebuilds_what_sdk_clients_sent) {
  ASSERT_EQ(cos_vectors()["client_cases"].items().size(), 49U);
  for (const Json& c : cos_vectors()["client_cases"].items()) {
    const Json& expected = c["expected"];
    SignRequest request;
    request.method = c["method"].text();
    read_target(c["request_target"].text(), c["sdk"].text() == "python" ? Plus::space : Plus::literal, request);
    std::string names = expected["header_list"].text();
    std::string host = c["host"].text();
    // That SDK signs the host without the port it sends.
    if (c["name"].text() == "py-custom-endpoint-port") host = host.substr(0, host.find(':'));
    auto listed = split(names, ';');
    for (const auto& [name, value] : pairs(c["headers"]))
      if (to_lower(name) != "host" && std::ranges::find(listed, to_lower(name)) != listed.end())
        request.headers.emplace_back(name, value);
    if (std::ranges::find(listed, "host") != listed.end()) request.headers.emplace_back("Host", host);
    std::string parameters = expected["url_param_list"].text();
    auto chosen = split(parameters, ';');
    std::erase_if(request.query, [&](const auto& item) {
      return std::ranges::find(chosen, to_lower(encode(item.first))) == chosen.end();
    });
    EXPECT_EQ(CosSigner::authorization(request, credentials(c, "secret_id"),
                                       static_cast<std::int64_t>(c["start_time"].number()),
                                       static_cast<std::int64_t>(c["end_time"].number())),
              expected["authorization"].text())
        << c["name"].text();
  }
}

TEST(CosSigner, opens_its_window_before_now_and_signs_the_token) {
  SignRequest request{"GET", "/a", {}, {{"Host", "h"}}, {}};
  CosSigner().sign(request, {"AKID", Secret("key"), Secret("token")}, WallTime(Seconds(1'700'000'060)));
  EXPECT_EQ(header(request, "x-cos-security-token"), "token");
  EXPECT_TRUE(header(request, "Authorization").contains("q-sign-time=1700000000;1700003660&"))
      << header(request, "Authorization");
  EXPECT_TRUE(header(request, "Authorization").contains("q-header-list=host;x-cos-security-token&"));
}

TEST(SigV4Signer, vectors) {
  ASSERT_EQ(sigv4_vectors()["cases"].items().size(), 37U);
  for (const Json& c : sigv4_vectors()["cases"].items()) {
    SignRequest request;
    request.method = c["method"].text();
    read_target(c["request_target"].text(), Plus::literal, request);
    for (const auto& [name, value] : pairs(c["headers"])) {
      std::string lower = to_lower(name);
      bool added_by_signer =
          lower == "x-amz-date" || lower == "x-amz-content-sha256" || lower == "x-amz-security-token";
      if (!added_by_signer && lower != "host") request.headers.emplace_back(name, value);
    }
    request.headers.emplace_back("Host", c["host"].text());
    request.payload_hash = c["expected"]["payload_hash"].text();
    SigV4Signer signer(c["region"].text());
    const std::string& date = c["amz_date"].text();
    auto iso = date.substr(0, 4) + "-" + date.substr(4, 2) + "-" + date.substr(6, 2) + "T" + date.substr(9, 2) + ":" +
               date.substr(11, 2) + ":" + date.substr(13, 2) + "Z";
    signer.sign(request, credentials(c, "access_key"), parse_store_time(iso).value());
    EXPECT_EQ(header(request, "Authorization"), c["expected"]["authorization"].text()) << c["name"].text();
    EXPECT_EQ(header(request, "x-amz-date"), date);
  }
}

TEST(SigV4Signer, changes_its_key_with_the_day_and_the_secret) {
  SigV4Signer signer("r");
  auto sign = [&](Seconds when, const char* secret) {
    SignRequest request{"GET", "/", {}, {{"Host", "h"}}, std::string(empty_payload_hash)};
    signer.sign(request, {"AK", Secret(secret), Secret()}, WallTime(when));
    return header(request, "Authorization");
  };
  std::string first = sign(Seconds(1'700'000'000), "s");
  EXPECT_NE(sign(Seconds(1'700'086'400), "s"), first);
  EXPECT_EQ(sign(Seconds(1'700'000'000), "s"), first);
  EXPECT_NE(sign(Seconds(1'700'000'000), "t"), first);
  EXPECT_EQ(sign(Seconds(1'700'000'000), "s"), first);
}

}  // namespace
}  // namespace gantry::object
