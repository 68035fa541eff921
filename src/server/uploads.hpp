// `gantryd uploads`: what the state database has on record of unfinished uploads, beside a running server or without.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/config.hpp"

namespace gantry::server {

struct UploadLine {
  std::string ticket;
  std::string store;
  std::string owner;
  std::string key;
  std::string state;        ///< open, held or doomed
  std::uint64_t bytes = 0;  ///< safely stored
  WallTime since{};         ///< of this state
};

/// All of the configured buckets, the oldest first. Makes no database where there is none. Blocks.
[[nodiscard]] Result<std::vector<UploadLine>> list_uploads(const config::Config& config);

/// Aborts a held or doomed upload in the bucket and strikes it out. Errc::not_found: no such ticket; conflict: it is
/// open, or was to be joined less than an hour ago. Blocks.
[[nodiscard]] Result<void> abort_upload(const config::Config& config, const std::string& ticket);

}  // namespace gantry::server
