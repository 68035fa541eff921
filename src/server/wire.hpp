// Builds from the configuration what lanes share: books on the state database, accounts, certificates.
#pragma once

#include <memory>

#include "accounts/password.hpp"
#include "server/shared.hpp"

namespace gantry::server {

/// Opens the state database, unless it is sqlite::memory:, and gives `shared` what stands on it: users, bans and, when
/// there is a bucket, the books of multipart uploads, directory renames and checksums. Blocks. Errors name
/// server.state.
[[nodiscard]] Result<void> open_state(const config::Config& config, Shared& shared);

/// False for a SQLite file that is not there: it holds nothing, and must not be made by whoever only looks.
[[nodiscard]] bool has_state(const config::Config& config);

/// Gives a generation that has its configuration its accounts: those of the configuration file and, where they lack a
/// name, of the state database; about others the login hook is asked.
void make_accounts(Generation& generation, Shared& shared);
/// What new password hashes cost.
[[nodiscard]] accounts::HashCost hash_cost(const config::Config& config);

/// Certificate and key of the configuration; null when TLS is off. TLS sessions of `previous` can be resumed on it.
[[nodiscard]] Result<std::shared_ptr<const tls::ServerContext>> make_tls(const config::Config& config,
                                                                         const tls::ServerContext* previous = nullptr);

}  // namespace gantry::server
