#include "vfs/file_system.hpp"

namespace gantry::vfs {

Task<Result<void>> FileSystem::enter(Path path) {
  auto entry = co_await stat(path);
  if (!entry) co_return fail(std::move(entry.error()));
  if (entry->kind != Kind::directory) co_return fail(Errc::not_directory, "enter", path.text());
  co_return Result<void>{};
}

Task<Result<std::optional<std::string>>> FileSystem::known_checksum(Path path, digest::Algorithm algorithm) {
  auto known = co_await known_checksums(std::move(path));
  if (!known) co_return fail(std::move(known.error()));
  const auto found = known->digests.find(algorithm);
  co_return found == known->digests.end() ? std::nullopt : std::optional(std::move(found->second));
}

}  // namespace gantry::vfs
