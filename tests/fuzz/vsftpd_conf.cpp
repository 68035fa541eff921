// The reader of the old tool's configuration with any text: no crash, no error without a sentence, and what it accepts
// must be a gantry.toml that loads alike.
#include <string>

#include "config/loader.hpp"
#include "config/print.hpp"
#include "tests/fuzz/fuzz.hpp"

FUZZ_TARGET(vsftpd_conf) {
  namespace config = gantry::config;
  const auto loaded = config::load_text(input, "/nowhere/conf/vsftpd.conf");
  if (!loaded) {
    CHECK(!loaded.error().empty());
    for (const config::Problem& problem : loaded.error()) CHECK(!problem.message.empty());
    return;
  }
  const std::string toml =
      config::to_toml(loaded->config, [](const config::Setting&, const std::string&, const gantry::Secret& secret) {
        // These words have a meaning of their own in gantry.toml.
        const bool special = secret.reveal().starts_with("env:") || secret.reveal() == gantry::hidden_secret;
        return config::WrittenSecret{special ? "x" : secret.reveal()};
      });
  auto again = config::load_text(toml, "/nowhere/gantry.toml");
  CHECK(again.has_value());
  CHECK(again->config.stores.size() == loaded->config.stores.size());
  CHECK(again->config.server == loaded->config.server && again->config.transfer == loaded->config.transfer);
  CHECK(again->config.log == loaded->config.log && again->config.tls == loaded->config.tls);
}
