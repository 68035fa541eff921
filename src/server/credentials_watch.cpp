#include "server/credentials_watch.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/asio/post.hpp>

#include "base/log.hpp"

namespace gantry::server {
namespace {

constexpr auto look_interval = std::chrono::seconds(5);
/// A file that makes no sense is looked at once more after so long.
constexpr auto writing_pause = std::chrono::milliseconds(200);

struct Look {
  FileStamps stamps;
  std::optional<ConfigRead> read;  ///< when something had changed
};

/// Stamps first: what is written between the two looks is read again the next time.
Look look_at(const std::string& file, const std::vector<std::string>& files, const FileStamps& seen) {
  Look look{stamp_files(files), std::nullopt};
  if (look.stamps != seen) look.read = config::load_file(file);
  return look;
}

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

}  // namespace

FileStamps stamp_files(const std::vector<std::string>& files) {
  FileStamps stamps;
  for (const std::string& file : files) {
    FileStamp& stamp = stamps[file];
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0) continue;
    stamp = {.device = status.st_dev,
             .inode = status.st_ino,
             .size = static_cast<std::uint64_t>(status.st_size),
             .modified_ns = nanoseconds(status.st_mtim),
             .changed_ns = nanoseconds(status.st_ctim)};
  }
  return stamps;
}

CredentialsWatch::CredentialsWatch(asio::any_io_executor executor, Shared& shared)
    : executor_(executor), shared_(shared), wake_(executor) {
  shared_.stores.set_credentials_source([this] {
    asio::post(executor_, [this] {
      asked_ = true;
      wake_.notify();
    });
  });
}

CredentialsWatch::~CredentialsWatch() { shared_.stores.set_credentials_source({}); }

void CredentialsWatch::stop() {
  stopped_ = true;
  wake_.notify();
}

Task<void> CredentialsWatch::run() {
  while (!stopped_ && !co_await async::cancelled()) {
    asked_ = false;
    co_await look();
    // Whoever asked meanwhile may know of something newer than what was just read.
    if (asked_) continue;
    shared_.stores.looked_for_credentials();
    if (!stopped_) (void)co_await wake_.wait_until(SteadyClock::now() + look_interval);
  }
}

Task<void> CredentialsWatch::look() {
  const std::string file = shared_.generation()->config->source;
  if (file.empty()) co_return;
  if (files_.empty()) files_ = {file};
  auto read = co_await read_changed(file);
  if (read && !*read && co_await async::sleep_for(writing_pause)) {
    // Most likely somebody was just writing it.
    if (auto again = co_await read_changed(file)) read = std::move(again);
  }
  if (!read) co_return;
  if (!*read) {
    const auto& problems = read->error();
    log::warning("credentials not read again", {{"file", file},
                                                {"problem", problems.empty() ? "" : config::format(problems.front())},
                                                {"problems", problems.size()}});
    co_return;
  }
  files_ = std::move((*read)->files);
  shared_.stores.renew_credentials((*read)->config);
}

Task<std::optional<ConfigRead>> CredentialsWatch::read_changed(std::string file) {
  auto look = co_await shared_.blocking.run([&] { return look_at(file, files_, seen_); });
  if (!look) co_return std::nullopt;  // no thread was free: the next look is soon
  seen_ = std::move(look->stamps);
  co_return std::move(look->read);
}

}  // namespace gantry::server
