#include "client/options.hpp"

#include "client/file_options.hpp"
#include "client/progress.hpp"
#include "client/speed_options.hpp"
#include "client/trust.hpp"

namespace gantry::client {

void add_options(CLI::App& app, Settings& settings) {
  app.add_flag("--plain", settings.plain, "No TLS: everybody on the way can read the password and the files");
  app.add_option("--password-file", settings.password_file, "The password is the first line of this file");
  add_trust_options(app, settings);
  add_progress_options(app, settings);
  add_file_options(app, settings);
  add_speed_options(app, settings);
  app.add_flag("--json", settings.json, "One JSON object a line instead of text");
}

}  // namespace gantry::client
