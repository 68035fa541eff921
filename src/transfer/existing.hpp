// What to do about a target that is there already. Must not know: how bytes move.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "transfer/file.hpp"

namespace gantry::transfer {

/// Of a target that is there and not the same: overwrite, skip or rename. Asks where the options say so; resume, which
/// could not help, is Why::mismatch: `what` is a sentence about the two, without a full stop; a question names `name`.
[[nodiscard]] Outcome<Existing> settle(const FileOptions& options, const std::string& name, const std::string& what);

/// Something of this machine has the name, a link that leads nowhere included.
[[nodiscard]] bool exists_here(const std::string& path);

/// "dir/file (1).txt", or the first such name that is not `taken`.
[[nodiscard]] Outcome<std::string> free_name(const std::string& path,
                                             const std::function<Outcome<bool>(const std::string& path)>& taken);

/// What tells one state of the server's file from another.
[[nodiscard]] std::string identity_of(const ftp::Entry& entry);

/// So many of the last bytes of a beginning are compared before it is continued.
[[nodiscard]] std::uint64_t tail_of(std::uint64_t size);

}  // namespace gantry::transfer
