#include "terminal/bars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "terminal/screen.hpp"
#include "terminal/table.hpp"
#include "terminal/text.hpp"

namespace gantry::terminal {
namespace {

constexpr Seconds speed_window(5);
constexpr Milliseconds speed_moment(200);  // less says nothing about a rate

constexpr std::size_t shortest_name = 10;
constexpr std::size_t shortest_bar = 10;
constexpr std::size_t longest_bar = 40;

/// The parts of a bar's line beside the name, each with the blank before it; 0: no room.
struct Layout {
  std::size_t name = 0;
  std::size_t percent = 0;
  std::size_t bar = 0;
  std::size_t bytes = 0;
  std::size_t rate = 0;
  std::size_t left = 0;
};

Layout layout_of(std::size_t columns) {
  Layout layout;
  std::size_t room = columns;
  const auto give = [&room](std::size_t& part, std::size_t wanted) {
    if (room < shortest_name + wanted) return;
    part = wanted;
    room -= wanted;
  };
  give(layout.percent, 5);
  give(layout.rate, 8);
  give(layout.left, 8);
  give(layout.bytes, 6);
  give(layout.bar, shortest_bar);
  if (layout.bar > 0) {
    const std::size_t more = std::min((room - shortest_name) / 2, longest_bar - shortest_bar);
    layout.bar += more;
    room -= more;
  }
  layout.name = room;
  return layout;
}

/// "[====>   ]", or where no size is known a sign that runs to and fro.
std::string drawn(const Bar& bar, std::size_t columns, std::uint64_t tick) {
  const std::size_t inside = columns - 2;
  std::string text(inside, ' ');
  if (bar.size) {
    const double share = *bar.size == 0 ? 1.0 : static_cast<double>(bar.bytes) / static_cast<double>(*bar.size);
    const auto full = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(inside));
    std::fill_n(text.begin(), full, '=');
    if (full > 0 && full < inside) text[full - 1] = '>';
  } else {
    const std::size_t way = inside - 3;
    const std::size_t at = tick % (2 * way);
    text.replace(at < way ? at : 2 * way - at, 3, "<=>");
  }
  return "[" + text + "]";
}

std::string short_rate(double rate) { return short_bytes(static_cast<std::uint64_t>(rate)) + "/s"; }

/// With a moving sign: "| storing".
std::string busy_line(const Bar& bar, const std::string& name, std::size_t columns, std::uint64_t tick, bool colours) {
  static constexpr std::string_view signs = "|/-\\";
  const std::string doing = fmt::format("{} {}", signs[tick / 2 % signs.size()], printable(bar.doing));
  // A reason may be long, the name is known: at least half of the line is for the reason.
  const std::size_t wanted = std::min(width_of(doing), columns / 2);
  const std::size_t first = std::min(layout_of(columns).name, columns > wanted + 1 ? columns - wanted - 1 : 1);
  if (columns <= first + 1) return cut(doing, columns);
  return fit(name, first) + " " + paint(cut(doing, columns - first - 1), Style::warning, colours);
}

}  // namespace

void Speed::sample(Clock::time_point now, std::uint64_t count) {
  samples_.push_back({.at = now, .count = count});
  // One sample from before the window stays: the rate is over the whole of it.
  while (samples_.size() > 2 && samples_[1].at <= now - speed_window) samples_.pop_front();
}

double Speed::per_second() const {
  if (samples_.size() < 2) return 0;
  const auto time = samples_.back().at - samples_.front().at;
  if (time < speed_moment) return 0;
  const auto grown = samples_.back().count - samples_.front().count;
  return static_cast<double>(grown) / std::chrono::duration<double>(time).count();
}

unsigned percent_of(std::uint64_t bytes, std::uint64_t size) {
  if (bytes >= size) return 100;
  return static_cast<unsigned>(static_cast<double>(bytes) / static_cast<double>(size) * 100.0);
}

