// The files in conf/ are what newcomers copy: they must load without an error.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/loader.hpp"

namespace gantry::config {
namespace {

TEST(Examples, EveryFileInConfLoads) {
  for (const char* name :
       {"S3_ACCESS_KEY", "S3_SECRET_KEY", "ALICE_PASSWORD", "COS_SECRET_ID", "COS_SECRET_KEY", "CAMERA_PASSWORD"})
    setenv(name, "value", 1);
  auto scratch = std::filesystem::temp_directory_path() / ("gantry-examples." + std::to_string(getpid()));
  std::filesystem::create_directories(scratch);
  std::ofstream(scratch / "alice.hash") << "$1$k2XAnEHB$rbDfQq368qWY4bas.D3Ac0\n";
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(GANTRY_SOURCE_DIR) + "/conf")) {
    ++seen;
    auto copy = scratch / entry.path().filename();
    std::filesystem::copy_file(entry.path(), copy);
    auto loaded = load_file(copy.string());
    EXPECT_TRUE(loaded) << (loaded ? "" : format(loaded.error().front()));
    if (loaded) {
      EXPECT_FALSE(loaded->config.users.empty()) << entry.path();
    }
  }
  EXPECT_GE(seen, 3U);
  std::filesystem::remove_all(scratch);
}

}  // namespace
}  // namespace gantry::config
