// What FTP on a bucket may cost: the table of docs/architecture.md, counted.
#include "tests/unit/vfs/object_fixture.hpp"

namespace gantry::vfs {
namespace {

/// On a store whose listings are up to date, and on one where what was written is laid over them: that is free.
enum class Listings : std::uint8_t { consistent, eventual };

class ObjectRequests : public ObjectFixture, public testing::WithParamInterface<Listings> {
 protected:
  void SetUp() override {
    ObjectFixture::SetUp();
    if (GetParam() == Listings::eventual) expect_eventual_listings();
  }
  /// What a client's CWD does before it works in a directory.
  void cwd(std::string_view path) {
    must(run(fs_->enter(at(path))));
    requests();
  }
};

TEST_P(ObjectRequests, EnteringADirectoryTakesOne) {
  store_->set("d/f", "x");
  must(run(fs_->enter(at("/d"))));
  EXPECT_EQ(requests(), 1U);
  must(run(fs_->enter(at("/d"))));
  must(run(fs_->enter(Path{})));
  EXPECT_EQ(requests(), 0U);
}

TEST_P(ObjectRequests, StatOfAFileOrDirectoryTakesTwoAndTheRootNone) {
  store_->set("d/f", "x");
  EXPECT_EQ(must(run(fs_->stat(at("/d/f")))).size, 1U);
  EXPECT_EQ(requests(), 2U);
  EXPECT_EQ(must(run(fs_->stat(at("/d")))).kind, Kind::directory);
  EXPECT_EQ(requests(), 2U);
  EXPECT_EQ(code(run(fs_->stat(at("/d/missing")))), Errc::not_found);
  EXPECT_EQ(requests(), 2U);
  must(run(fs_->stat(Path{})));
  EXPECT_EQ(requests(), 0U);
}

TEST_P(ObjectRequests, StatAfterAListingTakesNone) {
  for (int i = 0; i < 50; ++i) store_->set("d/f" + std::to_string(i), "x");
  store_->set("d/sub/g", "x");
  EXPECT_EQ(list("/d").size(), 51U);
  EXPECT_EQ(requests(), 1U);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(must(run(fs_->stat(at("/d/f" + std::to_string(i))))).size, 1U);
  EXPECT_EQ(must(run(fs_->stat(at("/d/sub")))).kind, Kind::directory);
  EXPECT_EQ(requests(), 0U);
  // What was not there is asked for again: another session may have made it meanwhile.
  store_->set("d/new", "x");
  EXPECT_EQ(must(run(fs_->stat(at("/d/new")))).size, 1U);
  EXPECT_EQ(code(run(fs_->stat(at("/d/missing")))), Errc::not_found);
}

TEST_P(ObjectRequests, ListingTakesOneForAThousandKeys) {
  for (int i = 0; i < 2500; ++i) store_->set("d/" + std::to_string(i), "");
  EXPECT_EQ(list("/d").size(), 2500U);
  EXPECT_EQ(requests(), 3U);
}

TEST_P(ObjectRequests, DownloadTakesOne) {
  store_->set("d/f", data(1000));
  auto reader = must(run(fs_->open_reader(at("/d/f"), {})));
  std::vector<std::byte> buffer(2000);
  EXPECT_EQ(must(run(reader->read(buffer))), 1000U);
  EXPECT_EQ(reader->size(), 1000U);
  EXPECT_EQ(requests(), 1U);
  EXPECT_EQ(store_->count("head"), 0U);
}

TEST_P(ObjectRequests, SmallUploadTakesOnePutAndAtMostOneCheck) {
  store_->set("d/", "");
  store_->set("d/zzz", "");
  put("/d/first", data(100));  // the session has not seen /d before
  EXPECT_EQ(store_->count("put"), 1U);
  EXPECT_LE(requests(), 2U);
  cwd("/d");
  put("/d/second", data(100));
  EXPECT_EQ(store_->count("put"), 1U);
  EXPECT_LE(requests(), 2U);
  list("/d");
  requests();
  put("/d/first", data(200));  // just listed: nothing to ask
  EXPECT_EQ(requests(), 1U);
  put("/top", "");
  EXPECT_LE(requests(), 2U);
}

TEST_P(ObjectRequests, SmallUploadsInOrderAreCheckedOnce) {
  store_->set("d/sub/x", "");
  cwd("/d");
  put("/d/f-000", data(10));
  EXPECT_EQ(requests(), 2U);
  for (int i = 1; i < 50; ++i) put("/d/f-" + std::to_string(100 + i), data(10));
  EXPECT_EQ(requests(), 49U);
  // What the one look told is believed, directories included.
  auto onto = open("/d/sub");
  EXPECT_EQ(code(run(onto->commit())), Errc::is_directory);
  EXPECT_EQ(requests(), 0U);
  EXPECT_FALSE(store_->has("d/sub"));
  must(run(fs_->make_directory(at("/d/g"))));
  auto own = open("/d/g");
  EXPECT_EQ(code(run(own->commit())), Errc::is_directory);
  must(run(fs_->remove_directory(at("/d/g"))));
  put("/d/g", data(10));
  EXPECT_EQ(store_->content("d/g"), data(10));
}

TEST_P(ObjectRequests, ALookTellsNothingOfWhatItDidNotReach) {
  for (int i = 0; i < 300; ++i) store_->set("d/m-" + std::to_string(100 + i), "");
  store_->set("d/a/x", "");
  store_->set("d/z/x", "");
  cwd("/d");
  put("/d/f", data(10));
  put("/d/m-150", data(10));  // among the first hundred behind it
  EXPECT_EQ(requests(), 3U);
  for (const char* path : {"/d/z", "/d/a"}) {
    auto onto = open(path);
    EXPECT_EQ(code(run(onto->commit())), Errc::is_directory) << path;
    EXPECT_EQ(requests(), 1U);
  }
}

TEST_P(ObjectRequests, LargeUploadTakesTwoAndItsPartsAndOneCheck) {
  for (bool crc64 : {true, false}) {
    use({.min_part = 16 * kib}, crc64);
    store_->set("d/", "");
    cwd("/d");
    put("/d/f", data(64 * kib * 5 + 1));
    EXPECT_EQ(store_->count("put_part"), 6U);
    EXPECT_EQ(store_->count("start_parts"), 1U);
    EXPECT_EQ(store_->count("finish_parts"), 1U);
    EXPECT_LE(requests(), 2U + 6U + 1U);
  }
}

TEST_P(ObjectRequests, UploadOfExactlyOnePartIsOnePut) {
  auto upload = open("/f");
  must(try_write(*upload, data(64 * kib)));
  // A transfer asks for more room before it learns that the data has ended.
  must(run(upload->prepare(kib)));
  must(run(upload->commit()));
  EXPECT_EQ(store_->count("put"), 1U);
  EXPECT_EQ(store_->count("start_parts"), 0U);
  EXPECT_EQ(store_->content("f"), data(64 * kib));
}

TEST_P(ObjectRequests, AppendDownloadsNothingOfALargeObject) {
  store_->set("f", data(300 * kib));
  put("/f", data(10), {.mode = UploadMode::append});
  EXPECT_EQ(store_->count("get"), 0U);
  EXPECT_EQ(store_->count("copy_part"), 1U);
  EXPECT_EQ(store_->content("f"), data(300 * kib) + data(10));
}

TEST_P(ObjectRequests, DeletesTakeThreeAtMost) {
  for (const char* others : {"", "/d/a", "/d/z"}) {
    use({.min_part = 16 * kib});
    store_->set("d/f", "x");
    if (*others != '\0') store_->set(std::string(others).substr(1), "x");
    must(run(fs_->remove_file(at("/d/f"))));
    EXPECT_LE(requests(), 3U) << others;
    EXPECT_EQ(must(run(fs_->stat(at("/d")))).kind, Kind::directory);
  }
  requests();
  EXPECT_EQ(code(run(fs_->remove_file(at("/d/missing")))), Errc::not_found);
  EXPECT_LE(requests(), 3U);
}

TEST_P(ObjectRequests, DirectoriesAreMadeAndRemovedByThreeAtMost) {
  store_->set("d/f", "x");
  must(run(fs_->make_directory(at("/d/new"))));
  EXPECT_LE(requests(), 3U);
  restart();
  must(run(fs_->make_directory(at("/d/newer"))));
  EXPECT_LE(requests(), 3U);
  store_->set("d/same-1", "x");
  store_->set("d/same-2", "x");
  restart();
  must(run(fs_->make_directory(at("/d/same"))));
  EXPECT_LE(requests(), 3U);
  for (const char* path : {"/d/new", "/d/newer", "/d/same"}) {
    must(run(fs_->remove_directory(at(path))));
    EXPECT_LE(requests(), 3U);
  }
  store_->set("only/inner/", "");
  must(run(fs_->remove_directory(at("/only/inner"))));
  EXPECT_LE(requests(), 3U);
  EXPECT_TRUE(store_->has("only/"));
}

TEST_P(ObjectRequests, RenameOfAFileTakesThreeAfterRnfr) {
  store_->set("d/f", data(100));
  cwd("/d");
  must(run(fs_->stat(at("/d/f"))));  // RNFR
  requests();
  must(run(fs_->rename(at("/d/f"), at("/d/g"))));
  EXPECT_EQ(store_->count("copy"), 1U);
  EXPECT_EQ(store_->count("remove"), 1U);
  EXPECT_LE(requests(), 3U);
}

TEST_P(ObjectRequests, RenameOfADirectoryTakesTwoAFileAtMost) {
  for (int i = 0; i < 40; ++i) store_->set("d/" + std::to_string(i), data(10));
  must(run(fs_->stat(at("/d"))));
  requests();
  must(run(fs_->rename(at("/d"), at("/e"))));
  EXPECT_EQ(store_->count("copy"), 40U);
  EXPECT_EQ(store_->count("remove_many"), 1U);
  EXPECT_LE(requests(), 40U + 4U);
}

TEST_P(ObjectRequests, SetTimeTakesTwo) {
  store_->set("f", "x");
  must(run(fs_->set_time(at("/f"), WallTime{Seconds(1'000'000'000)})));
  EXPECT_LE(requests(), 2U);
  EXPECT_EQ(must(run(fs_->stat(at("/f")))).modified, WallTime{Seconds(1'000'000'000)});
}

INSTANTIATE_TEST_SUITE_P(Stores, ObjectRequests, testing::Values(Listings::consistent, Listings::eventual),
                         [](const auto& info) {
                           return std::string(info.param == Listings::eventual ? "eventual" : "consistent");
                         });

}  // namespace
}  // namespace gantry::vfs
