// Shows how transfers get on while a verb runs, on standard error.
#pragma once

#include <memory>

#include "client/settings.hpp"
#include "transfer/board.hpp"

namespace gantry::client {

/// From its birth to its death the board is shown, by a thread of its own; the destructor shows the end of what was
/// begun and gives the terminal back. What ends is told in a line: done, or skipped and why. Failures are not: who
/// began a transfer reports them (Session::report), once. One at a time; the totals begin at nothing.
class ShowProgress {
 public:
  ShowProgress(transfer::Board& board, const Settings& settings);
  ~ShowProgress();
  ShowProgress(const ShowProgress&) = delete;
  ShowProgress& operator=(const ShowProgress&) = delete;

 private:
  class Renderer;
  std::unique_ptr<Renderer> renderer_;
};

}  // namespace gantry::client
