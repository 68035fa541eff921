// A directory rename that breaks off at any call to the store or to the book of plans: after the janitor's step all is
// at the source or all at the target.
#include "vfs/rename_recovery.hpp"

#include <map>

#include "async/child.hpp"
#include "tests/unit/vfs/object_fixture.hpp"

namespace gantry::vfs {
namespace {

enum class Blow {
  refused,  ///< the call fails and does nothing
  lost,     ///< it takes effect and fails
  dead,     ///< it and all that follow fail
};

/// A book whose n-th call fails.
class FaultyPlans : public RenamePlans {
 public:
  FaultyPlans(std::shared_ptr<RenamePlans> inner, std::size_t bad, Blow blow)
      : inner_(std::move(inner)), bad_(bad), blow_(blow) {}
  [[nodiscard]] bool struck() const { return calls_ > bad_; }

  Task<Result<std::string>> begin(RenamePlan plan) override {
    const bool bad = strike();
    if (bad && blow_ != Blow::lost) co_return broken();
    auto ticket = co_await inner_->begin(std::move(plan));
    if (!bad) co_return ticket;
    if (ticket) inner_->abandon(*ticket);  // as the real one does
    co_return broken();
  }
  Task<Result<void>> advance(std::string ticket, RenamePhase phase) override {
    return with_fault(inner_->advance(std::move(ticket), phase));
  }
  Task<Result<void>> forget(std::string ticket) override { return with_fault(inner_->forget(std::move(ticket))); }
  void abandon(std::string ticket) override { inner_->abandon(std::move(ticket)); }
  Task<Result<bool>> touched(std::string store, std::string prefix) override { return inner_->touched(store, prefix); }
  Task<Result<std::vector<RenamePlan>>> adopt(std::string store) override { return inner_->adopt(store); }
  Task<Result<std::vector<RenamePlan>>> records(std::string store) override { return inner_->records(store); }

 private:
  static std::unexpected<Error> broken() { return fail(Errc::unavailable, "book", "broken"); }
  bool strike() {
    const std::size_t call = calls_++;
    return call == bad_ || (blow_ == Blow::dead && call > bad_);
  }
  Task<Result<void>> with_fault(Task<Result<void>> work) {
    const bool bad = strike();
    if (bad && blow_ != Blow::lost) co_return broken();
    auto done = co_await std::move(work);
    co_return bad ? broken() : done;
  }

  std::shared_ptr<RenamePlans> inner_;
  std::size_t bad_;
  Blow blow_;
  std::size_t calls_ = 0;
};

class BrokenRenames : public ObjectFixture {
 protected:
  using Content = std::map<std::string, std::string>;

  /// "/p/d" of six files is all that "/p" holds; "/q" is where it goes.
  void fill() {
    for (const char* key : {"p/d/", "q/"}) store_->set(key, "");
    unsigned seed = 0;
    for (const char* name : {"1", "2", "3", "s/4", "s/5"}) store_->set(std::string("p/d/") + name, data(50, ++seed));
    store_->set("p/d/large", data(150 * kib));
  }
  static object::Limits limits() { return {.min_part = 16 * kib, .max_part = 64 * kib, .max_put = 64 * kib}; }

  Content content() {
    Content all;
    for (const auto& key : store_->keys()) all[key] = store_->content(key);
    return all;
  }
  /// What a whole rename makes of it.
  static Content renamed(const Content& before) {
    Content after{{"p/", ""}};
    for (const auto& [key, text] : before) after[key.starts_with("p/d/") ? "q/e/" + key.substr(4) : key] = text;
    return after;
  }
  std::size_t recover() {
    return run(end_left_renames({.plans = renames_,
                                 .store = store_,
                                 .ledger = ledger_,
                                 .store_name = options_.store_name,
                                 .settle = Milliseconds::zero()}));
  }
  std::size_t records() { return must(run(renames_->records("main"))).size(); }
  bool rename() { return run(fs_->rename(at("/p/d"), at("/q/e"))).has_value(); }
  RenamePlan left(RenamePhase phase) {
    RenamePlan plan{.store = "main", .owner = "alice", .from = "p/d/", .to = "q/e/"};
    plan.ticket = must(run(renames_->begin(plan)));
    must(run(renames_->advance(plan.ticket, phase)));
    renames_->abandon(plan.ticket);
    return plan;
  }

