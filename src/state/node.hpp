// Which process wrote something into the state database, and whether it still lives.
// Must not know: tables.
#pragma once

#include <string>
#include <string_view>

namespace gantry::state {

/// A text that no other process has: the boot of the machine, the space of process numbers, the process number and
/// when the process began.
[[nodiscard]] std::string this_node();

/// True when this machine can tell that the process is gone. False does not say that it lives: it may be on another
/// machine or in another container.
[[nodiscard]] bool node_is_gone(std::string_view node);

}  // namespace gantry::state
