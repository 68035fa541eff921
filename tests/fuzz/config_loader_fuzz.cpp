// The loader with any text: no crash, and what it accepts must print to a file it accepts again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/loader.hpp"
#include "config/print.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace config = gantry::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = config::load_text(text, "/nowhere/fuzz.toml");
  if (!loaded) {
    if (loaded.error().empty()) std::abort();
    for (const config::Problem& problem : loaded.error()) (void)config::format(problem);
    return 0;
  }
  // With a hidden secret the printed text is refused by design.
  const std::string printed = config::print(loaded->config);
  if (printed.find("***") == std::string::npos) {
    const auto again = config::load_text(printed, "/nowhere/fuzz.toml");
    if (!again || again->config != loaded->config) std::abort();
  }
  return 0;
}
