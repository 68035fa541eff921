// What the kernel's error numbers mean to a file system's user. The one map of them.
#pragma once

#include <string>

#include "base/error.hpp"

namespace gantry::vfs {

/// ENOSPC is no_space, EDQUOT quota, EACCES denied and so on. ENOTDIR is not_directory: a caller that walked a path
/// turns it into not_found itself.
[[nodiscard]] Errc errno_code(int number);
/// `number` as an Error; the detail is the path and the kernel's text, for the log only.
[[nodiscard]] std::unexpected<Error> fail_errno(int number, std::string operation, const std::string& path);

}  // namespace gantry::vfs
