// What a store's refusal means: status and code into Errc, and what may help.
// Must not know: waiting and trying again (retry.hpp does it), FTP replies.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "base/error.hpp"
#include "base/units.hpp"

namespace gantry::object {

enum class Remedy : std::uint8_t {
  none,             ///< the answer is final
  retry,            ///< the same again, after a pause
  retry_once,       ///< damaged on the way: once more
  fix_clock,        ///< our time is wrong for the store
  fix_region,       ///< the bucket lives in another region
  fix_credentials,  ///< the keys are no longer, or not yet, the right ones
};

/// One failed try.
struct Failure {
  Error error;
  Remedy remedy = Remedy::none;
  bool throttled = false;                 ///< the store asks for fewer requests
  bool uncertain = false;                 ///< the request may have taken effect all the same
  int status = 0;                         ///< 0: no answer
  std::string code{};                     ///< the store's word, e.g. "NoSuchKey"
  std::string region{};                   ///< for fix_region
  std::uint64_t credentials_version = 0;  ///< of the keys the request was signed with
  std::optional<WallTime> server_time{};
  std::optional<SteadyClock::duration> retry_after{};
};

template <class T>
using Attempt = std::expected<T, Failure>;

/// What a reply said, as far as it said anything.
struct Refusal {
  std::string operation;
  std::string store;  ///< its name in the configuration, for the advice in the log
  std::string key;    ///< for the log
  int status = 0;
  std::string code;  ///< empty: no XML body (HEAD, gateways)
  std::string message;
  std::string request_id;
  bool temporary_keys = false;  ///< a session token was sent: a plain refusal may mean that it has expired
};

/// Errc, remedy, throttled and uncertain for a refusal, by its code first and its status else. A 200 that carries an
/// error counts by its code.
[[nodiscard]] Failure map_refusal(const Refusal& refusal);

/// No answer, or a broken one: `error` comes from the HTTP client.
[[nodiscard]] Failure map_transport(Error error);

/// For answers that make no sense (bad XML, missing ETag): worth another try.
[[nodiscard]] Failure bad_answer(std::string operation, std::string detail, std::string request_id);

}  // namespace gantry::object
