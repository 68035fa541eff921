#include "client/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.hpp"
#include "client/setting_table.hpp"

namespace gantry::client {
namespace {

/// A name of the option is taken by the verb.
bool taken(const CLI::App& app, std::string_view names) {
  for (std::string_view name : split(names, ',')) {
    if (name.starts_with('!')) name.remove_prefix(1);
    if (app.get_option_no_throw(std::string(name)) != nullptr) return true;
  }
  return false;
}

std::string type_of(const Setting& setting, Settings& settings) {
  if (!setting.choices.empty()) return fmt::format("{}", fmt::join(setting.choices, "|"));
  const Field field = setting.field(settings);
  if (std::holds_alternative<unsigned*>(field)) return "NUMBER";
  if (std::holds_alternative<Milliseconds*>(field)) return "DURATION";
  return setting.path ? "FILE" : "TEXT";
}

void add_option(CLI::App& app, Settings& settings, const Setting& setting) {
  const std::string names(setting.option);
  const std::string help(setting.help);
  const Field field = setting.field(settings);
  if (bool* const* flag = std::get_if<bool*>(&field)) {
    app.add_flag(names, **flag, help);
    return;
  }
  app.add_option_function<std::string>(
         names,
         [&settings, &setting, names](const std::string& text) {
           if (auto done = assign(setting, settings, text); !done) throw CLI::ValidationError(names, done.error());
         },
         help)
      ->type_name(type_of(setting, settings));
}

/// Short forms of --existing.
void add_existing(CLI::App& app, Settings& settings, const char* name, transfer::Existing existing, const char* help) {
  if (taken(app, name)) return;
  app.add_flag_callback(name, [&settings, existing] { settings.file.existing = existing; }, help);
}

}  // namespace

void add_options(CLI::App& app, Settings& settings, Moves moves) {
  app.option_defaults()->group("Options of all such verbs");
  using enum transfer::Existing;
  if (moves != Moves::nothing) {
    add_existing(app, settings, "--overwrite", overwrite, "Replace what is there");
    add_existing(app, settings, "--skip", skip, "Leave what is there");
  }
  if (moves == Moves::files) {
    add_existing(app, settings, "-c,--resume", resume, "Go on with what is a beginning of the source (the default)");
    add_existing(app, settings, "--rename", rename, "Give the copy a free name: \"file (1).txt\"");
    add_existing(app, settings, "--ask", ask, "Ask what to do with what is there and differs");
  }
  for (const Setting& setting : setting_table())
    if (!setting.option.empty() && setting.for_moves <= moves && !taken(app, setting.option))
      add_option(app, settings, setting);
  if (moves != Moves::nothing)
    app.add_flag_callback("-q,--quiet", [&settings] { settings.show = Show::nothing; }, "Tell of failures only");
}

}  // namespace gantry::client
