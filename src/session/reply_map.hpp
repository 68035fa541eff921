// The one place that knows both error codes and reply codes (RFC 959 section 4.2). The first digit tells the truth:
// 4 means that the same command may work later. The client sees a fixed sentence, never a path of ours or a secret.
#pragma once

#include <cstdint>
#include <string_view>

#include "async/task.hpp"
#include "base/error.hpp"
#include "proto/reply.hpp"
#include "vfs/quota_book.hpp"

namespace gantry::session {

class Session;

[[nodiscard]] proto::Reply to_reply(const Error& error);
/// Of an operation that makes or extends a file: names the limit that was passed, and explains a taken name to those
/// who may not free it.
[[nodiscard]] proto::Reply to_reply(const Session& session, const Error& error);

/// The same; of a quota that is used up it asks how much is left.
[[nodiscard]] Task<proto::Reply> explain(const Session& session, Error error);

/// Refusals that need no storage.
[[nodiscard]] proto::Reply no_permission();
[[nodiscard]] proto::Reply deleting_is_off();     ///< DELE, RMD of a user with delete_enable = false
[[nodiscard]] proto::Reply overwriting_is_off();  ///< the name is taken
[[nodiscard]] proto::Reply over_quota(const vfs::QuotaLimits& limits, const vfs::QuotaUse& use);
[[nodiscard]] proto::Reply larger_than(std::uint64_t limit);  ///< transfer.max_file_size, bytes

/// The reply to a command that failed, with the reason in the log: what the client must not see, the operator must.
[[nodiscard]] proto::Reply refuse(const Session& session, const Error& error);
[[nodiscard]] proto::Reply refuse(const Session& session, const Error& error, proto::Reply reply);

}  // namespace gantry::session
