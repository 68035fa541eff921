// What administrators see of a session.
#pragma once

#include <cstdint>
#include <string>

#include "base/units.hpp"

namespace gantry::session {

struct Summary {
  std::uint64_t id = 0;
  std::string peer;
  std::string user;  ///< empty before the login
  bool encrypted = false;
  std::string client;  ///< as it calls itself
  std::string directory;
  Milliseconds age{};
  Milliseconds idle{};      ///< since the last command; zero while one runs
  std::string transfer{};   ///< "RETR /a/b"; empty: none runs
  std::uint64_t bytes = 0;  ///< of the transfer, so far
};

}  // namespace gantry::session
