// The verbs by theme; client/verb.cpp makes one table of them.
#pragma once

#include <vector>

#include "client/verb.hpp"

namespace gantry::client {

[[nodiscard]] std::vector<Verb> listing_verbs();   ///< ls, ...
[[nodiscard]] std::vector<Verb> transfer_verbs();  ///< get, put, ...
[[nodiscard]] std::vector<Verb> mirror_verbs();    ///< mirror, sync

}  // namespace gantry::client
