#include "transfer/content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "transfer/local_file.hpp"
#include "transfer/retry.hpp"

namespace gantry::transfer {

Outcome<Comparison> compare_by_checksum(ftp::Connection& connection, const std::string& local,
                                        const std::string& remote, const std::atomic<bool>& stop) {
  if (auto opened = connection.open(); !opened) return ftp::failed(opened.error());
  auto algorithm = choose_checksum(connection, Proof::automatic);
  if (!algorithm) return ftp::failed(algorithm.error());
  if (!*algorithm) return Comparison{.verdict = Verdict::unknown, .text = "the server gives no checksums"};
  auto file = LocalFile::open(local);
  if (!file) return ftp::failed(file.error());
  RunningSum sum(*algorithm);
  if (auto read = sum.catch_up(*file, file->size(), waiting_tick(connection, stop)); !read)
    return ftp::failed(read.error());
  return compare(connection, remote, sum);
}

Outcome<Comparison> compare_by_download(ftp::Connection& connection, const std::string& local,
                                        const std::string& remote, const std::function<void(std::size_t)>& pace) {
  auto file = LocalFile::open(local);
  if (!file) return ftp::failed(file.error());
  Comparison comparison{.verdict = Verdict::equal, .text = "all bytes"};
  std::uint64_t position = 0;
  std::vector<std::byte> ours;
  const ftp::Sink sink = [&](ByteView theirs) -> Outcome<void> {
    if (pace) pace(theirs.size());
    ours.resize(theirs.size());
    for (std::size_t have = 0; have < ours.size();) {
      auto got = file->read(MutableBytes(ours).subspan(have));
      if (!got) return ftp::failed(got.error());
      if (*got == 0) ours.resize(have);
      have += *got;
    }
    const auto [a, b] = std::ranges::mismatch(ours, theirs);
    position += static_cast<std::uint64_t>(a - ours.begin());
    if (a == ours.end() && b == theirs.end()) return {};
    comparison = {.verdict = Verdict::different, .text = fmt::format("byte {} is the first that differs", position)};
    return ftp::failed(Why::mismatch, comparison.text);
  };
  auto done = connection.receive(remote, 0, {}, sink);
  if (comparison.verdict == Verdict::different) return comparison;
  if (!done) return ftp::failed(done.error());
  if (position < file->size())
    return Comparison{.verdict = Verdict::different, .text = fmt::format("ends after {} bytes there", position)};
  return comparison;
}

}  // namespace gantry::transfer
