#include "vfs/checksum.hpp"

namespace gantry::vfs {

namespace {

constexpr std::size_t block_bytes = 256 * kib;

}  // namespace

Task<Result<Checksum>> checksum_of(FileSystem& fs, Path path, digest::Algorithm algorithm, ByteRange range, Pace pace) {
  if (range.whole()) {
    auto known = co_await fs.known_checksums(path);
    if (!known) co_return fail(std::move(known.error()));
    if (auto found = known->digests.find(algorithm); found != known->digests.end())
      co_return Checksum{std::move(found->second), known->size};
  }
  co_return co_await read_checksum(fs, std::move(path), algorithm, range, std::move(pace));
}

Task<Result<Checksum>> read_checksum(FileSystem& fs, Path path, digest::Algorithm algorithm, ByteRange range,
                                     Pace pace) {
  auto reader = co_await fs.open_reader(path, range);
  if (!reader) co_return fail(std::move(reader.error()));
  digest::Hasher hasher(algorithm);
  std::vector<std::byte> block(block_bytes);
  while (true) {
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "checksum", path.text());
    auto count = co_await (*reader)->read(block);
    if (!count) co_return fail(std::move(count.error()));
    if (*count == 0) co_return Checksum{hasher.finish(), (*reader)->size()};
    hasher.update(ByteView(block).first(*count));
    if (!pace) continue;
    if (auto paced = co_await pace(*count); !paced) co_return fail(std::move(paced.error()));
  }
}

Task<Result<std::string>> compute_checksum(FileSystem& fs, Path path, digest::Algorithm algorithm, ByteRange range,
                                           Pace pace) {
  auto checksum = co_await checksum_of(fs, std::move(path), algorithm, range, std::move(pace));
  if (!checksum) co_return fail(std::move(checksum.error()));
  co_return std::move(checksum->value);
}

}  // namespace gantry::vfs
