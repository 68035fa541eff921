// What administrators ask about quotas. Must not know: how files are counted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "server/shared.hpp"

namespace gantry::server {

/// What a user stores, and may store.
struct QuotaReport {
  vfs::QuotaLimits limits;
  vfs::QuotaUse use;
};

enum class QuotaAsked : std::uint8_t { as_known, counted_anew };

/// In a running server or where none runs. Errors as report_quota().
using QuotaAnswerer = std::function<Task<Result<QuotaReport>>(std::string user, QuotaAsked asked)>;

/// Counts what an account stores.
using Recount = std::function<Task<Result<vfs::QuotaUse>>(accounts::Account)>;

/// What the book has of a user of the generation's accounts, after a recount when one is given. Errc::not_found: there
/// is no such user, or no quota; unavailable: there is no state database; those of the book and of the recount.
[[nodiscard]] Task<Result<QuotaReport>> report_quota(const Shared& shared, std::string user, Recount recount = {});

}  // namespace gantry::server
