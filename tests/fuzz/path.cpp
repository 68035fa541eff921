// Paths: two lines, a working directory and an argument. What comes out is absolute, folded, bounded and stays so.
#include "vfs/path.hpp"

#include "base/text.hpp"
#include "tests/fuzz/fuzz.hpp"

using gantry::vfs::Path;

namespace {

void check_normal(const Path& path) {
  CHECK(path.text().starts_with('/') && path.text().size() <= 4096 && !gantry::has_control(path.text()));
  for (std::string_view segment : path.segments()) CHECK(gantry::vfs::valid_name(segment));
}

}  // namespace

FUZZ_TARGET(path) {
  gantry::fuzz::Choices choices(input);
  const std::string_view first = choices.line();
  const std::string_view argument = choices.rest();
  const auto cwd = Path::absolute(first).value_or(Path{});
  check_normal(cwd);
  const auto path = Path::resolve(cwd, argument);
  if (!path) return;
  check_normal(*path);
  CHECK(Path::absolute(path->text()) == *path);
  CHECK(Path::resolve(*path, "") == *path);
  CHECK(path->within(Path{}) && path->is_root() == path->name().empty());
  if (!path->is_root()) CHECK(path->parent().child(path->name()) == *path);
}
