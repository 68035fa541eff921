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
  std::string name = "file";  ///< of the file or directory; {c} is the connection, {n} the operation
  std::uint64_t size = 0;     ///< bytes that each file must have
  std::string verb = "MLSD";  ///< of a listing
  std::uint64_t entries = 0;  ///< lines with the marker that each listing must have
  std::string marker = " entry-";
};

struct Outcome {
  std::uint64_t operations = 0;
  std::uint64_t bytes = 0;
  std::uint64_t data_connections = 0;
  std::uint64_t resumed = 0;
  double wall = 0;                ///< seconds from the start to the end of the last operation
  double own_cpu = 0;             ///< seconds, of this process in that time
  std::vector<double> latencies;  ///< ms, of each operation, in ascending order
  std::string protocol;
};

/// Opens the sessions, calls `ready` once all are logged in, and works when it returns; `finished` is called with the
/// sessions still open. A failure of any thread ends the process with status 1 and a line that says which and why.
void work(const Plan& plan, const std::function<void()>& ready, const std::function<void(const Outcome&)>& finished);

}  // namespace gantry::bench
