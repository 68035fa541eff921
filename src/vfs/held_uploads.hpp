// Interrupted uploads that their owners may continue: one record for each, in memory, shared by all sessions.
// Thread-safe. Must not know: how uploads run.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "object/store.hpp"
#include "vfs/object_context.hpp"

namespace gantry::vfs {

/// A multipart upload left open. `parts` are numbered 1..n without gaps, each as acknowledged and with the CRC-64 of
/// what was sent; the next part may follow any of them.
struct HeldUpload {
  std::string upload_id;
  std::vector<object::PartInfo> parts;
  object::PutOptions options;
  WallTime since{};

  [[nodiscard]] std::uint64_t safe_size() const;
};

class HeldUploads {
 public:
  struct Name {
    std::string store;
    std::string owner;
    std::string key;
    auto operator<=>(const Name&) const = default;
  };

  /// Records an upload; what was recorded under the name before is returned and must be aborted by the caller.
  [[nodiscard]] std::optional<HeldUpload> put(const Name& name, HeldUpload upload);
  [[nodiscard]] std::optional<HeldUpload> find(const Name& name) const;
  /// Removes the record, so that nobody else continues it.
  [[nodiscard]] std::optional<HeldUpload> take(const Name& name);

  struct Shown {
    std::string key;
    std::uint64_t safe_size = 0;
    WallTime since{};
  };
  /// The owner's uploads whose keys begin with `prefix`.
  [[nodiscard]] std::vector<Shown> below(const std::string& store, const std::string& owner,
                                         const std::string& prefix) const;
  /// Takes all of one store that were recorded before `before`.
  [[nodiscard]] std::vector<std::pair<Name, HeldUpload>> take_older(const std::string& store, WallTime before);
  [[nodiscard]] std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::map<Name, HeldUpload> uploads_;
};

/// What stat says of an upload held for the session's owner: a file of the bytes safely stored.
[[nodiscard]] std::optional<Entry> held_entry(const ObjectContext& context, const Path& path);

/// Takes and aborts the record of `path`, if there is one; true when there was. Errors of the store are logged: what
/// is left over costs storage and nothing else, and the record goes either way.
[[nodiscard]] Task<bool> drop_held(ObjectContextPtr context, Path path);

/// The janitor's step: aborts what was held in `store` (known as `store_name`) longer than `ttl`. A record whose abort
/// fails is put back for the next time. The number aborted.
[[nodiscard]] Task<std::size_t> abort_expired(std::shared_ptr<HeldUploads> held, std::shared_ptr<object::Store> store,
                                              std::string store_name, Milliseconds ttl);

}  // namespace gantry::vfs
