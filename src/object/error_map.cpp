#include "object/error_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace gantry::object {
namespace {

struct CodeRow {
  std::string_view code;
  Errc errc;
  Remedy remedy = Remedy::none;
  std::string_view advice = {};  // may hold {} for the store's name
};

constexpr std::string_view check_keys = "check access_key and secret_key of store {}";
constexpr std::string_view check_bucket = "check bucket and region of store {}";

// Words of both dialects; where only one knows a word, the other never sends it.
constexpr std::array<CodeRow, 64> codes{{
    {"AccessDenied", Errc::denied},
    {"AllAccessDisabled", Errc::denied},
    {"AuthorizationHeaderMalformed", Errc::unavailable, Remedy::fix_region, check_bucket},
    {"AuthorizationQueryParametersError", Errc::unavailable, Remedy::none, check_keys},
    {"BadDigest", Errc::corrupt, Remedy::retry_once},
    {"BucketAccelerateNotEnabled", Errc::unavailable, Remedy::none, "acceleration is off for the bucket of store {}"},
    {"BucketAlreadyExists", Errc::conflict},
    {"ConditionalRequestConflict", Errc::conflict, Remedy::retry},
    {"DirAlreadyExists", Errc::is_directory},
    {"EntityTooLarge", Errc::too_large},
    {"EntityTooSmall", Errc::invalid},
    {"EntitySizeNotMatch", Errc::corrupt, Remedy::retry_once},
    {"ExpiredToken", Errc::unavailable, Remedy::fix_credentials, "session_token of store {} has expired"},
    {"FileAlreadyExists", Errc::already_exists},
    {"IllegalLocationConstraintException", Errc::unavailable, Remedy::fix_region, check_bucket},
    {"IncompleteBody", Errc::unavailable, Remedy::retry},
    {"InternalError", Errc::unavailable, Remedy::retry},
    {"InvalidAccessKeyId", Errc::unavailable, Remedy::fix_credentials, check_keys},
    {"InvalidArgument", Errc::invalid},
    {"InvalidBucketName", Errc::unavailable, Remedy::none, check_bucket},
    {"InvalidCopySource", Errc::invalid},
    {"InvalidDigest", Errc::internal},
    {"InvalidObjectName", Errc::bad_name},
    {"InvalidObjectState", Errc::denied, Remedy::none, "the object is archived and must be restored first"},
    {"InvalidPart", Errc::corrupt},
    {"InvalidPartOrder", Errc::invalid},
    {"InvalidRange", Errc::bad_offset},
    {"InvalidRequest", Errc::invalid},
    {"InvalidSecurity", Errc::unavailable, Remedy::fix_credentials, check_keys},
    {"InvalidToken", Errc::unavailable, Remedy::fix_credentials, "check session_token of store {}"},
    {"InvalidURI", Errc::bad_name},
    {"KeyTooLong", Errc::bad_name},
    {"KeyTooLongError", Errc::bad_name},
    {"MalformedXML", Errc::internal},
    {"MethodNotAllowed", Errc::unsupported},
    {"MissingContentLength", Errc::internal},
    {"NoSuchBucket", Errc::unavailable, Remedy::none, check_bucket},
    {"NoSuchCopySource", Errc::not_found},
    {"NoSuchKey", Errc::not_found},
    {"NoSuchUpload", Errc::not_found},
    {"NoSuchVersion", Errc::not_found},
    {"NotImplemented", Errc::unsupported},
    {"ObjectLocked", Errc::denied},
    {"OperationAborted", Errc::conflict, Remedy::retry},
    {"PathConflict", Errc::not_directory},
    {"PathStyleDomainForbidden", Errc::unavailable, Remedy::none, "store {} must not use path style"},
    {"PaymentRequired", Errc::unavailable, Remedy::none, "the account of store {} is in arrears"},
    {"PermanentRedirect", Errc::unavailable, Remedy::fix_region, check_bucket},
    {"PreconditionFailed", Errc::conflict},
    {"QuotaExceeded", Errc::no_space},
    {"RequestTimeTooSkewed", Errc::unavailable, Remedy::fix_clock, "the clock of this machine is wrong"},
    {"RequestTimeout", Errc::timed_out, Remedy::retry},
    {"ServiceUnavailable", Errc::unavailable, Remedy::retry},
    {"SignatureDoesNotMatch", Errc::unavailable, Remedy::fix_credentials, check_keys},
    {"SlowDown", Errc::throttled, Remedy::retry},
    {"TemporaryRedirect", Errc::unavailable, Remedy::fix_region, check_bucket},
    {"TokenRefreshRequired", Errc::unavailable, Remedy::fix_credentials, "session_token of store {} has expired"},
    {"TooManyRequests", Errc::throttled, Remedy::retry},
    {"UnavailableForLegalReasons", Errc::denied},
    {"UploadConflict", Errc::conflict, Remedy::retry},
    {"UserNetworkTooSlow", Errc::timed_out, Remedy::retry},
    {"XAmzContentSHA256Mismatch", Errc::corrupt, Remedy::retry_once},
    {"XMLSizeLimit", Errc::internal},
    {"BadRquest", Errc::invalid},
}};

struct StatusRow {
  int status;
  Errc errc;
  Remedy remedy = Remedy::none;
  std::string_view advice = {};
};

constexpr std::array<StatusRow, 20> statuses{{
    {200, Errc::unavailable, Remedy::retry},
    {301, Errc::unavailable, Remedy::fix_region, check_bucket},
    {307, Errc::unavailable, Remedy::fix_region, check_bucket},
    {400, Errc::invalid},
    {401, Errc::unavailable, Remedy::fix_credentials, check_keys},
    {402, Errc::unavailable, Remedy::none, "the account of store {} is in arrears"},
    {403, Errc::denied},
    {404, Errc::not_found},
    {405, Errc::unsupported},
    {408, Errc::timed_out, Remedy::retry},
    {409, Errc::conflict},
    {411, Errc::internal},
    {412, Errc::conflict},
    {413, Errc::too_large},
    {414, Errc::bad_name},
    {416, Errc::bad_offset},
    {429, Errc::throttled, Remedy::retry},
    {451, Errc::denied},
    {501, Errc::unsupported},
    {507, Errc::no_space},
}};

CodeRow row_for(int status, std::string_view code) {
  auto by_code = std::ranges::find(codes, code, &CodeRow::code);
  if (!code.empty() && by_code != codes.end()) return *by_code;
  auto by_status = std::ranges::find(statuses, status, &StatusRow::status);
  if (by_status != statuses.end()) return {code, by_status->errc, by_status->remedy, by_status->advice};
  if (status >= 500) return {code, Errc::unavailable, Remedy::retry};
  if (status >= 300 && status < 400)
    return {code, Errc::unavailable, Remedy::retry, "something between here and store {} redirects requests"};
  return {code, Errc::invalid};
}

/// COS refuses a stale token in the words of any other refusal; an answer to HEAD says no word at all.
bool token_may_be_stale(const Refusal& refusal) {
  if (!refusal.temporary_keys) return false;
  return (refusal.status == 403 && (refusal.code.empty() || refusal.code == "AccessDenied")) ||
         (refusal.status == 400 && refusal.code.empty());
}

bool time_is_over(const Refusal& refusal) {
  return refusal.code == "AccessDenied" && to_lower(refusal.message).contains("expired");
}

std::string detail_of(const Refusal& refusal, std::string_view advice) {
  std::string out = fmt::format("HTTP {}", refusal.status);
  if (!refusal.code.empty()) out += " " + escape_control(refusal.code);
  // A message may quote the request; its beginning is enough to understand it.
  if (!refusal.message.empty()) out += ": " + escape_control(refusal.message.substr(0, 200));
  if (!refusal.key.empty()) out += ", key " + escape_control(refusal.key);
  if (!advice.empty()) {
    std::string text(advice);
    if (std::size_t at = text.find("{}"); at != std::string::npos) text.replace(at, 2, refusal.store);
    out += "; " + text;
  }
  return out;
}

}  // namespace

