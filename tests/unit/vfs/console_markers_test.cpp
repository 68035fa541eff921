// Directories as the COS console, cosbrowser and other tools make them: an object whose key ends in '/', mostly empty,
// sometimes with a body or a type of its own.
#include "tests/unit/vfs/object_fixture.hpp"

namespace gantry::vfs {
namespace {

using Names = std::vector<std::string>;

class ConsoleMarkers : public ObjectFixture, public testing::WithParamInterface<const char*> {
 protected:
  [[nodiscard]] std::string body() const { return GetParam(); }
  [[nodiscard]] bool stored(const std::string& key) { return run(store_->head(key)).has_value(); }
};

INSTANTIATE_TEST_SUITE_P(Bodies, ConsoleMarkers, testing::Values("", "a body that no directory has"),
                         [](const auto& info) { return std::string(*info.param == '\0' ? "empty" : "with_body"); });

TEST_P(ConsoleMarkers, AreDirectories) {
  store_->set("made/", body());
  store_->set("made/inner/", body());
  store_->set("made/file", "x");
  EXPECT_EQ(list("/"), (Names{"made/"}));
  EXPECT_EQ(list("/made"), (Names{"file", "inner/"})) << "the marker is not among its own entries";
  EXPECT_EQ(list("/made/inner"), Names{});
  EXPECT_EQ(must(run(fs_->stat(at("/made/inner")))).kind, Kind::directory);
  restart();
  EXPECT_EQ(must(run(fs_->stat(at("/made")))).kind, Kind::directory);
  EXPECT_EQ(code(run(fs_->open_reader(at("/made"), {}))), Errc::is_directory);
  EXPECT_EQ(code(run(fs_->remove_file(at("/made")))), Errc::is_directory);
}

TEST_P(ConsoleMarkers, TakeUploadsAndOutliveTheLastFile) {
  store_->set("made/", body());
  put("/made/file", "content");
  must(run(fs_->remove_file(at("/made/file"))));
  restart();
  EXPECT_EQ(must(run(fs_->stat(at("/made")))).kind, Kind::directory);
  EXPECT_EQ(list("/made"), Names{});
}

TEST_P(ConsoleMarkers, AreRemovedOnlyWhenNothingIsBelow) {
  store_->set("made/", body());
  store_->set("made/file", "x");
  EXPECT_EQ(code(run(fs_->remove_directory(at("/made")))), Errc::not_empty);
  EXPECT_TRUE(stored("made/"));
  store_->set("empty/", body());
  must(run(fs_->remove_directory(at("/empty"))));
  EXPECT_FALSE(stored("empty/"));
  EXPECT_TRUE(stored("made/file"));
}

TEST_P(ConsoleMarkers, MoveWithTheirDirectory) {
  store_->set("made/", body());
  store_->set("made/inner/", body());
  must(run(fs_->rename(at("/made"), at("/moved"))));
  EXPECT_FALSE(stored("made/"));
  EXPECT_FALSE(stored("made/inner/"));
  restart();
  EXPECT_EQ(list("/moved"), (Names{"inner/"}));
  EXPECT_EQ(list("/moved/inner"), Names{});
}

TEST_P(ConsoleMarkers, CannotBeMadeAgain) {
  store_->set("made/", body());
  EXPECT_EQ(code(run(fs_->make_directory(at("/made")))), Errc::already_exists);
}

}  // namespace
}  // namespace gantry::vfs
