// PORT, EPRT and EPSV: what is accepted has a canonical address and a port, and can be said again.
#include "proto/host_port.hpp"

#include <fmt/format.h>

#include "tests/fuzz/fuzz.hpp"

using namespace gantry::proto;

FUZZ_TARGET(host_port) {
  if (auto port = parse_port(input)) {
    CHECK(port->family == HostPort::Family::ipv4 && port->port != 0);
    const std::string text = format_pasv(port->address, port->port);
    CHECK(parse_port(std::string_view(text).substr(1, text.size() - 2)) == port);
  }
  if (auto eprt = parse_eprt(input)) {
    CHECK(eprt->port != 0);
    const int family = eprt->family == HostPort::Family::ipv4 ? 1 : 2;
    CHECK(parse_eprt(fmt::format("|{}|{}|{}|", family, eprt->address, eprt->port)) == eprt);
  }
  const EpsvArgument epsv = parse_epsv(input);
  if (input.size() > 64)
    CHECK(epsv == EpsvArgument::none || epsv == EpsvArgument::syntax || input.find(' ') != input.npos ||
          input.find('\t') != input.npos);
}
