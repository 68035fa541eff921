// A random mark inside every TLS session, carried along by tickets and by the session cache. Two connections with
// the same mark share the keys of one first handshake, whatever TLS version and way of resumption.
// Must not know: control and data connections.
#pragma once

struct ssl_st;
struct ssl_ctx_st;

namespace gantry::tls {

/// From now on, sessions that begin with `context` get a mark of their own.
void mark_new_sessions(ssl_ctx_st* context);

/// Whether the sessions of two finished handshakes carry the same mark.
[[nodiscard]] bool same_mark(const ssl_st* one, const ssl_st* other);

}  // namespace gantry::tls
