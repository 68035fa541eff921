#include "transfer/filter.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/text.hpp"

namespace gantry::transfer {
namespace {

/// Without the blanks at the end that no backslash keeps.
std::string_view without_blanks_at_end(std::string_view line) {
  while (line.ends_with(' ') && !line.ends_with("\\ ")) line.remove_suffix(1);
  return line;
}

std::string_view last_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::optional<PathPattern> PathPattern::parse(std::string_view text) {
  if (text.size() > max_length) return std::nullopt;
  PathPattern pattern;
  while (text.ends_with('/')) {
    pattern.directories_only_ = true;
    text.remove_suffix(1);
  }
  if (text.empty()) return std::nullopt;
  if (!text.contains('/')) pattern.segments_.push_back({true, proto::Glob("")});
  if (text.starts_with('/')) text.remove_prefix(1);
  for (const std::string_view part : split(text, '/')) {
    const bool any_depth = part == "**";
    // Two in a row mean what one means.
    if (any_depth && !pattern.segments_.empty() && pattern.segments_.back().any_depth) continue;
    pattern.segments_.push_back({any_depth, proto::Glob(part, proto::Glob::DotNames::match)});
  }
  // "dir/**" means all that is inside, not the directory: something must follow.
  if (pattern.segments_.size() > 1 && pattern.segments_.back().any_depth)
    pattern.segments_.push_back({false, proto::Glob("*", proto::Glob::DotNames::match)});
  return pattern;
}

bool PathPattern::matches(std::string_view path, bool directory) const {
  if (directories_only_ && !directory) return false;
  const auto names = split(path, '/');
  // As with the stars of a glob only the last "**" is ever retried, so time is bounded by names times segments.
  constexpr std::size_t none = ~std::size_t{0};
  std::size_t segment = 0;
  std::size_t at = 0;
  std::size_t after_depth = none;
  std::size_t depth_end = 0;
  while (at < names.size()) {
    if (segment < segments_.size() && segments_[segment].any_depth) {
      after_depth = ++segment;
      depth_end = at;
    } else if (segment < segments_.size() && segments_[segment].glob.matches(names[at])) {
      ++segment;
      ++at;
    } else if (after_depth != none) {
      segment = after_depth;
      at = ++depth_end;
    } else {
      return false;
    }
  }
  return std::ranges::all_of(segments_ | std::views::drop(segment), &Segment::any_depth);
}

IgnoreRules::IgnoreRules(std::string_view text) {
  for (std::string_view line : split(text, '\n')) {
    if (lines_.size() == max_lines) break;
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = without_blanks_at_end(line);
    if (line.starts_with('#')) continue;
    const bool ignore = !line.starts_with('!');
    if (!ignore) line.remove_prefix(1);
    if (auto pattern = PathPattern::parse(line)) lines_.push_back({std::move(*pattern), ignore});
  }
}

std::optional<bool> IgnoreRules::ignores(std::string_view path, bool directory) const {
  for (const Line& line : lines_ | std::views::reverse)
    if (line.pattern.matches(path, directory)) return line.ignore;
  return std::nullopt;
}

bool Filter::add(bool include, std::string_view pattern) {
  auto parsed = PathPattern::parse(pattern);
  if (!parsed) return false;
  rules_.push_back({std::move(*parsed), include});
  return true;
}

void Filter::enter(std::string directory, IgnoreRules rules) {
  if (!directory.empty()) directory += '/';
  ignores_.push_back({std::move(directory), std::move(rules)});
}

bool Filter::takes(std::string_view path, bool directory) const {
  if (last_name(path) == ignore_file) return false;
  for (const Rule& rule : rules_)
    if (rule.pattern.matches(path, directory)) return rule.include;
  for (const Ignores& ignores : ignores_ | std::views::reverse) {
    if (!path.starts_with(ignores.prefix)) continue;
    if (const auto said = ignores.rules.ignores(path.substr(ignores.prefix.size()), directory)) return !*said;
  }
  return true;
}

}  // namespace gantry::transfer
