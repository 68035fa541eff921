#include "client/walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "client/remote_paths.hpp"

namespace gantry::client {
namespace {

class Walker {
 public:
  Walker(ftp::Connection& connection, const Walk& how, const std::atomic<bool>& stop)
      : connection_(connection), how_(how), stop_(stop) {}

  ftp::Outcome<void> below(const std::string& directory, unsigned depth) {
    auto entries = connection_.list(directory);
    if (!entries) return ftp::failed(entries.error());
    std::ranges::sort(*entries, {}, &ftp::Entry::name);
    for (ftp::Entry& entry : *entries) {
      if (stop_) return ftp::failed(ftp::Why::cancelled, "stopped");
      if (++met_ > Walk::most)
        return ftp::failed(ftp::Why::refused, fmt::format("there are more than {} names; given up", Walk::most));
      std::string path = join(directory, entry.name);
      if (auto done = step({std::move(path), std::move(entry), depth}); !done) return done;
    }
    return {};
  }

 private:
  ftp::Outcome<void> step(const Step& step) {
    if (!how_.meet(step) || step.entry.kind != ftp::Kind::directory) return {};
    if (step.depth >= how_.depth) {
      if (step.depth >= Walk::deepest)
        how_.failed(step,
                    {.why = ftp::Why::refused,
                     .text = fmt::format("more than {} directories deep, perhaps a loop; not entered", Walk::deepest)});
      return {};
    }
    if (auto done = below(step.path, step.depth + 1); !done) {
      // Only what the server says of one directory leaves the others worth a try.
      if (done.error().why != ftp::Why::refused || met_ > Walk::most) return done;
      how_.failed(step, done.error());
    }
    if (how_.leave) how_.leave(step);
    return {};
  }

  ftp::Connection& connection_;
  const Walk& how_;
  const std::atomic<bool>& stop_;
  std::uint64_t met_ = 0;
};

}  // namespace

ftp::Outcome<void> walk(ftp::Connection& connection, const std::string& directory, const Walk& how,
                        const std::atomic<bool>& stop) {
  return Walker(connection, how, stop).below(directory, 1);
}

}  // namespace gantry::client
