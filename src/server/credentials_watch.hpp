// Watches the files the configuration was read from and hands new keys to the stores, so that temporary keys can be
// replaced while transfers run. Nothing else of a changed configuration is applied: that takes a SIGHUP.
// Must not know: what keys are used for.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "config/loader.hpp"
#include "server/shared.hpp"

namespace gantry::server {

/// What tells one content of a file from the next without reading it; all zero: there is no such file.
struct FileStamp {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified_ns = 0, changed_ns = 0;
  bool operator==(const FileStamp&) const = default;
};
using ConfigRead = std::expected<config::Loaded, std::vector<config::Problem>>;
using FileStamps = std::map<std::string, FileStamp>;
/// Blocks on the disk.
[[nodiscard]] FileStamps stamp_files(const std::vector<std::string>& files);

class CredentialsWatch {
 public:
  /// Both must outlive the watch, and it the run of the executor's context.
  CredentialsWatch(asio::any_io_executor executor, Shared& shared);
  ~CredentialsWatch();
  CredentialsWatch(const CredentialsWatch&) = delete;
  CredentialsWatch& operator=(const CredentialsWatch&) = delete;

  /// Looks every few seconds, and at once when a store's keys are refused, until stop() or a cancel.
  [[nodiscard]] Task<void> run();
  void stop();

 private:
  [[nodiscard]] Task<void> look();
  /// Nothing when no file has changed since the last time.
  [[nodiscard]] Task<std::optional<ConfigRead>> read_changed(std::string file);

  asio::any_io_executor executor_;
  Shared& shared_;
  async::Event wake_;
  bool asked_ = false, stopped_ = false;
  std::vector<std::string> files_;
  FileStamps seen_;  // as they were before they were last read
};

}  // namespace gantry::server
