// A transfer from its first reply to its last: open the storage, say 150, open the data connection, pump, decide,
// close, answer. Upload, download and listing share the steps.
#pragma once

#include <functional>
#include <string>

#include "proto/reply.hpp"
#include "session/session.hpp"

namespace gantry::session {

/// RETR: the file from REST or RANG on.
[[nodiscard]] Task<proto::Reply> download(Session& session, vfs::Path path);

/// STOR, APPE, STOU. `announcement` is the text of the 150 reply; STOU must say the name there (RFC 1123 4.1.2.9).
struct UploadRequest {
  vfs::Path path;
  vfs::UploadOptions options;
  std::string announcement;
};
[[nodiscard]] Task<proto::Reply> upload(Session& session, UploadRequest request);

/// One step of a listing: appends lines to the text and says whether more may come.
using ListingStep = std::function<Task<Result<bool>>(std::string& lines)>;
/// What is to be said of a listing that was sent to its end; empty: nothing but that.
using ListingEnd = std::function<std::string()>;
/// LIST, NLST, MLSD: lines are sent as they are made, memory stays constant.
[[nodiscard]] Task<proto::Reply> send_listing(Session& session, std::string what, ListingStep step, ListingEnd end);

}  // namespace gantry::session
