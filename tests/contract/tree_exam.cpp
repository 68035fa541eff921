// The tree: stat, names, listings, directories, renames, copies, times and modes.
#include <algorithm>

#include "tests/contract/file_system_contract.hpp"

namespace gantry::vfs {
namespace {

TEST_P(FileSystemContract, StatOfTheRoot) {
  const Entry root = must(run(fs().stat(Path{})));
  EXPECT_EQ(root.kind, Kind::directory);
  EXPECT_EQ(root.name, "");
}

TEST_P(FileSystemContract, StatOfWhatIsMissing) {
  EXPECT_EQ(code(run(fs().stat(at("/missing")))), Errc::not_found);
  EXPECT_EQ(code(run(fs().stat(at("/no/such/path")))), Errc::not_found);
}

TEST_P(FileSystemContract, StatOfAFileAndADirectory) {
  mkdir("/d");
  put(at("/d/f"), "12345");
  const Entry file = must(run(fs().stat(at("/d/f"))));
  EXPECT_EQ(file.name, "f");
  EXPECT_EQ(file.kind, Kind::file);
  EXPECT_EQ(file.size, 5U);
  const Entry directory = must(run(fs().stat(at("/d"))));
  EXPECT_EQ(directory.name, "d");
  EXPECT_EQ(directory.kind, Kind::directory);
  EXPECT_EQ(directory.size, 0U);
}

TEST_P(FileSystemContract, EnterGoesToDirectoriesOnly) {
  mkdir("/d");
  mkdir("/d/empty");
  put(at("/d/f"), "x");
  must(run(fs().enter(Path{})));
  must(run(fs().enter(at("/d"))));
  must(run(fs().enter(at("/d/empty"))));
  EXPECT_EQ(code(run(fs().enter(at("/d/f")))), Errc::not_directory);
  EXPECT_EQ(code(run(fs().enter(at("/d/missing")))), Errc::not_found);
  EXPECT_EQ(code(run(fs().enter(at("/d/emp")))), Errc::not_found);
}

TEST_P(FileSystemContract, StatDoesNotTakeAPrefixForAName) {
  put(at("/abc"), "x");
  mkdir("/dir-two");
  EXPECT_FALSE(exists(at("/ab")));
  EXPECT_FALSE(exists(at("/dir")));
}

TEST_P(FileSystemContract, AFileHasNothingBelow) {
  put(at("/f"), "x");
  EXPECT_EQ(code(run(fs().stat(at("/f/g")))), Errc::not_found);
  EXPECT_EQ(code(run(fs().open_reader(at("/f/g"), {}))), Errc::not_found);
}

TEST_P(FileSystemContract, AwkwardNamesStayWhatTheyAre) {
  const std::vector<std::string> awkward = {" leading",
                                            "trailing ",
                                            "two  blanks",
                                            "-rf",
                                            "--",
                                            "it's",
                                            "say \"hi\"",
                                            "100%",
                                            "%2F",
                                            "%41",
                                            "a+b",
                                            "a&b=c",
                                            "a?b#c",
                                            "tilde~",
                                            "back\\slash",
                                            "*star*",
                                            "[x]",
                                            "{a,b}",
                                            "semi;colon",
                                            "a:b",
                                            "|pipe",
                                            "$HOME",
                                            "`x`",
                                            "...",
                                            ".hidden",
                                            "\xe6\x96\x87\xe4\xbb\xb6.txt",
                                            "na\xc3\xafve",
                                            "nai\xcc\x88ve",
                                            "\xf0\x9f\x9a\xa2",
                                            "a,b",
                                            "<x>",
                                            "@",
                                            std::string(255, 'n')};
  mkdir("/names here");
  const Path home = at("/names here");
  for (const std::string& name : awkward) put(home.child(name), name);
  EXPECT_EQ(names(home), std::set<std::string>(awkward.begin(), awkward.end()));
  for (const std::string& name : awkward) {
    EXPECT_EQ(get(home.child(name)), name);
    EXPECT_EQ(must(run(fs().stat(home.child(name)))).name, name);
    must(run(fs().remove_file(home.child(name))));
  }
  EXPECT_TRUE(names(home).empty());
}

TEST_P(FileSystemContract, AwkwardDirectoryNames) {
  for (const char* name : {"/a b", "/100%", "/a+b", "/\xe7\x9b\xae\xe5\xbd\x95"}) {
    mkdir(name);
    put(at(name).child("f"), "x");
    EXPECT_EQ(names(at(name)), std::set<std::string>{"f"});
    must(run(fs().rename(at(name).child("f"), at(name).child("g h"))));
    EXPECT_EQ(get(at(name).child("g h")), "x");
  }
  EXPECT_EQ(names(Path{}).size(), 4U);
}

TEST_P(FileSystemContract, NamesThatAreNotUtf8) {
  auto upload = run(fs().open_upload(at("/bad\xff\xfe"), {}));
  if (!able().arbitrary_bytes) {
    EXPECT_EQ(code(upload), Errc::bad_name);
    EXPECT_EQ(code(run(fs().make_directory(at("/\xff")))), Errc::bad_name);
    return;
  }
  must(run(must(std::move(upload))->commit()));
  EXPECT_EQ(names(Path{}), std::set<std::string>{"bad\xff\xfe"});
}

TEST_P(FileSystemContract, ListingOfNothingAndOfOne) {
  EXPECT_TRUE(list(Path{}).empty());
  mkdir("/d");
  EXPECT_TRUE(list(at("/d")).empty());
  put(at("/d/f"), "12345");
  const auto entries = list(at("/d"));
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].name, "f");
  EXPECT_EQ(entries[0].size, 5U);
  EXPECT_EQ(entries[0].kind, Kind::file);
}

