// Times: what is accepted is a moment of the years 1 to 9999 and comes back as it went.
#include "proto/time_text.hpp"

#include <cstring>

#include "tests/fuzz/fuzz.hpp"

using namespace gantry::proto;

FUZZ_TARGET(time_text) {
  if (auto time = parse_time_val(input)) {
    CHECK(*time == within_four_digit_years(*time));
    CHECK(parse_time_val(format_time_val(*time)) == time);
    CHECK(format_time_val(*time).substr(0, 12) == input.substr(0, 12));
  }
  if (auto parts = split_time_and_path(input)) {
    CHECK(!parts->path.empty() && input.ends_with(parts->path));
    CHECK(split_time_and_path(format_time_val(parts->time) + " " + parts->path) == parts);
  }
  if (auto parts = parse_site_utime(input)) {
    CHECK(!parts->path.empty() && input.find(parts->path) != input.npos);
    CHECK(parts->time == within_four_digit_years(parts->time));
  }
  std::int64_t count = 0;
  if (input.size() >= sizeof(count)) {
    std::memcpy(&count, input.data(), sizeof(count));
    const gantry::WallTime any{std::chrono::milliseconds(count)};
    CHECK(parse_time_val(format_time_val(any)) == within_four_digit_years(any));
  }
}