  /// Strikes at store call `bad`. False when the rename made fewer calls.
  bool strike_store(std::size_t bad, Blow blow) {
    use(limits());
    fill();
    const Content before = content();
    std::size_t calls = 0;
    auto reached = std::make_shared<bool>(false);
    store_->on_call([this, &calls, bad, blow, reached](std::string operation, std::string) -> Task<void> {
      const std::size_t call = calls++;
      if (call == bad && blow == Blow::lost) store_->lose_answer(operation, Errc::unavailable);
      if ((call == bad && blow == Blow::refused) || (call >= bad && blow == Blow::dead))
        store_->fail_next(operation, Errc::unavailable);
      if (call >= bad) *reached = true;
      co_return;
    });
    const bool done = rename();
    store_->on_call({});
    check(before, done, "store call " + std::to_string(bad));
    return *reached;
  }

  void check(const Content& before, bool done, const std::string& where) {
    recover();
    const Content after = content();
    if (done || after != before) EXPECT_EQ(after, renamed(before)) << where;
    EXPECT_EQ(records(), 0U) << where;
  }
};

TEST_F(BrokenRenames, AreWholeAfterAnyCallToTheStore) {
  for (Blow blow : {Blow::refused, Blow::lost, Blow::dead}) {
    std::size_t bad = 0;
    while (strike_store(bad, blow) && !HasFailure()) ++bad;
    EXPECT_GT(bad, 10U);
  }
}

TEST_F(BrokenRenames, AreWholeAfterAnyCallToTheBook) {
  for (Blow blow : {Blow::refused, Blow::lost, Blow::dead}) {
    for (std::size_t bad = 0;; ++bad) {
      use(limits());
      fill();
      auto faulty = std::make_shared<FaultyPlans>(renames_, bad, blow);
      options_.renames = faulty;
      restart();
      const Content before = content();
      const bool done = rename();
      fs_.reset();
      check(before, done, "book call " + std::to_string(bad));
      if (HasFailure() || !faulty->struck()) {
        EXPECT_GE(bad, 4U);
        break;
      }
    }
  }
}

TEST_F(BrokenRenames, AreEndedByALaterCallWhenTheStoreStillFails) {
  fill();
  const Content before = content();
  store_->set("q/e/1", store_->content("p/d/1"));
  left(RenamePhase::copying);
  store_->fail_next("remove_many", Errc::unavailable);
  EXPECT_EQ(recover(), 0U);
  EXPECT_EQ(records(), 1U);
  EXPECT_EQ(recover(), 1U);
  EXPECT_EQ(content(), before);
  EXPECT_EQ(recover(), 0U);
}

TEST_F(BrokenRenames, ACopyThatNobodyAnsweredMayComeLate) {
  fill();
  const Content before = content();
  store_->fail_next("copy", Errc::timed_out);
  EXPECT_FALSE(rename());
  EXPECT_EQ(content(), before);
  store_->set("q/e/1", before.at("p/d/1"));  // the store has only been slow
  EXPECT_EQ(recover(), 1U);
  EXPECT_EQ(content(), before);
}

TEST_F(BrokenRenames, AnUndoTakesOnlyCopiesOfWhatIsThere) {
  fill();
  store_->set("q/e/1", store_->content("p/d/1"));
  store_->set("q/e/2", data(50, 99));         // somebody's own, of the same size
  store_->set("q/e/3", "longer or shorter");  // somebody's own
  store_->set("q/e/gone", "its source is gone");
  left(RenamePhase::copying);
  EXPECT_EQ(recover(), 1U);
  EXPECT_FALSE(store_->has("q/e/1"));
  EXPECT_TRUE(store_->has("p/d/1"));
  for (const char* kept : {"q/e/2", "q/e/3", "q/e/gone"}) EXPECT_TRUE(store_->has(kept)) << kept;
}

TEST_F(BrokenRenames, UnfinishedCopiesInPartsAreNobodysUploads) {
  fill();
  auto hold = [&](const std::string& key, const std::string& owner) {
    const std::string ticket = must(run(ledger_->begin({"main", owner, key}, {})));
    must(run(ledger_->begun(ticket, "id of " + key)));
    must(run(ledger_->stored(ticket, {.number = 1, .size = 10, .etag = "e", .crc64 = {}})));
    must(run(ledger_->hold(ticket, 1)));
  };
  left(RenamePhase::copying);
  hold("q/e/large", "alice");
  hold("q/e/1", "bob");
  hold("q/e/own", "alice");
  EXPECT_EQ(recover(), 1U);
  for (const auto& one : must(run(ledger_->records("main")))) {
    const bool copy = one.name.key == "q/e/large";
    EXPECT_EQ(one.state, copy ? UploadLedger::State::doomed : UploadLedger::State::held) << one.name.key;
  }
}

TEST_F(BrokenRenames, AFinishTakesOnlySourcesWhoseCopyIsThere) {
  fill();
  store_->set("q/e/1", store_->content("p/d/1"));
  store_->set("q/e/2", data(50, 99));
  left(RenamePhase::deleting);
  EXPECT_EQ(recover(), 1U);
  EXPECT_FALSE(store_->has("p/d/1"));
  EXPECT_TRUE(store_->has("q/e/1"));
  for (const char* kept : {"p/d/2", "p/d/3", "q/e/2"}) EXPECT_TRUE(store_->has(kept)) << kept;
}

TEST_F(BrokenRenames, WhatListingsDoNotShowYetIsUndone) {
  fill();
  const Content before = content();
  store_->lag_listings(test::MemoryStore::all_writes);
  store_->set("q/e/1", store_->content("p/d/1"));
  left(RenamePhase::copying);
  EXPECT_EQ(recover(), 1U);
  EXPECT_EQ(content(), before);
}

TEST_F(BrokenRenames, WhatWasNotYetLookedAtIsOnlyForgotten) {
  fill();
  store_->set("q/e/1", store_->content("p/d/1"));
  left(RenamePhase::looking);
  EXPECT_EQ(recover(), 1U);
  EXPECT_TRUE(store_->has("q/e/1"));
  EXPECT_EQ(records(), 0U);
}

TEST_F(BrokenRenames, ARunningOneKeepsOthersAway) {
  fill();
  auto others = session();
  std::size_t asked = 0;
  store_->on_call([&](std::string operation, std::string) -> Task<void> {
    if (operation != "copy" || asked++ > 0) co_return;
    EXPECT_EQ(code(co_await others->rename(at("/p/d"), at("/x"), Existing::may_go)), Errc::conflict);
    EXPECT_EQ(code(co_await others->rename(at("/p/d/s"), at("/x"), Existing::may_go)), Errc::conflict);
    EXPECT_EQ(code(co_await others->rename(at("/p/d/1"), at("/x"), Existing::may_go)), Errc::conflict);
    EXPECT_EQ(code(co_await others->remove_directory(at("/p/d/s"))), Errc::conflict);
    EXPECT_EQ(code(co_await others->remove_directory(at("/q/e"))), Errc::conflict);
    EXPECT_EQ(co_await end_left_renames({.plans = renames_, .store = store_, .ledger = {}, .store_name = "main"}), 0U);
  });
  EXPECT_TRUE(rename());
  EXPECT_EQ(asked, 7U);
  store_->on_call({});
  EXPECT_EQ(records(), 0U);
  EXPECT_TRUE(run(others->rename(at("/q/e"), at("/x"), Existing::may_go)));
}

TEST_F(BrokenRenames, TheFileSystemTellsHowFarItIs) {
  fill();
  std::uint64_t most = 0;
  store_->on_call([&](std::string operation, std::string) -> Task<void> {
    const auto far = fs_->rename_progress();
    if (operation == "copy" || operation == "remove_many") EXPECT_TRUE(far) << operation;
    if (!far) co_return;
    EXPECT_EQ(far->of, 7U);
    most = std::max(most, far->copied);
  });
  EXPECT_TRUE(rename());
  EXPECT_EQ(most, 7U);
}

TEST_F(BrokenRenames, ARefusedTargetLeavesNoPlan) {
  fill();
  store_->set("q/e/other", "x");
  EXPECT_EQ(code(run(fs_->rename(at("/p/d"), at("/q/e")))), Errc::already_exists);
  EXPECT_EQ(records(), 0U);
}

}  // namespace
}  // namespace gantry::vfs
