#include "accounts/tree_rules.hpp"

#include <gtest/gtest.h>

namespace gantry::accounts {
namespace {

Account account(std::string_view letters, std::map<std::string, std::string> directories = {}) {
  Account made;
  made.permissions = *Permissions::parse(letters);
  for (const auto& [path, own] : directories) made.directory_permissions.emplace(path, *Permissions::parse(own));
  return made;
}

TEST(PermissionsByDirectory, TheLongestPathCountsByWholeNames) {
  const Account user = account("elr", {{"/in", "ew"}, {"/in/deep/er", "elrd"}, {"/none", ""}});
  const std::map<std::string, std::string> expected{
      {"/", "elr"},           {"/in", "ew"},           {"/in/x", "ew"},
      {"/in/deep", "ew"},     {"/in/deep/er", "elrd"}, {"/in/deep/er/x/y", "elrd"},
      {"/in/deep/erx", "ew"}, {"/inn", "elr"},         {"/x/in", "elr"},
      {"/none", ""},          {"/none/at/all", ""},    {"/nonesuch", "elr"}};
  for (const auto& [path, letters] : expected) EXPECT_EQ(user.permissions_at(path).letters(), letters) << path;
  EXPECT_EQ(user.permissions_anywhere().letters(), "elrdw");
  EXPECT_EQ(account("er").permissions_at("/any/where").letters(), "er");
}

TEST(TreeRules, ATreeMovesOnlyWithEveryRightInIt) {
  const TreeRules rules(account("elrf", {{"/a/b/locked", "elr"}, {"/c", "elrf"}}));
  EXPECT_TRUE(rules.allows(Permission::rename, "/a"));
  for (const char* path : {"/", "/a", "/a/b", "/a/b/locked", "/a/b/locked/x"})
    EXPECT_FALSE(rules.allows_throughout(Permission::rename, path)) << path;
  for (const char* path : {"/a/b/lock", "/a/bb", "/c", "/d"})
    EXPECT_TRUE(rules.allows_throughout(Permission::rename, path)) << path;
}

TEST(TreeRules, ADeniedNameCountsWhereverItStands) {
  Account user = account("elradfmwMT");
  user.deny = {"*.exe", ".git", "[0-9]tmp"};
  const TreeRules rules(user);
  for (const char* path :
       {"/a.exe", "/A.EXE", "/.exe", "/.a.Exe", "/dir.exe/file", "/x/y.exe/z", "/x/.GIT/config", "/7Tmp"})
    EXPECT_TRUE(rules.denies(path)) << path;
  for (const char* path : {"/", "/a.exe.txt", "/exe", "/x.git", "/x/tmp", "/aexe"})
    EXPECT_FALSE(rules.denies(path)) << path;
  EXPECT_FALSE(rules.hides("a.exe"));
}

TEST(TreeRules, HiddenNamesAreNotDenied) {
  Account user = account("elr");
  user.hide = {".*", "*.TMP"};
  const TreeRules rules(user);
  for (const char* name : {".message", "x.tmp", "X.Tmp", ".tmp"}) EXPECT_TRUE(rules.hides(name)) << name;
  for (const char* name : {"x", "x.tmp.gz", "tmp"}) EXPECT_FALSE(rules.hides(name)) << name;
  EXPECT_FALSE(rules.denies("/.message"));
}

}  // namespace
}  // namespace gantry::accounts
