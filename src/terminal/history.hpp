// The lines of earlier runs: a text file, one a line, readable by its owner alone. Several programs may add to it at
// the same time.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gantry::terminal {

class History {
 public:
  static constexpr std::size_t most_lines = 1000;

  /// Reads what is there; of a long file the end, which is then all that it keeps. An empty path remembers nothing.
  explicit History(std::filesystem::path file);

  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  /// Adds a line to the file unless it is the last one again. That the file cannot be written is no failure.
  void add(const std::string& line);

 private:
  std::filesystem::path file_;
  std::vector<std::string> lines_;
};

}  // namespace gantry::terminal
