#include "session/reply_map.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/units.hpp"
#include "session/session.hpp"

namespace gantry::session {
namespace {

/// What a client may bring about every day by itself; the command's own line says enough.
bool everyday(Errc code) {
  switch (code) {
    case Errc::not_found:
    case Errc::unfinished:
    case Errc::is_directory:
    case Errc::not_directory:
    case Errc::not_empty:
    case Errc::mount_point:
    case Errc::across_stores:
    case Errc::already_exists:
    case Errc::bad_name:
    case Errc::bad_offset:
    case Errc::invalid:
    case Errc::quota:
    case Errc::unsupported:
    case Errc::cancelled:
      return true;
    default:
      return false;
  }
}

}  // namespace

proto::Reply to_reply(const Error& error) {
  using proto::reply;
  switch (error.code) {
    case Errc::not_found:
      return reply(550, "No such file or directory");
    case Errc::unfinished:
      return reply(550,
                   "The upload of this file is not finished; continue it with REST and STOR, or drop it with DELE");
    case Errc::is_directory:
      return reply(550, "That is a directory");
    case Errc::not_directory:
      return reply(550, "That is not a directory");
    case Errc::not_empty:
      return reply(550, "The directory is not empty");
    case Errc::denied:
      return reply(550, "Permission denied");
    case Errc::mount_point:
      return reply(550, "Another store begins here: this directory can be neither removed nor renamed");
    case Errc::across_stores:
      return reply(553, "Nothing is moved from one store to another; copy it and delete the original");
    case Errc::already_exists:
      return reply(550, "A file or directory of that name exists already");
    case Errc::bad_name:
      return reply(553, "That name cannot be used here");
    case Errc::bad_offset:
      return reply(554, "The restart position lies beyond the end of the file");
    case Errc::invalid:
      return reply(553, "That cannot be done with these names");
    case Errc::quota:
      return reply(552, "The quota is used up");
    case Errc::too_large:
      return reply(552, "The file is larger than this server accepts");
    case Errc::no_space:
      return reply(452, "No space is left in the storage");
    case Errc::unsupported:
      return reply(504, "The storage behind this path cannot do that");
    case Errc::throttled:
      return reply(450, "The storage asks us to slow down; try again in a while");
    case Errc::conflict:
      return reply(450, "The file was changed by somebody else meanwhile; try again");
    case Errc::unavailable:
      return reply(451, "The storage cannot be reached now; try again later");
    case Errc::timed_out:
      return reply(451, "The storage did not answer in time; try again later");
    case Errc::corrupt:
      return reply(451, "The checksums differ: the transfer failed, try it again");
    case Errc::internal:
      return reply(451, "Internal error; the server's log says more");
    case Errc::data_open_failed:
      return reply(425, "The data connection could not be opened");
    case Errc::data_broken:
      return reply(426, "The data connection broke; the transfer is not complete");
    case Errc::cancelled:
      return reply(426, "Transfer aborted");
  }
  return reply(451, "Internal error; the server's log says more");
}

proto::Reply to_reply(const Session& session, const Error& error) {
  const std::uint64_t largest = session.config().transfer.max_file_size;
  if (error.code == Errc::too_large && largest > 0) return larger_than(largest);
  if (error.code == Errc::already_exists && !session.state.account.delete_enable) return overwriting_is_off();
  return to_reply(error);
}

Task<proto::Reply> explain(const Session& session, Error error) {
  const auto& quota = session.state.quota;
  if (error.code != Errc::quota || !quota) co_return to_reply(session, error);
  auto use = co_await quota->book->use(quota->tree);
  co_return use ? over_quota(quota->limits, *use) : to_reply(error);
}

proto::Reply over_quota(const vfs::QuotaLimits& limits, const vfs::QuotaUse& use) {
  if (!use.known) return proto::reply(450, "Your files are being counted; try again in a while");
  const vfs::QuotaLeft left = vfs::left_of(limits, use.used);
  std::string text;
  if (left.bytes) text += format_bytes(*left.bytes);
  if (left.bytes && left.files) text += " and ";
  if (left.files) text += fmt::format("{} file{}", *left.files, *left.files == 1 ? "" : "s");
  return proto::reply(552, fmt::format("Quota exceeded: {} left", text));
}

proto::Reply no_permission() { return proto::reply(550, "Your account has no permission for this"); }

proto::Reply deleting_is_off() { return proto::reply(550, "Deleting and overwriting are switched off for this user"); }

proto::Reply overwriting_is_off() {
  return proto::reply(550,
                      "That name is taken, and deleting and overwriting are switched off for this user; "
                      "use another name");
}

proto::Reply larger_than(std::uint64_t limit) {
  return proto::reply(552, fmt::format("Files may have {} bytes at most here", limit));
}

proto::Reply refuse(const Session& session, const Error& error) { return refuse(session, error, to_reply(error)); }

proto::Reply refuse(const Session& session, const Error& error, proto::Reply reply) {
  log::Fields fields = session.log_fields();
  fields.emplace_back("reason", error.text());
  log::write(everyday(error.code) ? log::Level::debug : log::Level::warning, "failed", fields);
  return reply;
}

}  // namespace gantry::session
