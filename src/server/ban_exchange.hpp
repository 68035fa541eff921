// Keeps what the defender knows and the book of bans alike, and changes bans by hand.
// Must not know: why somebody is banned, databases.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "limits/ban_book.hpp"

namespace gantry::server {

class Shared;

/// Lives on the main thread's context.
class BanExchange {
 public:
  explicit BanExchange(Shared& shared) : shared_(shared) {}

  /// Until cancelled: bans made here reach the book, those made elsewhere the defender, within seconds.
  [[nodiscard]] Task<void> run();
  /// Once. Errors as BanBook.
  [[nodiscard]] Task<Result<void>> exchange();

 private:
  Shared& shared_;
  bool book_failed_ = false;
};

/// A ban by hand of an address (IPv6: its /64) or a network in CIDR form; without a duration for ever. Recorded, and
/// obeyed by every node after its next exchange. Errc::invalid: neither address nor network.
[[nodiscard]] Task<Result<limits::Ban>> add_ban(limits::BanBook& book, std::string network,
                                                std::optional<Milliseconds> duration, std::string reason);
/// False when there was none. Errors as add_ban().
[[nodiscard]] Task<Result<bool>> remove_ban(limits::BanBook& book, std::string network);
/// Those that count now.
[[nodiscard]] Task<Result<std::vector<limits::Ban>>> current_bans(limits::BanBook& book);

}  // namespace gantry::server
