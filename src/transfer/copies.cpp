#include "transfer/copies.hpp"

#include <utility>

namespace gantry::transfer {
namespace {

class InTurn final : public Copies {
 public:
  InTurn(ftp::Connection& connection, MirrorPlaces places, FileOptions options, Board& board,
         const std::atomic<bool>& stop)
      : connection_(connection), places_(std::move(places)), options_(std::move(options)), board_(board), stop_(stop) {}

  void copy(const std::string& path, const ftp::Entry& from, Done done) override {
    const std::string local = places_.local_path(path);
    const std::string remote = places_.remote_path(path);
    const Board::Id id = board_.add(path, places_.direction, from.size);
    done(places_.direction == Direction::down ? download(connection_, remote, local, options_, board_, id, stop_)
                                              : upload(connection_, local, remote, options_, board_, id, stop_));
  }
  void finish() override {}

 private:
  ftp::Connection& connection_;
  MirrorPlaces places_;
  FileOptions options_;
  Board& board_;
  const std::atomic<bool>& stop_;
};

}  // namespace

std::unique_ptr<Copies> copies_in_turn(ftp::Connection& connection, MirrorPlaces places, FileOptions options,
                                       Board& board, const std::atomic<bool>& stop) {
  return std::make_unique<InTurn>(connection, std::move(places), std::move(options), board, stop);
}

}  // namespace gantry::transfer
