// What single values cannot tell: settings that contradict or need each other.
// Must not know: how the configuration was read.
#pragma once

#include "config/config.hpp"
#include "config/problem.hpp"

namespace gantry::config {

/// Fills in what follows from other settings (key from certificate, region of s3, '/' behind a prefix) and reports
/// every contradiction. Settings that already failed bring no second message.
void complete_and_validate(Config& config, Report& report);

/// The same for one user that is not of the file, reported as the first one; `config` is complete already.
void validate_user(const User& user, const Config& config, Report& report);

}  // namespace gantry::config
