// The loader with any text: no crash, and what it accepts must print to a file it accepts again.
#include "config/loader.hpp"

#include <string>

#include "config/print.hpp"
#include "tests/fuzz/fuzz.hpp"

FUZZ_TARGET(config_loader) {
  namespace config = gantry::config;
  const auto loaded = config::load_text(input, "/nowhere/fuzz.toml");
  if (!loaded) {
    CHECK(!loaded.error().empty());
    for (const config::Problem& problem : loaded.error()) CHECK(!config::format(problem).empty());
    return;
  }
  // With a hidden secret the printed text is refused by design.
  const std::string printed = config::print(loaded->config);
  if (printed.contains("***")) return;
  const auto again = config::load_text(printed, "/nowhere/fuzz.toml");
  CHECK(again && again->config == loaded->config);
}
