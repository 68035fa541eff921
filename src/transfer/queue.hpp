// Many pieces of work on one server, side by side: workers, each a thread with a connection of its own that it keeps
// from task to task. Must not know: trees, the screen, who asked.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "ftp/connection.hpp"
#include "transfer/board.hpp"
#include "transfer/file.hpp"

namespace gantry::transfer {

/// Makes a further connection to the server, not open yet. Called by one thread at a time. The connection must end its
/// operations when the queue's `stop` is set (ConnectionOptions::stop).
using Connect = std::function<std::shared_ptr<ftp::Connection>()>;

/// `first`, then what `more` makes: for callers that do not use their own connection meanwhile. A server may not want a
/// second one.
[[nodiscard]] Connect beginning_with(ftp::Connection& first, Connect more);

/// One thing to be done, usually one file.
struct Task {
  std::function<Outcome<FileResult>(ftp::Connection&)> work;  ///< on a worker's thread
  /// May be empty. One at a time over all tasks of the queue, on some worker's thread; must not call the queue.
  std::function<void(const Outcome<FileResult>&)> ended;
};

struct QueueOptions {
  unsigned workers = 1;        ///< at most so many connections; a server that takes fewer is given fewer
  std::size_t waiting = 1000;  ///< tasks that stand in memory; add() blocks when there are so many
  bool in_order = false;       ///< Task::ended in the order of add(), else as the tasks end
  /// Takes sentences for the user, such as that the server wants no further connection. May be empty.
  std::function<void(const std::string& sentence)> note;
};

/// Connections are made one after the other, and only while tasks wait that no worker is free for. The first one must
/// succeed (what may work later is left to the tasks, which try again); when a further one is refused, the queue says
/// so once and goes on with those it has. A failed task does not end the others, but a server that cannot be reached
/// any more does.
class Queue {
 public:
  /// `stop` and what the options refer to outlive the queue.
  Queue(QueueOptions options, Connect connect, const std::atomic<bool>& stop);
  /// Drops what was not begun and waits for what was.
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  /// Blocks while too many tasks wait. False when nothing more is taken: `stop`, or the server cannot be used. Tasks
  /// are begun in the order of add(). To be called, like finish(), by one thread.
  bool add(Task task);
  /// Waits for all tasks. A failure when some were not begun: Why::cancelled after `stop`, otherwise why the server
  /// cannot be used; their `ended` is never called.
  [[nodiscard]] Outcome<void> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A file to be moved by download() or upload(). The board hears of it when it begins.
struct FileTask {
  Direction direction = Direction::down;
  std::string remote;
  std::string local;
  FileOptions options{};
  std::function<void(const Outcome<FileResult>&)> ended{};
};
[[nodiscard]] Task task_of(FileTask file, Board& board, const std::atomic<bool>& stop);

}  // namespace gantry::transfer
