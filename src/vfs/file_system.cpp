#include "vfs/file_system.hpp"

namespace gantry::vfs {

Task<Result<void>> FileSystem::enter(Path path) {
  auto entry = co_await stat(path);
  if (!entry) co_return fail(std::move(entry.error()));
  if (entry->kind != Kind::directory) co_return fail(Errc::not_directory, "enter", path.text());
  co_return Result<void>{};
}

}  // namespace gantry::vfs
