#include "vfs/quota_upload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gantry::vfs {
namespace {

/// What an upload may have sent without a promise. It is invisible, and weighed before it is published or held.
constexpr std::uint64_t unpromised = 8 * mib;
/// A promise goes ahead of the bytes by an eighth of what has come, so that long uploads ask seldom.
constexpr std::uint64_t most_ahead = 64 * mib;

class QuotaUpload : public Upload {
 public:
  QuotaUpload(std::unique_ptr<Upload> base, QuotaUploadBegin begin) : base_(std::move(base)), it_(std::move(begin)) {}
  ~QuotaUpload() override {
    if (!it_.ticket.empty()) it_.quota.book->abandon(it_.quota.tree, it_.ticket);
  }

  [[nodiscard]] Task<Result<MutableBytes>> prepare(std::size_t wanted) override { return base_->prepare(wanted); }
  [[nodiscard]] std::uint64_t position() const override { return base_->position(); }
  [[nodiscard]] std::string request_id() const override { return base_->request_id(); }

  [[nodiscard]] bool takes_from_pipes() const override { return base_->takes_from_pipes(); }

  [[nodiscard]] Task<Result<void>> advance(std::size_t count) override {
    auto taken = co_await base_->advance(count);
    co_return taken ? co_await keep_covered() : taken;
  }

  [[nodiscard]] Task<Result<void>> take_from_pipe(int pipe, std::size_t count) override {
    auto taken = co_await base_->take_from_pipe(pipe, count);
    co_return taken ? co_await keep_covered() : taken;
  }

  [[nodiscard]] Task<Result<Entry>> commit() override {
    if (auto covered = co_await cover(0); !covered) {
      co_await give_up(covered.error());
      co_return fail(std::move(covered.error()));
    }
    auto stored = co_await base_->commit();
    if (stored) {
      co_await settle({.grown = {stored->size, 1}, .shrunk = it_.present.amount});
    } else if (left_alone(stored.error()) && it_.held == QuotaHeld::beside) {
      co_await settle({});
    } else {
      co_await it_.quota.book->doubt(it_.quota.tree, std::exchange(it_.ticket, {}));
    }
    co_return stored;
  }

  [[nodiscard]] Task<Result<std::uint64_t>> hold() override {
    if (auto covered = co_await cover(0); !covered) {
      co_await give_up(covered.error());
      co_return std::uint64_t{0};
    }
    auto kept = co_await base_->hold();
    if (!kept) {
      co_await it_.quota.book->doubt(it_.quota.tree, std::exchange(it_.ticket, {}));
      co_return kept;
    }
    QuotaChange change;
    // What the ledger keeps the book reads there.
    if (it_.in_tree && *kept > 0) change.grown = {*kept, 1};
    if (it_.present.held && (*kept > 0 || it_.held == QuotaHeld::continued)) change.shrunk = it_.present.amount;
    co_await settle(change);
    co_return kept;
  }

  [[nodiscard]] Task<void> abort() override {
    co_await base_->abort();
    QuotaChange change;
    if (it_.held == QuotaHeld::continued) change.shrunk = it_.present.amount;
    co_await settle(change);
  }

 private:
  [[nodiscard]] std::uint64_t growth() const { return position() - std::min(position(), it_.present.amount.bytes); }

  /// Makes the promise cover what has come.
  [[nodiscard]] Task<Result<void>> cover(std::uint64_t ahead) {
    if (it_.quota.limits.bytes == 0 || growth() <= it_.promised) co_return Result<void>();
    auto answer = co_await it_.quota.book->grow(it_.quota.tree, it_.quota.limits, it_.ticket, growth(), ahead);
    if (!answer) co_return fail(std::move(answer.error()));
    if (answer->ticket.empty()) co_return fail(over_quota("upload", it_.quota.limits, answer->use));
    it_.promised = answer->promised;
    co_return Result<void>();
  }

  /// The same from time to time, and ahead of what comes.
  [[nodiscard]] Task<Result<void>> keep_covered() {
    if (growth() <= it_.promised + unpromised) co_return Result<void>();
    co_return co_await cover(std::clamp(growth() / 8, unpromised, most_ahead));
  }

  /// Too much for the quota is dropped; when only the book does not answer, what came may be worth keeping.
  [[nodiscard]] Task<void> give_up(const Error& error) {
    if (error.code == Errc::quota || error.code == Errc::conflict) co_return co_await abort();
    static_cast<void>(co_await base_->hold());
    co_await it_.quota.book->doubt(it_.quota.tree, std::exchange(it_.ticket, {}));
  }

  [[nodiscard]] Task<void> settle(QuotaChange change) {
    if (it_.ticket.empty()) co_return;
    co_await it_.quota.book->settle(it_.quota.tree, std::exchange(it_.ticket, {}), change);
  }

  std::unique_ptr<Upload> base_;
  QuotaUploadBegin it_;
};

}  // namespace

std::unique_ptr<Upload> make_quota_upload(std::unique_ptr<Upload> base, QuotaUploadBegin begin) {
  return std::make_unique<QuotaUpload>(std::move(base), std::move(begin));
}

Error over_quota(std::string operation, const QuotaLimits& limits, const QuotaUse& use) {
  if (!use.known) return {Errc::quota, std::move(operation), "the files are not counted yet", {}};
  return {Errc::quota,
          std::move(operation),
          fmt::format("{} of {} bytes and {} of {} files are used", use.used.bytes, limits.bytes, use.used.files,
                      limits.files),
          {}};
}

bool left_alone(const Error& error) {
  switch (error.code) {
    case Errc::not_found:
    case Errc::is_directory:
    case Errc::not_directory:
    case Errc::already_exists:
    case Errc::denied:
    case Errc::bad_name:
    case Errc::bad_offset:
    case Errc::invalid:
    case Errc::unsupported:
    case Errc::too_large:
    case Errc::no_space:
      return true;
    default:
      // A conflict comes from a condition that was not met, but also from another's write over a finished one.
      return false;
  }
}

}  // namespace gantry::vfs
