// Verifies request signatures from the wire: AWS SigV4 (header form) and COS q-sign. Its own reading of the two
// specifications, shared with nobody.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/support/fake/wire.hpp"
#include "tests/support/fake_store.hpp"

namespace gantry::test::fake {

struct Refusal {
  int status = 403;
  std::string code;
  std::string message;
};

/// What is wrong with the signature of `request`, judged by its head at `now`. Nothing: it is good.
[[nodiscard]] std::optional<Refusal> check_signature(const HttpRequest& request, const FakeStoreOptions& options,
                                                     std::int64_t now);

/// What is wrong with the body: x-amz-content-sha256 and Content-MD5.
[[nodiscard]] std::optional<Refusal> check_body(const HttpRequest& request);

}  // namespace gantry::test::fake
