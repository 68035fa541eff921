#include "client/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "client/progress_json.hpp"
#include "client/progress_text.hpp"
#include "client/quiet_thread.hpp"
#include "terminal/live.hpp"

namespace gantry::client {
namespace {

constexpr Milliseconds frame_time(100);
constexpr Seconds line_time(10);
constexpr Seconds json_time(1);

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
    thread_ = quiet_thread([this](const std::stop_token& stop) { run(stop); });
  }

  ~Renderer() {
    thread_.request_stop();
    thread_.join();
    const auto view = board_.look();
    const auto now = transfer::Clock::now();
    text_.note(view, now);
    if (live_)
      live_->draw(text_.ended(view) + text_.summary(view.totals), {});
    else if (show_ == Show::json)
      print_lines(ended_json(view) + total_json(view.totals, now - began_));
    else
      print_lines(text_.ended(view) + text_.summary(view.totals));
    board_.watch(false);
  }

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      wake_.wait_for(lock, stop, frame_time, [] { return false; });
      if (!stop.stop_requested()) show(transfer::Clock::now());
    }
  }

  void show(transfer::Clock::time_point now) {
    const auto view = board_.look();
    text_.note(view, now);
    if (live_) return live_->draw(text_.ended(view), text_.bars(view, terminal::size_of(STDERR_FILENO)));
    const bool json = show_ == Show::json;
    print_lines(json ? ended_json(view) : text_.ended(view));
    if (now < next_line_) return;
    next_line_ = now + (json ? json_time : line_time);
    print_lines(json ? progress_json(view, text_) : text_.interim(view));
  }

  transfer::Board& board_;
  Show show_;
  ProgressText text_;
  std::optional<terminal::Live> live_;
  const transfer::Clock::time_point began_ = transfer::Clock::now();
  transfer::Clock::time_point next_line_ = began_ + (show_ == Show::json ? json_time : line_time);
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

ShowProgress::ShowProgress(transfer::Board& board, const Settings& settings) {
  const Show show = chosen(settings.show);
  if (show != Show::nothing) renderer_ = std::make_unique<Renderer>(board, show);
}

ShowProgress::~ShowProgress() = default;

}  // namespace gantry::client
