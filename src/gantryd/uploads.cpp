#include "gantryd/uploads.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdio>

#include "base/text.hpp"
#include "server/uploads.hpp"

namespace gantry {
namespace {

constexpr int exit_no_input = 66;     // sysexits.h
constexpr int exit_unavailable = 69;  // sysexits.h
constexpr int exit_try_later = 75;    // sysexits.h

int complain(const Error& error) {
  fmt::print(stderr, "{}\n", error.text());
  if (error.code == Errc::not_found) return exit_no_input;
  return error.code == Errc::conflict ? exit_try_later : exit_unavailable;
}

}  // namespace

int list_uploads(const config::Config& config) {
  const auto lines = server::list_uploads(config);
  if (!lines) return complain(lines.error());
  for (const auto& line : *lines)
    fmt::print("{} {:6} {:>12} {:%Y-%m-%dT%H:%M:%SZ} {} {}:{}\n", line.ticket, line.state, line.bytes,
               std::chrono::floor<std::chrono::seconds>(line.since), escape_control(line.owner), line.store,
               escape_control(line.key));
  fmt::print(stderr, "{} unfinished upload{}\n", lines->size(), lines->size() == 1 ? "" : "s");
  return 0;
}

int abort_upload(const config::Config& config, const std::string& ticket) {
  if (auto done = server::abort_upload(config, ticket); !done) return complain(done.error());
  fmt::print("{} is aborted\n", ticket);
  return 0;
}

}  // namespace gantry
