// What the user wishes, from the command line, the configuration file and the defaults, in this order.
#pragma once

#include <cstdint>
#include <string>

#include "ftp/connection.hpp"
#include "transfer/file.hpp"

namespace gantry::client {

/// How progress is shown.
enum class Show : std::uint8_t { automatic, bars, lines, json, nothing };

enum class Colour : std::uint8_t { automatic, always, never };

/// What a verb moves between a server and this machine; each has the options of those before it.
enum class Moves : std::uint8_t { nothing, trees, files };

struct Settings {
  ftp::ConnectionOptions connection;
  transfer::FileOptions file{.existing = transfer::Existing::ask};
  unsigned parallel = 1;  ///< files at once
  unsigned segments = 1;  ///< connections for one large file
  std::string limit;      ///< bytes per second over all transfers, by the time of day; empty: none
  Show show = Show::automatic;
  Colour colour = Colour::automatic;
  bool json = false;   ///< listings and results as JSON lines
  bool plain = false;  ///< clear text although passwords can be read on the way
  std::string password_file;
};

}  // namespace gantry::client
