// Copies inside the bucket, or from another of the same service, made by the store: one object, or all below a
// directory. Every copy is compared with its source before it counts. Must not know: uploads from clients.
#pragma once

#include <optional>
#include <string>

#include "vfs/file_system.hpp"
#include "vfs/object_context.hpp"
#include "vfs/rename_plans.hpp"

namespace gantry::vfs {

/// Copies `source` (as HEAD or a listing described it) to `to` in the bucket of `context`; in parts above the store's
/// limit for one call. The copy's ETag. `replace`: new metadata; absent: the source's. Errc::conflict when the source
/// changed, corrupt when the copy differs (it is then removed), already_exists where something that stays is in the way
/// (as far as the store can tell). 1 request, 2 when the answer proves nothing, 3 + parts for a large object.
struct CopyTarget {
  std::string key;
  Existing existing = Existing::may_go;
  ObjectContextPtr from = nullptr;  ///< of the source, when it lies in another bucket of the same service and keys
};
[[nodiscard]] Task<Result<std::string>> copy_object(ObjectContextPtr context, object::ObjectInfo source, CopyTarget to,
                                                    std::optional<object::PutOptions> replace);

/// Moves every key that begins with the plan's `from` to begin with its `to`, which is known to be free: all copies,
/// eight at once, are made and verified before any source goes. When a copy fails those already made are removed,
/// nothing has changed and the plan is forgotten; after another error in the phases copying and deleting the caller
/// leaves the plan to the janitor. Errc::too_large beyond ObjectFileSystemOptions::max_rename_objects. ceil(n/1000)
/// lists, n copies, ceil(n/1000) deletes.
[[nodiscard]] Task<Result<void>> move_all(ObjectContextPtr context, std::shared_ptr<OpenRename> rename,
                                          Existing existing);

}  // namespace gantry::vfs
