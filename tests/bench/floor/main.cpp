// The floor: an FTP server that does the least that a client needs, in one process with a thread for each session. It
// checks no password, keeps no log, knows no user, no rights and no failure but the client's own; its transfers are the
// bare loops of transfer.hpp. What another server costs beyond it is what that server does beyond it.
#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>

#include "tests/bench/floor/session.hpp"
#include "tests/bench/wire/tls.hpp"

namespace {

using namespace gantry::bench;

const std::map<std::string, Receiving> receivings = {{"copy", Receiving::copy}, {"splice", Receiving::splice}};
constexpr int backlog = 4096;
constexpr std::size_t thread_stack = 512u << 10;

struct Client {
  Stream control;
  const Options& options;
};

void* serve_client(void* client) {
  const std::unique_ptr<Client> mine(static_cast<Client*>(client));
  serve(std::move(mine->control), mine->options);
  return nullptr;
}

[[noreturn]] void serve_all(const Descriptor& listener, const Options& options) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, thread_stack);
  pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
  for (;;) {
    Descriptor socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.get() < 0) throw system_failure("accept");
    auto client = std::make_unique<Client>(Stream(std::move(socket), options.idle_limit), options);
    pthread_t thread{};
    if (const int error = pthread_create(&thread, &small, serve_client, client.get()); error != 0)
      throw Failure(fmt::format("pthread_create: error {}", error));
    static_cast<void>(client.release());  // NOLINT(bugprone-unused-return-value)
  }
}

void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  std::string listen;
  std::string certificate;
  std::string key;
  Options options;
  CLI::App app("An FTP server that does the least possible, for benches on loopback");
  app.add_option("--listen", listen, "IPv4 address and port")->required();
  app.add_option("--root", options.root, "directory that clients see as /")->required();
  app.add_option("--receive", options.receiving, "how uploads in clear are received: copy or splice")
      ->transform(CLI::CheckedTransformer(receivings));
  auto* certificate_option = app.add_option("--certificate", certificate, "PEM chain; offers TLS");
  app.add_option("--key", key, "PEM key")->needs(certificate_option);
  CLI11_PARSE(app, argc, argv);
  signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  try {
    const auto context = certificate.empty() ? Context() : server_context(certificate, key);
    options.tls = context.get();
    PassivePorts ports(parse_address(listen));
    options.ports = &ports;
    serve_all(listen_on(parse_address(listen), backlog), options);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "floor: {}\n", problem.what());
  }
  return 1;
}
