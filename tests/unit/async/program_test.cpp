// Programs that answer, fail, talk too much or never end.
#include "async/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "async/child.hpp"
#include "async/event.hpp"
#include "tests/support/run.hpp"

namespace gantry::async {
namespace {

using testing::HasSubstr;

class Programs : public testing::Test {
 protected:
  Programs() {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    std::string name = testing::TempDir() + "gantry_program_XXXXXX";
    directory_ = mkdtemp(name.data());
  }
  ~Programs() override { std::filesystem::remove_all(directory_); }

  std::string script(const std::string& text) {
    const std::string path = directory_ + "/script";
    std::ofstream(path) << "#!/bin/sh\n" << text << "\n";
    ::chmod(path.c_str(), 0700);
    return path;
  }
  Result<std::string> run(const std::string& path, const std::string& input = {}) {
    return test::run_task(context_, run_program(pool_, path, input, 1000));
  }

  std::string directory_;
  asio::io_context context_;
  BlockingPool pool_{2, 10};
};

TEST_F(Programs, HearAndAnswer) {
  EXPECT_EQ(run(script("cat; echo done"), "question\n").value(), "question\ndone\n");
  EXPECT_EQ(run("/bin/true").value(), "");
}

TEST_F(Programs, GetNothingOfOurs) {
  ::setenv("GANTRY_TEST_SECRET", "x", 1);
  const std::string names = run(script("env; ls /proc/self/fd | wc -l")).value();
  EXPECT_THAT(names, HasSubstr("PATH=/usr/local/sbin:"));
  EXPECT_THAT(names, testing::Not(HasSubstr("GANTRY_TEST_SECRET")));
  // Its three, and the directory that ls reads.
  EXPECT_THAT(names, testing::EndsWith("\n4\n"));
  for (const char* signal : {"PIPE", "XFSZ"})
    EXPECT_FALSE(run(script(std::string("kill -s ") + signal + " $$; echo ignored"))) << signal;
}

TEST_F(Programs, ThatDoNotListenMayAnswer) {
  EXPECT_EQ(run(script("exec <&-; echo no"), std::string(60'000, 'x')).value(), "no\n");
}

TEST_F(Programs, FailuresAreTold) {
  EXPECT_THAT(run(script("echo yes; exit 3")).error().text(), HasSubstr("status 3"));
  EXPECT_THAT(run(script("kill -9 $$")).error().text(), HasSubstr("signal 9"));
  EXPECT_THAT(run("/nonexistent/program").error().text(), HasSubstr("No such file"));
  const auto much = run(script("yes"));
  ASSERT_FALSE(much);
  EXPECT_EQ(much.error().code, Errc::unavailable);
  EXPECT_THAT(much.error().text(), HasSubstr("too much"));
}

TEST_F(Programs, AreKilledWithAllTheyStarted) {
  // The numbers of the script and of its child tell whether they are still there.
  const std::string path = script("sleep 1000 & echo $$ $! > " + directory_ + "/pids; mv " + directory_ + "/pids " +
                                  directory_ + "/numbers; wait");
  Result<std::string> said;
  auto work = [&]() -> Task<void> { said = co_await run_program(pool_, path, {}, 1000); };
  auto cancelled = [&]() -> Task<void> {
    Child child(co_await asio::this_coro::executor, "program", work());
    while (!std::filesystem::exists(directory_ + "/numbers")) co_await sleep_for(std::chrono::milliseconds(5));
    child.cancel();
    co_await child.join();
  };
  test::run_task(context_, cancelled());
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error().code, Errc::cancelled);
  pid_t script_number = 0;
  pid_t child_number = 0;
  std::ifstream(directory_ + "/numbers") >> script_number >> child_number;
  ASSERT_GT(child_number, 0);
  EXPECT_EQ(::kill(script_number, 0), -1) << "it has been waited for";
  // The child dies on its own time; its zombie belongs to init then, which buries it when it likes.
  const auto is_dead = [&] {
    std::ifstream state("/proc/" + std::to_string(child_number) + "/stat");
    std::string line;
    return !std::getline(state, line) || line.contains(") Z ");
  };
  const auto patience = SteadyClock::now() + std::chrono::seconds(30);
  while (!is_dead() && SteadyClock::now() < patience) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(is_dead());
}

}  // namespace
}  // namespace gantry::async
