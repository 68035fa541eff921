#include "async/program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include "base/descriptor.hpp"

namespace gantry::async {
namespace {

constexpr const char* operation = "run program";

std::unexpected<Error> refuse(const std::string& path, int error) {
  return fail(Errc::unavailable, operation, path + ": " + std::generic_category().message(error));
}

/// A program that runs, and our ends of its pipes.
struct Started {
  pid_t number = -1;
  Descriptor input;
  Descriptor output;
  Descriptor life;  ///< readable once it has ended
};

/// posix_spawn(3) with the pipes' ends as standard input and output.
int spawn(pid_t& number, const std::string& path, int input, int output) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  for (const int ignored : {SIGPIPE, SIGXFSZ}) sigaddset(&signals, ignored);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  std::string name = path;
  std::string variable = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const std::array<char*, 2> arguments{name.data(), nullptr};
  const std::array<char*, 2> environment{variable.data(), nullptr};
  const int error = posix_spawn(&number, path.c_str(), &files, &attributes, arguments.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

Result<Started> start(const std::string& path) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (pipe2(in.data(), O_CLOEXEC) != 0) return refuse(path, errno);
  Started started;
  started.input = Descriptor(in[1]);
  const Descriptor its_input(in[0]);
  if (pipe2(out.data(), O_CLOEXEC) != 0) return refuse(path, errno);
  started.output = Descriptor(out[0]);
  const Descriptor its_output(out[1]);
  if (const int error = spawn(started.number, path, its_input.number(), its_output.number()); error != 0)
    return refuse(path, error);
  started.life = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, started.number, 0)));
  if (started.life.number() >= 0) return started;
  const int error = errno;
  ::kill(-started.number, SIGKILL);
  ::waitpid(started.number, nullptr, 0);
  return refuse(path, error);
}

class Program {
 public:
  Program(const asio::any_io_executor& executor, Started started)
      : number_(started.number),
        input_(executor, started.input.release()),
        output_(executor, started.output.release()),
        life_(executor, started.life.release()) {}
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() { kill(); }

  [[nodiscard]] Task<Result<std::string>> talk(std::string text, std::size_t most);
  /// False when cancelled.
  [[nodiscard]] Task<bool> ended();
  void kill() const {
    // The group's number stays taken until bury(): nobody else is hit.
    if (number_ > 0) ::kill(-number_, SIGKILL);
  }
  /// Its status as of waitpid(2), once it has ended.
  [[nodiscard]] int bury() {
    int status = 0;
    ::waitpid(std::exchange(number_, -1), &status, 0);
    return status;
  }

 private:
  pid_t number_;
  asio::posix::stream_descriptor input_;
  asio::posix::stream_descriptor output_;
  asio::posix::stream_descriptor life_;
};

Task<Result<std::string>> Program::talk(std::string text, std::size_t most) {
  boost::system::error_code error;
  // A program that does not want to hear it all may answer all the same.
  co_await asio::async_write(input_, asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
  input_.close();
  std::string said;
  std::array<char, 4096> block{};
  for (;;) {
    const std::size_t count =
        co_await output_.async_read_some(asio::buffer(block), asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::eof) co_return said;
    if (error) co_return fail(Errc::cancelled, operation);
    said.append(block.data(), count);
    if (said.size() > most) co_return fail(Errc::unavailable, operation, "it writes too much");
  }
}

Task<bool> Program::ended() {
  boost::system::error_code error;
  co_await life_.async_wait(asio::posix::descriptor_base::wait_read, asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

std::string describe(int status) {
  if (WIFSIGNALED(status)) return "it was ended by signal " + std::to_string(WTERMSIG(status));
  return "it ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Task<Result<std::string>> run_program(BlockingPool& pool, std::string path, std::string input, std::size_t most) {
  auto started = co_await run_blocking(pool, [&] { return start(path); });
  if (!started) co_return fail(std::move(started.error()));
  Program program(co_await asio::this_coro::executor, std::move(*started));
  auto said = co_await program.talk(std::move(input), most);
  if (said && !co_await program.ended()) said = fail(Errc::cancelled, operation);
  program.kill();
  co_await shield();
  static_cast<void>(co_await program.ended());
  const int status = program.bury();
  if (said && status != 0) co_return fail(Errc::unavailable, operation, path + ": " + describe(status));
  co_return said;
}

}  // namespace gantry::async
