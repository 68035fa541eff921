#include "base/descriptor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace gantry {
namespace {

bool open_in_the_system(int number) { return ::fcntl(number, F_GETFD) >= 0; }

TEST(Descriptor, IsClosedWithItsOwner) {
  int number = -1;
  {
    const Descriptor owner(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(owner.good());
    number = owner.number();
    EXPECT_TRUE(open_in_the_system(number));
  }
  EXPECT_FALSE(open_in_the_system(number));
}

TEST(Descriptor, HasOneOwnerAtATime) {
  Descriptor first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = first.number();
  Descriptor second(std::move(first));
  EXPECT_EQ(second.number(), number);
  Descriptor third;
  EXPECT_FALSE(third.good());
  third = std::move(second);
  EXPECT_TRUE(open_in_the_system(number));
  EXPECT_EQ(third.release(), number);
  EXPECT_FALSE(third.good());
  EXPECT_TRUE(open_in_the_system(number)) << "whoever released it closes it";
  ::close(number);
}

}  // namespace
}  // namespace gantry
