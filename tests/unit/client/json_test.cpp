#include "client/json.hpp"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "client/remote_paths.hpp"
#include "client/time_words.hpp"

namespace gantry::client {
namespace {

using namespace std::chrono_literals;

TEST(Json, NamesThatAreNoUtf8) {
  boost::json::object object;
  put_name(object, "name", "a\xFFz");
  EXPECT_EQ(boost::json::serialize(object), "{\"name\":\"a\xEF\xBF\xBDz\",\"name_bytes\":\"61ff7a\"}");
  object.clear();
  put_name(object, "name", "Grüße 汉字");
  EXPECT_EQ(boost::json::serialize(object), "{\"name\":\"Grüße 汉字\"}");
}

TEST(Json, Times) {
  EXPECT_EQ(iso_time(WallTime(0ms)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(iso_time(WallTime(1'769'850'907'250ms)), "2026-01-31T09:15:07.250Z");
}

TEST(Json, WhatIsNotKnownIsLeftOut) {
  EXPECT_EQ(boost::json::serialize(entry_to_json("/d/n", {.name = "n", .kind = ftp::Kind::directory})),
            R"({"path":"/d/n","name":"n","type":"directory"})");
}

TEST(TimeWords, Moments) {
  const WallTime now(1'769'850'907'000ms);
  EXPECT_EQ(parse_moment("7d", now), now - 7 * 24h);
  EXPECT_EQ(parse_moment("2026-01-31T09:15:07Z", now), now);
  EXPECT_EQ(parse_moment("2026-01-31T09:15Z", now), now - 7s);
  EXPECT_TRUE(parse_moment("2026-01-31", now).has_value());
  for (const char* bad : {"", "7", "yesterday", "2026-02-30", "2026-01-31x", "-3d"})
    EXPECT_FALSE(parse_moment(bad, now).has_value()) << bad;
}

TEST(RemotePaths, Patterns) {
  EXPECT_TRUE(matches("*.txt", "a.txt"));
  EXPECT_FALSE(matches("*", ".hidden"));
  EXPECT_TRUE(matches(".*", ".hidden"));
  EXPECT_TRUE(matches("[a-c]?", "bx"));
  EXPECT_FALSE(has_pattern("plain.txt"));
}

TEST(RemotePaths, Parts) {
  EXPECT_EQ(join("/", "a"), "/a");
  EXPECT_EQ(join("/a", "b"), "/a/b");
  EXPECT_EQ(parent_of("/a/b"), "/a");
  EXPECT_EQ(parent_of("/a"), "/");
  EXPECT_EQ(parent_of("/"), "/");
  EXPECT_EQ(name_of("/a/b"), "b");
}

}  // namespace
}  // namespace gantry::client
