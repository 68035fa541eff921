// Why an operation on a server failed, by what may be done about it. Must not know: exit codes, terminals.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace gantry::ftp {

enum class Why : std::uint8_t {
  usage,      ///< the request itself makes no sense: a bad URL, a name no server may get
  login,      ///< user or password refused
  tls,        ///< no TLS, or a certificate nobody vouches for
  network,    ///< unreachable, timed out, cut; also a server that breaks the protocol
  local,      ///< a file or the disk on this side
  refused,    ///< the server said no; `reply` has its code
  mismatch,   ///< the two sides differ after the transfer, or what is there is not what was expected
  cancelled,  ///< asked to stop
};

struct Failure {
  Why why = Why::network;
  std::string text{};        ///< a sentence for people, without secrets; control characters of the server are escaped
  int reply = 0;             ///< last reply code, 0 when there was none
  bool again = false;        ///< the same may work later: 4xx, cut connections, time-outs
  bool too_many = false;     ///< the server has too many connections (421 before the login and the like): use fewer
  bool unconfirmed = false;  ///< an upload whose last byte has left and whose final reply did not come: it may be there

  bool operator==(const Failure&) const = default;
};

template <class T>
using Outcome = std::expected<T, Failure>;

[[nodiscard]] inline std::unexpected<Failure> failed(Why why, std::string text) {
  return std::unexpected(Failure{.why = why, .text = std::move(text)});
}
[[nodiscard]] inline std::unexpected<Failure> failed(Failure failure) { return std::unexpected(std::move(failure)); }

}  // namespace gantry::ftp
