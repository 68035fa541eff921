#include "vfs/file_system.hpp"

#include <set>

namespace gantry::vfs {

Task<Result<void>> Upload::take_from_pipe(int /*pipe*/, std::size_t /*count*/) {
  co_return fail(Errc::unsupported, "upload", "not from a pipe");
}

bool is_uncertain(const Error& error) { return error.detail.starts_with("uncertain"); }

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

Task<Result<void>> FileSystem::may_rename(Path from) {
  auto entry = co_await stat(std::move(from));
  if (!entry) co_return fail(std::move(entry.error()));
  co_return Result<void>{};
}

Task<Result<void>> FileSystem::move_to(FileSystem& /*target*/, Path from, Path to, Existing /*existing*/) {
  co_return fail(Errc::across_stores, "rename", from.text() + " to " + to.text());
}

Result<void> check_combined_names(const Path& target, const std::vector<Path>& sources) {
  if (sources.empty()) return fail(Errc::invalid, "combine", "no sources");
  if (target.is_root()) return fail(Errc::is_directory, "combine", "the root");
  std::set<Path> seen{target};
  for (const Path& source : sources) {
    if (source.is_root()) return fail(Errc::is_directory, "combine", "the root");
    if (!seen.insert(source).second) return fail(Errc::invalid, "combine", source.text() + ": named twice");
  }
  return {};
}

}  // namespace gantry::vfs
