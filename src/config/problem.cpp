#include "config/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "config/settings.hpp"

namespace gantry::config {
namespace {

std::vector<Problem> in_file_order(std::vector<Problem> problems) {
  std::ranges::sort(problems, {}, [](const Problem& p) { return std::tuple(p.line, p.column, p.key, p.message); });
  return problems;
}

}  // namespace

std::string format(const Problem& problem) {
  std::string out = problem.file;
  if (problem.line != 0) out += fmt::format(":{}:{}", problem.line, problem.column);
  if (!out.empty()) out += ": ";
  if (!problem.key.empty()) out += problem.key + ": ";
  return out + problem.message;
}

void Report::call(std::string_view table, std::size_t index, std::string_view name) {
  names_[Spot{std::string(table), index, {}}] = escape_control(name);
}

std::string Report::key(const Spot& spot) const {
  if (const auto other = keys_.find(spot); other != keys_.end()) return other->second;
  std::string out = spot.table;
  if (repeats(spot.table)) {
    const auto name = names_.find(Spot{spot.table, spot.index, {}});
    out += name != names_.end() && !name->second.empty() ? "." + name->second : fmt::format("[{}]", spot.index + 1);
  }
  if (!spot.name.empty()) out += "." + spot.name;
  return out;
}

Problem Report::problem(const Spot& spot, std::string message) const {
  auto position = positions_.find(spot);
  if (position == positions_.end()) position = positions_.find(Spot{spot.table, spot.index, {}});
  const Position found = position == positions_.end() ? Position{} : position->second;
  return {file_, found.line, found.column, key(spot), std::move(message)};
}

void Report::error(const Spot& spot, std::string message) {
  failed_.insert(spot);
  errors_.push_back(problem(spot, std::move(message)));
}

void Report::error_at(Position position, std::string key, std::string message) {
  errors_.push_back({file_, position.line, position.column, std::move(key), std::move(message)});
}

void Report::warning(const Spot& spot, std::string message) { warnings_.push_back(problem(spot, std::move(message))); }

void Report::warning_at(Position position, std::string key, std::string message) {
  warnings_.push_back({file_, position.line, position.column, std::move(key), std::move(message)});
}

void Report::note_at(Position position, std::string key, std::string message) {
  notes_.push_back({file_, position.line, position.column, std::move(key), std::move(message)});
}

std::vector<Problem> Report::take_errors() { return in_file_order(std::move(errors_)); }
std::vector<Problem> Report::take_warnings() { return in_file_order(std::move(warnings_)); }
std::vector<Problem> Report::take_notes() { return in_file_order(std::move(notes_)); }

}  // namespace gantry::config
