// What a session sees of its owner's interrupted uploads, and how they end when nobody continues them.
// Must not know: how uploads run, how they are recorded (upload_ledger.hpp).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vfs/object_context.hpp"
#include "vfs/upload_ledger.hpp"

namespace gantry::vfs {

/// What stat says of an upload held for the session's owner: a file of the bytes safely stored. Nothing also when the
/// ledger cannot be read, which is logged.
[[nodiscard]] Task<std::optional<Entry>> held_entry(ObjectContextPtr context, Path path);

/// Takes the held upload of `key` for a client that goes on at `offset` (nothing: where the upload broke off), cut to
/// the parts that are kept then: it must be resumed or handed back. Nothing when there is none that reaches so far and
/// is in the store as it was left. Errc::conflict: somebody else was quicker; unavailable.
[[nodiscard]] Task<Result<std::optional<HeldUpload>>> take_held(ObjectContextPtr context, std::string key,
                                                                std::optional<std::uint64_t> offset);

/// Errc::conflict while anybody sends an upload of parts to a key that begins with `prefix`.
[[nodiscard]] Task<Result<void>> check_nothing_sent(ObjectContextPtr context, std::string prefix);
/// Errc::conflict while another session of the owner sends to `key`.
[[nodiscard]] Task<Result<void>> check_alone(ObjectContextPtr context, std::string key);

/// What is held for the owner under `path`, for drop_found(). Nothing where nothing is kept on record.
[[nodiscard]] Task<Result<std::optional<HeldUpload>>> find_held(ObjectContextPtr context, Path path);
/// Aborts what is held for the owner under `path`; true when there was something. What cannot be aborted at once, or
/// must not be yet, is left to the janitor.
[[nodiscard]] Task<bool> drop_held(ObjectContextPtr context, Path path);
/// The same with what was found a moment ago.
[[nodiscard]] Task<bool> drop_found(ObjectContextPtr context, Path path, Result<std::optional<HeldUpload>> found);

/// Aborts uploads of `key` that are doomed already, as far as that can be done at once.
[[nodiscard]] Task<void> abort_displaced(ObjectContextPtr context, std::string key, std::vector<HeldUpload> uploads);

/// Aborts one upload at once and strikes it out. Errc::conflict: it is open, or the store may be joining it.
[[nodiscard]] Task<Result<void>> abort_recorded(std::shared_ptr<UploadLedger> ledger,
                                                std::shared_ptr<object::Store> store, UploadLedger::Record record);

/// The janitor's step: aborts what was held in `store` (known as `store_name`) longer than `ttl`, and what nobody may
/// continue. The number aborted.
[[nodiscard]] Task<std::size_t> abort_left_over(std::shared_ptr<UploadLedger> ledger,
                                                std::shared_ptr<object::Store> store, std::string store_name,
                                                Milliseconds ttl);

}  // namespace gantry::vfs
