// The book of quotas in the state database: how much is in each tree with a quota, and what is promised to changes that
// run. Every change of such a tree is opened here first and settled when it is done, so that sessions and processes
// together never pass a limit, and whatever a dead process leaves is known and counted anew.
// Must not know: file systems, how trees are counted (quota_count.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "state/database.hpp"

namespace gantry::vfs {

struct QuotaAmount {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  bool operator==(const QuotaAmount&) const = default;
};

/// 0: no limit.
struct QuotaLimits {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
};

/// Of one tree, as far as the book knows.
struct QuotaUse {
  QuotaAmount used;    ///< stored, held, and promised to changes that run
  bool known = false;  ///< false: never counted
  bool due = false;    ///< to be counted again, the figures may be too high
};

/// What is left below the limits; nothing where there is none.
struct QuotaLeft {
  std::optional<std::uint64_t> bytes;
  std::optional<std::uint64_t> files;
};
[[nodiscard]] QuotaLeft left_of(const QuotaLimits& limits, const QuotaAmount& used);

/// What a change wants before it begins.
struct QuotaWish {
  std::string path = {};       ///< what it changes, as the tree names it; the target of a rename
  std::uint64_t bytes = 0;     ///< growth, as far as it is known
  std::uint64_t files = 0;     ///< new ones
  bool open_ended = false;     ///< more may come, nobody knows how much
  std::uint64_t replaced = 0;  ///< bytes that an open-ended change may use again
  bool moving = false;         ///< a rename
  std::string resumes = {};  ///< the upload id of the held upload it goes on with: counted with this change from now on
};

struct QuotaAnswer {
  std::string ticket;          ///< empty: refused, or nothing is known of the tree yet
  std::uint64_t promised = 0;  ///< bytes of growth
  QuotaUse use;                ///< before the change
};

/// How a change ended: what is there that was not, and what is there no longer.
struct QuotaChange {
  QuotaAmount grown = {};
  QuotaAmount shrunk = {};
};

/// Whose wish a count is: the book's, because the tree is due, or somebody's who wants it counted in any case.
enum class CountFor : std::uint8_t { due, asked };

/// A tree that is being counted: what end_count() compares with.
struct QuotaSnapshot {
  CountFor reason = CountFor::asked;
  std::string mark;
  std::int64_t changes = 0;
  std::int64_t moves = 0;
  QuotaAmount grown;
};

/// Thread-safe; every lane uses the same one. A tree is named by its places and mount points, so that users with the
/// same home and mounts share one count, each with limits of his own. Errors: unavailable or conflict, when the
/// database cannot be read or written. Each method is one transaction.
class QuotaBook {
 public:
  explicit QuotaBook(std::shared_ptr<state::Database> database);

  /// `user` works in `tree` from now on: his held uploads are part of it.
  [[nodiscard]] Task<Result<void>> enrol(std::string user, std::string tree);
  [[nodiscard]] Task<Result<QuotaUse>> use(std::string tree);

  /// Opens a change when the wish fits. An open-ended one gets something ahead while much is left.
  [[nodiscard]] Task<Result<QuotaAnswer>> begin(std::string tree, QuotaLimits limits, QuotaWish wish);
  /// Raises the promise to `bytes` of growth, and beyond it by up to `ahead` while much is left. An answer without a
  /// ticket: it does not fit, and nothing is changed. Errc::conflict: this process was taken for dead.
  [[nodiscard]] Task<Result<QuotaAnswer>> grow(std::string tree, QuotaLimits limits, std::string ticket,
                                               std::uint64_t bytes, std::uint64_t ahead);
  /// The change is done. What cannot be written now is written by a later adopt(); until then the promise stands.
  [[nodiscard]] Task<void> settle(std::string tree, std::string ticket, QuotaChange change);
  /// Nobody knows how the change ended: the promise stands until the tree has been counted.
  [[nodiscard]] Task<void> doubt(std::string tree, std::string ticket);
  /// As settle() with no change, for somebody who cannot wait.
  void abandon(std::string tree, std::string ticket);

  /// Says that this process lives, makes trees due where dead processes have left changes, and writes what could not be
  /// written before. To be called before the first change and every few seconds.
  [[nodiscard]] Task<Result<void>> adopt();
  /// Makes all trees due that have a part in `store`.
  [[nodiscard]] Task<Result<void>> suspect(std::string store);
  /// The trees to be counted that somebody works in.
  [[nodiscard]] Task<Result<std::vector<std::string>>> due();

  /// Nothing: the tree is not due (any longer), and nobody asked.
  [[nodiscard]] Task<Result<std::optional<QuotaSnapshot>>> begin_count(std::string tree, CountFor reason);
  /// Takes the count over, but for one that another has made superfluous meanwhile. What changed while it ran is added
  /// as far as it grew, so that the figure may be too high (and the tree is due again), never too low. False, and
  /// nothing is changed: something was renamed meanwhile.
  [[nodiscard]] Task<Result<bool>> end_count(std::string tree, QuotaSnapshot snapshot, QuotaAmount counted);

 private:
  struct Late {
    std::string tree;
    std::string ticket;
    std::optional<QuotaChange> change;  ///< nothing: in doubt
  };
  [[nodiscard]] Task<void> end(Late late);
  void later(Late late);

  std::shared_ptr<state::Database> database_;
  std::string node_;
  std::mutex mutex_;
  std::vector<Late> late_;
};

/// A tree and the limits of one account in it.
struct Quota {
  std::shared_ptr<QuotaBook> book;
  std::string tree;
  QuotaLimits limits;
};

}  // namespace gantry::vfs
