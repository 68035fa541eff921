#include "proto/list_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/text.hpp"
#include "proto/time_text.hpp"

namespace gantry::proto {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
/// ls shows the year instead of the time of day beyond this age, and for the future.
constexpr auto recent = days(182);
constexpr unsigned default_file_mode = 0644;
constexpr unsigned default_directory_mode = 0755;

unsigned mode_of(const ListItem& item) {
  return item.mode.value_or(item.kind == ListItem::Kind::directory ? default_directory_mode : default_file_mode);
}

std::string mode_text(const ListItem& item) {
  static constexpr std::string_view letters = "rwxrwxrwx";
  unsigned mode = mode_of(item);
  std::string text(1, item.kind == ListItem::Kind::directory ? 'd' : '-');
  for (unsigned i = 0; i < letters.size(); ++i) text += (mode >> (8 - i)) & 1U ? letters[i] : '-';
  return text;
}

std::string time_text(WallTime time, WallTime now) {
  auto day = floor<days>(time);
  year_month_day date(day);
  std::string_view month = months[static_cast<unsigned>(date.month()) - 1];
  auto day_number = static_cast<unsigned>(date.day());
  if (time > now + hours(24) || time < now - recent)
    return fmt::format("{} {:2}  {:4}", month, day_number, static_cast<int>(date.year()));
  hh_mm_ss clock(time - day);
  return fmt::format("{} {:2} {:02}:{:02}", month, day_number, clock.hours().count(), clock.minutes().count());
}

}  // namespace

bool listable(std::string_view name) { return !name.empty() && !has_control(name); }

std::string ls_line(const ListItem& item, WallTime now) {
  auto or_default = [](std::string_view text) { return text.empty() ? std::string_view("ftp") : text; };
  return fmt::format("{} {:3} {:<8} {:<8} {:>12} {} {}\r\n", mode_text(item),
                     item.kind == ListItem::Kind::directory ? 2 : 1, or_default(item.owner), or_default(item.group),
                     item.size, time_text(item.mtime, now), item.name);
}

std::string MlsxFacts::select(std::string_view wanted) {
  selected_.fill(false);
  for (std::string_view one : split(wanted, ';')) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (equal_ignoring_case(names[i], trim(one))) selected_[i] = true;
    }
  }
  std::string text = "MLST OPTS ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (selected_[i]) text += fmt::format("{};", names[i]);
  }
  if (text.ends_with(' ')) text.pop_back();
  return text;
}

std::string MlsxFacts::feat_line() const {
  std::string text = "MLST ";
  for (std::size_t i = 0; i < names.size(); ++i) text += fmt::format("{}{};", names[i], selected_[i] ? "*" : "");
  return text;
}

bool MlsxFacts::has(std::string_view fact) const {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == fact) return selected_[i];
  }
  return false;
}

std::string mlsx_line(const ListItem& item, const MlsxFacts& facts) {
  bool directory = item.kind == ListItem::Kind::directory;
  std::string line;
  auto add = [&](std::string_view fact, std::string_view value) {
    if (facts.has(fact)) line += fmt::format("{}={};", fact, value);
  };
  add("type", directory ? "dir" : "file");
  if (!directory) add("size", fmt::format("{}", item.size));
  if (item.mtime != WallTime{}) add("modify", format_time_val(item.mtime));
  add("perm", item.permissions_fact);
  // A fact's value ends at the semicolon.
  if (!item.unique.empty() && item.unique.find_first_of("; ") == std::string_view::npos) add("unique", item.unique);
  add("UNIX.mode", fmt::format("{:04o}", mode_of(item)));
  if (!item.owner.empty()) add("UNIX.owner", item.owner);
  if (!item.group.empty()) add("UNIX.group", item.group);
  return line + fmt::format(" {}\r\n", item.name);
}

}  // namespace gantry::proto
