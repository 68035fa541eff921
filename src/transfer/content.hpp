// Whether a file here and one on the server hold the same bytes, without copying either.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "transfer/proof.hpp"

namespace gantry::transfer {

/// By the server's checksum against one computed here; unknown where it gives none. Fails with Why::local when the file
/// here cannot be read.
[[nodiscard]] Outcome<Comparison> compare_by_checksum(ftp::Connection& connection, const std::string& local,
                                                      const std::string& remote, const std::atomic<bool>& stop);

/// By fetching the server's file; nothing of it is kept. `pace` as in FileOptions, may be empty.
[[nodiscard]] Outcome<Comparison> compare_by_download(ftp::Connection& connection, const std::string& local,
                                                      const std::string& remote,
                                                      const std::function<void(std::size_t)>& pace);

}  // namespace gantry::transfer
