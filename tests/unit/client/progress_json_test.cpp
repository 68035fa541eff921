#include "client/progress_json.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <string>

namespace gantry::client {
namespace {

using transfer::Board;
using transfer::Clock;
using transfer::Direction;
using transfer::Phase;

TEST(ProgressJson, RunningTransfersAndTotals) {
  Board board;
  ProgressText text(false);
  const auto id = board.add("文件\x1b\xff", Direction::down);
  board.start(id, 60, 100);
  text.note(board.look(), Clock::time_point() + Seconds(1));
  board.moved(id, 20);
  const auto view = board.look();
  text.note(view, Clock::time_point() + Seconds(2));
  const std::string line = progress_json(view, text);
  EXPECT_EQ(line.find('\n'), line.size() - 1) << "one line";
  const auto object = boost::json::parse(line).as_object();
  EXPECT_EQ(object.at("event").as_string(), "progress");
  EXPECT_EQ(object.at("bytes").to_number<int>(), 80);
  EXPECT_EQ(object.at("size").to_number<int>(), 100);
  EXPECT_EQ(object.at("moved").to_number<int>(), 20);
  EXPECT_EQ(object.at("rate").to_number<int>(), 20);
  EXPECT_EQ(object.at("left").to_number<int>(), 1);
  const auto& one = object.at("running").as_array().at(0).as_object();
  EXPECT_EQ(one.at("phase").as_string(), "moving");
  EXPECT_EQ(one.at("direction").as_string(), "down");
  EXPECT_EQ(one.at("resumed_from").to_number<int>(), 60);
  EXPECT_TRUE(one.contains("name_bytes")) << "a name that is no text keeps its bytes";
}

TEST(ProgressJson, UnknownSizesAreNull) {
  Board board;
  ProgressText text(false);
  board.start(board.add("file", Direction::up), 0, {});
  const auto object = boost::json::parse(progress_json(board.look(), text)).as_object();
  EXPECT_TRUE(object.at("size").is_null());
  EXPECT_TRUE(object.at("left").is_null());
}

TEST(ProgressJson, WhatEnded) {
  Board board;
  board.watch(true);
  board.phase(board.add("a", Direction::up, 7), Phase::failed, "550 No");
  const auto view = board.look();
  const auto object = boost::json::parse(ended_json(view)).as_object();
  EXPECT_EQ(object.at("event").as_string(), "ended");
  EXPECT_EQ(object.at("result").as_string(), "failed");
  EXPECT_EQ(object.at("note").as_string(), "550 No");
  EXPECT_EQ(object.at("seconds").to_number<double>(), 0);
  const auto total = boost::json::parse(total_json(view.totals, Milliseconds(1500))).as_object();
  EXPECT_EQ(total.at("failed").to_number<int>(), 1);
  EXPECT_EQ(total.at("seconds").to_number<double>(), 1.5);
}

}  // namespace
}  // namespace gantry::client
