// The fake store as a program, for tests in other languages and for measurements. See fake_store.hpp.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "tests/support/fake_store.hpp"

namespace {

struct Arguments {
  gantry::test::FakeStoreOptions options;
  std::string listen = "127.0.0.1:0";
  std::string dialect = "s3";
  std::string port_file;
  long latency_ms = 0;
  long clock_offset = 0;
};

void declare(CLI::App& app, Arguments& a) {
  app.add_option("--listen", a.listen, "IPv4 address and port; port 0 takes any free one");
  app.add_option("--dialect", a.dialect, "s3 or cos")->check(CLI::IsMember({"s3", "cos"}));
  app.add_option("--bucket", a.options.bucket);
  app.add_option("--region", a.options.region);
  app.add_option("--access-key", a.options.access_key);
  app.add_option("--secret-key", a.options.secret_key);
  app.add_option("--session-token", a.options.session_token, "of temporary keys; default: none is asked for");
  app.add_option("--prefix-rate", a.options.prefix_rate,
                 "writes, deletes and listings a second below one top directory");
  app.add_option("--port-file", a.port_file, "the port is written here once the server listens");
  app.add_option("--latency-ms", a.latency_ms, "before each response");
  app.add_option("--throughput", a.options.throughput, "bytes a second, connection and direction");
  app.add_option("--uplink", a.options.uplink, "bytes a second that all connections together bring in");
  app.add_option("--min-part", a.options.min_part, "bytes; default: the dialect's");
  app.add_option("--max-page", a.options.max_page, "most entries of a listing page");
  app.add_option("--listing-lag", a.options.listing_lag, "writes that listings do not show yet");
  app.add_option("--clock-offset", a.clock_offset, "seconds the server's clock is ahead");
  app.add_option("--tls-cert", a.options.tls_certificate, "PEM chain");
  app.add_option("--tls-key", a.options.tls_key, "PEM key");
  app.add_flag("--crc32c", a.options.crc32c, "S3: check parts by CRC-32C when asked to");
  app.add_flag("--any-signature", a.options.any_signature, "take requests that are not signed");
  app.add_flag("--discard", a.options.discard, "forget contents above 64 KiB after hashing them");
}

void write_port(const std::string& file, unsigned port) {
  if (file.empty()) return;
  // Under another name first: a reader never sees half a number.
  std::ofstream(file + ".new") << port << '\n';
  std::rename((file + ".new").c_str(), file.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("An S3 or COS store in memory, strict, with faults on demand");
  declare(app, arguments);
  CLI11_PARSE(app, argc, argv);
  auto& options = arguments.options;
  options.dialect = arguments.dialect == "cos" ? gantry::test::FakeDialect::cos : gantry::test::FakeDialect::s3;
  options.latency = std::chrono::milliseconds(arguments.latency_ms);
  options.clock_offset = std::chrono::seconds(arguments.clock_offset);

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  try {
    const auto colon = arguments.listen.rfind(':');
    options.address = arguments.listen.substr(0, colon);
    options.port = static_cast<std::uint16_t>(std::stoul(arguments.listen.substr(colon + 1)));
    gantry::test::FakeStore store(options);
    write_port(arguments.port_file, store.port());
    fmt::print("{}\n", store.port());
    std::fflush(stdout);
    int signal = 0;
    sigwait(&signals, &signal);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "fake_store: {}\n", problem.what());
    return 1;
  }
  return 0;
}
