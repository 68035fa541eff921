#include "proto/path_text.hpp"

#include "base/text.hpp"

namespace gantry::proto {
namespace {

/// Folds `text` into `folded`, where the root is the empty text and every segment is "/name". False for a long segment.
bool fold(std::string_view text, std::string& folded) {
  for (std::string_view segment : split(text, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      if (!folded.empty()) folded.resize(folded.rfind('/'));
      continue;
    }
    if (segment.size() > max_segment_bytes) return false;
    folded += '/';
    folded += segment;
  }
  return true;
}

}  // namespace

std::optional<std::string> normalise(std::string_view cwd, std::string_view argument) {
  if (has_control(cwd) || has_control(argument)) return std::nullopt;
  std::string folded;
  if (!argument.starts_with('/') && !fold(cwd, folded)) return std::nullopt;
  if (!fold(argument, folded) || folded.size() > max_path_bytes) return std::nullopt;
  if (folded.empty()) return "/";
  return folded;
}

}  // namespace gantry::proto
