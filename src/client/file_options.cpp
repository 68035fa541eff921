#include "client/file_options.hpp"

namespace gantry::client {

void add_duration(CLI::App& app, const std::string& name, Milliseconds& value, const std::string& help) {
  app.add_option_function<std::string>(
         name,
         [name, &value](const std::string& text) {
           const auto duration = parse_duration(text);
           if (!duration) throw CLI::ValidationError(name, "\"" + text + "\" is no duration: 30s, 5m, 250ms");
           value = *duration;
         },
         help)
      ->type_name("TIME");
}

}  // namespace gantry::client
