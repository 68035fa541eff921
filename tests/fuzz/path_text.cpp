// Paths: two lines, a working directory and an argument. What comes out is absolute, folded, bounded and stays so.
#include "proto/path_text.hpp"

#include "base/text.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace gantry::proto;

namespace {

void check_normal(const std::string& path) {
  CHECK(path.starts_with('/') && path.size() <= max_path_bytes && !gantry::has_control(path));
  if (path == "/") return;
  for (std::string_view segment : gantry::split(std::string_view(path).substr(1), '/'))
    CHECK(!segment.empty() && segment != "." && segment != ".." && segment.size() <= max_segment_bytes);
}

}  // namespace

FUZZ_TARGET(path_text) {
  gantry::fuzz::Choices choices(input);
  const std::string_view first = choices.line();
  const std::string_view argument = choices.rest();
  const auto cwd = normalise("/", first);
  if (cwd) check_normal(*cwd);
  const auto path = normalise(cwd.value_or("/"), argument);
  if (!path) return;
  check_normal(*path);
  CHECK(normalise("/", *path) == path);
  CHECK(normalise(*path, "") == path);
  if (argument.starts_with('/')) CHECK(normalise("/elsewhere", argument) == path);
}
