#include "transfer/existing.hpp"

#include <gtest/gtest.h>

#include <set>

namespace gantry::transfer {
namespace {

std::string free_beside(const std::string& path, const std::set<std::string>& names) {
  return *free_name(path, [&](const std::string& one) -> Outcome<bool> { return names.contains(one); });
}

TEST(Existing, ResumeRefusesWhatIsAnotherFileAndSaysWhatMayBeDone) {
  const auto settled = settle({}, "file", "it is longer");
  ASSERT_FALSE(settled);
  EXPECT_EQ(settled.error().why, Why::mismatch);
  EXPECT_EQ(settled.error().text, "it is longer; --overwrite, --skip or --rename says what to do");
}

TEST(Existing, AsksOnlyWhenToldTo) {
  FileOptions options{.existing = Existing::ask};
  std::string asked;
  options.ask = [&](const std::string& question) {
    asked = question;
    return Existing::skip;
  };
  EXPECT_EQ(settle(options, "file", "it is longer"), Existing::skip);
  EXPECT_EQ(asked, "file: it is longer");
  options.ask = nullptr;
  EXPECT_FALSE(settle(options, "file", "it is longer"));
  options.existing = Existing::overwrite;
  EXPECT_EQ(settle(options, "file", "it is longer"), Existing::overwrite);
}

TEST(FreeName, ComesBeforeTheExtension) {
  EXPECT_EQ(free_beside("a/file.tar", {}), "a/file (1).tar");
  EXPECT_EQ(free_beside("a.d/file", {"a.d/file (1)"}), "a.d/file (2)");
  EXPECT_EQ(free_beside(".profile", {}), ".profile (1)");
  EXPECT_EQ(free_beside("/a/.profile", {}), "/a/.profile (1)");
}

TEST(FreeName, IsNotSoughtForEver) {
  EXPECT_FALSE(free_name("file", [](const std::string&) -> Outcome<bool> { return true; }));
}

TEST(Tail, GrowsWithTheFileWithinLimits) {
  EXPECT_EQ(tail_of(0), 0U);
  EXPECT_EQ(tail_of(1000), 1000U);
  EXPECT_EQ(tail_of(10 * mib), 64 * kib);
  EXPECT_EQ(tail_of(512 * mib), 512 * kib);
  EXPECT_EQ(tail_of(tib), mib);
}

}  // namespace
}  // namespace gantry::transfer
