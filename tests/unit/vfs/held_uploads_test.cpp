#include "vfs/held_uploads.hpp"

#include "tests/unit/vfs/object_fixture.hpp"

namespace gantry::vfs {
namespace {

class HeldUploadsTest : public ObjectFixture {
 protected:
  /// Interrupts an upload after `size` bytes; what was kept.
  std::uint64_t interrupt(std::string_view path, std::size_t size, UploadOptions options = {}) {
    auto upload = open(path, std::move(options));
    must(try_write(*upload, data(size)));
    return must(run(upload->hold()));
  }
  UploadOptions from(std::uint64_t offset) { return {.mode = UploadMode::at_offset, .offset = offset}; }
};

TEST_F(HeldUploadsTest, ContinueOnAPartBorder) {
  // Three parts of 64 KiB and a tail below the store's minimum, which is sent again.
  EXPECT_EQ(interrupt("/f", 200 * kib), 192 * kib);
  EXPECT_EQ(must(run(fs_->stat(at("/f")))).size, 192 * kib);
  EXPECT_EQ(list("/"), std::vector<std::string>{"f"});
  EXPECT_FALSE(store_->has("f"));
  EXPECT_EQ(code(run(fs_->open_reader(at("/f"), {}))), Errc::unfinished);
  restart();
  auto upload = open("/f", from(192 * kib));
  EXPECT_EQ(upload->position(), 192 * kib);
  must(try_write(*upload, data(500 * kib).substr(192 * kib)));
  EXPECT_EQ(must(run(upload->commit())).size, 500 * kib);
  EXPECT_TRUE(store_->content("f") == data(500 * kib));
  EXPECT_EQ(left_over(), 0U);
  EXPECT_EQ(store_->open_uploads(), 0U);
}

TEST_F(HeldUploadsTest, AppendContinuesAtTheSafeSize) {
  interrupt("/f", 200 * kib);
  auto upload = open("/f", {.mode = UploadMode::append});
  EXPECT_EQ(upload->position(), 192 * kib);
  must(try_write(*upload, data(300 * kib).substr(192 * kib)));
  must(run(upload->commit()));
  EXPECT_TRUE(store_->content("f") == data(300 * kib));
}

TEST_F(HeldUploadsTest, EarlierOffsetsSendPartsAgainOrDropWhatIsStored) {
  for (std::uint64_t offset : {128 * kib, 64 * kib, 100 * kib, std::uint64_t{1}}) {
    EXPECT_EQ(interrupt("/f", 200 * kib), 192 * kib);
    auto upload = open("/f", from(offset));
    EXPECT_EQ(upload->position(), offset);
    must(try_write(*upload, data(400 * kib).substr(static_cast<std::size_t>(offset))));
    must(run(upload->commit()));
    EXPECT_TRUE(store_->content("f") == data(400 * kib)) << offset;
    must(run(fs_->remove_file(at("/f"))));
  }
}

TEST_F(HeldUploadsTest, MayBeInterruptedAgain) {
  interrupt("/f", 100 * kib);
  EXPECT_EQ(interrupt("/f", 0, from(64 * kib)), 64 * kib);
  auto upload = open("/f", from(64 * kib));
  must(try_write(*upload, data(300 * kib).substr(64 * kib)));
  EXPECT_EQ(must(run(upload->hold())),
            300 * kib - (300 * kib) % (64 * kib) + (300 % 64 >= 16 ? (300 * kib) % (64 * kib) : 0));
  upload = open("/f", {.mode = UploadMode::append});
  must(try_write(*upload, data(400 * kib).substr(300 * kib)));
  must(run(upload->commit()));
  EXPECT_TRUE(store_->content("f") == data(400 * kib));
}

TEST_F(HeldUploadsTest, EndingBeforeTheStoredBytesIsNoSuccess) {
  interrupt("/f", 200 * kib);
  auto upload = open("/f", from(100 * kib));
  must(try_write(*upload, "short"));
  EXPECT_EQ(code(run(upload->commit())), Errc::conflict);
  EXPECT_FALSE(store_->has("f"));
  EXPECT_EQ(store_->open_uploads(), 0U);
}

TEST_F(HeldUploadsTest, BelongToTheirOwner) {
  interrupt("/f", 200 * kib);
  options_.owner = "bob";
  restart();
  EXPECT_EQ(code(run(fs_->stat(at("/f")))), Errc::not_found);
  EXPECT_TRUE(list("/").empty());
  EXPECT_EQ(code(run(fs_->open_upload(at("/f"), from(192 * kib)))), Errc::bad_offset);
  EXPECT_EQ(code(run(fs_->remove_file(at("/f")))), Errc::not_found);
  EXPECT_EQ(left_over(), 1U);
}

TEST_F(HeldUploadsTest, LittleIsNotHeld) {
  EXPECT_EQ(interrupt("/f", 10 * kib), 0U);
  EXPECT_EQ(left_over(), 0U);
  EXPECT_EQ(store_->open_uploads(), 0U);
  EXPECT_EQ(interrupt("/f", 20 * kib), 20 * kib) << "one part that the store would take anywhere";
}

TEST_F(HeldUploadsTest, AnOldObjectHidesTheHeldOne) {
  store_->set("f", "old");
  EXPECT_EQ(interrupt("/f", 200 * kib), 192 * kib);
  EXPECT_EQ(must(run(fs_->stat(at("/f")))).size, 3U);
  put("/f", "er", {.mode = UploadMode::append});
  EXPECT_EQ(store_->content("f"), "older");
}

TEST_F(HeldUploadsTest, WhatTheStoreForgotIsNotContinued) {
  interrupt("/f", 200 * kib);
  const auto shown = must(run(ledger_->find({"main", "alice", "f"})));
  ASSERT_TRUE(shown.has_value());
  must(run(store_->abort_parts("f", shown->upload_id)));
  EXPECT_EQ(code(run(fs_->open_upload(at("/f"), from(192 * kib)))), Errc::bad_offset);
  EXPECT_EQ(left_over(), 0U);
}

TEST_F(HeldUploadsTest, AFailedPartHoldsWhatLiesBeforeIt) {
  auto upload = open("/f");
  must(try_write(*upload, data(65 * kib)));
  while (store_->count("put_part") < 1) context_.run_one();
  store_->fail_next("put_part", Errc::unavailable);
  auto written = try_write(*upload, data(1000 * kib).substr(65 * kib));
  EXPECT_EQ(must(run(upload->hold())), 64 * kib);
  upload = open("/f", from(64 * kib));
  must(try_write(*upload, data(300 * kib).substr(64 * kib)));
  must(run(upload->commit()));
  EXPECT_TRUE(store_->content("f") == data(300 * kib));
}

TEST_F(HeldUploadsTest, OnlyOneContinuesAtATime) {
  interrupt("/f", 200 * kib);
  auto first = open("/f", from(192 * kib));
  EXPECT_EQ(code(run(fs_->open_upload(at("/f"), from(192 * kib)))), Errc::conflict);
  // It would become a file of the end alone.
  EXPECT_EQ(code(run(fs_->open_upload(at("/f"), {.mode = UploadMode::append}))), Errc::conflict);
  must(try_write(*first, data(300 * kib).substr(192 * kib)));
  must(run(first->commit()));
  EXPECT_TRUE(store_->content("f") == data(300 * kib));
}

TEST_F(HeldUploadsTest, WhatAnotherProcessTookOverIsNeitherFinishedNorAborted) {
  auto upload = open("/f");
  must(try_write(*upload, data(130 * kib)));
  while (store_->count("put_part") < 2) context_.run_one();
  const auto records = must(run(ledger_->records("main")));
  ASSERT_EQ(records.size(), 1U);
  must(run(ledger_->hold(records[0].upload.ticket, 1)));
  static_cast<void>(try_write(*upload, data(1000 * kib)));
  EXPECT_EQ(code(run(upload->commit())), Errc::conflict);
  EXPECT_FALSE(store_->has("f"));
  EXPECT_EQ(store_->open_uploads(), 1U);
  const auto held = must(run(ledger_->find({"main", "alice", "f"})));
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(held->parts.size(), 1U);
}

TEST_F(HeldUploadsTest, TheJanitorSparesAnUploadThatIsJustBeingBegun) {
  const std::string unheard = must(run(ledger_->begin({"main", "alice", "f"}, {})));
  must(run(ledger_->doom(unheard)));
  const std::string lost = must(run(store_->start_parts("f", {})));
  const std::string ticket = must(run(ledger_->begin({"main", "bob", "f"}, {})));
  const std::string young = must(run(store_->start_parts("f", {})));
  const auto sweep = [&] { return run(abort_left_over(ledger_, store_, "main", std::chrono::hours(1))); };
  EXPECT_EQ(sweep(), 0U);
  EXPECT_EQ(store_->open_uploads(), 2U);
  must(run(ledger_->begun(ticket, young)));
  EXPECT_EQ(sweep(), 1U);
  EXPECT_EQ(store_->open_uploads(), 1U);
  must(run(store_->list_parts("f", young)));
  EXPECT_EQ(code(run(store_->list_parts("f", lost))), Errc::not_found);
}

TEST_F(HeldUploadsTest, TheJanitorAbortsWhatIsOld) {
  interrupt("/f", 200 * kib);
  interrupt("/g", 200 * kib);
  EXPECT_EQ(run(abort_left_over(ledger_, store_, "main", std::chrono::hours(1))), 0U);
  EXPECT_EQ(run(abort_left_over(ledger_, store_, "elsewhere", Milliseconds(-1000))), 0U);
  store_->fail_next("abort_parts", Errc::unavailable);
  EXPECT_EQ(run(abort_left_over(ledger_, store_, "main", Milliseconds(-1000))), 1U);
  EXPECT_EQ(left_over(), 1U);
  EXPECT_EQ(run(abort_left_over(ledger_, store_, "main", Milliseconds(-1000))), 1U);
  EXPECT_EQ(store_->open_uploads(), 0U);
  EXPECT_EQ(left_over(), 0U);
}

}  // namespace
}  // namespace gantry::vfs
