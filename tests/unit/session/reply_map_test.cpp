#include "session/reply_map.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/units.hpp"

namespace gantry::session {
namespace {

/// Design, section 6: the table of errors.
const std::map<Errc, int> codes{{Errc::not_found, 550},
                                {Errc::unfinished, 550},
                                {Errc::is_directory, 550},
                                {Errc::not_directory, 550},
                                {Errc::not_empty, 550},
                                {Errc::denied, 550},
                                {Errc::already_exists, 550},
                                {Errc::bad_name, 553},
                                {Errc::invalid, 553},
                                {Errc::bad_offset, 554},
                                {Errc::quota, 552},
                                {Errc::too_large, 552},
                                {Errc::no_space, 452},
                                {Errc::unsupported, 504},
                                {Errc::throttled, 450},
                                {Errc::conflict, 450},
                                {Errc::unavailable, 451},
                                {Errc::timed_out, 451},
                                {Errc::corrupt, 451},
                                {Errc::internal, 451},
                                {Errc::mount_point, 550},
                                {Errc::across_stores, 553},
                                {Errc::data_open_failed, 425},
                                {Errc::data_broken, 426},
                                {Errc::cancelled, 426}};

TEST(ReplyMap, EveryErrorHasItsCode) {
  for (const auto& [error, code] : codes)
    EXPECT_EQ(to_reply({error, "operation", "", ""}).code, code) << to_string(error);
}

TEST(ReplyMap, NothingOfTheErrorReachesTheClient) {
  for (const auto& [error, code] : codes) {
    auto reply = to_reply({error, "put /srv/secret", "key AKID", "request-17"});
    ASSERT_EQ(reply.lines.size(), 1U);
    for (const char* inside : {"srv", "AKID", "request-17"})
      EXPECT_EQ(reply.lines[0].find(inside), std::string::npos) << reply.lines[0];
  }
}

TEST(ReplyMap, ARefusalForQuotaSaysWhatIsLeft) {
  const vfs::QuotaUse use{.used = {3 * mib / 2, 9}, .known = true, .due = false};
  EXPECT_EQ(over_quota({.bytes = 2 * mib, .files = 10}, use).lines[0], "Quota exceeded: 512.0 KiB and 1 file left");
  EXPECT_EQ(over_quota({.bytes = mib, .files = 0}, use).lines[0], "Quota exceeded: 0 B left");
  EXPECT_EQ(over_quota({.bytes = 0, .files = 20}, use).lines[0], "Quota exceeded: 11 files left");
  EXPECT_EQ(over_quota({.bytes = mib, .files = 0}, {}).code, 450) << "not counted yet";
}

}  // namespace
}  // namespace gantry::session
