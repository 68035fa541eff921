// How directory renames end that a crash or a failing store broke off: what was only copied is undone, what was
// already verified is finished.
// Must not know: how renames run (object_copy.hpp), how they are recorded (rename_plans.hpp).
#pragma once

#include <memory>
#include <string>

#include "object/store.hpp"
#include "vfs/rename_plans.hpp"
#include "vfs/upload_ledger.hpp"

namespace gantry::vfs {

struct RenameRecovery {
  std::shared_ptr<RenamePlans> plans;
  std::shared_ptr<object::Store> store;
  std::shared_ptr<UploadLedger> ledger;  ///< of the uploads that large objects are copied by; may be empty
  std::string store_name;                ///< as in the plans and in the ledger
  /// After an undo the target is looked at again so much later, until nothing is found: the store may still have been
  /// busy with a copy that the ended process asked for.
  Milliseconds settle = std::chrono::seconds(5);
};

/// The janitor's step: ends every rename that nobody follows. A copy goes only while its source is there and the same,
/// a source only while its copy is; what differs stays, with a warning. What cannot be ended now is tried again with
/// the next call. The number ended. For each key left two HEADs, and a DELETE for each thousand.
[[nodiscard]] Task<std::size_t> end_left_renames(RenameRecovery recovery);

}  // namespace gantry::vfs
