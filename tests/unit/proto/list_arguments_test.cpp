#include "proto/list_arguments.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gantry::proto {
namespace {

TEST(ListArguments, Parses) {
  struct Case {
    std::string argument;
    ListArguments wanted;
  };
  const std::string many(13, 'a');
  const Case cases[] = {
      {"", {}},
      {"a", {.path = "a"}},
      {" a", {.path = " a"}},
      {"a ", {.path = "a "}},
      {"a b", {.path = "a b"}},
      {"-a", {.all = true}},
      {"-A", {.all = true}},
      {"-la", {.all = true, .long_format = true}},
      {"-al", {.all = true, .long_format = true}},
      {"-a -l path", {.all = true, .long_format = true, .path = "path"}},
      {"-a  -l path", {.all = true, .long_format = true, .path = "path"}},
      {"-1 *.txt", {.one_per_line = true, .path = "*.txt"}},
      {"-R /x", {.recursive = true, .path = "/x"}},
      {"-laR1", {.all = true, .recursive = true, .one_per_line = true, .long_format = true}},
      {"-tZ x", {.path = "x"}},
      {"-B", {}},
      {"-la ", {.all = true, .long_format = true}},
      {"-la   ", {.all = true, .long_format = true}},
      {"-la  x", {.all = true, .long_format = true, .path = " x"}},
      {" -la", {.all = true, .long_format = true}},
      {"-- -a", {.path = "-a"}},
      {"-l -- -a -b", {.long_format = true, .path = "-a -b"}},
      {"--", {}},
      {"./-a", {.path = "./-a"}},
      {"-", {.path = "-"}},
      {"- a", {.path = "- a"}},
      {"-a.txt", {.path = "-a.txt"}},
      {"-2024", {.path = "-2024"}},
      {"--all", {.path = "--all"}},
      {"-/etc", {.path = "-/etc"}},
      {"-a -b.txt -c", {.all = true, .path = "-b.txt -c"}},
      {"x -la", {.path = "x -la"}},
      {"  ", {.path = "  "}},
      {"-" + many, {.path = "-" + many}},
      {"-\xC3\xA4", {.path = "-\xC3\xA4"}},
  };
  for (const Case& one : cases) EXPECT_EQ(parse_list_arguments(one.argument), one.wanted) << '"' << one.argument << '"';
}

TEST(ListArguments, FlagBombIsLinear) {
  std::string bomb;
  for (int i = 0; i < 20'000; ++i) bomb += "-a ";
  EXPECT_EQ(parse_list_arguments(bomb + "x"), (ListArguments{.all = true, .path = "x"}));
}

}  // namespace
}  // namespace gantry::proto
