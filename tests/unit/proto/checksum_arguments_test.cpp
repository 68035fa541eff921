#include "proto/checksum_arguments.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gantry::proto {
namespace {

TEST(ChecksumArguments, Parses) {
  struct Case {
    const char* argument;
    ChecksumArguments wanted;
  };
  const Case cases[] = {
      {"a", {"a", {}, {}}},
      {"/a/b", {"/a/b", {}, {}}},
      {"a b", {"a b", {}, {}}},
      {" a", {" a", {}, {}}},
      {"report 2024", {"report 2024", {}, {}}},
      {"a 0 100", {"a", 0, 100}},
      {"a b 0 100", {"a b 0 100", {}, {}}},
      {"a 0 x", {"a 0 x", {}, {}}},
      {"a 0  100", {"a 0  100", {}, {}}},
      {"a 0 100 ", {"a 0 100 ", {}, {}}},
      {"a\"b", {"a\"b", {}, {}}},
      {"\"a\"", {"a", {}, {}}},
      {"\"a\" ", {"a", {}, {}}},
      {"\"a b\"", {"a b", {}, {}}},
      {"\" a \"", {" a ", {}, {}}},
      {"\"a b\" 10", {"a b", 10, {}}},
      {"\"a b\" 10 20", {"a b", 10, 20}},
      {"\"a b\" 20 10", {"a b", 20, 10}},
      {"\"a\"\"b\" 1 2", {"a\"b", 1, 2}},
      {"\"\"\"a\"", {"\"a", {}, {}}},
      {"\"a 1 2\"", {"a 1 2", {}, {}}},
      {"\"a\" 9223372036854775807 9223372036854775807", {"a", 9223372036854775807ULL, 9223372036854775807ULL}},
  };
  for (const Case& one : cases) EXPECT_EQ(parse_checksum_arguments(one.argument), one.wanted) << one.argument;
}

TEST(ChecksumArguments, Refuses) {
  for (const char* one :
       {"", "\"", "\"\"", "\"\" 1 2", "\"a", "\"a\"\"", "\"a\"b", "\"a\"1", "\"a\" x", "\"a\" 1 x", "\"a\" 1 2 3",
        "\"a\" -1", "\"a\" 1  2", "\"a\" 9223372036854775808", "\"a\" 1 18446744073709551616"})
    EXPECT_FALSE(parse_checksum_arguments(one)) << one;
}

}  // namespace
}  // namespace gantry::proto
