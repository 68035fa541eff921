// What the parts of one session's object file system share: the store, the options, the names, the short memory.
// Must not know: FTP, configuration.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/byte_budget.hpp"
#include "object/store.hpp"
#include "vfs/digest_book.hpp"
#include "vfs/file_system.hpp"
#include "vfs/listing_cache.hpp"
#include "vfs/object_keys.hpp"
#include "vfs/part_buffer.hpp"
#include "vfs/rename_plans.hpp"
#include "vfs/upload_ledger.hpp"

namespace gantry::vfs {

/// How much is asked for before an upload counts as stored.
enum class Verify : std::uint8_t {
  automatic,  ///< CRC-64 where the store answers it, else CRC-32C or MD5 with each part and the ETag of the whole
  strong,     ///< both, and a HEAD of the finished object; what no checksum proves is removed
  size,       ///< no MD5: the size, and whatever checksum the store answers by itself
};

struct ObjectFileSystemOptions {
  std::string prefix;                          ///< where the root lies in the bucket
  std::string store_name = "main";             ///< tells buckets apart in the ledger
  std::string service{};                       ///< stores that say the same here can copy from each other
  std::string owner;                           ///< whose held uploads are shown
  std::uint64_t part_size = 8 * mib;           ///< of the first 1000 parts; raised to what the store asks for
  unsigned parts_in_flight = 4;                ///< parts sent and not yet acknowledged, for each upload
  std::uint64_t max_file_size = 0;             ///< bytes; 0: the store's own limit
  std::uint64_t max_rename_objects = 200'000;  ///< below a directory that is renamed (about 200 bytes of memory each)
  Verify verify = Verify::automatic;
  bool store_keeps_crc64 = false;             ///< COS does; otherwise it is learned from the first answer
  std::shared_ptr<async::ByteBudget> budget;  ///< required
  std::shared_ptr<UploadLedger> ledger;       ///< empty: interrupted uploads are not kept
  std::shared_ptr<RenamePlans> renames;       ///< empty: a directory rename that breaks off is forgotten
  std::shared_ptr<DigestBook> digest_book;    ///< empty: only what fits into metadata is kept
  std::vector<digest::Algorithm> digests;     ///< computed of every upload, besides the CRC-64
};

struct ObjectContext {
  ObjectContext(std::shared_ptr<object::Store> where, ObjectFileSystemOptions how)
      : store(std::move(where)), options(std::move(how)), keys(options.prefix, store->limits().max_key) {}

  std::shared_ptr<object::Store> store;
  ObjectFileSystemOptions options;
  ObjectKeys keys;
  ListingCache cache;
  std::optional<RenameProgress> rename_progress;

  /// Bytes; what the configuration and the store allow.
  [[nodiscard]] std::uint64_t largest_file() const {
    const std::uint64_t most = store->limits().max_object;
    return options.max_file_size == 0 ? most : std::min(options.max_file_size, most);
  }

  /// MD5 costs a good part of a core at 1 GB/s, so it is computed only when nothing else proves a part.
  [[nodiscard]] bool wants_md5() const {
    if (options.verify == Verify::strong) return true;
    return options.verify == Verify::automatic && !options.store_keeps_crc64;
  }
  /// It proves a part at a twentieth of that, where the store says what it computed itself.
  [[nodiscard]] bool wants_crc32c() const {
    return options.verify == Verify::automatic && wants_md5() && store->proves_crc32c() != object::ProvesCrc32c::no;
  }
  /// What to compute of a part; `by_crc32c`: it is to carry one. The MD5 goes with it until the store is known to tell.
  [[nodiscard]] PartSums part_sums(bool by_crc32c) const {
    const bool proved = by_crc32c && store->proves_crc32c() == object::ProvesCrc32c::yes;
    return {.md5 = wants_md5() && !proved, .crc32c = by_crc32c};
  }
};

using ObjectContextPtr = std::shared_ptr<ObjectContext>;

}  // namespace gantry::vfs
