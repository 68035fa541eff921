// What is wrong with a configuration, and where. All problems are collected, none ends the search.
// Must not know: TOML. No message ever holds a secret.
#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gantry::config {

struct Problem {
  std::string file;
  unsigned line = 0;  ///< from 1; 0: the file as a whole
  unsigned column = 0;
  std::string key;  ///< "server.idle_timeout", "user.alice.home", empty: no setting in particular
  std::string message;
  bool operator==(const Problem&) const = default;
};

/// `gantry.toml:12:3: server.idle_timeout: "5 weeks" is not a duration; ...`
[[nodiscard]] std::string format(const Problem& problem);

struct Position {
  unsigned line = 0;
  unsigned column = 0;
};

/// One setting of one table; `index` counts the occurrences of [[store]] and [[user]] from 0, an empty name means the
/// table itself.
struct Spot {
  std::string table;
  std::size_t index = 0;
  std::string name;
  std::strong_ordering operator<=>(const Spot&) const = default;
};

/// Collects problems and knows where each setting was written.
class Report {
 public:
  explicit Report(std::string file) : file_(std::move(file)) {}

  void written_at(const Spot& spot, Position position) { positions_[spot] = position; }
  /// What messages call an occurrence of a repeated table: the store's or user's name.
  void call(std::string_view table, std::size_t index, std::string_view name);
  /// What messages call a setting that has another name in the file.
  void call(const Spot& spot, std::string key) { keys_[spot] = std::move(key); }

  /// An error in a setting; in its table where the setting is not written.
  void error(const Spot& spot, std::string message);
  void error_at(Position position, std::string key, std::string message);
  void warning(const Spot& spot, std::string message);
  void warning_at(Position position, std::string key, std::string message);
  /// What the reader of the log may like to know; no fault of the file.
  void note_at(Position position, std::string key, std::string message);

  /// The setting itself is already known to be wrong: what follows from it is not worth a message.
  [[nodiscard]] bool failed(const Spot& spot) const { return failed_.contains(spot); }
  [[nodiscard]] bool written(const Spot& spot) const { return positions_.contains(spot); }
  /// "user.alice.home"; the number from 1 where the name is not known.
  [[nodiscard]] std::string key(const Spot& spot) const;

  [[nodiscard]] bool clean() const { return errors_.empty(); }
  /// In the order of the file.
  [[nodiscard]] std::vector<Problem> take_errors();
  [[nodiscard]] std::vector<Problem> take_warnings();
  [[nodiscard]] std::vector<Problem> take_notes();

 private:
  [[nodiscard]] Problem problem(const Spot& spot, std::string message) const;

  std::string file_;
  std::map<Spot, Position> positions_;
  std::map<Spot, std::string> names_;
  std::map<Spot, std::string> keys_;
  std::set<Spot> failed_;
  std::vector<Problem> errors_;
  std::vector<Problem> warnings_;
  std::vector<Problem> notes_;
};

}  // namespace gantry::config
