// The book of multipart uploads that this installation began: those that run, and those that broke off and that their
// owners may continue. Nothing is begun in a bucket that is not written here first, so that nothing is forgotten there.
// Must not know: how uploads run; databases (sql_upload_ledger.hpp does).
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "object/store.hpp"

namespace gantry::vfs {

/// What Entry::unique of a held upload begins with; the upload id follows.
inline constexpr std::string_view held_mark = "held-";

/// Whose upload to which key of which store.
struct UploadName {
  std::string store;
  std::string owner;
  std::string key;
  auto operator<=>(const UploadName&) const = default;
};

/// A multipart upload left open. `parts` are numbered 1..n without gaps, each as acknowledged and with the CRC-64 of
/// what was sent; the next part may follow any of them.
struct HeldUpload {
  std::string ticket;     ///< names it in the ledger
  std::string upload_id;  ///< empty: the process ended before it heard whether the store began it
  std::vector<object::PartInfo> parts;
  object::PutOptions options;
  WallTime began{};
  WallTime since{};       ///< when it was held
  bool doubtful = false;  ///< the store was asked to join it: an abort at the same time could lose the object

  [[nodiscard]] std::uint64_t safe_size() const;
};

/// Thread-safe; every lane uses the same one. Errors: unavailable or conflict, when the book cannot be read or written.
/// An upload is open (somebody sends to it), then held for its owner, doomed (only to be aborted), or forgotten. Of one
/// name there may be many open ones, but one that is held.
class UploadLedger {
 public:
  virtual ~UploadLedger() = default;

  /// What is held can still be continued when this process has ended.
  [[nodiscard]] virtual bool outlives_process() const = 0;

  /// Before the store is asked to begin. The ticket.
  [[nodiscard]] virtual Task<Result<std::string>> begin(UploadName name, object::PutOptions options) = 0;
  /// The store has begun it. Errc::conflict, here and until hold(): the upload is no longer the caller's, because this
  /// process was taken for dead.
  [[nodiscard]] virtual Task<Result<void>> begun(std::string ticket, std::string upload_id) = 0;
  /// The store has acknowledged a part; a part of that number before it is replaced.
  [[nodiscard]] virtual Task<Result<void>> stored(std::string ticket, object::PartInfo part) = 0;
  /// The store is about to be asked to join it: from now on it is doubtful, until somebody takes it.
  [[nodiscard]] virtual Task<Result<void>> joining(std::string ticket) = 0;
  /// Of its parts the first `parts` may be continued, the others are struck out; without any it is doomed. What was
  /// held under the name before loses its place: it is doomed and returned.
  [[nodiscard]] virtual Task<Result<std::vector<HeldUpload>>> hold(std::string ticket, std::size_t parts) = 0;
  /// Nobody is to continue it; the janitor aborts it.
  [[nodiscard]] virtual Task<Result<void>> doom(std::string ticket) = 0;
  /// Finished or aborted.
  [[nodiscard]] virtual Task<Result<void>> forget(std::string ticket) = 0;
  /// As hold(), for somebody who cannot wait or could not be heard: done by the next adopt() that reaches the book, at
  /// the latest.
  virtual void abandon(std::string ticket, std::size_t parts) = 0;

  /// The held upload of the name.
  [[nodiscard]] virtual Task<Result<std::optional<HeldUpload>>> find(UploadName name) = 0;
  /// Somebody sends to an upload of the name right now, as far as is known.
  [[nodiscard]] virtual Task<Result<bool>> is_open(UploadName name) = 0;
  /// Makes a held upload open again, for the caller alone, with its first `parts` parts. False when somebody else was
  /// first.
  [[nodiscard]] virtual Task<Result<bool>> take(std::string ticket, std::size_t parts) = 0;

  struct Shown {
    std::string key;
    std::uint64_t safe_size = 0;
    WallTime since{};
  };
  /// The owner's held uploads whose keys begin with `prefix`, in the order of the keys.
  [[nodiscard]] virtual Task<Result<std::vector<Shown>>> below(std::string store, std::string owner,
                                                               std::string prefix) = 0;

  enum class State : std::uint8_t { open, held, doomed };
  struct Record {
    UploadName name;
    HeldUpload upload;
    State state = State::open;
  };
  /// All that is on record of one store, the oldest first.
  [[nodiscard]] virtual Task<Result<std::vector<Record>>> records(std::string store) = 0;
  /// The upload has a ticket, whatever became of it.
  [[nodiscard]] virtual Task<Result<bool>> knows(std::string store, std::string upload_id) = 0;

  /// Says that this process lives, and takes over the uploads of processes that are gone: what can be continued is
  /// held, the rest doomed. Their number. To be called before the first upload and every few seconds.
  [[nodiscard]] virtual Task<Result<std::size_t>> adopt() = 0;
};

/// Keeps the book in this process only.
[[nodiscard]] std::shared_ptr<UploadLedger> make_memory_upload_ledger();

}  // namespace gantry::vfs
