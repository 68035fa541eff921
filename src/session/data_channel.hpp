// The data connection of one transfer: opened passively or actively, over TLS when PROT P, ended so that no byte is
// lost. Must not know: what is transferred.
#pragma once

#include <memory>

#include "base/error.hpp"
#include "session/session.hpp"
#include "tls/stream.hpp"

namespace gantry::session {

/// Opens the data connection the client announced and forgets the announcement. A stranger who reaches a passive
/// port is dropped and the wait goes on (RFC 2577). Errc::data_open_failed when nobody comes within
/// server.data_open_timeout or the handshake fails; Errc::cancelled.
[[nodiscard]] Task<Result<std::unique_ptr<tls::Stream>>> open_data_connection(Session& session);

/// After the last byte was written: waits until the peer's TCP has everything, says goodbye and closes.
/// Errc::data_broken when the peer reset the connection or took nothing for server.data_stall_timeout.
[[nodiscard]] Task<Result<void>> finish_sending(Session& session, tls::Stream& data);

/// After the peer's clean end was read: answers it and closes.
[[nodiscard]] Task<void> finish_receiving(tls::Stream& data);

}  // namespace gantry::session
