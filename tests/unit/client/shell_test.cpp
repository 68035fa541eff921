#include "client/shell.hpp"

#include <gtest/gtest.h>

namespace gantry::client {
namespace {

TEST(Shell, LinesWithPasswordsAreNotKept) {
  for (const std::string_view line :
       {"open ftp://alice:secret@host/", "quote PASS secret", "site pass secret", "user alice secret", " ls"})
    EXPECT_TRUE(is_private(line)) << line;
  for (const std::string_view line : {"open ftp://alice@host/", "ls passwords", "get ftp://host:21/a@b", "quote PASV"})
    EXPECT_FALSE(is_private(line)) << line;
}

}  // namespace
}  // namespace gantry::client
