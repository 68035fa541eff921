// How a mirror's files travel.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "transfer/mirror.hpp"
#include "transfer/queue.hpp"

namespace gantry::transfer {

/// Where the two tops are.
struct MirrorPlaces {
  Direction direction = Direction::down;
  std::string local;
  std::string remote;

  /// Of a path below the tops.
  [[nodiscard]] std::string local_path(const std::string& path) const {
    return path.empty() ? local : below(local, path);
  }
  [[nodiscard]] std::string remote_path(const std::string& path) const {
    if (path.empty()) return remote;
    return remote == "/" ? "/" + path : below(remote, path);
  }
};

/// One after the other over `connection`. References outlive the result.
[[nodiscard]] std::unique_ptr<Copies> copies_in_turn(ftp::Connection& connection, MirrorPlaces places,
                                                     FileOptions options, Board& board, const std::atomic<bool>& stop);

/// Several at once, over connections that `connect` makes.
[[nodiscard]] std::unique_ptr<Copies> copies_side_by_side(QueueOptions queue, Connect connect, MirrorPlaces places,
                                                          FileOptions options, Board& board,
                                                          const std::atomic<bool>& stop);

}  // namespace gantry::transfer
