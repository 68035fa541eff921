// gantryd import: another program's configuration, or an older one of Gantry's own, as a gantry.toml.
// Must not know: how configurations are read and printed (config/).
#pragma once

#include <string>

#include "config/config.hpp"

namespace gantry {

/// Where the stores' secrets go: into the file itself, into variables of the environment that it names, or into files
/// of their own in `secret_directory`.
struct ImportOptions {
  bool secrets_from_environment = false;
  std::string secret_directory;
};

/// Prints the equivalent gantry.toml on standard output, with hashes in place of plain passwords, and on standard error
/// what is left to do. Writes files only into the secret directory, and never over others. 0, or an exit code.
[[nodiscard]] int import(const config::Config& config, const ImportOptions& options);

}  // namespace gantry