TEST_P(FileSystemContract, ListingTellsFilesFromDirectories) {
  mkdir("/d");
  mkdir("/d/sub");
  put(at("/d/file"), "x");
  put(at("/d/sub/deep"), "x");
  auto entries = list(at("/d"));
  std::ranges::sort(entries, {}, &Entry::name);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, "file");
  EXPECT_EQ(entries[0].kind, Kind::file);
  EXPECT_EQ(entries[1].name, "sub");
  EXPECT_EQ(entries[1].kind, Kind::directory);
}

TEST_P(FileSystemContract, ListingOfWhatIsNoDirectory) {
  put(at("/f"), "x");
  EXPECT_EQ(code(run(fs().list(at("/missing")))), Errc::not_found);
  EXPECT_EQ(code(run(fs().list(at("/f")))), Errc::not_directory);
}

TEST_P(FileSystemContract, ListingAgreesWithStat) {
  put(at("/f"), "12345");
  const auto entries = list(Path{});
  ASSERT_EQ(entries.size(), 1U);
  const Entry entry = must(run(fs().stat(at("/f"))));
  EXPECT_EQ(entries[0].size, entry.size);
  EXPECT_EQ(entries[0].unique, entry.unique);
  EXPECT_EQ(std::chrono::floor<Seconds>(entries[0].modified), std::chrono::floor<Seconds>(entry.modified));
}

TEST_P(FileSystemContract, ListingOfManyComesInPages) {
  mkdir("/many");
  std::set<std::string> made;
  for (std::size_t i = 0; i < examinee().many_entries(); ++i) {
    const std::string name = "f" + std::to_string(i);
    put(at("/many").child(name), "");
    made.insert(name);
  }
  EXPECT_TRUE(names(at("/many")) == made);
  auto listing = must(run(fs().list(at("/many"))));
  EXPECT_FALSE(must(run(listing->next())).empty());
  listing.reset();
  EXPECT_EQ(code(run(fs().remove_directory(at("/many")))), Errc::not_empty);
}

TEST_P(FileSystemContract, ListingStaysAtItsEnd) {
  put(at("/f"), "x");
  auto listing = must(run(fs().list(Path{})));
  EXPECT_EQ(must(run(listing->next())).size(), 1U);
  EXPECT_TRUE(must(run(listing->next())).empty());
  EXPECT_TRUE(must(run(listing->next())).empty());
}

