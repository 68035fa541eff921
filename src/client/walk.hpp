// Through a tree on a server, directory by directory, with limits: a server can make one without end.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "ftp/connection.hpp"

namespace gantry::client {

/// What a walk meets.
struct Step {
  std::string path;  ///< absolute
  ftp::Entry entry;
  unsigned depth = 0;  ///< 1: in the directory where the walk began
};

struct Walk {
  using Failed = std::function<void(const Step&, const ftp::Failure&)>;
  static constexpr unsigned deepest = 128;
  static constexpr std::uint64_t most = 50'000'000;  ///< things in all

  unsigned depth = deepest;  ///< directories of this depth are met but not entered; at most `deepest`
  /// Before what is inside; false: the directory is not entered. Links are met and never followed.
  std::function<bool(const Step&)> meet;
  /// After everything inside of a directory that was entered.
  std::function<void(const Step&)> leave{};
  /// A directory that cannot be listed, or lies too deep; the walk goes on beside it.
  Failed failed;
};

/// What is below `directory`, in the order of names. Fails when `directory` itself cannot be listed, the connection is
/// lost, there is too much, or on `stop`.
[[nodiscard]] ftp::Outcome<void> walk(ftp::Connection& connection, const std::string& directory, const Walk& how,
                                      const std::atomic<bool>& stop);

}  // namespace gantry::client
