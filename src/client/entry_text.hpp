// An entry of a listing as people read it. Must not know: which verb asked.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "client/settings.hpp"
#include "ftp/entry.hpp"
#include "terminal/table.hpp"

namespace gantry::client {

/// "2026-01-31 09:15" in this machine's zone; times that servers gave without a zone stay as they are. "-" without one.
[[nodiscard]] std::string time_text(const ftp::Entry& entry);

/// "4096", or "4.0K" for people; "-" when nobody knows.
[[nodiscard]] std::string size_text(const std::optional<std::uint64_t>& size, bool human);

/// `name` in the style of its kind, with '/' behind directories.
[[nodiscard]] terminal::Cell name_cell(const std::string& name, const ftp::Entry& entry);

/// Type and permissions, owner, group, size, time, `name`; with the target of a link.
[[nodiscard]] std::vector<terminal::Cell> long_cells(const std::string& name, const ftp::Entry& entry, bool human);
inline constexpr std::array long_columns = {terminal::Align::left,  terminal::Align::left, terminal::Align::left,
                                            terminal::Align::right, terminal::Align::left, terminal::Align::left};

/// Colours are wanted on standard output: by the settings, else by the terminal and NO_COLOR.
[[nodiscard]] bool wants_colours(const Settings& settings);

}  // namespace gantry::client
