#include "transfer/compare.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace gantry::transfer {
namespace {

using ftp::Entry;
using ftp::Kind;

const WallTime base = std::chrono::sys_days(std::chrono::year(2026) / 3 / 14) + std::chrono::hours(9) + Seconds(26);

Entry file(std::uint64_t size, std::int64_t seconds = 0, bool exact = true) {
  return {.name = "f", .kind = Kind::file, .size = size, .modified = base + Seconds(seconds), .exact_time = exact};
}
Entry listed(std::uint64_t size, std::int64_t minutes) {  // as LIST prints it
  return {.name = "f",
          .kind = Kind::file,
          .size = size,
          .modified = std::chrono::floor<std::chrono::minutes>(base) + std::chrono::minutes(minutes)};
}
Entry listed_day(std::uint64_t size, int days) {
  return {.name = "f",
          .kind = Kind::file,
          .size = size,
          .modified = WallTime(std::chrono::floor<std::chrono::days>(base) + std::chrono::days(days))};
}
Entry timeless(std::uint64_t size) { return {.name = "f", .kind = Kind::file, .size = size}; }
const Entry directory{.name = "f", .kind = Kind::directory};
const Entry link{.name = "f", .kind = Kind::link};
const Entry device{.name = "f", .kind = Kind::other};

struct Case {
  const char* what;
  std::optional<Entry> from;
  std::optional<Entry> to;
  CompareOptions options;
  Step step;
};

TEST(Compare, DecidesByTable) {
  const CompareOptions usual;
  const std::vector<Case> cases = {
      {"new file", file(1), {}, usual, Step::copy},
      {"new directory", directory, {}, usual, Step::make_directory},
      {"both directories", directory, directory, usual, Step::enter},
      {"link", link, {}, usual, Step::skip},
      {"link there too", link, file(1), usual, Step::skip},
      {"device", device, {}, usual, Step::skip},
      {"extra file stays", {}, file(1), usual, Step::leave},
      {"extra file goes", {}, file(1), {.remove = true}, Step::remove},
      {"extra link goes", {}, link, {.remove = true}, Step::remove},

      {"same", file(1), file(1), usual, Step::keep},
      {"same second", file(1), Entry{.name = "f", .size = 1, .modified = base + Milliseconds(700), .exact_time = true},
       usual, Step::keep},
      {"other size", file(1), file(2), usual, Step::copy},
      {"source newer", file(1, 1), file(1), usual, Step::ask_content},
      {"source older", file(1), file(1, 1), usual, Step::ask_content},
      {"source older, target has the time of the transfer", file(1), file(1, 1), {.times_kept = false}, Step::keep},
      {"source newer than the transfer", file(1, 1), file(1), {.times_kept = false}, Step::ask_content},
      {"no time", timeless(1), file(1), usual, Step::keep},
      {"no time, other size", timeless(2), file(1), usual, Step::copy},
      {"no size", Entry{.name = "f", .modified = base, .exact_time = true}, file(1), usual, Step::keep},
      {"neither", Entry{.name = "f"}, file(1), usual, Step::copy},

      {"by size, other time", file(1, 9), file(1), {.by = By::size}, Step::keep},
      {"by size, other size", file(2), file(1), {.by = By::size}, Step::copy},
      {"by time, other size", file(2), file(1), {.by = By::time}, Step::keep},
      {"by time, other time", file(1, 1), file(1), {.by = By::time}, Step::copy},
      {"by hash, same looks", file(1), file(1), {.by = By::hash}, Step::ask_content},
      {"by hash, other time", file(1, 9), file(1), {.by = By::hash}, Step::ask_content},
      {"by hash, other size", file(2), file(1), {.by = By::hash}, Step::copy},

      {"only newer, newer", file(1, 1), file(1), {.only_newer = true}, Step::ask_content},
      {"only newer, older, other size", file(2), file(1, 1), {.only_newer = true}, Step::keep},
      {"only newer, same time, other size", file(2), file(1), {.only_newer = true}, Step::keep},
      {"only newer, new", file(2), {}, {.only_newer = true}, Step::copy},
      {"only newer, listed near", listed(2, 100), file(1), {.only_newer = true}, Step::ask_time},
      {"only newer, listed far", listed(2, 15 * 60 + 3), file(1), {.only_newer = true}, Step::copy},
      {"ignore existing, other size", file(2), file(1), {.ignore_existing = true}, Step::keep},
      {"ignore existing, other kind", file(2), directory, {.ignore_existing = true, .overwrite = true}, Step::keep},
      {"ignore existing, new", file(2), {}, {.ignore_existing = true}, Step::copy},
      {"ignore times, same", file(1), file(1), {.ignore_times = true}, Step::copy},
      {"ignore times, not newer", file(1), file(1), {.only_newer = true, .ignore_times = true}, Step::keep},

      {"listed, same minute", listed(1, 0), file(1), usual, Step::keep},
      {"listed, another zone", listed(1, 8 * 60), file(1), usual, Step::keep},
      {"listed, Nepal", listed(1, -(5 * 60 + 45)), file(1), usual, Step::keep},
      {"listed, no zone is like that", listed(1, 8 * 60 + 7), file(1), usual, Step::ask_time},
      {"listed, beyond all zones", listed(1, 15 * 60 + 3), file(1), usual, Step::ask_content},
      {"listed, other size", listed(2, 0), file(1), usual, Step::copy},
      {"listed day", listed_day(1, 0), file(1), usual, Step::keep},
      {"listed day, last week", listed_day(1, -7), file(1), usual, Step::ask_content},

      {"file for a directory", file(1), directory, usual, Step::skip},
      {"directory for a file", directory, file(1), usual, Step::skip},
      {"file for a link", file(1), link, usual, Step::skip},
      {"directory for a link", directory, link, usual, Step::skip},
      {"file for a directory, allowed", file(1), directory, {.overwrite = true}, Step::replace},
      {"directory for a link, allowed", directory, link, {.overwrite = true}, Step::replace},
  };
  for (const Case& each : cases)
    EXPECT_EQ(
        static_cast<int>(decide(each.from ? &*each.from : nullptr, each.to ? &*each.to : nullptr, each.options).step),
        static_cast<int>(each.step))
        << each.what;
}

TEST(Compare, RelatesTimesBothWays) {
  EXPECT_EQ(relate(file(1, 5), file(1)), Times::newer);
  EXPECT_EQ(relate(file(1), file(1, 5)), Times::older);
  EXPECT_EQ(relate(file(1), listed(1, 15 * 60 + 3)), Times::older);
  EXPECT_EQ(relate(listed(1, 15 * 60 + 3), file(1)), Times::newer);
  EXPECT_EQ(relate(file(1), listed(1, -8 * 60)), Times::same);
  EXPECT_EQ(relate(file(1), timeless(1)), Times::unknown);
}

}  // namespace
}  // namespace gantry::transfer
