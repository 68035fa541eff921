#include "client/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "client/progress_text.hpp"
#include "terminal/live.hpp"

namespace gantry::client {
namespace {

constexpr Milliseconds frame_time(100);
constexpr Seconds line_time(10);

Show chosen(Show wish) {
  if (wish != Show::automatic) return wish;
  return terminal::draws_in_place() ? Show::bars : Show::lines;
}

void print_lines(std::string_view lines) {
  if (!lines.empty()) terminal::say(lines.substr(0, lines.size() - 1));
}

}  // namespace

class ShowProgress::Renderer {
 public:
  Renderer(transfer::Board& board, Show show)
      : board_(board), show_(show), text_(show == Show::bars && terminal::shows_colours(STDERR_FILENO)) {
    board_.clear();
    board_.watch(true);
    if (show_ == Show::bars) live_.emplace();
    // Signals are for the thread that runs the verb.
    sigset_t all{};
    sigset_t before{};
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  ~Renderer() {
    thread_.request_stop();
    thread_.join();
    const auto view = board_.look();
    text_.note(view, transfer::Clock::now());
    const std::string lines = text_.ended(view) + text_.summary(view.totals);
    if (live_)
      live_->draw(lines, {});
    else
      print_lines(lines);
    board_.watch(false);
  }

 private:
  void run(const std::stop_token& stop) {
    auto next_line = transfer::Clock::now() + line_time;
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      wake_.wait_for(lock, stop, frame_time, [] { return false; });
      if (stop.stop_requested()) return;
      const auto now = transfer::Clock::now();
      const auto view = board_.look();
      text_.note(view, now);
      if (live_) {
        live_->draw(text_.ended(view), text_.bars(view, terminal::size_of(STDERR_FILENO)));
        continue;
      }
      print_lines(text_.ended(view));
      if (now < next_line) continue;
      next_line = now + line_time;
      print_lines(text_.interim(view));
    }
  }

  transfer::Board& board_;
  Show show_;
  ProgressText text_;
  std::optional<terminal::Live> live_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

ShowProgress::ShowProgress(transfer::Board& board, const Settings& settings) {
  const Show show = chosen(settings.show);
  if (show != Show::nothing) renderer_ = std::make_unique<Renderer>(board, show);
}

ShowProgress::~ShowProgress() = default;

void add_progress_options(CLI::App& app, Settings& settings) {
  static const std::map<std::string, Show> shows{{"auto", Show::automatic},
                                                 {"bars", Show::bars},
                                                 {"lines", Show::lines},
                                                 {"json", Show::json},
                                                 {"none", Show::nothing}};
  app.add_option("--progress", settings.show, "How transfers are shown: auto, bars, lines, json or none")
      ->transform(CLI::CheckedTransformer(shows))
      ->type_name("HOW");
  app.add_flag_callback("-q,--quiet", [&settings] { settings.show = Show::nothing; }, "Tell of failures only");
}

}  // namespace gantry::client
