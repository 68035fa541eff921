// What a person says about files that are there already.
#pragma once

#include <functional>
#include <string>

#include "client/session.hpp"

namespace gantry::client {

/// For FileOptions::ask of one verb: may be called by several threads; "all" answers for those behind it, "quit" ends
/// the verb. Empty when nobody is there to answer.
[[nodiscard]] std::function<transfer::Existing(const std::string& question)> existing_question(Session& session);

}  // namespace gantry::client
