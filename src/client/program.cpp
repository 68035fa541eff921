#include "client/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

namespace gantry::client {
namespace {

constexpr std::size_t longest_output = 64 * kib;

class Pipe {
 public:
  Pipe() { open_ = ::pipe2(ends_.data(), O_CLOEXEC) == 0; }
  ~Pipe() {
    close(0);
    close(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] int end(std::size_t which) const { return ends_[which]; }
  void close(std::size_t which) {
    if (open_ && ends_[which] >= 0) ::close(ends_[which]);
    ends_[which] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
  bool open_ = false;
};

std::optional<pid_t> start(const std::vector<std::string>& words, const Pipe& in, const Pipe& out) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.end(0), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.end(1), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int problem = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) return std::nullopt;
  return child;
}

/// Until its end; false when that takes too long or it says too much.
bool read_all(int from, std::string& text, std::chrono::steady_clock::time_point end) {
  std::array<char, 4096> some{};
  for (;;) {
    const auto left = std::chrono::ceil<Milliseconds>(end - std::chrono::steady_clock::now()).count();
    pollfd ready{.fd = from, .events = POLLIN, .revents = 0};
    if (left <= 0 || text.size() > longest_output) return false;
    if (::poll(&ready, 1, static_cast<int>(left)) <= 0) continue;
    const ssize_t got = ::read(from, some.data(), some.size());
    if (got == 0) return true;
    if (got < 0 && errno != EINTR) return false;
    if (got > 0) text.append(some.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

std::optional<Secret> run_program(const std::vector<std::string>& words, const Secret& input, Milliseconds limit) {
  Pipe in;
  Pipe out;
  if (!in.open() || !out.open()) return std::nullopt;
  const auto child = start(words, in, out);
  if (!child) return std::nullopt;
  in.close(0);
  out.close(1);
  // A password is far shorter than what a pipe takes without a reader.
  const bool said =
      ::write(in.end(1), input.reveal().data(), input.reveal().size()) == static_cast<ssize_t>(input.reveal().size());
  in.close(1);
  std::string text;
  const bool ended = said && read_all(out.end(0), text, std::chrono::steady_clock::now() + limit);
  if (!ended) ::kill(*child, SIGKILL);
  int status = 0;
  while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return Secret(std::move(text));
}

}  // namespace gantry::client
