// Answers to administrators as lines for people. What an answer lacks is left out, never an error.
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace gantry {

[[nodiscard]] std::string show_done(const boost::json::value& result);
[[nodiscard]] std::string show_user(const boost::json::value& result);
[[nodiscard]] std::string show_users(const boost::json::value& result);
[[nodiscard]] std::string show_quota(const boost::json::value& result);
[[nodiscard]] std::string show_bans(const boost::json::value& result);
[[nodiscard]] std::string show_sessions(const boost::json::value& result);
[[nodiscard]] std::string show_ended(const boost::json::value& result);

}  // namespace gantry
