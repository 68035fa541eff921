#include "proto/ascii.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace gantry::proto {
namespace {

using namespace std::string_literals;

struct Case {
  std::string in;
  std::string out;
};

/// Converts in two or three chunks; also checks that the counts are what was appended.
template <class Converter>
std::string convert(std::string_view in, std::size_t cut, std::size_t second_cut) {
  Converter converter;
  std::vector<std::byte> out{std::byte{'#'}};
  std::size_t count = 0;
  count += converter.convert(as_byte_view(in.substr(0, cut)), out);
  count += converter.convert(as_byte_view(in.substr(cut, second_cut - cut)), out);
  count += converter.convert(as_byte_view(in.substr(second_cut)), out);
  count += converter.finish(out);
  EXPECT_EQ(count + 1, out.size());
  EXPECT_EQ(out.front(), std::byte{'#'}) << "it appends";
  return std::string(as_text(out).substr(1));
}

template <class Converter>
void check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    for (std::size_t a = 0; a <= one.in.size(); ++a) {
      for (std::size_t b = a; b <= one.in.size(); ++b)
        EXPECT_EQ(convert<Converter>(one.in, a, b), one.out) << testing::PrintToString(one.in) << a << ' ' << b;
    }
  }
}

TEST(ToNetwork, Converts) {
  check<ToNetwork>({{"", ""},
                    {"a", "a"},
                    {"\n", "\r\n"},
                    {"a\nb\n", "a\r\nb\r\n"},
                    {"\n\n", "\r\n\r\n"},
                    {"a\r\nb", "a\r\nb"},
                    {"\r\n\n\r\n", "\r\n\r\n\r\n"},
                    {"\r\r\n", "\r\r\n"},
                    {"a\rb\n", "a\rb\r\n"},
                    {"a\r", "a\r"},
                    {"\0\n\xFF"s, "\0\r\n\xFF"s}});
}

TEST(FromNetwork, Converts) {
  check<FromNetwork>({{"", ""},
                      {"a", "a"},
                      {"\r\n", "\n"},
                      {"a\r\nb\r\n", "a\nb\n"},
                      {"\n", "\n"},
                      {"a\rb", "a\rb"},
                      {"\r", "\r"},
                      {"a\r", "a\r"},
                      {"\r\r", "\r\r"},
                      {"\r\r\n", "\r\n"},
                      {"\r\n\r", "\n\r"},
                      {"\n\r", "\n\r"},
                      {"\r\0\r\n"s, "\r\0\n"s}});
}

TEST(Ascii, ConvertersStartAfreshAfterFinish) {
  std::vector<std::byte> out;
  ToNetwork to;
  to.convert(as_byte_view("\r"), out);
  to.finish(out);
  to.convert(as_byte_view("\n"), out);
  EXPECT_EQ(as_text(out), "\r\r\n");
  out.clear();
  FromNetwork from;
  from.convert(as_byte_view("\r"), out);
  from.finish(out);
  from.convert(as_byte_view("\n"), out);
  from.finish(out);
  EXPECT_EQ(as_text(out), "\r\n");
}

}  // namespace
}  // namespace gantry::proto
