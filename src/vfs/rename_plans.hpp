// The book of directory renames that are under way in buckets: what is to be copied where, and whether the sources go
// already. Nothing is copied that is not written here first, so that a crash leaves no tree half moved.
// Must not know: how trees are moved (object_copy.hpp, rename_recovery.hpp); databases (sql_rename_plans.hpp does).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/error.hpp"
#include "base/units.hpp"

namespace gantry::vfs {

enum class RenamePhase : std::uint8_t {
  looking,   ///< nothing is copied yet, and whether the target is free is not known: to be forgotten
  copying,   ///< the target was free: to be undone
  deleting,  ///< every copy is there and verified: to be finished
};

struct RenamePlan {
  std::string ticket{};  ///< names it in the book
  std::string store{};
  std::string owner{};
  std::string from{};  ///< key prefix of the source, ends in '/'
  std::string to{};    ///< key prefix of the target, ends in '/'
  RenamePhase phase = RenamePhase::looking;
  WallTime began{};
};

/// Does the plan move something at or below `prefix`, or is `prefix` within what it moves? Both end in '/'.
[[nodiscard]] bool touches(const RenamePlan& plan, std::string_view prefix);

/// Thread-safe; every lane uses the same one. Errors: unavailable, or conflict as named, when the book cannot be read
/// or written.
class RenamePlans {
 public:
  virtual ~RenamePlans() = default;

  /// Records a rename in the phase `looking`. The ticket. Errc::conflict: another plan touches the same trees,
  /// whoever's it is and whether or not its process lives.
  [[nodiscard]] virtual Task<Result<std::string>> begin(RenamePlan plan) = 0;
  /// Errc::conflict: the plan is no longer the caller's, because this process was taken for dead.
  [[nodiscard]] virtual Task<Result<void>> advance(std::string ticket, RenamePhase phase) = 0;
  /// Done or undone.
  [[nodiscard]] virtual Task<Result<void>> forget(std::string ticket) = 0;
  /// Whoever followed the plan gave up in the middle: adopt() gives it out. Does not wait.
  virtual void abandon(std::string ticket) = 0;
  /// Does any plan touch `prefix`, which ends in '/'?
  [[nodiscard]] virtual Task<Result<bool>> touched(std::string store, std::string prefix) = 0;
  /// Plans that were abandoned, and those of processes that are gone (UploadLedger::adopt() finds out which). They are
  /// the caller's from now on, to be forgotten or abandoned.
  [[nodiscard]] virtual Task<Result<std::vector<RenamePlan>>> adopt(std::string store) = 0;
  /// All that is on record of one store.
  [[nodiscard]] virtual Task<Result<std::vector<RenamePlan>>> records(std::string store) = 0;
};

/// Keeps the book in this process only.
[[nodiscard]] std::shared_ptr<RenamePlans> make_memory_rename_plans();

/// A plan being followed. Whatever happens to its owner, it ends: forgotten by forget(), else abandoned.
class OpenRename {
 public:
  /// Without a book (null) nothing is recorded and everything succeeds. Errors as RenamePlans::begin.
  [[nodiscard]] static Task<Result<std::shared_ptr<OpenRename>>> begin(std::shared_ptr<RenamePlans> plans,
                                                                       RenamePlan plan);
  ~OpenRename();
  OpenRename(const OpenRename&) = delete;
  OpenRename& operator=(const OpenRename&) = delete;

  [[nodiscard]] const RenamePlan& plan() const { return plan_; }
  /// Errors as RenamePlans::advance.
  [[nodiscard]] Task<Result<void>> advance(RenamePhase phase);
  /// What cannot be struck out is abandoned, which is as good: the janitor finds nothing left to do.
  [[nodiscard]] Task<void> forget();

 private:
  OpenRename(std::shared_ptr<RenamePlans> plans, RenamePlan plan);
  std::shared_ptr<RenamePlans> plans_;  // empty: forgotten, or there is no book
  RenamePlan plan_;
};

}  // namespace gantry::vfs
