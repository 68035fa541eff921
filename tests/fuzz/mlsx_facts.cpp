// OPTS MLST and listing lines: a choice of facts is stable, and an entry is always exactly one line with its name last.
#include <algorithm>
#include <string>

#include "base/text.hpp"
#include "proto/list_format.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace gantry::proto;

FUZZ_TARGET(mlsx_facts) {
  gantry::fuzz::Choices choices(input);
  ListItem item;
  item.kind = choices.below(2) == 0 ? ListItem::Kind::file : ListItem::Kind::directory;
  item.size = choices.below(256) << (8 * choices.below(8));
  item.mtime =
      gantry::WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(choices.below(256)) << choices.below(63)));
  if (choices.below(2) == 0) item.mode = static_cast<unsigned>(choices.below(256) << choices.below(24));

  MlsxFacts facts;
  const std::string text = facts.select(choices.line());
  CHECK(text.starts_with("MLST OPTS") && !gantry::has_control(text));
  MlsxFacts again;
  CHECK(again.select(std::string_view(text).substr(std::min<std::size_t>(text.size(), 10))) == text && again == facts);

  item.owner = choices.line();
  item.group = choices.line();
  item.unique = choices.line();
  item.permissions_fact = choices.line();
  item.name = choices.rest();
  if (!listable(item.name)) return;
  std::string fact_line;
  append_mlsx_line(fact_line, item, facts);
  const std::string end = " " + std::string(item.name) + "\r\n";
  CHECK(fact_line.ends_with(end));
  // The first blank ends the facts, so the name is whole, and each fact ends with its ';'.
  CHECK(fact_line.find(' ') == fact_line.size() - end.size());
  CHECK(fact_line.starts_with(' ') || fact_line[fact_line.find(' ') - 1] == ';');
  CHECK(fact_line.find_first_of("\r\n") == fact_line.size() - 2);
  std::string ls;
  append_ls_line(ls, item, gantry::WallTime(std::chrono::seconds(1'709'208'000)));
  CHECK(ls.ends_with(end) && ls.find_first_of("\r\n") == ls.size() - 2);
}