std::optional<Seconds> time_left(std::uint64_t bytes, std::optional<std::uint64_t> size, double rate) {
  if (!size) return std::nullopt;
  if (bytes >= *size) return Seconds(0);
  if (rate < 1) return std::nullopt;
  const double seconds = static_cast<double>(*size - bytes) / rate;
  if (seconds > 1e9) return std::nullopt;
  return Seconds(static_cast<std::int64_t>(seconds + 0.5));
}

std::string clock_text(std::optional<Seconds> time) {
  if (!time) return "-";
  const auto seconds = time->count();
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  const auto days = seconds / 86400;
  return days < 1000 ? fmt::format("{}d {}h", days, seconds / 3600 % 24) : fmt::format("{}d", days);
}

std::string rate_text(double rate) { return format_bytes(static_cast<std::uint64_t>(rate)) + "/s"; }

std::string bar_line(const Bar& bar, std::size_t columns, std::uint64_t tick, bool colours) {
  const std::string name = printable(bar.name);
  if (!bar.doing.empty()) return busy_line(bar, name, columns, tick, colours);
  const Layout layout = layout_of(columns);
  std::string line = fit(name, layout.name);
  if (layout.percent > 0)
    line += bar.size ? fmt::format(" {:>3}%", percent_of(bar.bytes, *bar.size)) : std::string(layout.percent, ' ');
  if (layout.bar > 0) line += " " + paint(drawn(bar, layout.bar - 1, tick), Style::good, colours);
  if (layout.bytes > 0) line += " " + fit_right(short_bytes(bar.bytes), layout.bytes - 1);
  if (layout.rate > 0) line += " " + fit_right(short_rate(bar.rate), layout.rate - 1);
  if (layout.left > 0) line += " " + fit_right(clock_text(time_left(bar.bytes, bar.size, bar.rate)), layout.left - 1);
  return line;
}

std::string sum_line(const Sum& sum, std::size_t columns, bool colours) {
  struct Part {
    std::string text;
    int rank;  ///< the highest goes first when there is no room
    Style style = Style::bold;
  };
  std::vector<Part> parts{
      {sum.more ? fmt::format("{} files", sum.ended) : fmt::format("{}/{} files", sum.ended, sum.files), 0}};
  if (sum.failed > 0) parts.push_back({fmt::format("{} failed", sum.failed), 1, Style::bad});
  if (sum.size) parts.push_back({fmt::format("{}%", percent_of(sum.bytes, *sum.size)), 2});
  parts.push_back(
      {sum.size ? fmt::format("{} of {}", short_bytes(sum.bytes), short_bytes(*sum.size)) : short_bytes(sum.bytes), 5});
  parts.push_back({short_rate(sum.rate), 3});
  if (const auto left = time_left(sum.bytes, sum.size, sum.rate)) parts.push_back({clock_text(left) + " left", 4});
  const auto width = [&parts] {
    std::size_t all = 2 * (parts.size() - 1);
    for (const Part& part : parts) all += part.text.size();
    return all;
  };
  while (parts.size() > 1 && width() > columns) parts.erase(std::ranges::max_element(parts, {}, &Part::rank));
  parts.front().text = cut(parts.front().text, columns);
  std::string line;
  for (const Part& part : parts) line += (line.empty() ? "" : "  ") + paint(part.text, part.style, colours);
  return line;
}

std::string sum_words(const Sum& sum) {
  std::string words;
  if (sum.more)
    words += fmt::format("{} files, ", sum.ended);
  else if (sum.files > 1)
    words += fmt::format("{} of {} files, ", sum.ended, sum.files);
  if (sum.failed > 0) words += fmt::format("{} failed, ", sum.failed);
  if (sum.size)
    words += fmt::format("{} %, {} of {}", percent_of(sum.bytes, *sum.size), format_bytes(sum.bytes),
                         format_bytes(*sum.size));
  else
    words += format_bytes(sum.bytes);
  words += ", " + rate_text(sum.rate);
  if (const auto left = time_left(sum.bytes, sum.size, sum.rate)) words += fmt::format(", {} left", clock_text(left));
  return words;
}

}  // namespace gantry::terminal
