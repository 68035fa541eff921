#include "object/bucket_gate.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/log.hpp"

namespace gantry::object {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

class Gate : public testing::Test {
 protected:
  Gate() {
    gate_.set_name("data-1250000000");
    testing::internal::CaptureStderr();
  }
  ~Gate() override { log_text(); }
  std::string log_text() {
    if (log_read_) return {};
    log_read_ = true;
    log::flush();
    return testing::internal::GetCapturedStderr();
  }
  /// Requests that may begin in `span`, each answered at once, when somebody tries every millisecond.
  unsigned begun_in(milliseconds span) {
    unsigned begun = 0;
    for (const auto end = now_ + span; now_ < end; now_ += milliseconds(1)) {
      if (!gate_.try_enter(now_)) continue;
      gate_.leave(true, now_);
      ++begun;
    }
    return begun;
  }

  BucketGate gate_;
  BucketGate::Time now_ = SteadyClock::now();
  bool log_read_ = false;
};

TEST_F(Gate, halves_what_runs_and_recovers_slowly) {
  for (int i = 0; i < 16; ++i) ASSERT_TRUE(gate_.try_enter(now_));
  gate_.leave(false);
  gate_.slow_down(now_);
  EXPECT_EQ(gate_.concurrency(), 8U);
  gate_.slow_down(now_);
  EXPECT_EQ(gate_.concurrency(), 8U) << "one answer of many must count once";
  EXPECT_FALSE(gate_.try_enter(now_));
  for (int i = 0; i < 15; ++i) gate_.leave(false);
  for (int i = 0; i < 8; ++i) {
    now_ += seconds(1);
    ASSERT_TRUE(gate_.try_enter(now_));
    gate_.leave(true, now_);
  }
  EXPECT_EQ(gate_.concurrency(), 9U);
  for (int i = 0; i < 9; ++i) {
    now_ += seconds(1);
    ASSERT_TRUE(gate_.try_enter(now_));
  }
  now_ += seconds(1);
  EXPECT_FALSE(gate_.try_enter(now_));
}

TEST_F(Gate, slows_what_begins_in_a_second_and_recovers_slowly) {
  EXPECT_EQ(gate_.pace(), BucketGate::max_pace);
  for (int i = 0; i < 200; ++i) {
    now_ += milliseconds(10);
    ASSERT_TRUE(gate_.try_enter(now_));
    gate_.leave(true, now_);
  }
  gate_.slow_down(now_);
  EXPECT_NEAR(gate_.pace(), 50, 5) << "half of 100 a second";
  const unsigned first = begun_in(seconds(1));
  EXPECT_GE(first, 40U);
  EXPECT_LE(first, 60U);
  begun_in(seconds(10));
  EXPECT_GT(gate_.pace(), 65);
  EXPECT_LT(gate_.pace(), 100);
  gate_.slow_down(now_);
  EXPECT_LT(gate_.pace(), 50);
  for (int i = 0; i < 20; ++i) gate_.slow_down(now_ += seconds(1));
  EXPECT_EQ(gate_.pace(), BucketGate::min_pace) << "never to a standstill";
}

TEST_F(Gate, goes_down_to_what_the_store_takes) {
  for (int i = 0; i < 2000; ++i) {
    now_ += milliseconds(1);
    ASSERT_TRUE(gate_.try_enter(now_));
    gate_.leave(i % 20 == 0, now_);
  }
  gate_.slow_down(now_);
  EXPECT_NEAR(gate_.pace(), 50, 5) << "of 1000 a second 50 succeeded";
}

TEST_F(Gate, an_episode_is_logged_once_with_the_bucket) {
  for (int i = 0; i < 30; ++i) {
    if (gate_.try_enter(now_)) gate_.leave(i % 2 == 0, now_);
    gate_.slow_down(now_ += seconds(1));
  }
  EXPECT_TRUE(gate_.pace() < BucketGate::max_pace);
  now_ += BucketGate::calm;
  EXPECT_TRUE(gate_.try_enter(now_));
  EXPECT_EQ(gate_.concurrency(), BucketGate::max_concurrency);
  EXPECT_EQ(gate_.pace(), BucketGate::max_pace);
  gate_.slow_down(now_);
  const std::string log = log_text();
  EXPECT_EQ(count(log, "store asks to slow down"), 2U) << log;
  EXPECT_EQ(count(log, "store recovered"), 1U) << log;
  EXPECT_EQ(count(log, "data-1250000000"), 3U) << log;
  EXPECT_TRUE(log.contains("warning")) << log;
}

}  // namespace
}  // namespace gantry::object
