#include "tests/bench/floor/session.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <string_view>

namespace gantry::bench {

namespace {

constexpr std::size_t longest_line = 4096;
constexpr unsigned first_passive_port = 20000;  // below those of outgoing connections
constexpr unsigned passive_ports = 12000;

class Session {
 public:
  Session(Stream control, const Options& options) : control_(std::move(control)), options_(options) {}

  void run() {
    control_.send_at_once();
    reply("220 ");
    std::string buffer;
    for (bool open = true; open;) {
      const auto end = buffer.find("\r\n");
      if (end != std::string::npos) {
        const auto line = buffer.substr(0, end);
        buffer.erase(0, end + 2);
        open = obey(line);
        continue;
      }
      char more[512];
      const auto got = buffer.size() > longest_line ? 0 : control_.read(more);
      if (got == 0) return;
      buffer.append(more, got);
    }
  }

 private:
  void reply(std::string_view text) { control_.write(fmt::format("{}\r\n", text)); }

  /// False: it was the last command.
  bool obey(const std::string& line) {
    const auto space = line.find(' ');
    const auto verb = line.substr(0, space);
    const auto argument = space == std::string::npos ? "" : line.substr(space + 1);
    if (verb == "USER")
      reply("331 ");
    else if (verb == "PASS")
      reply("230 ");
    else if (verb == "TYPE" || verb == "NOOP" || verb == "PBSZ")
      reply("200 ");
    else if (verb == "PROT")
      private_ = argument == "P", reply("200 ");
    else if (verb == "AUTH")
      start_tls();
    else if (verb == "EPSV")
      listen();
    else if (verb == "RETR" || verb == "STOR" || verb == "LIST" || verb == "MLSD")
      transfer(verb, argument);
    else if (verb == "QUIT")
      return reply("221 "), false;
    else
      reply("502 ");
    return true;
  }

  void start_tls() {
    if (!options_.tls) return reply("502 ");
    reply("234 ");
    control_.accept_tls(options_.tls);
  }

  void listen() {
    listener_ = options_.ports->listen();
    reply(fmt::format("229 (|||{}|)", port_of(*listener_)));
  }

  void transfer(const std::string& verb, const std::string& argument) {
    if (!listener_) return reply("425 ");
    // The client's names are trusted: this server is for benches on loopback only.
    const auto path = options_.root / std::filesystem::path(argument).relative_path();
    const auto file = verb == "RETR" ? open_to_send(path) : verb == "STOR" ? open_to_receive(path) : open_to_list(path);
    if (file.get() < 0) return reply("550 ");
    reply("150 ");
    auto data = Stream::accept(*listener_, options_.data_limit);
    listener_.reset();
    if (private_) data.accept_tls(options_.tls);
    if (verb == "RETR")
      send_file(data, file);
    else if (verb == "STOR")
      receive_file(data, file, options_.receiving);
    else
      send_listing(data, file, verb == "MLSD" ? Form::facts : Form::long_lines);
    data.finish_sending();
    reply("226 ");
  }

  Stream control_;
  const Options& options_;
  std::optional<Descriptor> listener_;
  bool private_ = false;
};

}  // namespace

Descriptor PassivePorts::listen() {
  for (unsigned tried = 0; tried < passive_ports; ++tried) {
    auto address = address_;
    address.sin_port = htons(static_cast<std::uint16_t>(first_passive_port + next_++ % passive_ports));
    if (auto listener = try_listen_on(address, 1)) return std::move(*listener);
  }
  throw Failure("every passive port is taken");
}

void serve(Stream control, const Options& options) {
  try {
    Session(std::move(control), options).run();
  } catch (const std::exception& problem) {
    fmt::print(stderr, "floor: {}\n", problem.what());
  }
}

}  // namespace gantry::bench
