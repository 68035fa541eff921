#include "session/command_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.hpp"

namespace gantry::session {
namespace {

using accounts::Permission;

class EveryTable : public testing::TestWithParam<std::span<const Row>> {};

TEST_P(EveryTable, RowsAreCompleteAndFound) {
  for (const Row& row : GetParam()) {
    EXPECT_EQ(row.verb, to_upper(row.verb));
    EXPECT_NE(row.handler, nullptr) << row.verb;
    EXPECT_TRUE(row.syntax.starts_with(row.verb)) << row.verb;
    EXPECT_EQ(find_row(GetParam(), row.verb), &row) << row.verb;
  }
  EXPECT_EQ(find_row(GetParam(), "NOSUCH"), nullptr);
  EXPECT_EQ(find_row(GetParam(), ""), nullptr);
}

TEST_P(EveryTable, WhatNeedsARightNeedsALogin) {
  for (const Row& row : GetParam()) {
    if (row.permission != Permission::none || row.data == Data::used) {
      EXPECT_EQ(row.gate, Gate::logged_in) << row.verb;
    }
  }
}

TEST_P(EveryTable, TransfersRunBesideTheControlLoopAndWithARight) {
  for (const Row& row : GetParam()) {
    if (row.data == Data::unused) continue;
    EXPECT_EQ(row.runs, Runs::slow) << row.verb;
    EXPECT_NE(row.permission, Permission::none) << row.verb;
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, EveryTable, testing::Values(command_table(), site_table(), opts_table()));

TEST(CommandTable, PasswordsAreSecret) {
  for (const char* verb : {"PASS", "ACCT"}) EXPECT_EQ(find_row(command_table(), verb)->secrecy, Secrecy::secret);
}

TEST(CommandTable, ExactlyOneCommandAborts) {
  auto aborts = [](const Row& row) { return row.during == During::aborts; };
  EXPECT_EQ(std::ranges::count_if(command_table(), aborts), 1);
}

TEST(CommandTable, BeforeTlsOnlyNegotiationIsAnswered) {
  for (const Row& row : command_table()) {
    if (row.before_tls == BeforeTls::allowed) {
      EXPECT_EQ(row.gate, Gate::always) << row.verb;
    }
  }
  for (const char* verb : {"USER", "PASS", "STAT", "REIN"})
    EXPECT_EQ(find_row(command_table(), verb)->before_tls, BeforeTls::refused) << verb;
}

}  // namespace
}  // namespace gantry::session