Failure map_refusal(const Refusal& refusal) {
  CodeRow row = row_for(refusal.status, refusal.code);
  if (refusal.status == 400 && token_may_be_stale(refusal)) row = row_for(400, "ExpiredToken");
  if (time_is_over(refusal)) row = row_for(403, "RequestTimeTooSkewed");
  Failure failure;
  failure.error = Error{row.errc, refusal.operation, detail_of(refusal, row.advice), refusal.request_id};
  failure.remedy = row.remedy;
  if (failure.remedy == Remedy::none && token_may_be_stale(refusal)) failure.remedy = Remedy::fix_credentials;
  failure.status = refusal.status;
  failure.code = refusal.code;
  failure.throttled = row.errc == Errc::throttled || (refusal.status == 503 && row.remedy == Remedy::retry);
  failure.uncertain = refusal.status >= 500 || refusal.status == 200;
  return failure;
}

Failure map_transport(Error error) {
  Failure failure;
  bool transient = error.code == Errc::unavailable || error.code == Errc::timed_out || error.code == Errc::throttled;
  failure.remedy = transient ? Remedy::retry : Remedy::none;
  failure.uncertain = true;
  failure.error = std::move(error);
  return failure;
}

Failure bad_answer(std::string operation, std::string detail, std::string request_id) {
  Failure failure;
  failure.error = Error{Errc::unavailable, std::move(operation), std::move(detail), std::move(request_id)};
  failure.remedy = Remedy::retry;
  failure.uncertain = true;
  return failure;
}

}  // namespace gantry::object
