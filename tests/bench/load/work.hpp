// What the load generator does: so many sessions at once, each in a thread of its own, behind one start.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/bench/load/session.hpp"

namespace gantry::bench {

enum class Mode { retrieve, store, login, list, idle };

struct Plan {
  Mode mode = Mode::retrieve;
  Target target;
  unsigned connections = 1;
  unsigned count = 1;         ///< operations of each connection
  double seconds = 0;         ///< instead of `count`: operations begin for so long; 0: `count` counts
  double rate = 0;            ///< operations that begin each second, of all connections; 0: each after the one before
  std::string name = "file";  ///< of the file or directory; {c} is the connection, {n} the operation, {s} the size
  std::vector<std::uint64_t> sizes{0};  ///< bytes that each file must have; the connections take them in turn
  std::string verb = "MLSD";            ///< of a listing
  std::uint64_t entries = 0;            ///< lines with the marker that each listing must have
  std::string marker = " entry-";
};

struct Outcome {
  std::uint64_t operations = 0;
  std::uint64_t bytes = 0;
  std::uint64_t data_connections = 0;
  std::uint64_t resumed = 0;
  double wall = 0;                ///< seconds from the start to the end of the last operation
  double own_cpu = 0;             ///< seconds, of this process in that time
  std::vector<double> latencies;  ///< ms, of each operation since it was due, in ascending order
  std::vector<double> first;      ///< of those due in the first sixth of the time
  std::vector<double> last;       ///< of those due in the last sixth
  std::string protocol;
};

/// Opens the sessions, calls `ready` once all are logged in, and works when it returns; `finished` is called with the
/// sessions still open. A failure of any thread ends the process with status 1 and a line that says which and why.
void work(const Plan& plan, const std::function<void()>& ready, const std::function<void(const Outcome&)>& finished);

}  // namespace gantry::bench
