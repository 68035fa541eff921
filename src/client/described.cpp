#include "client/described.hpp"

#include "client/options.hpp"

namespace gantry::client {
namespace {

void describe(const CLI::App& app, std::vector<DescribedArgument>* arguments, std::vector<DescribedOption>& options) {
  for (const CLI::Option* option : app.get_options()) {
    if (!option->nonpositional()) {
      if (arguments != nullptr)
        arguments->push_back({.name = option->get_name(true),
                              .help = option->get_description(),
                              .required = option->get_required(),
                              .many = option->get_items_expected_max() > 1});
      continue;
    }
    // What stands behind the colon is CLI11's own list of the values, which the help says better.
    const std::string type = option->get_type_name();
    const bool takes_value = option->get_items_expected_max() > 0;
    options.push_back({.shorts = option->get_snames(),
                       .longs = option->get_lnames(),
                       .value = takes_value ? type.substr(0, type.find(':')) : "",
                       .help = option->get_description()});
  }
}

}  // namespace

std::vector<Described> described_verbs(bool shell) {
  std::vector<Described> all;
  for (const Verb& verb : verbs()) {
    if (!shell && verb.where == Where::shell_only) continue;
    CLI::App app;
    (void)verb.define(app);
    Described described{.verb = &verb, .arguments = {}, .options = {}};
    describe(app, &described.arguments, described.options);
    all.push_back(std::move(described));
  }
  return all;
}

std::vector<DescribedOption> described_options(Moves moves) {
  CLI::App app;
  app.set_help_flag();
  Settings settings;
  add_options(app, settings, moves);
  std::vector<DescribedOption> options;
  describe(app, nullptr, options);
  return options;
}

}  // namespace gantry::client
