#include "client/progress_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "terminal/text.hpp"

namespace gantry::client {

using transfer::Phase;
using transfer::Progress;

namespace {

std::string in_brackets(const std::string& text) { return text.empty() ? text : " (" + text + ")"; }

double over(std::uint64_t moved, transfer::Clock::duration time) {
  const double seconds = std::chrono::duration<double>(time).count();
  return seconds > 0 ? static_cast<double>(moved) / seconds : 0;
}

Seconds whole(transfer::Clock::duration time) { return std::chrono::round<Seconds>(time); }

std::string done_line(const Progress& transfer) {
  const auto took = transfer.ended - transfer.began;
  std::string line = fmt::format("{}: {}", terminal::printable(transfer.name), format_bytes(transfer.bytes));
  if (transfer.moved > 0)
    line +=
        fmt::format(" in {}, {}", terminal::clock_text(whole(took)), terminal::rate_text(over(transfer.moved, took)));
  if (transfer.resumed_from > 0) line += fmt::format(", continued at {}", format_bytes(transfer.resumed_from));
  if (!transfer.note.empty()) line += ", " + terminal::printable(transfer.note);
  return line;
}

}  // namespace

std::string doing_of(const Progress& transfer) {
  const auto words = [&](std::string_view usual) { return transfer.note.empty() ? std::string(usual) : transfer.note; };
  switch (transfer.phase) {
    case Phase::waiting:
      return words("waiting");
    case Phase::connecting:
      return words("connecting");
    case Phase::storing:
      return words("storing");
    case Phase::verifying:
      return words("verifying");
    case Phase::retrying:
      return words("trying again");
    default:
      return {};
  }
}

void ProgressText::note(const transfer::View& view, transfer::Clock::time_point now) {
  if (began_ == transfer::Clock::time_point()) began_ = now;
  now_ = now;
  ++tick_;
  speed_.sample(now, view.totals.moved);
  std::set<transfer::Board::Id> running;
  for (const Progress& transfer : view.running) {
    running.insert(transfer.id);
    speeds_[transfer.id].sample(now, transfer.moved);
  }
  std::erase_if(speeds_, [&](const auto& speed) { return !running.contains(speed.first); });
}

double ProgressText::rate_of(transfer::Board::Id id) const {
  const auto found = speeds_.find(id);
  return found == speeds_.end() ? 0 : found->second.per_second();
}

terminal::Sum ProgressText::sum_of(const transfer::Totals& totals) const {
  return {.files = totals.files,
          .more = totals.more,
          .ended = totals.ended(),
          .failed = totals.failed,
          .bytes = totals.bytes,
          .size = totals.size,
          .rate = rate()};
}

std::vector<std::string> ProgressText::bars(const transfer::View& view, terminal::Size size) {
  // The last column stays free: some terminals move on when it is written, and some show "…" two columns wide.
  const std::size_t columns = size.columns > 1 ? size.columns - 1 : 1;
  const bool several = view.totals.files > 1 || view.totals.more;
  const std::size_t room = std::max<std::size_t>(size.rows, 3) - (several ? 2 : 1);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < view.running.size() && i < room; ++i) {
    const Progress& transfer = view.running[i];
    lines.push_back(terminal::bar_line({.name = transfer.name,
                                        .bytes = transfer.bytes,
                                        .size = transfer.size,
                                        .rate = rate_of(transfer.id),
                                        .doing = doing_of(transfer)},
                                       columns, tick_, colours_));
  }
  if (several && !lines.empty()) lines.push_back(terminal::sum_line(sum_of(view.totals), columns, colours_));
  return lines;
}

std::string ProgressText::ended(const transfer::View& view) const {
  std::string lines;
  for (const Progress& transfer : view.ended) {
    if (transfer.phase == Phase::done) lines += done_line(transfer) + "\n";
    if (transfer.phase == Phase::skipped)
      lines += fmt::format("{}: {}\n", terminal::printable(transfer.name),
                           transfer.note.empty() ? "skipped" : terminal::printable(transfer.note));
  }
  return lines;
}

std::string ProgressText::interim(const transfer::View& view) const {
  if (view.running.empty()) return {};
  const Progress& first = view.running.front();
  if (view.totals.files > 1 || view.totals.more) return terminal::sum_words(sum_of(view.totals)) + "\n";
  return fmt::format("{}: {}{}\n", terminal::printable(first.name), terminal::sum_words(sum_of(view.totals)),
                     in_brackets(terminal::printable(doing_of(first))));
}

std::string ProgressText::summary(const transfer::Totals& totals) const {
  if (totals.files < 2) return {};
  const auto took = now_ - began_;
  std::string line =
      fmt::format("total: {} of {} files, {} moved in {}, {}", totals.done, totals.files, format_bytes(totals.moved),
                  terminal::clock_text(whole(took)), terminal::rate_text(over(totals.moved, took)));
  if (totals.skipped > 0) line += fmt::format("; {} skipped", totals.skipped);
  if (totals.failed > 0) line += fmt::format("; {} failed", totals.failed);
  return line + "\n";
}

}  // namespace gantry::client
