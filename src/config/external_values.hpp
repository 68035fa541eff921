// Values that stand elsewhere: in the environment or in a file of their own.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::config {

/// The whole of a regular file of at most `limit` bytes, or why not.
[[nodiscard]] std::expected<std::string, std::string> read_small_file(const std::string& path, std::size_t limit);

class ExternalValues {
 public:
  /// Relative file names begin at `directory`.
  explicit ExternalValues(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// "env:NAME": what NAME holds; any other text: itself. The error never holds the text.
  [[nodiscard]] std::expected<std::string, std::string> from_text(const std::string& text) const;
  /// The first line of a file; more lines are an error. The error names the file, never what it holds.
  [[nodiscard]] std::expected<std::string, std::string> from_file(const std::string& name);
  /// Absolute paths of the files that were asked for, found or not.
  [[nodiscard]] const std::vector<std::string>& files() const { return files_; }

  [[nodiscard]] static bool is_reference(std::string_view text) { return text.starts_with("env:"); }

 private:
  std::filesystem::path directory_;
  std::vector<std::string> files_;
};

}  // namespace gantry::config
