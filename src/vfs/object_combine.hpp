// Several objects of a bucket joined to one, by the store. Must not know: who asks.
#pragma once

#include <vector>

#include "vfs/object_context.hpp"

namespace gantry::vfs {

/// FileSystem::combine(): a multipart upload whose parts are copied from the sources, each pinned to the version that
/// HEAD saw; the parts are proved before they are joined. Requests, for n sources: n HEAD, at most 2 for the target,
/// start, a copy for each source (or GiB of one), n HEAD again, join, ceil(n/1000) deletions; ceil(parts/1000) lists
/// of parts where no CRC-64 proves them. A source below the store's smallest part is read and sent instead of copied,
/// and so is what has to go with it, unless it is the last one. Sources may lose their directory: 2 requests for each
/// that is not the target's.
[[nodiscard]] Task<Result<Combined>> combine_objects(ObjectContextPtr context, Path target, std::vector<Path> sources,
                                                     CombineOptions options);

}  // namespace gantry::vfs
