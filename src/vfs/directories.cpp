#include "vfs/directories.hpp"

namespace gantry::vfs {

namespace {

Task<Result<void>> make_one(FileSystem& fs, Path path) {
  auto made = co_await fs.make_directory(path);
  if (made || made.error().code != Errc::already_exists) co_return made;
  // Somebody else may have been faster, which is as good; a file is not.
  auto present = co_await fs.stat(path);
  if (!present) co_return fail(std::move(present.error()));
  if (present->kind != Kind::directory) co_return fail(Errc::not_directory, "make directories", path.text());
  co_return Result<void>{};
}

}  // namespace

Task<Result<void>> make_directories(FileSystem& fs, Path path) {
  auto present = co_await fs.stat(path);
  if (present && present->kind == Kind::directory) co_return Result<void>{};
  if (!present && present.error().code != Errc::not_found) co_return fail(std::move(present.error()));
  Path step;
  for (std::string_view segment : path.segments()) {
    step = step.child(segment);
    auto entry = co_await fs.stat(step);
    if (entry && entry->kind == Kind::directory) continue;
    if (auto made = co_await make_one(fs, step); !made) co_return made;
  }
  co_return Result<void>{};
}

}  // namespace gantry::vfs
