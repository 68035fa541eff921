// What every object store must do through RemoteStore, whichever server answers.
#pragma once

#include <string>

#include "tests/unit/object/store_fixture.hpp"

namespace gantry::object {

/// Runs all verbs below `prefix` of the bucket and leaves it empty. Parts are `part` bytes each (the store's minimum
/// or more).
void examine(Bench& bench, const std::string& prefix, std::size_t part);

}  // namespace gantry::object
