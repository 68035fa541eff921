// A fixture for exams that every kind of book passes: in memory, in SQLite, and in PostgreSQL when
// GANTRY_TEST_POSTGRESQL names a server.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "state/database.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gantry::test {

enum class KeptIn : std::uint8_t { memory, sqlite, postgresql };

class BookExam : public ::testing::TestWithParam<KeptIn> {
 protected:
  /// The state database of this kind, its tables as an earlier test left them; null for memory. Skips the test when
  /// there is no server.
  void SetUp() override {
    if (GetParam() == KeptIn::memory) return;
    location_ = "sqlite:" + directory_.path() + "/state.db";
    if (GetParam() == KeptIn::postgresql) {
      const char* server = std::getenv("GANTRY_TEST_POSTGRESQL");
      if (server == nullptr || *server == 0)
        GTEST_SKIP() << "GANTRY_TEST_POSTGRESQL names no server; ./dev test starts one";
      location_ = server;
    }
    auto opened = state::Database::open({.location = location_}, pool_);
    ASSERT_TRUE(opened.has_value()) << opened.error().text();
    database_ = *opened;
  }

  /// Empties tables, which a PostgreSQL server keeps from test to test.
  void clear(std::initializer_list<const char*> tables) {
    ASSERT_TRUE(database_->transact("clear", state::Access::write, [&](soci::session& sql) {
      for (const char* table : tables) sql << std::string("DELETE FROM ") + table;
    }));
  }

  template <class T>
  T run(Task<T> task) {
    return run_task(context_, std::move(task));
  }

  TemporaryDirectory directory_;
  std::string location_;  ///< of the database
  asio::io_context context_;
  async::BlockingPool pool_{2, 100};
  std::shared_ptr<state::Database> database_;
};

inline std::string name_of_place(const ::testing::TestParamInfo<KeptIn>& info) {
  return info.param == KeptIn::memory ? "memory" : info.param == KeptIn::sqlite ? "sqlite" : "postgresql";
}
/// Of INSTANTIATE_TEST_SUITE_P: where every book can be kept, and where other processes share it.
inline const auto any_place = ::testing::Values(KeptIn::memory, KeptIn::sqlite, KeptIn::postgresql);
inline const auto shared_places = ::testing::Values(KeptIn::sqlite, KeptIn::postgresql);

}  // namespace gantry::test