TEST_P(FileSystemContract, MakeDirectory) {
  mkdir("/d");
  mkdir("/d/e");
  EXPECT_EQ(must(run(fs().stat(at("/d/e")))).kind, Kind::directory);
  EXPECT_EQ(names(at("/d")), std::set<std::string>{"e"});
}

TEST_P(FileSystemContract, MakeDirectoryWhereSomethingIs) {
  mkdir("/d");
  put(at("/f"), "x");
  put(at("/d/inside"), "x");
  EXPECT_EQ(code(run(fs().make_directory(at("/d")))), Errc::already_exists);
  EXPECT_EQ(code(run(fs().make_directory(at("/f")))), Errc::already_exists);
  EXPECT_EQ(code(run(fs().make_directory(Path{}))), Errc::already_exists);
  EXPECT_EQ(get(at("/f")), "x");
}

TEST_P(FileSystemContract, MakeDirectoryNeedsItsParent) {
  EXPECT_EQ(code(run(fs().make_directory(at("/no/d")))), Errc::not_found);
  EXPECT_FALSE(exists(at("/no")));
}

TEST_P(FileSystemContract, RemoveFile) {
  put(at("/f"), "x");
  must(run(fs().remove_file(at("/f"))));
  EXPECT_FALSE(exists(at("/f")));
  EXPECT_EQ(code(run(fs().remove_file(at("/f")))), Errc::not_found);
}

TEST_P(FileSystemContract, RemoveFileRefusesDirectories) {
  mkdir("/d");
  put(at("/d/f"), "x");
  EXPECT_EQ(code(run(fs().remove_file(at("/d")))), Errc::is_directory);
  EXPECT_EQ(code(run(fs().remove_file(Path{}))), Errc::is_directory);
  EXPECT_EQ(get(at("/d/f")), "x");
}

TEST_P(FileSystemContract, RemoveDirectory) {
  mkdir("/d");
  must(run(fs().remove_directory(at("/d"))));
  EXPECT_FALSE(exists(at("/d")));
  EXPECT_EQ(code(run(fs().remove_directory(at("/d")))), Errc::not_found);
}

TEST_P(FileSystemContract, RemoveDirectoryRefusesWhatIsNotEmpty) {
  mkdir("/d");
  put(at("/d/f"), "x");
  EXPECT_EQ(code(run(fs().remove_directory(at("/d")))), Errc::not_empty);
  EXPECT_EQ(get(at("/d/f")), "x");
  mkdir("/e");
  mkdir("/e/sub");
  EXPECT_EQ(code(run(fs().remove_directory(at("/e")))), Errc::not_empty);
  EXPECT_TRUE(exists(at("/e/sub")));
}

TEST_P(FileSystemContract, RemoveDirectoryRefusesFilesAndTheRoot) {
  put(at("/f"), "x");
  EXPECT_EQ(code(run(fs().remove_directory(at("/f")))), Errc::not_directory);
  EXPECT_EQ(code(run(fs().remove_directory(Path{}))), Errc::denied);
  must(run(fs().remove_file(at("/f"))));
  EXPECT_EQ(code(run(fs().remove_directory(Path{}))), Errc::denied);
}

TEST_P(FileSystemContract, DeletingTheLastFileKeepsItsDirectory) {
  mkdir("/d");
  mkdir("/d/e");
  put(at("/d/e/f"), "x");
  must(run(fs().remove_file(at("/d/e/f"))));
  EXPECT_TRUE(exists(at("/d/e")));
  EXPECT_TRUE(exists(at("/d")));
  EXPECT_EQ(names(at("/d")), std::set<std::string>{"e"});
}

TEST_P(FileSystemContract, RemovingTheLastDirectoryKeepsItsParent) {
  mkdir("/d");
  mkdir("/d/e");
  must(run(fs().remove_directory(at("/d/e"))));
  EXPECT_TRUE(exists(at("/d")));
}

