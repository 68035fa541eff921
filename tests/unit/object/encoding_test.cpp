#include "object/encoding.hpp"

#include <gtest/gtest.h>

namespace gantry::object {
namespace {

TEST(Encoding, keeps_only_the_unreserved) {
  EXPECT_EQ(encode("aZ0-_.~"), "aZ0-_.~");
  EXPECT_EQ(encode(" +*/!'()%"), "%20%2B%2A%2F%21%27%28%29%25");
  EXPECT_EQ(encode_path("a b/\xE5\xAE\xB6"), "a%20b/%E5%AE%B6");
}

TEST(Encoding, decodes_what_it_encodes) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(decode(encode(all), Plus::literal), all);
  EXPECT_EQ(decode(encode(all), Plus::space), all);
  EXPECT_EQ(decode("a+b%2B", Plus::literal), "a+b+");
  EXPECT_EQ(decode("a+b%2b", Plus::space), "a b+");
  for (const char* bad : {"%", "%4", "a%zz", "%4g"}) EXPECT_EQ(decode(bad, Plus::literal), std::nullopt) << bad;
}

TEST(Encoding, etags) {
  EXPECT_EQ(unquote_etag("\"abc\""), "abc");
  EXPECT_EQ(unquote_etag(" W/\"abc\" "), "abc");
  EXPECT_EQ(unquote_etag("abc"), "abc");
  EXPECT_TRUE(is_md5_etag("0123456789abcdef0123456789ABCDEF"));
  EXPECT_FALSE(is_md5_etag("0123456789abcdef0123456789abcdef-2"));
  EXPECT_FALSE(is_md5_etag("0123456789abcdef0123456789abcdeg"));
}

TEST(StoreTime, three_forms_mean_one_moment) {
  WallTime expected{Seconds(1'700'000'000)};
  for (const char* text : {"Tue, 14 Nov 2023 22:13:20 GMT", "2023-11-14T22:13:20Z", "2023-11-14T22:13:20",
                           "2023-11-14T22:13:20.000Z", "2023-11-14 22:13:20", "Tue Nov 14 22:13:20 2023"})
    EXPECT_EQ(parse_store_time(text), expected) << text;
  EXPECT_EQ(parse_store_time("2023-11-14T22:13:20.250Z"), expected + Milliseconds(250));
  EXPECT_EQ(parse_store_time("Wed Jan  8 16:04:17 2017"), parse_store_time("2017-01-08T16:04:17Z"));
}

TEST(StoreTime, nonsense_is_unknown) {
  for (const char* text : {"", "now", "2023-13-14T22:13:20Z", "2023-02-30T22:13:20Z", "2023-11-14T25:13:20Z",
                           "Tue, 14 Foo 2023 22:13:20 GMT", "2023-11-14T22:13:20+08:00", "Tue, 14 Nov 2023 22:13",
                           "2023-11-1\xFF"
                           "T22:13:20Z"})
    EXPECT_EQ(parse_store_time(text), std::nullopt) << text;
}

TEST(StoreTime, amz_form) { EXPECT_EQ(amz_date(WallTime(Milliseconds(1'700'000'000'999))), "20231114T221320Z"); }

}  // namespace
}  // namespace gantry::object
