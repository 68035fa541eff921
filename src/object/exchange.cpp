#include "object/exchange.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "digest/digest.hpp"
#include "object/xml.hpp"

namespace gantry::object {
namespace {

constexpr std::size_t max_error_body = 64 * kib;
/// A bucket moves at most this often in the life of a process; more is a loop of redirects.
constexpr std::size_t max_moves = 3;
/// Below this a differing Date is no reason for a refusal (the stores allow 15 minutes).
constexpr Milliseconds suspicious_skew = std::chrono::minutes(5);
/// Newer keys are read from small local files: a request that was refused waits no longer for them.
constexpr auto longest_look = std::chrono::seconds(3);
constexpr auto look_poll = std::chrono::milliseconds(20);

std::unique_ptr<Signer> make_signer(const StoreOptions& options) {
  if (options.location.dialect == DialectKind::cos) return std::make_unique<CosSigner>();
  // Stores of one's own seldom have regions; this is the name they all accept.
  std::string region = options.location.region.empty() ? "us-east-1" : options.location.region;
  return std::make_unique<SigV4Signer>(std::move(region));
}

std::string query_text(const Parameters& query) {
  std::string out;
  for (const auto& [name, value] : query) {
    out += out.empty() ? '?' : '&';
    out += encode(name);
    if (!value.empty()) out += '=' + encode(value);
  }
  return out;
}

/// A region becomes part of a host name: an answer must not be able to say more than that.
bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= 40 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::optional<SteadyClock::duration> retry_after(const http::Response& response) {
  auto text = response.header("Retry-After");
  if (!text) return std::nullopt;
  auto seconds = parse_number(trim(*text));
  if (!seconds || *seconds > 3600) return std::nullopt;
  return std::chrono::seconds(*seconds);
}

}  // namespace

Exchange::Exchange(StoreOptions options, std::shared_ptr<SharedStoreState> shared, ClientFactory make_client)
    : options_(std::move(options)),
      shared_(std::move(shared)),
      make_client_(std::move(make_client)),
      dialect_(dialect_of(options_.location.dialect)) {}

Result<std::unique_ptr<Exchange>> Exchange::create(StoreOptions options, std::shared_ptr<SharedStoreState> shared,
                                                   ClientFactory make_client) {
  std::unique_ptr<Exchange> made(new Exchange(std::move(options), std::move(shared), std::move(make_client)));
  made->shared_->credentials().start_with(std::exchange(made->options_.credentials, {}));
  made->shared_->gate().set_name(made->options_.location.bucket);
  if (auto moved = made->move_to(made->options_.location.region); !moved) return fail(std::move(moved.error()));
  return made;
}

Result<void> Exchange::move_to(const std::string& region) {
  options_.location.region = region;
  auto bucket = make_origin(options_.location);
  if (!bucket) return fail(std::move(bucket.error()));
  if (clients_.empty() || clients_.back()->origin() != bucket->origin) {
    auto client = make_client_(bucket->origin);
    if (!client) return fail(std::move(client.error()));
    clients_.push_back(std::move(*client));
  }
  bucket_ = std::move(*bucket);
  signer_ = make_signer(options_);
  return {};
}

void Exchange::follow_shared_region() {
  std::string region = shared_->region();
  if (region.empty() || region == options_.location.region || clients_.size() > max_moves) return;
  if (auto moved = move_to(region); !moved) log::warning("store region", {{"error", moved.error().text()}});
}

RetryContext Exchange::retry_context(std::string operation) {
  auto repair_it = [this](const Failure& failure) -> Task<bool> {
    if (failure.remedy == Remedy::fix_credentials) co_return co_await renew_credentials(failure.credentials_version);
    co_return repair(failure);
  };
  return {options_.retry, shared_, std::move(operation), repair_it};
}

http::Request Exchange::build(const Call& call, const Credentials& keys) const {
  SignRequest to_sign;
  to_sign.method = call.method;
  to_sign.path = bucket_.path_prefix + "/" + call.key.value_or("");
  to_sign.query = call.query;
  to_sign.headers = call.headers;
  to_sign.headers.emplace_back("Host", bucket_.origin.authority());
  to_sign.payload_hash = std::string(empty_payload_hash);
  http::Request request;
  request.method = call.method;
  request.target = encode_path(to_sign.path) + query_text(call.query);
  request.repeatable = call.repeatable;
  request.response_timeout =
      call.patience == Patience::long_running ? options_.long_request_timeout : options_.request_timeout;
  if (!call.text.empty()) {
    request.body = {as_byte_view(call.text)};
    to_sign.payload_hash = to_hex(digest::hash(digest::Algorithm::sha256, request.body.front()));
  } else if (total_size(call.body) > 0) {
    request.body = call.body;
    to_sign.payload_hash = std::string(unsigned_payload);
  }
  signer_->sign(to_sign, keys, shared_->now());
  request.headers = std::move(to_sign.headers);
  return request;
}

Task<Attempt<std::unique_ptr<http::Response>>> Exchange::send(const Call& call) {
  follow_shared_region();
  const auto signed_with = shared_->credentials().current();
  auto response = co_await clients_.back()->send(build(call, *signed_with.keys));
  if (!response) {
    response.error().operation = call.operation + " (" + response.error().operation + ")";
    co_return std::unexpected(map_transport(std::move(response.error())));
  }
  int status = (*response)->status();
  if (status >= 200 && status < 300) co_return std::move(*response);
  Failure failure = co_await refusal(call, **response);
  failure.credentials_version = signed_with.version;
  co_return std::unexpected(std::move(failure));
}

Task<Failure> Exchange::refusal(const Call& call, http::Response& response) {
  std::string body;
  if (call.method != "HEAD")
    if (auto text = co_await response.read_all(max_error_body)) body = std::move(*text);
  co_return describe(call, response, body);
}

Failure Exchange::describe(const Call& call, const http::Response& response, const std::string& body) const {
  auto document = xml::read_error(body).value_or(xml::ErrorDocument{});
  std::string id = request_id(response);
  Refusal said{.operation = call.operation,
               .store = options_.name,
               .key = call.key.value_or(""),
               .status = response.status(),
               .code = document.code,
               .message = document.message,
               .request_id = id.empty() ? document.request_id : id,
               .temporary_keys = uses_token()};
  Failure failure = map_refusal(said);
  failure.retry_after = retry_after(response);
  failure.region = document.region;
  failure.server_time = document.server_time;
  if (auto date = response.header("Date"); !failure.server_time && date) failure.server_time = parse_store_time(*date);
  find_disguised_causes(failure, response);
  return failure;
}

void Exchange::find_disguised_causes(Failure& failure, const http::Response& response) const {
  // An answer to HEAD has no body to name its code: the headers must tell.
  if (auto region = response.header(dialect_.header("bucket-region")); region && failure.region.empty())
    failure.region = std::string(*region);
  const bool skewed = failure.server_time && std::chrono::abs(*failure.server_time - shared_->now()) > suspicious_skew;
  const bool nameless = failure.code.empty() && failure.status >= 300 && failure.status <= 403;
  if (nameless && !failure.region.empty() && failure.region != options_.location.region) {
    failure.remedy = Remedy::fix_region;
  } else if (nameless && failure.status == 403 && skewed) {
    failure.remedy = Remedy::fix_clock;
  } else if (failure.code == "AccessDenied" && failure.remedy == Remedy::fix_clock && !skewed && uses_token()) {
    // COS says "Request has expired" of a signature and of a token alike.
    failure.remedy = Remedy::fix_credentials;
  }
}

bool Exchange::uses_token() const { return !shared_->credentials().current().keys->session_token.empty(); }

bool Exchange::repair(const Failure& failure) {
  if (failure.remedy == Remedy::fix_clock) {
    if (!failure.server_time) return false;
    shared_->set_server_time(*failure.server_time);
    log::warning("store clock differs", {{"store", options_.name}, {"offset_ms", shared_->clock_offset().count()}});
    return true;
  }
  // Another lane may have found out meanwhile: then the shared value is news enough.
  std::string region = failure.region.empty() ? shared_->region() : failure.region;
  if (!is_region(region) || region == options_.location.region || clients_.size() > max_moves) return false;
  if (shared_->set_region(region))
    log::warning("store region differs",
                 {{"store", options_.name}, {"configured", options_.location.region}, {"used", region}});
  return move_to(region).has_value();
}

Task<bool> Exchange::renew_credentials(std::uint64_t refused_version) {
  LiveCredentials& live = shared_->credentials();
  const auto newer = [&] { return live.current().version != refused_version; };
  if (!newer()) live.ask_for_newer();
  const auto deadline = SteadyClock::now() + longest_look;
  // Whoever looks does so on another lane, which cannot wake this one.
  while (!newer() && live.looking() && SteadyClock::now() < deadline)
    if (!co_await async::sleep_for(look_poll)) break;
  co_return newer();
}

Task<Attempt<std::string>> Exchange::read_document(const Call& call, http::Response& response) {
  auto text = co_await response.read_all(xml::max_document);
  if (!text) {
    text.error().operation = call.operation + " (" + text.error().operation + ")";
    co_return std::unexpected(map_transport(std::move(text.error())));
  }
  if (xml::read_error(*text)) co_return std::unexpected(describe(call, response, *text));
  co_return std::move(*text);
}

Failure Exchange::nonsense(const Call& call, const http::Response& response, std::string what) const {
  return bad_answer(call.operation, fmt::format("HTTP {}: {}", response.status(), what), request_id(response));
}

std::string Exchange::request_id(const http::Response& response) const {
  return std::string(response.header(dialect_.header("request-id")).value_or(""));
}

}  // namespace gantry::object