TEST_P(FileSystemContract, RenameFile) {
  mkdir("/d");
  put(at("/f"), "content");
  must(run(fs().rename(at("/f"), at("/d/g"))));
  EXPECT_FALSE(exists(at("/f")));
  EXPECT_EQ(get(at("/d/g")), "content");
}

TEST_P(FileSystemContract, RenamingTheLastFileKeepsItsDirectory) {
  mkdir("/d");
  put(at("/d/f"), "x");
  must(run(fs().rename(at("/d/f"), at("/g"))));
  EXPECT_TRUE(exists(at("/d")));
}

TEST_P(FileSystemContract, RenameFileOntoFileReplacesIt) {
  put(at("/a"), "from a");
  put(at("/b"), "from b, longer");
  must(run(fs().rename(at("/a"), at("/b"))));
  EXPECT_FALSE(exists(at("/a")));
  EXPECT_EQ(get(at("/b")), "from a");
}

TEST_P(FileSystemContract, RenameOntoItselfKeepsTheFile) {
  put(at("/a"), "same");
  must(run(fs().rename(at("/a"), at("/a"))));
  EXPECT_EQ(get(at("/a")), "same");
}

TEST_P(FileSystemContract, RenameOntoADirectoryIsRefused) {
  put(at("/f"), "x");
  mkdir("/d");
  mkdir("/e");
  EXPECT_EQ(code(run(fs().rename(at("/f"), at("/d")))), Errc::already_exists);
  EXPECT_EQ(code(run(fs().rename(at("/e"), at("/d")))), Errc::already_exists);
  EXPECT_EQ(code(run(fs().rename(at("/d"), at("/f")))), Errc::already_exists);
  EXPECT_EQ(names(Path{}), (std::set<std::string>{"d", "e", "f"}));
}

TEST_P(FileSystemContract, RenameEmptyDirectory) {
  mkdir("/d");
  must(run(fs().rename(at("/d"), at("/e"))));
  EXPECT_FALSE(exists(at("/d")));
  EXPECT_EQ(must(run(fs().stat(at("/e")))).kind, Kind::directory);
}

TEST_P(FileSystemContract, RenameDirectoryTakesItsWholeTree) {
  mkdir("/d");
  mkdir("/d/sub");
  mkdir("/d/sub/empty");
  mkdir("/target");
  for (int i = 0; i < 15; ++i) {
    put(at("/d").child("f" + std::to_string(i)), "top " + std::to_string(i));
    put(at("/d/sub").child("g" + std::to_string(i)), "deep " + std::to_string(i));
  }
  put(at("/d-not"), "stays");
  must(run(fs().rename(at("/d"), at("/target/moved"))));
  EXPECT_FALSE(exists(at("/d")));
  EXPECT_EQ(names(at("/target/moved")).size(), 16U);
  EXPECT_EQ(names(at("/target/moved/sub")).size(), 16U);
  EXPECT_TRUE(exists(at("/target/moved/sub/empty")));
  for (int i = 0; i < 15; ++i) {
    EXPECT_EQ(get(at("/target/moved").child("f" + std::to_string(i))), "top " + std::to_string(i));
    EXPECT_EQ(get(at("/target/moved/sub").child("g" + std::to_string(i))), "deep " + std::to_string(i));
  }
  EXPECT_EQ(get(at("/d-not")), "stays");
}

TEST_P(FileSystemContract, RenameDirectoryIntoItselfIsRefused) {
  mkdir("/d");
  mkdir("/d/e");
  put(at("/d/f"), "x");
  EXPECT_EQ(code(run(fs().rename(at("/d"), at("/d/g")))), Errc::invalid);
  EXPECT_EQ(code(run(fs().rename(at("/d"), at("/d/e/g")))), Errc::invalid);
  EXPECT_EQ(get(at("/d/f")), "x");
}

TEST_P(FileSystemContract, RenameNeedsSourceAndParent) {
  put(at("/f"), "x");
  must(run(fs().may_rename(at("/f"))));
  EXPECT_EQ(code(run(fs().may_rename(at("/missing")))), Errc::not_found);
  EXPECT_EQ(code(run(fs().rename(at("/missing"), at("/g")))), Errc::not_found);
  EXPECT_EQ(code(run(fs().rename(at("/f"), at("/no/g")))), Errc::not_found);
  EXPECT_EQ(get(at("/f")), "x");
}

