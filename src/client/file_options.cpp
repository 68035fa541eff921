#include "client/file_options.hpp"

#include <map>
#include <string>

namespace gantry::client {
namespace {

using transfer::Existing;
using transfer::Proof;

void add_existing(CLI::App& app, const std::string& name, Existing& value, Existing wish, const std::string& help) {
  app.add_flag_callback(name, [&value, wish] { value = wish; }, help);
}

}  // namespace

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

void add_file_options(CLI::App& app, Settings& settings) {
  transfer::FileOptions& file = settings.file;
  add_existing(app, "--resume", file.existing, Existing::resume,
               "Go on with what is a beginning of the file; refuse anything else that is there (default)");
  add_existing(app, "--overwrite", file.existing, Existing::overwrite, "Replace what is there");
  add_existing(app, "--skip", file.existing, Existing::skip, "Leave what is there");
  add_existing(app, "--rename", file.existing, Existing::rename, "Give the new file a free name: \"file (1).txt\"");
  static const std::map<std::string, Proof> proofs{
      {"auto", Proof::automatic}, {"strong", Proof::strong}, {"size", Proof::size}, {"none", Proof::none}};
  app.add_option("--verify", file.proof, "How a transfer is proved: auto, strong, size or none")
      ->transform(CLI::CheckedTransformer(proofs))
      ->type_name("HOW");
  app.add_flag("!--no-times", file.keep_times, "Do not keep the times of files");
  app.add_option("--tries", file.tries, "Tries without progress before a transfer is given up")
      ->check(CLI::Range(1, 1000));
  add_duration(app, "--retry-pause", file.first_pause, "Before the second try; doubles from try to try");
  add_duration(app, "--connect-timeout", settings.connection.connect_timeout, "For connecting and logging in");
  add_duration(app, "--reply-timeout", settings.connection.reply_timeout, "For each reply of the server");
  add_duration(app, "--stall-timeout", settings.connection.stall_timeout, "Without a byte while a file moves");
}

}  // namespace gantry::client
