// The names HASH and OPTS HASH give to checksum algorithms.
#pragma once

#include <optional>
#include <string_view>

#include "digest/digest.hpp"

namespace gantry::session {

/// "SHA-256", "MD5", ... without case; nothing for an algorithm HASH does not offer.
[[nodiscard]] std::optional<digest::Algorithm> hash_algorithm(std::string_view name);
[[nodiscard]] std::string_view hash_name(digest::Algorithm algorithm);

}  // namespace gantry::session
