// Listings of servers: no line makes more of an entry than it says, and what gantryd prints is read as it was meant.
#include <string>

#include "base/text.hpp"
#include "ftp/entry.hpp"
#include "proto/list_format.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace gantry::ftp;

namespace {

const gantry::WallTime now{std::chrono::seconds(1'709'208'000)};

void check(const std::optional<Entry>& entry, std::string_view line) {
  if (!entry) return;
  CHECK(!entry->name.empty());
  CHECK(entry->name == "." || entry->name == ".." || line.contains(entry->name));
  CHECK(line.contains(entry->target));
  CHECK(!entry->size || (entry->kind == Kind::file && *entry->size >> 63 == 0));
  CHECK(!entry->exact_time || entry->modified);
  if (is_safe_name(entry->name)) CHECK(!entry->name.contains('/') && !gantry::has_control(entry->name));
}

}  // namespace

FUZZ_TARGET(ftp_listing) {
  for (const std::string_view line : gantry::split(input, '\n')) {
    check(parse_facts(line), line);
    check(parse_list_line(line, now), line);
  }

  gantry::fuzz::Choices choices(input);
  gantry::proto::ListItem item;
  item.kind = choices.below(2) == 0 ? gantry::proto::ListItem::Kind::file : gantry::proto::ListItem::Kind::directory;
  item.size = choices.below(256) << (8 * choices.below(7));
  item.mtime = now - std::chrono::minutes(choices.below(256) << choices.below(16));
  item.owner = "alice";
  item.group = "staff";
  item.name = choices.line();
  if (!gantry::proto::listable(item.name) || item.name.empty() || item.name == "." || item.name == "..") return;
  const bool file = item.kind == gantry::proto::ListItem::Kind::file;
  for (const bool facts : {true, false}) {
    std::string line;
    if (facts) {
      gantry::proto::append_mlsx_line(line, item, {});
    } else {
      gantry::proto::append_ls_line(line, item, now);
    }
    line.resize(line.size() - 2);
    const auto entry = facts ? parse_facts(line) : parse_list_line(line, now);
    CHECK(entry && entry->name == item.name);
    CHECK(entry->kind == (file ? Kind::file : Kind::directory));
    CHECK(!file || entry->size == item.size);
    CHECK(entry->modified && *entry->modified <= item.mtime && item.mtime - *entry->modified < std::chrono::days(1));
  }
}
