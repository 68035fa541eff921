// HASH (draft-bryan-ftp-hash) and the older XCRC, XMD5, XSHA1, XSHA256, XSHA512.
#include <fmt/format.h>

#include <array>

#include "base/text.hpp"
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

/// A file cannot be hashed without a size: the range is clipped to it.
struct Target {
  vfs::Path path;
  std::uint64_t size = 0;
};

Task<Result<Target>> find_file(Session& session, std::string name) {
  auto path = session.resolve(name);
  if (!path) co_return fail(std::move(path.error()));
  auto entry = co_await session.state.files->stat(*path);
  if (!entry) co_return fail(std::move(entry.error()));
  if (entry->kind == vfs::Kind::directory) co_return fail(Errc::is_directory, "hash");
  co_return Target{std::move(*path), entry->size};
}

Task<proto::Reply> older_command(Session& session, std::string argument, Algorithm algorithm) {
  auto parsed = proto::parse_checksum_arguments(argument);
  if (!parsed) co_return reply(501, "The argument is a path, quoted when positions follow: \"path\" first last");
  auto file = co_await find_file(session, parsed->path);
  if (!file) co_return refuse(session, file.error());
  std::uint64_t first = parsed->start.value_or(0);
  std::uint64_t end = parsed->end.value_or(file->size);
  if (first > end || end > file->size) co_return reply(554, "The positions lie outside the file");
  bool whole = first == 0 && end == file->size;
  ByteRange range = whole ? ByteRange{} : ByteRange{first, end - first};
  session.state.progress = Progress{"checksum of " + file->path.text(), 0, SteadyClock::now()};
  auto value = co_await vfs::compute_checksum(*session.state.files, file->path, algorithm, range);
  if (!value) co_return refuse(session, value.error());
  co_return reply(250, to_upper(to_hex(*value)));
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

Answer hash(Session& session, std::string path) {
  auto range = session.state.next.range;
  session.state.next = {};
  auto file = co_await find_file(session, std::move(path));
  if (!file) co_return refuse(session, file.error());
  ByteRange wanted;
  std::uint64_t last = file->size == 0 ? 0 : file->size - 1;
  if (range) {
    if (range->offset > file->size) co_return reply(554, "The range lies outside the file");
    wanted = {range->offset, std::min(range->length, file->size - range->offset)};
    last = wanted.length == 0 ? wanted.offset : wanted.offset + wanted.length - 1;
  }
  session.state.progress = Progress{"HASH " + file->path.text(), 0, SteadyClock::now()};
  auto value = co_await vfs::compute_checksum(*session.state.files, file->path, session.state.hash, wanted);
  if (!value) co_return refuse(session, value.error());
  co_return reply(213, fmt::format("{} {}-{} {} {}", hash_name(session.state.hash), wanted.offset, last, to_hex(*value),
                                   file->path.text()));
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
