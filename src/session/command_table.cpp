#include "session/command_table.hpp"

#include <algorithm>
#include <array>

#include "session/commands/handlers.hpp"
#include "session/session.hpp"

namespace gantry::session {
namespace {

using accounts::Permission;
namespace c = commands;

template <std::size_t N>
struct Text {
  constexpr explicit(false) Text(const char (&text)[N]) { std::copy_n(text, N, value); }
  char value[N]{};
};

/// A FEAT line that is the same in every session.
template <Text text>
std::string line(const Session&) {
  return text.value;
}

std::string mlst_line(const Session& session) { return session.state.facts.feat_line(); }

constexpr auto always = Gate::always;
constexpr auto clear = BeforeTls::allowed;
constexpr auto optional = Argument::optional;
constexpr auto required = Argument::required;
constexpr auto slow = Runs::slow;
constexpr auto answered = During::answered;
constexpr auto used = Data::used;
constexpr auto parameters = Keeps::transfer_parameters;

constexpr std::array commands_by_name = std::to_array<Row>({
    {.verb = "ABOR", .handler = c::abor, .gate = always, .during = During::aborts, .syntax = "ABOR"},
    {.verb = "ACCT", .handler = c::acct, .gate = always, .argument = required, .secrecy = Secrecy::secret, .syntax = "ACCT <account>"},
    {.verb = "ALLO", .handler = c::allo, .argument = required, .keeps = parameters, .syntax = "ALLO <bytes>"},
    {.verb = "APPE", .handler = c::appe, .permission = Permission::append, .argument = required, .runs = slow, .data = used, .syntax = "APPE <path>"},
    {.verb = "AUTH", .handler = c::auth, .gate = always, .before_tls = clear, .argument = required, .needs = Needs::tls, .feature = line<"AUTH TLS\nAUTH SSL">, .syntax = "AUTH TLS"},
    {.verb = "AVBL", .handler = c::avbl, .permission = Permission::list, .argument = optional, .runs = slow, .feature = line<"AVBL">, .syntax = "AVBL [<directory>]"},
    {.verb = "CCC", .handler = c::ccc, .gate = always, .needs = Needs::tls, .syntax = "CCC"},
    {.verb = "CDUP", .handler = c::cdup, .permission = Permission::enter, .runs = slow, .syntax = "CDUP"},
    {.verb = "CLNT", .handler = c::clnt, .gate = always, .before_tls = clear, .argument = required, .keeps = parameters, .feature = line<"CLNT">, .syntax = "CLNT <name>"},
    {.verb = "CSID", .handler = c::csid, .gate = always, .before_tls = clear, .argument = required, .keeps = parameters, .feature = line<"CSID">, .syntax = "CSID <facts>"},
    {.verb = "CWD", .handler = c::cwd, .permission = Permission::enter, .argument = required, .runs = slow, .syntax = "CWD <directory>"},
    {.verb = "DELE", .handler = c::dele, .permission = Permission::remove, .argument = required, .runs = slow, .syntax = "DELE <path>"},
    {.verb = "EPRT", .handler = c::eprt, .argument = required, .needs = Needs::active_mode, .keeps = parameters, .feature = line<"EPRT">, .syntax = "EPRT |<family>|<address>|<port>|"},
    {.verb = "EPSV", .handler = c::epsv, .argument = optional, .keeps = parameters, .feature = line<"EPSV">, .syntax = "EPSV [1|2|ALL]"},
    {.verb = "FEAT", .handler = c::feat, .gate = always, .before_tls = clear, .keeps = parameters, .syntax = "FEAT"},
    {.verb = "HASH", .handler = c::hash, .permission = Permission::read, .argument = required, .runs = slow, .keeps = parameters, .feature = c::hash_feature, .syntax = "HASH <path>"},
    {.verb = "HELP", .handler = c::help, .gate = always, .before_tls = clear, .argument = optional, .during = answered, .keeps = parameters, .syntax = "HELP [<command>]"},
    {.verb = "HOST", .handler = c::host, .gate = always, .before_tls = clear, .argument = required, .feature = line<"HOST">, .syntax = "HOST <name>"},
    {.verb = "LANG", .handler = c::lang, .gate = always, .before_tls = clear, .argument = optional, .keeps = parameters, .feature = line<"LANG EN*">, .syntax = "LANG [<tag>]"},
    {.verb = "LIST", .handler = c::list, .permission = Permission::list, .argument = optional, .runs = slow, .data = used, .syntax = "LIST [-a] [<path>]"},
    {.verb = "MDTM", .handler = c::mdtm, .permission = Permission::list, .argument = required, .runs = slow, .keeps = parameters, .feature = line<"MDTM">, .syntax = "MDTM <path>"},
    {.verb = "MFMT", .handler = c::mfmt, .permission = Permission::set_time, .argument = required, .runs = slow, .feature = line<"MFMT">, .syntax = "MFMT <YYYYMMDDHHMMSS> <path>"},
    {.verb = "MKD", .handler = c::mkd, .permission = Permission::make, .argument = required, .runs = slow, .syntax = "MKD <directory>"},
    {.verb = "MLSD", .handler = c::mlsd, .permission = Permission::list, .argument = optional, .runs = slow, .data = used, .syntax = "MLSD [<directory>]"},
    {.verb = "MLST", .handler = c::mlst, .permission = Permission::list, .argument = optional, .runs = slow, .keeps = parameters, .feature = mlst_line, .syntax = "MLST [<path>]"},
    {.verb = "MODE", .handler = c::mode, .argument = required, .keeps = parameters, .syntax = "MODE S"},
    {.verb = "NLST", .handler = c::nlst, .permission = Permission::list, .argument = optional, .runs = slow, .data = used, .syntax = "NLST [-a] [<path>]"},
    {.verb = "NOOP", .handler = c::noop, .gate = always, .before_tls = clear, .argument = optional, .during = answered, .keeps = parameters, .syntax = "NOOP"},
    {.verb = "OPTS", .handler = c::opts, .gate = always, .before_tls = clear, .argument = required, .keeps = parameters, .feature = line<"TVFS\nUTF8">, .syntax = "OPTS <command> [<options>]"},
    {.verb = "PASS", .handler = c::pass, .gate = Gate::after_user, .argument = optional, .runs = slow, .secrecy = Secrecy::secret, .syntax = "PASS <password>"},
    {.verb = "PASV", .handler = c::pasv, .runs = slow, .keeps = parameters, .syntax = "PASV"},
    {.verb = "PBSZ", .handler = c::pbsz, .gate = always, .before_tls = clear, .argument = required, .needs = Needs::tls, .keeps = parameters, .feature = line<"PBSZ">, .syntax = "PBSZ 0"},
    {.verb = "PORT", .handler = c::port, .argument = required, .needs = Needs::active_mode, .keeps = parameters, .syntax = "PORT <h1,h2,h3,h4,p1,p2>"},
    {.verb = "PROT", .handler = c::prot, .gate = always, .before_tls = clear, .argument = required, .needs = Needs::tls, .keeps = parameters, .feature = line<"PROT">, .syntax = "PROT C|P"},
    {.verb = "PWD", .handler = c::pwd, .keeps = parameters, .syntax = "PWD"},
    {.verb = "QUIT", .handler = c::quit, .gate = always, .before_tls = clear, .syntax = "QUIT"},
    {.verb = "RANG", .handler = c::rang, .argument = required, .keeps = parameters, .feature = line<"RANG STREAM">, .syntax = "RANG <first> <last>"},
    {.verb = "REIN", .handler = c::rein, .gate = always, .syntax = "REIN"},
    {.verb = "REST", .handler = c::rest, .argument = required, .keeps = parameters, .feature = line<"REST STREAM">, .syntax = "REST <offset>"},
    {.verb = "RETR", .handler = c::retr, .permission = Permission::read, .argument = required, .runs = slow, .data = used, .syntax = "RETR <path>"},
    {.verb = "RMD", .handler = c::rmd, .permission = Permission::remove, .argument = required, .runs = slow, .syntax = "RMD <directory>"},
    {.verb = "RNFR", .handler = c::rnfr, .permission = Permission::rename, .argument = required, .runs = slow, .syntax = "RNFR <path>"},
    {.verb = "RNTO", .handler = c::rnto, .permission = Permission::rename, .argument = required, .runs = slow, .keeps = Keeps::rename_source, .syntax = "RNTO <path>"},
    {.verb = "SITE", .handler = c::site, .argument = required, .runs = slow, .syntax = "SITE <command> [<argument>]"},
    {.verb = "SIZE", .handler = c::size, .permission = Permission::list, .argument = required, .runs = slow, .keeps = parameters, .feature = line<"SIZE">, .syntax = "SIZE <path>"},
    {.verb = "SMNT", .handler = c::smnt, .argument = required, .syntax = "SMNT <path>"},
    {.verb = "STAT", .handler = c::stat, .gate = always, .argument = optional, .runs = slow, .during = answered, .keeps = parameters, .syntax = "STAT [<path>]"},
    {.verb = "STOR", .handler = c::stor, .permission = Permission::write, .argument = required, .runs = slow, .data = used, .syntax = "STOR <path>"},
    {.verb = "STOU", .handler = c::stou, .permission = Permission::write, .argument = optional, .runs = slow, .data = used, .syntax = "STOU [<path>]"},
    {.verb = "STRU", .handler = c::stru, .argument = required, .keeps = parameters, .syntax = "STRU F"},
    {.verb = "SYST", .handler = c::syst, .gate = always, .before_tls = clear, .keeps = parameters, .syntax = "SYST"},
    {.verb = "TYPE", .handler = c::type, .argument = required, .keeps = parameters, .syntax = "TYPE A|I"},
    {.verb = "USER", .handler = c::user, .gate = always, .argument = required, .syntax = "USER <name>"},
    {.verb = "XCRC", .handler = c::xcrc, .permission = Permission::read, .argument = required, .runs = slow, .feature = line<"XCRC">, .syntax = "XCRC <path> [<first> <end>]"},
    {.verb = "XCUP", .handler = c::cdup, .permission = Permission::enter, .runs = slow, .syntax = "XCUP"},
    {.verb = "XCWD", .handler = c::cwd, .permission = Permission::enter, .argument = required, .runs = slow, .syntax = "XCWD <directory>"},
    {.verb = "XMD5", .handler = c::xmd5, .permission = Permission::read, .argument = required, .runs = slow, .feature = line<"XMD5">, .syntax = "XMD5 <path> [<first> <end>]"},
    {.verb = "XMKD", .handler = c::mkd, .permission = Permission::make, .argument = required, .runs = slow, .syntax = "XMKD <directory>"},
    {.verb = "XPWD", .handler = c::pwd, .keeps = parameters, .syntax = "XPWD"},
    {.verb = "XRMD", .handler = c::rmd, .permission = Permission::remove, .argument = required, .runs = slow, .syntax = "XRMD <directory>"},
    {.verb = "XSHA1", .handler = c::xsha1, .permission = Permission::read, .argument = required, .runs = slow, .feature = line<"XSHA1">, .syntax = "XSHA1 <path> [<first> <end>]"},
    {.verb = "XSHA256", .handler = c::xsha256, .permission = Permission::read, .argument = required, .runs = slow, .feature = line<"XSHA256">, .syntax = "XSHA256 <path> [<first> <end>]"},
    {.verb = "XSHA512", .handler = c::xsha512, .permission = Permission::read, .argument = required, .runs = slow, .feature = line<"XSHA512">, .syntax = "XSHA512 <path> [<first> <end>]"},
});

constexpr std::array site_commands = std::to_array<Row>({
    {.verb = "CHMOD", .handler = c::site_chmod, .permission = Permission::chmod, .argument = required, .syntax = "CHMOD <mode> <path>"},
    {.verb = "HELP", .handler = c::site_help, .syntax = "HELP"},
    {.verb = "QUOTA", .handler = c::site_quota, .syntax = "QUOTA"},
    {.verb = "UTIME", .handler = c::site_utime, .permission = Permission::set_time, .argument = required, .syntax = "UTIME <YYYYMMDDHHMM[SS]> <path>"},
});

constexpr std::array opts_commands = std::to_array<Row>({
    {.verb = "HASH", .handler = c::opts_hash, .gate = always, .before_tls = clear, .argument = optional, .syntax = "HASH [<algorithm>]"},
    {.verb = "MLST", .handler = c::opts_mlst, .gate = always, .before_tls = clear, .argument = optional, .syntax = "MLST [<facts>]"},
    {.verb = "MODE", .handler = c::opts_mode, .gate = always, .before_tls = clear, .argument = required, .needs = Needs::mode_z, .feature = line<"MODE Z">, .syntax = "MODE Z LEVEL <1-9>"},
    {.verb = "REST", .handler = c::opts_rest, .gate = always, .before_tls = clear, .argument = optional, .syntax = "REST STOR"},
    {.verb = "UTF-8", .handler = c::opts_utf8, .gate = always, .before_tls = clear, .argument = optional, .syntax = "UTF-8 ON"},
    {.verb = "UTF8", .handler = c::opts_utf8, .gate = always, .before_tls = clear, .argument = optional, .syntax = "UTF8 ON"},
});

template <std::size_t N>
constexpr bool sorted(const std::array<Row, N>& rows) {
  return std::ranges::is_sorted(rows, std::ranges::less_equal{}, &Row::verb);
}
static_assert(sorted(commands_by_name) && sorted(site_commands) && sorted(opts_commands),
              "find_row searches by halves");

}  // namespace

std::span<const Row> command_table() { return commands_by_name; }
std::span<const Row> site_table() { return site_commands; }
std::span<const Row> opts_table() { return opts_commands; }

std::span<const Row> sub_commands(const Row& row) {
  if (row.handler == c::site) return site_commands;
  if (row.handler == c::opts) return opts_commands;
  return {};
}

const Row* find_row(std::span<const Row> table, std::string_view verb) {
  auto at = std::ranges::lower_bound(table, verb, {}, &Row::verb);
  return at != table.end() && at->verb == verb ? &*at : nullptr;
}

bool offered(const Row& row, const Session& session) {
  switch (row.needs) {
    case Needs::nothing: return true;
    case Needs::tls: return !session.config().tls.certificate.empty();
    case Needs::active_mode: return session.config().server.active_mode;
    case Needs::mode_z: return session.config().server.mode_z;
  }
  return true;
}

}  // namespace gantry::session