TEST_P(FileSystemContract, CopyMakesASecondFile) {
  const std::string content = pattern(examinee().large_size(), 30);
  mkdir("/d");
  put(at("/a"), content);
  must(run(fs().copy(at("/a"), at("/d/b"))));
  EXPECT_TRUE(get(at("/d/b")) == content);
  put(at("/a"), "changed");
  EXPECT_EQ(get(at("/d/b")).size(), content.size());
}

TEST_P(FileSystemContract, CopyReplacesAFile) {
  put(at("/a"), "new");
  put(at("/b"), "old and longer");
  must(run(fs().copy(at("/a"), at("/b"))));
  EXPECT_EQ(get(at("/b")), "new");
  EXPECT_EQ(get(at("/a")), "new");
}

TEST_P(FileSystemContract, CopyRefusals) {
  mkdir("/d");
  put(at("/a"), "x");
  EXPECT_EQ(code(run(fs().copy(at("/missing"), at("/b")))), Errc::not_found);
  EXPECT_EQ(code(run(fs().copy(at("/a"), at("/no/b")))), Errc::not_found);
  EXPECT_EQ(code(run(fs().copy(at("/d"), at("/b")))), Errc::is_directory);
  EXPECT_EQ(code(run(fs().copy(at("/a"), at("/d")))), Errc::is_directory);
}

TEST_P(FileSystemContract, SetTimeOfAFile) {
  put(at("/f"), "x");
  const WallTime when{std::chrono::seconds(1'000'000'000)};
  auto set = run(fs().set_time(at("/f"), when));
  if (!able().set_time) {
    EXPECT_EQ(code(set), Errc::unsupported);
    return;
  }
  must(std::move(set));
  EXPECT_EQ(must(run(fs().stat(at("/f")))).modified, when);
  EXPECT_EQ(get(at("/f")), "x");
  EXPECT_EQ(code(run(fs().set_time(at("/missing"), when))), Errc::not_found);
}

TEST_P(FileSystemContract, SetModeOfAFile) {
  put(at("/f"), "x");
  auto set = run(fs().set_mode(at("/f"), 0640));
  if (!able().set_mode) {
    EXPECT_EQ(code(set), Errc::unsupported);
    return;
  }
  must(std::move(set));
  EXPECT_EQ(must(run(fs().stat(at("/f")))).mode, 0640U);
  put(at("/f"), "replaced");
  EXPECT_EQ(must(run(fs().stat(at("/f")))).mode, 0640U);
  EXPECT_EQ(code(run(fs().set_mode(at("/missing"), 0600))), Errc::not_found);
}

TEST_P(FileSystemContract, FreeSpaceIsKnownOrUnsupported) {
  auto space = run(fs().free_space(Path{}));
  if (able().space) {
    EXPECT_GT(must(std::move(space)), 0U);
  } else {
    EXPECT_EQ(code(space), Errc::unsupported);
  }
}

TEST_P(FileSystemContract, ADirectoryMayBeMadeAgain) {
  mkdir("/d");
  put(at("/d/f"), "x");
  must(run(fs().remove_file(at("/d/f"))));
  must(run(fs().remove_directory(at("/d"))));
  mkdir("/d");
  EXPECT_TRUE(names(at("/d")).empty());
  put(at("/d/f"), "again");
  EXPECT_EQ(get(at("/d/f")), "again");
}

TEST_P(FileSystemContract, AFileMayTakeADirectorysName) {
  mkdir("/x");
  must(run(fs().remove_directory(at("/x"))));
  put(at("/x"), "file now");
  EXPECT_EQ(must(run(fs().stat(at("/x")))).kind, Kind::file);
  must(run(fs().remove_file(at("/x"))));
  mkdir("/x");
  EXPECT_EQ(must(run(fs().stat(at("/x")))).kind, Kind::directory);
}

}  // namespace
}  // namespace gantry::vfs
