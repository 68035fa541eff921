#include "server/credentials_watch.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>

#include "async/child.hpp"
#include "base/log.hpp"
#include "config/loader.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gantry::server {
namespace {

class Watch : public testing::Test {
 protected:
  Watch() {
    write("token", "one");
    write("gantry.toml", text());
    auto generation = std::make_shared<Generation>();
    generation->config = std::make_shared<const config::Config>(config_);
    shared_.replace(generation);
    state_ = shared_.stores.of(config_.stores.at(0));
    testing::internal::CaptureStderr();
  }
  ~Watch() override { log_text(); }

  static std::string text() {
    return "[[store]]\nname = \"main\"\ntype = \"cos\"\nbucket = \"b-1\"\nregion = \"r\"\naccess_key = \"a\"\n"
           "secret_key = \"s\"\nsession_token_file = \"token\"\n";
  }
  void write(const std::string& name, const std::string& content) {
    const std::string path = directory_.path() + "/" + name;
    std::ofstream(path + ".new") << content;
    std::filesystem::rename(path + ".new", path);
  }
  [[nodiscard]] config::Config load() {
    write("token", "one");
    write("gantry.toml", text());
    auto loaded = config::load_file(directory_.path() + "/gantry.toml");
    if (!loaded) throw std::runtime_error(config::format(loaded.error().front()));
    return loaded->config;
  }
  /// The watch runs, `change` happens, and a store whose keys are refused asks.
  void run(std::function<void()> change) {
    CredentialsWatch watch(context_.get_executor(), shared_);
    async::Child child(context_.get_executor(), "watch", watch.run());
    auto drive = [&]() -> Task<void> {
      object::LiveCredentials& live = state_->credentials();
      change();
      live.ask_for_newer();
      EXPECT_TRUE(live.looking());
      for (int i = 0; i < 5000 && live.looking(); ++i) (void)co_await async::sleep_for(Milliseconds(1));
      EXPECT_FALSE(live.looking());
      watch.stop();
    };
    async::Child driver(context_.get_executor(), "driver", drive());
    context_.run();
  }
  std::string log_text() {
    if (log_read_) return {};
    log_read_ = true;
    log::flush();
    return testing::internal::GetCapturedStderr();
  }
  std::string token() { return state_->credentials().current().keys->session_token.reveal(); }

  test::TemporaryDirectory directory_;
  config::Config config_ = load();
  asio::io_context context_{1};
  Shared shared_{config_};
  std::shared_ptr<object::SharedStoreState> state_;
  bool log_read_ = false;
};

TEST_F(Watch, new_token_in_its_file) {
  run([this] { write("token", "two"); });
  EXPECT_EQ(token(), "two");
  const std::string log = log_text();
  EXPECT_TRUE(log.contains("credentials replaced store=main")) << log;
  EXPECT_FALSE(log.contains("two")) << log;
}

TEST_F(Watch, nothing_but_the_keys_is_applied) {
  run([this] {
    write("token", "two");
    write("gantry.toml", "[server]\nmax_sessions = 7\n" + text() + text().replace(18, 4, "late"));
  });
  EXPECT_EQ(token(), "two");
  EXPECT_EQ(shared_.generation()->config->server.max_sessions, config_.server.max_sessions);
}

TEST_F(Watch, broken_configuration_keeps_the_keys) {
  std::string broken = text();
  broken.replace(broken.find("session_token"), std::string::npos, "session_token = \"two\"\nno_such_setting = 1\n");
  run([&] { write("gantry.toml", broken); });
  EXPECT_EQ(token(), "one");
  const std::string log = log_text();
  EXPECT_TRUE(log.contains("credentials not read again")) << log;
}

TEST_F(Watch, missing_file_keeps_the_keys) {
  run([this] { std::filesystem::remove(directory_.path() + "/token"); });
  EXPECT_EQ(token(), "one");
  EXPECT_TRUE(log_text().contains("there is no such file"));
}

TEST_F(Watch, stamps_tell_one_content_from_the_next) {
  const std::string file = directory_.path() + "/token";
  const std::vector<std::string> files{file, directory_.path() + "/none"};
  const FileStamps before = stamp_files(files);
  EXPECT_EQ(before, stamp_files(files));
  EXPECT_EQ(before.at(files[1]), FileStamp{});
  write("token", "six");  // as long as the content before
  EXPECT_NE(before, stamp_files(files));
  std::filesystem::remove(file);
  EXPECT_EQ(stamp_files(files).at(file), FileStamp{});
}

}  // namespace
}  // namespace gantry::server
