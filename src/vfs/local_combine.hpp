// Several files of a local directory joined to one. Must not know: who asks.
#pragma once

#include <memory>
#include <vector>

#include "async/blocking.hpp"
#include "vfs/file_system.hpp"
#include "vfs/local_root.hpp"

namespace gantry::vfs {

/// FileSystem::combine(): the sources are copied, in steps that a cancel comes between, to a draft beside the target
/// (disks that can share blocks do), which is then published; so there must be room for both. Once it is published
/// nothing is cancelled. A source that somebody changes after that stays, as one that could not be removed.
[[nodiscard]] Task<Result<Combined>> combine_local(std::shared_ptr<LocalRoot> root, async::BlockingPool& pool,
                                                   Path target, std::vector<Path> sources, CombineOptions options);

}  // namespace gantry::vfs
