#include "session/transfer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "async/event.hpp"
#include "base/log.hpp"
#include "session/data_channel.hpp"
#include "session/data_sink.hpp"
#include "session/pump.hpp"
#include "session/reply_map.hpp"

namespace gantry::session {
namespace {

using proto::reply;

constexpr std::size_t listing_block = 32 * kib;
/// A client that dies, or gives up as curl does at --max-time, closes data and control connection within the same
/// millisecond, in either order. An upload that just ended waits so long for the bad news before it is believed.
constexpr auto last_doubts = std::chrono::milliseconds(10);
/// A client whose upload is refused in the middle mostly hears of it only when it has sent everything, and of a reset
/// it knows no reason: so long its bytes are still taken, and dropped.
constexpr auto refused_limit = std::chrono::seconds(5);

/// What happened between 150 and the last reply.
struct Outcome {
  Result<void> result;
  Moved moved;
  std::string request_id;
};

struct Summary {
  std::string_view verb;
  const vfs::Path& path;
  bool uploading;
};

void begin(Session& session, std::string what) {
  session.state.progress = Progress{std::move(what), 0, SteadyClock::now()};
}

/// The transfer's line in the log, and in xferlog.
void record(const Session& session, const Summary& summary, const Outcome& outcome) {
  auto elapsed = std::chrono::duration<double>(SteadyClock::now() - session.state.progress->started).count();
  log::Fields fields = session.log_fields();
  fields.emplace_back("direction", summary.uploading ? "upload" : "download");
  fields.emplace_back("path", summary.path.text());
  fields.emplace_back("bytes", outcome.moved.bytes);
  fields.emplace_back("seconds", elapsed);
  fields.emplace_back("rate", elapsed > 0 ? static_cast<double>(outcome.moved.bytes) / elapsed : 0.0);
  fields.emplace_back("encrypted", session.state.protection == Protection::private_);
  if (outcome.moved.checked) fields.emplace_back("crc64", fmt::format("{:016x}", outcome.moved.crc64));
  fields.emplace_back("outcome", outcome.result ? "complete" : to_string(outcome.result.error().code));
  if (!outcome.result) fields.emplace_back("reason", outcome.result.error().text());
  if (!outcome.request_id.empty()) fields.emplace_back("request_id", outcome.request_id);
  log::write(outcome.result ? log::Level::info : log::Level::warning, "transfer", fields);
  log::xferlog({.seconds = elapsed,
                .peer = session.peer_text(),
                .bytes = outcome.moved.bytes,
                .path = summary.path.text(),
                .ascii = session.state.type == TransferType::ascii,
                .upload = summary.uploading,
                .anonymous = session.state.account.anonymous,
                .user = session.state.user,
                .complete = outcome.result.has_value()});
}

/// Who asked for the end decides the words; the first digit follows the error.
proto::Reply final_reply(const Session& session, const Result<void>& result) {
  if (result) return reply(226, "Transfer complete");
  if (session.stop_reason() == StopReason::drain) return reply(421, "The server is going down; transfer aborted");
  return to_reply(session, result.error());
}

std::string_view type_name(const Session& session) {
  return session.state.type == TransferType::ascii ? "ASCII" : "BINARY";
}

struct DownloadRange {
  ByteRange wanted;
  bool partial = false;
};

Result<DownloadRange> wanted_range(const Session& session, const TransferParameters& parameters) {
  DownloadRange range;
  if (parameters.range) {
    range = {*parameters.range, true};
  } else if (parameters.restart && *parameters.restart > 0) {
    range = {{*parameters.restart, ByteRange::unbounded}, true};
  }
  if (range.partial && session.state.type == TransferType::ascii)
    return fail(Errc::unsupported, "restart", "not in ASCII");
  return range;
}

proto::Reply refuse_restart_in_ascii() { return reply(504, "Restart works in binary only: send TYPE I first"); }

}  // namespace

Task<proto::Reply> download(Session& session, vfs::Path path) {
  State& state = session.state;
  auto parameters = std::exchange(state.next, {});
  auto range = wanted_range(session, parameters);
  if (!range) {
    state.data.clear();
    co_return refuse_restart_in_ascii();
  }
  auto reader = co_await state.files->open_reader(path, range->wanted);
  if (!reader) {
    state.data.clear();
    co_return refuse(session, reader.error());
  }
  ByteRange exact = range->wanted;
  exact.length = std::min(exact.length, (*reader)->size() - std::min(exact.offset, (*reader)->size()));
  begin(session, "RETR " + path.text());
  session.send_preliminary(reply(150, fmt::format("Opening {} mode data connection for {} ({} bytes)",
                                                  type_name(session), path.name(), exact.length)));
  Outcome outcome;
  outcome.result = co_await pump_out(session, **reader, exact, outcome.moved);
  record(session, {"RETR", path, false}, outcome);
  co_return final_reply(session, outcome.result);
}

namespace {

/// Evidence decides, not end-of-file alone (design: the life of an upload).
Result<void> weigh(const Session& session, const Outcome& outcome, std::optional<std::uint64_t> announced) {
  if (!outcome.result) return outcome.result;
  if (session.stop_reason() != StopReason::none) return fail(Errc::cancelled, "upload", "stopped before its end");
  if (session.control().ended()) return fail(Errc::data_broken, "upload", "the control connection is gone");
  bool countable = session.state.type == TransferType::binary;
  if (announced && countable && *announced != outcome.moved.bytes)
    return fail(Errc::data_broken, "upload",
                fmt::format("ALLO announced {} bytes, {} came", *announced, outcome.moved.bytes));
  return {};
}

/// Ends the upload in exactly one of commit, hold and abort. Not to be cancelled.
Task<void> decide(Session& session, vfs::Upload& upload, std::optional<std::uint64_t> announced, Outcome& outcome) {
  outcome.result = weigh(session, outcome, announced);
  if (outcome.result) {
    auto stored = co_await upload.commit();
    if (!stored) outcome.result = fail(std::move(stored.error()));
    outcome.request_id = upload.request_id();
    co_return;
  }
  // Strangers share a name: the next one must not go on with what this one left.
  const auto policy = session.state.account.anonymous ? config::InterruptedUpload::discard
                                                      : session.config().transfer.interrupted_upload;
  Errc reason = outcome.result.error().code;
  bool by_client = reason == Errc::data_broken || reason == Errc::cancelled;
  if (outcome.moved.bytes == 0 || policy == config::InterruptedUpload::discard || reason == Errc::too_large ||
      reason == Errc::quota) {
    co_await upload.abort();
  } else if (policy == config::InterruptedUpload::keep && by_client) {
    auto stored = co_await upload.commit();
    log::warning("interrupted upload kept as it is", {{"session", session.id()}, {"stored", stored.has_value()}});
  } else {
    auto kept = co_await upload.hold();
    log::info("upload interrupted", {{"session", session.id()}, {"held_bytes", kept.value_or(0)}});
  }
}

}  // namespace

namespace {

/// Nothing goes to waste that is known in advance to become too large. What is open then stays as it was.
Task<Result<void>> check_size(const Session& session, vfs::Upload& upload, std::uint64_t announced) {
  const std::uint64_t largest = session.config().transfer.max_file_size;
  const std::uint64_t begins = upload.position();
  if (largest == 0 || (begins <= largest && announced <= largest - begins)) co_return Result<void>{};
  if (begins <= largest)
    static_cast<void>(co_await upload.hold());
  else
    co_await upload.abort();  // could never be completed
  co_return fail(Errc::too_large, "upload", fmt::format("{} bytes after {}", announced, begins));
}

/// We ended it, and the client is still sending.
bool refused_midway(const Result<void>& received) {
  if (received) return false;
  const Errc code = received.error().code;
  return code != Errc::data_broken && code != Errc::cancelled && code != Errc::data_open_failed;
}

void record_too_large(const Session& session, const vfs::Path& path, const Outcome& outcome) {
  if (outcome.result || outcome.result.error().code != Errc::too_large) return;
  log::Fields fields = session.log_fields();
  fields.emplace_back("path", path.text());
  fields.emplace_back("limit", session.config().transfer.max_file_size);
  log::error("file too large", fields);
}

}  // namespace

Task<proto::Reply> upload(Session& session, UploadRequest request) {
  State& state = session.state;
  auto parameters = std::exchange(state.next, {});
  request.options.owner = state.account.name;
  request.options.expected_size = parameters.announced;
  if (parameters.restart && *parameters.restart > 0) {
    request.options.mode = vfs::UploadMode::at_offset;
    request.options.offset = *parameters.restart;
  }
  if (request.options.mode == vfs::UploadMode::at_offset && state.type == TransferType::ascii) {
    state.data.clear();
    co_return refuse_restart_in_ascii();
  }
  auto upload = co_await state.files->open_upload(request.path, request.options);
  if (upload) {
    if (auto fits = co_await check_size(session, **upload, parameters.announced.value_or(0)); !fits)
      upload = fail(std::move(fits.error()));
  }
  if (!upload) {
    state.data.clear();
    co_return refuse(session, upload.error(), co_await explain(session, upload.error()));
  }
  begin(session, "STOR " + request.path.text());
  session.send_preliminary(reply(150, request.announcement));

  Outcome outcome;
  auto data = co_await open_data_connection(session);
  if (!data)
    outcome.result = fail(std::move(data.error()));
  else
    outcome.result = co_await pump_in(session, **data, **upload, outcome.moved);

  co_await async::shield();
  if (data && outcome.result) {
    co_await finish_receiving(**data);
    if (parameters.announced != outcome.moved.bytes) co_await async::sleep_for(last_doubts);
  }
  const bool refused = data && refused_midway(outcome.result);
  co_await decide(session, **upload, parameters.announced, outcome);
  if (data && !refused) (*data)->close();
  record(session, {"STOR", request.path, true}, outcome);
  record_too_large(session, request.path, outcome);
  auto answer = final_reply(session, outcome.result);
  if (!outcome.result && outcome.result.error().code == Errc::quota)
    answer = co_await explain(session, outcome.result.error());
  if (refused) {
    session.answer_early(answer);
    co_await (*data)->finish(refused_limit);
    co_return proto::Reply{};
  }
  co_return answer;
}

namespace {

Task<Result<void>> pump_listing(Session& session, const ListingStep& step, std::string lines, bool more) {
  auto data = co_await open_data_connection(session);
  if (!data) co_return fail(std::move(data.error()));
  DataSink sink(session, **data, session.state.speed.download);
  for (;;) {
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "listing");
    if (!more || lines.size() >= listing_block) {
      auto written = co_await sink.write(as_byte_view(lines));
      lines.clear();
      if (!written) co_return written;
    }
    if (!more) break;
    auto next = co_await step(lines);
    if (!next) {
      (*data)->abort();
      co_return fail(std::move(next.error()));
    }
    more = *next;
  }
  if (auto flushed = co_await sink.flush(); !flushed) co_return flushed;
  co_return co_await finish_sending(session, **data);
}

}  // namespace

Task<proto::Reply> send_listing(Session& session, std::string what, ListingStep step, ListingEnd end) {
  session.state.next = {};
  std::string lines;
  // The first page before 150: a directory that cannot be read is refused before anything is opened.
  auto more = co_await step(lines);
  if (!more) {
    session.state.data.clear();
    co_return refuse(session, more.error());
  }
  begin(session, std::move(what));
  session.send_preliminary(reply(150, "Here comes the directory listing"));
  auto result = co_await pump_listing(session, step, std::move(lines), *more);
  std::string text = result ? end() : std::string();
  co_return text.empty() ? final_reply(session, result) : reply(226, std::move(text));
}

}  // namespace gantry::session
