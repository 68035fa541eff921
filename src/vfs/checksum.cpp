#include "vfs/checksum.hpp"

namespace gantry::vfs {

namespace {

constexpr std::size_t block_bytes = 256 * kib;

}  // namespace

Task<Result<std::string>> compute_checksum(FileSystem& fs, Path path, digest::Algorithm algorithm, ByteRange range,
                                           std::function<void(std::uint64_t)> progress) {
  if (range.whole()) {
    auto known = co_await fs.known_checksum(path, algorithm);
    if (!known) co_return fail(std::move(known.error()));
    if (*known) co_return std::move(**known);
  }
  auto reader = co_await fs.open_reader(path, range);
  if (!reader) co_return fail(std::move(reader.error()));
  digest::Hasher hasher(algorithm);
  std::vector<std::byte> block(block_bytes);
  std::uint64_t done = 0;
  while (true) {
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "checksum", path.text());
    auto count = co_await (*reader)->read(block);
    if (!count) co_return fail(std::move(count.error()));
    if (*count == 0) co_return hasher.finish();
    hasher.update(ByteView(block).first(*count));
    done += *count;
    if (progress) progress(done);
  }
}

}  // namespace gantry::vfs
