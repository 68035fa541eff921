#include "transfer/proof.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.hpp"
#include "transfer/existing.hpp"
#include "transfer/retry.hpp"

namespace gantry::transfer {
namespace {

using digest::Algorithm;

constexpr std::size_t block = 256 * kib;
constexpr int permanent = 500;  // replies from here on: no use in asking again
constexpr std::array cheapest_first{Algorithm::crc64, Algorithm::sha256, Algorithm::sha512,
                                    Algorithm::sha1,  Algorithm::md5,    Algorithm::crc32};

}  // namespace

Outcome<std::optional<Algorithm>> choose_checksum(const ftp::Connection& connection, Proof proof) {
  if (proof == Proof::size || proof == Proof::none) return std::nullopt;
  const std::vector<Algorithm> offered = connection.checksum_algorithms();
  if (proof == Proof::strong) {
    if (!offered.empty()) return offered.front();
    return ftp::failed(Why::refused, "the server computes no checksums; without --verify strong the size is compared");
  }
  for (const Algorithm one : cheapest_first)
    if (std::ranges::find(offered, one) != offered.end()) return one;
  return std::nullopt;
}

std::string_view display_name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::crc64:
      return "CRC64";
    case Algorithm::crc32c:
      return "CRC32C";
    case Algorithm::crc32:
      return "CRC32";
    case Algorithm::md5:
      return "MD5";
    case Algorithm::sha1:
      return "SHA-1";
    case Algorithm::sha256:
      return "SHA-256";
    case Algorithm::sha512:
      return "SHA-512";
  }
  return "";
}

void RunningSum::begin() {
  if (algorithm_) hasher_.emplace(*algorithm_);
  bytes_ = 0;
  finished_.clear();
}

void RunningSum::add(std::uint64_t offset, ByteView bytes) {
  if (offset > bytes_ || offset + bytes.size() <= bytes_) return;
  bytes = bytes.subspan(static_cast<std::size_t>(bytes_ - offset));
  if (hasher_) hasher_->update(bytes);
  bytes_ += bytes.size();
}

Outcome<void> RunningSum::catch_up(LocalFile& file, std::uint64_t end, const std::function<Outcome<void>()>& tick) {
  if (!hasher_ || bytes_ >= end) return {};
  if (auto placed = file.seek(bytes_); !placed) return placed;
  std::vector<std::byte> space(block);
  while (bytes_ < end) {
    if (auto go_on = tick(); !go_on) return go_on;
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(block, end - bytes_));
    auto got = file.read(MutableBytes(space).first(wanted));
    if (!got) return ftp::failed(got.error());
    if (*got == 0)
      return ftp::failed(Why::mismatch, escape_control(file.path()) + ": became shorter while it was read");
    add(bytes_, ByteView(space).first(*got));
  }
  return {};
}

const std::string& RunningSum::finish() {
  if (finished_.empty() && hasher_) finished_ = to_hex(hasher_->finish());
  return finished_;
}

Outcome<std::uint64_t> crc64_of(const LocalFile& file, std::uint64_t from, std::uint64_t end,
                                const std::function<Outcome<void>()>& tick) {
  std::uint64_t crc = 0;
  std::vector<std::byte> space(block);
  while (from < end) {
    if (auto go_on = tick(); !go_on) return ftp::failed(go_on.error());
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(block, end - from));
    auto got = file.read_at(from, MutableBytes(space).first(wanted));
    if (!got) return ftp::failed(got.error());
    if (*got == 0)
      return ftp::failed(Why::mismatch, escape_control(file.path()) + ": became shorter while it was read");
    crc = digest::crc64(ByteView(space).first(*got), crc);
    from += *got;
  }
  return crc;
}

std::string crc64_text(std::uint64_t crc) { return fmt::format("{:016x}", crc); }

Outcome<Comparison> compare(ftp::Connection& connection, const std::string& remote, Algorithm algorithm,
                            const std::string& ours, std::uint64_t size) {
  auto theirs = connection.hash(remote, algorithm, {}, size);
  if (!theirs) {
    const Failure& why = theirs.error();
    if (why.again || (why.why != Why::refused && why.why != Why::network)) return ftp::failed(why);
    return Comparison{.verdict = Verdict::unknown, .text = why.text};
  }
  const std::string_view name = display_name(algorithm);
  if (theirs->hex == ours) return Comparison{.verdict = Verdict::equal, .text = fmt::format("{} {}", name, ours)};
  return Comparison{.verdict = Verdict::different,
                    .text = fmt::format("{} is {} here and {} on the server", name, ours, theirs->hex)};
}

Outcome<Comparison> compare(ftp::Connection& connection, const std::string& remote, RunningSum& sum) {
  if (!sum.algorithm()) return Comparison{.verdict = Verdict::unknown, .text = "no checksum is asked for"};
  const std::uint64_t size = sum.bytes();
  return compare(connection, remote, *sum.algorithm(), sum.finish(), size);
}

Outcome<std::string> prove_without_checksum(ftp::Connection& connection, const std::string& remote, std::uint64_t size,
                                            Proof proof, const std::string& why) {
  if (proof == Proof::strong) return ftp::failed(Why::refused, "the server gives no checksum: " + why);
  if (proof == Proof::none) return "";
  auto entry = connection.stat(remote);
  if (!entry && (entry.error().why != Why::refused || entry.error().again)) return ftp::failed(entry.error());
  if (!entry || !entry->size) return "";
  if (*entry->size == size) return "size";
  return ftp::failed(
      {.why = Why::mismatch, .text = fmt::format("the server has {} of {} bytes", *entry->size, size), .again = true});
}

Outcome<Verdict> compare_tail(ftp::Connection& connection, const std::string& remote, LocalFile& file,
                              std::uint64_t size) {
  const std::uint64_t length = tail_of(size);
  std::vector<std::byte> theirs;
  const ftp::Sink sink = [&](ByteView bytes) -> Outcome<void> {
    if (theirs.size() + bytes.size() > length) return ftp::failed(Why::mismatch, "it grows while it is read");
    theirs.insert(theirs.end(), bytes.begin(), bytes.end());
    return {};
  };
  auto done = connection.receive(remote, size - length, {}, sink);
  // Over TLS the end of a refused data connection may be seen before the reply: the code tells it all the same.
  if (!done && theirs.empty() && done.error().reply >= permanent) return Verdict::unknown;
  if (!done && done.error().why == Why::mismatch) return Verdict::different;
  if (!done) return ftp::failed(done.error());
  std::vector<std::byte> ours(theirs.size());
  if (auto placed = file.seek(size - length); !placed) return ftp::failed(placed.error());
  for (std::size_t have = 0; have < ours.size();) {
    auto got = file.read(MutableBytes(ours).subspan(have));
    if (!got) return ftp::failed(got.error());
    if (*got == 0) return Verdict::different;
    have += *got;
  }
  return theirs.size() == length && theirs == ours ? Verdict::equal : Verdict::different;
}

}  // namespace gantry::transfer
