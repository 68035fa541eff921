#include <fmt/format.h>

#include <algorithm>

#include "client/describe.hpp"
#include "client/described.hpp"
#include "client/exit.hpp"
#include "client/setting_table.hpp"

namespace gantry::client {
namespace {

/// Text that roff prints as it stands.
std::string plain(std::string_view text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out = "\\&";
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string option_item(const DescribedOption& option) {
  std::string names;
  for (const std::string& name : option.shorts)
    names += fmt::format("{}\\fB\\-{}\\fR", names.empty() ? "" : ", ", name);
  for (const std::string& name : option.longs)
    names += fmt::format("{}\\fB\\-\\-{}\\fR", names.empty() ? "" : ", ", plain(name));
  if (!option.value.empty()) names += fmt::format(" \\fI{}\\fR", plain(option.value));
  return fmt::format(".TP\n{}\n{}.\n", names, plain(option.help));
}

std::string synopsis(const Described& verb) {
  std::string line = fmt::format("\\fB{}\\fR", plain(verb.verb->name));
  for (const std::string_view alias : verb.verb->aliases) line += fmt::format(", \\fB{}\\fR", plain(alias));
  if (!verb.options.empty()) line += " [\\fIoptions\\fR]";
  for (const DescribedArgument& argument : verb.arguments) {
    const std::string word = fmt::format("\\fI{}\\fR{}", plain(argument.name), argument.many ? "..." : "");
    line += argument.required ? " " + word : " [" + word + "]";
  }
  return line;
}

std::string verb_section(const Described& verb) {
  std::string text = fmt::format(".SS {}\n{}.\n", synopsis(verb), plain(verb.verb->summary));
  if (verb.verb->where == Where::shell_only) text += "In the shell only.\n";
  for (const DescribedArgument& argument : verb.arguments)
    text += fmt::format(".TP\n\\fI{}\\fR\n{}.\n", plain(argument.name), plain(argument.help));
  for (const DescribedOption& option : verb.options)
    if (option.longs != std::vector<std::string>{"help"}) text += option_item(option);
  return text;
}

}  // namespace

std::string manual_page() {
  std::string text =
      ".TH GANTRY 1\n"
      ".SH NAME\ngantry \\- a client for FTP servers\n"
      ".SH SYNOPSIS\n"
      "\\fBgantry\\fR [\\fIoptions\\fR] [\\fBftp://\\fIuser\\fB@\\fIhost\\fB/\\fIdirectory\\fR]\n.br\n"
      "\\fBgantry\\fR [\\fIoptions\\fR] \\fIverb\\fR [\\fIoptions\\fR] \\fIurl\\fR...\n"
      ".SH DESCRIPTION\n"
      "With a URL, or alone, gantry is a shell; with a verb it does one thing and ends. The verbs and their options "
      "are "
      "the same in both. A path on a server is a URL, or a bookmark as \\fINAME\\fR:\\fIPATH\\fR, or in the shell a "
      "path "
      "below the current directory. The patterns *, ? and [...] in it stand for the names that match.\n"
      ".SH OPTIONS\nEvery verb has these.\n";
  for (const DescribedOption& option : described_options(Moves::nothing)) text += option_item(option);
  text += ".PP\nThose that move files also have these.\n";
  const auto common = described_options(Moves::nothing);
  for (const DescribedOption& option : described_options(Moves::files)) {
    const bool listed = std::ranges::any_of(common, [&](const auto& one) { return one.longs == option.longs; });
    if (!listed) text += option_item(option);
  }
  text += ".SH VERBS\n";
  for (const Described& verb : described_verbs(true)) text += verb_section(verb);
  text +=
      ".SH FILES\n.TP\n\\fI~/.config/gantry/config.toml\\fR\nSettings and bookmarks, below XDG_CONFIG_HOME where that "
      "is set. \\fBgantry \\-\\-print\\-config\\fR prints what is in force. The settings:\n";
  for (const Setting& setting : setting_table())
    text +=
        fmt::format(".TP\n\\fB{}\\fR\n{}: {}.\n", plain(setting.name), plain(setting.help), plain(accepted(setting)));
  text += ".SH EXIT STATUS\n";
  for (const ExitMeaning& exit : exit_meanings())
    text += fmt::format(".TP\n{}\n{}.\n", static_cast<int>(exit.code), plain(exit.means));
  return text;
}

}  // namespace gantry::client
