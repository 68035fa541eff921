#include "base/pipe.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace gantry {
namespace {

TEST(Pipe, TakesAtOnceWhatItPromises) {
  const auto pipe = Pipe::make();
  ASSERT_TRUE(pipe);
  const std::string sent(Pipe::room, 'x');
  EXPECT_EQ(::write(pipe->in(), sent.data(), sent.size()), static_cast<::ssize_t>(sent.size()));
  std::string got(sent.size(), ' ');
  EXPECT_EQ(::read(pipe->out(), got.data(), got.size()), static_cast<::ssize_t>(got.size()));
  EXPECT_EQ(got, sent);
  EXPECT_EQ(::read(pipe->out(), got.data(), got.size()), -1) << "nothing more, and nobody waits";
}

TEST(Pipe, ThereAreSoManyAtATime) {
  std::vector<std::unique_ptr<Pipe>> pipes;
  while (auto pipe = Pipe::make()) pipes.push_back(std::move(pipe));
  EXPECT_LE(pipes.size(), static_cast<std::size_t>(Pipe::most));
  ASSERT_FALSE(pipes.empty());
  pipes.pop_back();
  pipes.push_back(Pipe::make());
  EXPECT_TRUE(pipes.back());
  EXPECT_FALSE(Pipe::make());
}

}  // namespace
}  // namespace gantry
