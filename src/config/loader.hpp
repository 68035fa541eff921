// Reads a configuration file into a Config, or says everything that is wrong with it at once: gantry.toml, or the
// vsftpd.conf of Tencent's COS FTP Server tool as it is.
// Must not know: what the settings are used for.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/problem.hpp"

namespace gantry::config {

struct Loaded {
  Config config;
  std::vector<Problem> warnings;
  std::vector<Problem> notes;        ///< good to know, nothing to be done: for the log at info level
  std::vector<std::string> files{};  ///< what was read: the file itself, then those its *_file keys name
  bool holds_secrets = false;        ///< in the text itself, not in other files or the environment
};

/// At most 4 MiB. Blocks on the disk. Relative paths in the file begin at the file's directory.
[[nodiscard]] std::expected<Loaded, std::vector<Problem>> load_file(const std::string& path);

/// The same for text that `file_name` stands for: in messages, and as the place where relative paths begin.
[[nodiscard]] std::expected<Loaded, std::vector<Problem>> load_text(std::string_view text,
                                                                    const std::string& file_name);

}  // namespace gantry::config
