// HASH (draft-bryan-ftp-hash), the older XCRC, XMD5, XSHA1, XSHA256, XSHA512, and SITE CHECKSUM.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "base/text.hpp"
#include "limits/pace.hpp"
#include "proto/checksum_arguments.hpp"
#include "session/commands/handlers.hpp"
#include "session/commands/hash_names.hpp"
#include "session/reply_map.hpp"
#include "session/session.hpp"
#include "vfs/checksum.hpp"

namespace gantry::session {
namespace {

using digest::Algorithm;
using proto::reply;

struct HashName {
  Algorithm algorithm;
  std::string_view name;
};

/// The names of IANA's hash function registry, as HASH uses them.
constexpr std::array hash_names{HashName{Algorithm::sha256, "SHA-256"}, HashName{Algorithm::sha512, "SHA-512"},
                                HashName{Algorithm::sha1, "SHA-1"},     HashName{Algorithm::md5, "MD5"},
                                HashName{Algorithm::crc32, "CRC32"},    HashName{Algorithm::crc64, "CRC64"}};

struct Target {
  vfs::Path path;
  std::uint64_t size = 0;
};

/// The file when only a range of it is asked for: that is clipped to its size.
Task<Result<Target>> find_file(Session& session, vfs::Path path) {
  // Who may read may hash, even without the right to look names up.
  auto reader = co_await session.state.files->open_reader(path, {0, 0});
  if (!reader) co_return fail(std::move(reader.error()));
  const std::uint64_t size = (*reader)->size();
  co_return Target{std::move(path), size};
}

/// STAT shows how far it is, ABOR ends it, and what is read from the store counts as a download.
vfs::Pace pace_of(Session& session, const std::string& what) {
  session.state.progress = Progress{what, 0, SteadyClock::now()};
  auto limits = std::make_shared<limits::Pace>(session.state.speed.download);
  return [&session, limits](std::size_t bytes) -> Task<Result<void>> {
    if (session.state.progress) session.state.progress->bytes += bytes;
    // Like a transfer, it is not worth the store's traffic when nobody waits for it.
    if (session.control().ended()) co_return fail(Errc::cancelled, "checksum", "the client has gone");
    while (bytes > 0) {
      if (!co_await limits->ready()) co_return fail(Errc::cancelled, "checksum");
      const std::size_t paid = std::min(bytes, limits->allowance());
      limits->spend(paid);
      bytes -= paid;
    }
    co_return Result<void>();
  };
}

Task<Result<vfs::Checksum>> checksum(Session& session, std::string what, vfs::Path path, Algorithm algorithm,
                                     ByteRange range) {
  vfs::Pace pace = pace_of(session, what + " " + path.text());
  co_return co_await vfs::checksum_of(*session.state.files, std::move(path), algorithm, range, std::move(pace));
}

Task<proto::Reply> older_command(Session& session, std::string argument, Algorithm algorithm) {
  auto parsed = proto::parse_checksum_arguments(argument);
  if (!parsed) co_return reply(501, "The argument is a path, quoted when positions follow: \"path\" first last");
  auto path = session.resolve(parsed->path);
  if (!path) co_return refuse(session, path.error());
  ByteRange range;
  if (parsed->start || parsed->end) {
    auto file = co_await find_file(session, *path);
    if (!file) co_return refuse(session, file.error());
    std::uint64_t first = parsed->start.value_or(0);
    std::uint64_t end = parsed->end.value_or(file->size);
    if (first > end || end > file->size) co_return reply(554, "The positions lie outside the file");
    bool whole = first == 0 && end == file->size;
    if (!whole) range = {first, end - first};
  }
  auto sum = co_await checksum(session, "checksum of", *path, algorithm, range);
  if (!sum) co_return refuse(session, sum.error());
  co_return reply(250, to_upper(to_hex(sum->value)));
}

}  // namespace

std::optional<Algorithm> hash_algorithm(std::string_view name) {
  for (const HashName& one : hash_names) {
    if (equal_ignoring_case(one.name, name)) return one.algorithm;
  }
  return std::nullopt;
}

std::string_view hash_name(Algorithm algorithm) {
  for (const HashName& one : hash_names) {
    if (one.algorithm == algorithm) return one.name;
  }
  return "SHA-256";
}

namespace commands {

std::string hash_feature(const Session& session) {
  std::string line = "HASH ";
  for (const HashName& one : hash_names)
    line += fmt::format("{}{};", one.name, one.algorithm == session.state.hash ? "*" : "");
  return line;
}

Answer hash(Session& session, std::string argument) {
  auto range = session.state.next.range;
  session.state.next = {};
  auto path = session.resolve(argument);
  if (!path) co_return refuse(session, path.error());
  ByteRange wanted;
  if (range) {
    auto file = co_await find_file(session, *path);
    if (!file) co_return refuse(session, file.error());
    if (range->offset > file->size) co_return reply(554, "The range lies outside the file");
    wanted = {range->offset, std::min(range->length, file->size - range->offset)};
  }
  auto sum = co_await checksum(session, "HASH", *path, session.state.hash, wanted);
  if (!sum) co_return refuse(session, sum.error());
  const std::uint64_t length = range ? wanted.length : sum->file_size;
  const std::uint64_t last = wanted.offset + (length == 0 ? 0 : length - 1);
  co_return reply(213, fmt::format("{} {}-{} {} {}", hash_name(session.state.hash), wanted.offset, last,
                                   to_hex(sum->value), path->text()));
}

Answer site_checksum(Session& session, std::string argument) {
  auto path = session.resolve(argument);
  if (!path) co_return refuse(session, path.error());
  auto known = co_await session.state.files->known_checksums(*path);
  if (!known) co_return refuse(session, known.error());
  if (known->digests.empty()) {
    auto sum = co_await vfs::read_checksum(*session.state.files, *path, Algorithm::crc64, {},
                                           pace_of(session, "checksum of " + path->text()));
    if (!sum) co_return refuse(session, sum.error());
    known->size = sum->file_size;
    known->digests[Algorithm::crc64] = std::move(sum->value);
  }
  std::vector<std::string> lines;
  for (const auto& [algorithm, value] : known->digests)
    lines.push_back(fmt::format("{} {}", digest::name(algorithm), to_hex(value)));
  co_return proto::multiline(213, fmt::format("Checksums of {} ({} bytes)", path->text(), known->size), lines, "End");
}

Answer xcrc(Session& session, std::string argument) {
  return older_command(session, std::move(argument), Algorithm::crc32);
}
Answer xmd5(Session& session, std::string argument) {
  return older_command(session, std::move(argument), Algorithm::md5);
}
Answer xsha1(Session& session, std::string argument) {
  return older_command(session, std::move(argument), Algorithm::sha1);
}
Answer xsha256(Session& session, std::string argument) {
  return older_command(session, std::move(argument), Algorithm::sha256);
}
Answer xsha512(Session& session, std::string argument) {
  return older_command(session, std::move(argument), Algorithm::sha512);
}

}  // namespace commands
}  // namespace gantry::session
