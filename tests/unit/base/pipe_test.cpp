#include "base/pipe.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace gantry {
namespace {

TEST(Pipe, TakesAtOnceWhatItPromises) {
  const auto pipe = Pipe::make();
  ASSERT_TRUE(pipe);
  ASSERT_EQ(::fcntl(pipe->in(), F_SETFL, O_NONBLOCK), 0);
  const std::string sent(Pipe::room, 'x');
  EXPECT_EQ(::write(pipe->in(), sent.data(), sent.size()), static_cast<::ssize_t>(sent.size()));
  std::string got(sent.size(), ' ');
  EXPECT_EQ(::read(pipe->out(), got.data(), got.size()), static_cast<::ssize_t>(got.size()));
  EXPECT_EQ(got, sent);
}

TEST(Pipe, ThereAreSoManyAtATime) {
  std::vector<std::unique_ptr<Pipe>> pipes;
  // A system may give none of this size before: the rule that counts is that there are never more.
  while (auto pipe = Pipe::make()) pipes.push_back(std::move(pipe));
  EXPECT_LE(pipes.size(), static_cast<std::size_t>(Pipe::most));
  ASSERT_FALSE(pipes.empty());
  const std::size_t as_many = pipes.size();
  pipes.pop_back();
  pipes.push_back(Pipe::make());
  EXPECT_TRUE(pipes.back());
  EXPECT_FALSE(Pipe::make());
  EXPECT_EQ(pipes.size(), as_many);
}

}  // namespace
}  // namespace gantry
