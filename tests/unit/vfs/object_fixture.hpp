// An object file system on a store in memory, driven from plain tests.
#pragma once

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "tests/support/memory_store.hpp"
#include "tests/support/run.hpp"
#include "vfs/held_uploads.hpp"
#include "vfs/object_file_system.hpp"
#include "vfs/settled_store.hpp"

namespace gantry::vfs {

using test::code;
using test::must;

class ObjectFixture : public testing::Test {
 protected:
  /// A store with `limits`; the file system has parts of 64 KiB and an owner "alice".
  void use(object::Limits limits, bool crc64 = true, std::uint64_t budget = 64 * mib) {
    store_ = std::make_shared<test::MemoryStore>(test::MemoryStoreOptions{.limits = limits, .crc64 = crc64});
    budget_ = async::ByteBudget::create(budget);
    ledger_ = make_memory_upload_ledger();
    if (recent_) recent_ = std::make_shared<RecentWrites>();
    options_.owner = "alice";
    options_.part_size = 64 * kib;
    options_.budget = budget_;
    options_.ledger = ledger_;
    options_.renames = renames_ = make_memory_rename_plans();
    restart();
  }
  /// A new session: knows nothing.
  void restart() { fs_ = session(); }
  [[nodiscard]] std::unique_ptr<ObjectFileSystem> session() {
    if (!recent_) return std::make_unique<ObjectFileSystem>(store_, options_);
    return std::make_unique<ObjectFileSystem>(std::make_shared<SettledStore>(store_, recent_), options_);
  }
  /// As on COS: what is written is laid over listings. `lag`: writes that listings do not show yet.
  void expect_eventual_listings(std::size_t lag = 0) {
    recent_ = std::make_shared<RecentWrites>(RecentWrites::Options{.lifetime = std::chrono::hours(1)});
    store_->lag_listings(lag);
    restart();
  }

  void SetUp() override { use({.min_part = 16 * kib}); }

  template <class T>
  T run(Task<T> task) {
    return test::run_task(context_, std::move(task));
  }
  static Path at(std::string_view text) { return *Path::absolute(text); }

  std::unique_ptr<Upload> open(std::string_view path, UploadOptions options = {}) {
    return must(run(fs_->open_upload(at(path), std::move(options))));
  }
  Result<void> try_write(Upload& upload, std::string_view content) {
    while (!content.empty()) {
      auto room = run(upload.prepare(content.size()));
      if (!room) return fail(std::move(room.error()));
      std::ranges::copy(as_byte_view(content.substr(0, room->size())), room->begin());
      if (auto done = run(upload.advance(room->size())); !done) return done;
      content.remove_prefix(room->size());
    }
    return {};
  }
  Entry put(std::string_view path, std::string_view content, UploadOptions options = {}) {
    auto upload = open(path, std::move(options));
    must(try_write(*upload, content));
    return must(run(upload->commit()));
  }
  std::vector<std::string> list(std::string_view path) {
    std::vector<std::string> names;
    auto listing = must(run(fs_->list(at(path))));
    for (;;) {
      auto page = must(run(listing->next()));
      if (page.empty()) break;
      for (const auto& entry : page) names.push_back(entry.name + (entry.kind == Kind::directory ? "/" : ""));
    }
    std::ranges::sort(names);
    return names;
  }
  static std::string data(std::size_t size, unsigned seed = 1) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 31 + i / 251 + seed * 7) & 0xff);
    return text;
  }
  /// Uploads that the ledger holds or has doomed.
  std::size_t left_over() {
    const auto all = must(run(ledger_->records("main")));
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [](const auto& one) { return one.state != UploadLedger::State::open; }));
  }
  /// Requests since the last call.
  std::uint64_t requests() {
    const std::uint64_t sum = store_->count();
    store_->reset_counts();
    return sum;
  }

  asio::io_context context_;
  std::shared_ptr<test::MemoryStore> store_;
  std::shared_ptr<async::ByteBudget> budget_;
  std::shared_ptr<UploadLedger> ledger_;
  std::shared_ptr<RenamePlans> renames_;
  std::shared_ptr<RecentWrites> recent_;  // empty: the store's listings are up to date
  ObjectFileSystemOptions options_;
  std::unique_ptr<ObjectFileSystem> fs_;
};

}  // namespace gantry::vfs
