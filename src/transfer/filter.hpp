// Which names of a tree take part in a mirror: patterns of the command line and .gantryignore files. Pure: no file is
// read here, and no pattern takes more than a bounded time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/glob.hpp"

namespace gantry::transfer {

/// One line with the meaning that .gitignore gives it: "*.o" and "build/" at any depth, "/top" and "doc/*.txt" from the
/// directory the pattern belongs to, "a/**/b" over any depth, a slash at the end for directories only.
class PathPattern {
 public:
  static constexpr std::size_t max_length = 4096;

  /// Nothing for what can match no name: an empty pattern, or one longer than max_length.
  [[nodiscard]] static std::optional<PathPattern> parse(std::string_view text);

  /// `path`: below the pattern's directory, without a slash at either end.
  [[nodiscard]] bool matches(std::string_view path, bool directory) const;

 private:
  struct Segment {
    bool any_depth = false;  ///< "**"
    proto::Glob glob;
  };

  std::vector<Segment> segments_;
  bool directories_only_ = false;
};

/// The lines of one .gantryignore file; of several that match the last one counts.
class IgnoreRules {
 public:
  static constexpr std::size_t max_lines = 10'000;

  IgnoreRules() = default;
  /// Blank lines and lines that begin with '#' say nothing; "!pattern" takes in again what a line before left out.
  explicit IgnoreRules(std::string_view text);

  /// True: left out, false: taken in again, nothing: no line says anything. `path` as PathPattern::matches() takes it.
  [[nodiscard]] std::optional<bool> ignores(std::string_view path, bool directory) const;

 private:
  struct Line {
    PathPattern pattern;
    bool ignore = true;
  };
  std::vector<Line> lines_;
};

/// Name of the files that IgnoreRules come from. They take part in no mirror themselves.
inline constexpr std::string_view ignore_file = ".gantryignore";

class Filter {
 public:
  /// Patterns count in the order they are added; the first that matches decides. False: it can match no name.
  bool add(bool include, std::string_view pattern);
  /// The rules of the ignore file in `directory` ("" is the top). Those of the deepest directory decide first.
  void enter(std::string directory, IgnoreRules rules);
  /// Forgets the rules of the last enter().
  void leave() { ignores_.pop_back(); }

  /// `path` below the top of the tree. A directory that is not taken is not looked into.
  [[nodiscard]] bool takes(std::string_view path, bool directory) const;

 private:
  struct Rule {
    PathPattern pattern;
    bool include = false;
  };
  struct Ignores {
    std::string prefix;  ///< the directory and a slash, or nothing
    IgnoreRules rules;
  };
  std::vector<Rule> rules_;
  std::vector<Ignores> ignores_;
};

}  // namespace gantry::transfer
