// An upload into a tree with a quota. Must not know: how it was admitted (quota_file_system.cpp).
#pragma once

#include <memory>
#include <string>

#include "vfs/file_system.hpp"
#include "vfs/quota_book.hpp"

namespace gantry::vfs {

/// What the tree's count has of the name now.
struct QuotaPresent {
  QuotaAmount amount;
  bool held = false;  ///< an interrupted upload that lies in the tree itself
};

/// The upload goes on with what is held in the tree, instead of beginning beside it.
enum class QuotaHeld : std::uint8_t { beside, continued };

struct QuotaUploadBegin {
  Quota quota;
  std::string ticket;
  std::uint64_t promised = 0;  ///< bytes of growth
  QuotaPresent present;
  QuotaHeld held = QuotaHeld::beside;
  bool in_tree = false;  ///< what is held lies in the tree, not in the upload ledger
};

/// Settles `begin.ticket` when it ends.
[[nodiscard]] std::unique_ptr<Upload> make_quota_upload(std::unique_ptr<Upload> base, QuotaUploadBegin begin);

/// The refusal of a wish or of growth.
[[nodiscard]] Error over_quota(std::string operation, const QuotaLimits& limits, const QuotaUse& use);

/// Whether a change that failed is known to have changed nothing.
[[nodiscard]] bool left_alone(const Error& error);

}  // namespace gantry::vfs
