#include "vfs/quota_file_system.hpp"

#include <algorithm>
#include <utility>

#include "vfs/background.hpp"
#include "vfs/quota_upload.hpp"
#include "vfs/upload_ledger.hpp"

namespace gantry::vfs {
namespace {

/// How long the first upload waits for its tree to be counted; the janitor goes on counting.
constexpr auto count_patience = std::chrono::seconds(20);

/// What the name holds now, and what is held for it in the upload ledger.
struct Before {
  QuotaPresent present;
  std::uint64_t size = 0;
  std::string resumable;  ///< upload id
  bool directory = false;
};

Task<Result<Before>> look(std::shared_ptr<FileSystem> files, Path path) {
  Before before;
  auto entry = co_await files->stat(path);
  // Whatever is wrong with the name, the operation itself says it best.
  if (!entry && left_alone(entry.error())) co_return before;
  if (!entry) co_return fail(std::move(entry.error()));
  before.directory = entry->kind == Kind::directory;
  before.size = entry->size;
  if (before.directory) co_return before;
  if (entry->held && files->capabilities(path).held_on_record) {
    before.resumable = entry->unique.substr(std::min(held_mark.size(), entry->unique.size()));
  } else {
    before.present = {.amount = {entry->size, 1}, .held = entry->held};
  }
  co_return before;
}

std::uint64_t grown_by(std::uint64_t size, const QuotaPresent& present) {
  return size - std::min(size, present.amount.bytes);
}

}  // namespace

QuotaFileSystem::QuotaFileSystem(std::shared_ptr<FileSystem> base, Quota quota, QuotaCounter count)
    : base_(std::move(base)), quota_(std::move(quota)), count_(std::move(count)) {}

Capabilities QuotaFileSystem::capabilities(Path path) const {
  Capabilities all = base_->capabilities(std::move(path));
  all.space = all.space || quota_.limits.bytes > 0;
  return all;
}

/// The use once the tree has been counted; unknown still when that takes longer.
Task<Result<QuotaUse>> QuotaFileSystem::count_now() {
  Background<QuotaUse> counting(co_await asio::this_coro::executor, "count files",
                                recount(quota_.book, quota_.tree, CountFor::due, count_));
  if (!co_await counting.wait_until(SteadyClock::now() + count_patience)) co_return QuotaUse{};
  co_return co_await counting.get();
}

Task<Result<QuotaAnswer>> QuotaFileSystem::begin(QuotaWish wish) {
  auto answer = co_await quota_.book->begin(quota_.tree, quota_.limits, wish);
  if (answer && answer->ticket.empty() && !answer->use.known) {
    if (auto counted = co_await count_now(); !counted) co_return fail(std::move(counted.error()));
    answer = co_await quota_.book->begin(quota_.tree, quota_.limits, wish);
  }
  if (!answer) co_return answer;
  if (answer->ticket.empty()) co_return fail(over_quota("reserve quota", quota_.limits, answer->use));
  co_return answer;
}

Task<Result<void>> QuotaFileSystem::settled(std::string ticket, Result<void> done, QuotaChange change) {
  if (done || left_alone(done.error()))
    co_await quota_.book->settle(quota_.tree, std::move(ticket), done ? change : QuotaChange{});
  else
    co_await quota_.book->doubt(quota_.tree, std::move(ticket));
  co_return done;
}

Task<Result<std::unique_ptr<Upload>>> QuotaFileSystem::open_upload(Path path, UploadOptions options) {
  auto before = co_await look(base_, path);
  if (!before) co_return fail(std::move(before.error()));
  // The tree says best why nothing can be written here.
  if (before->directory) co_return co_await base_->open_upload(std::move(path), std::move(options));
  const bool append = options.mode == UploadMode::append;
  const bool goes_on = append || options.mode == UploadMode::at_offset;
  const std::uint64_t start = append ? before->size : goes_on ? options.offset : 0;
  QuotaWish wish{.path = path.text(),
                 .bytes = 0,
                 .files = before->present.amount.files == 0 ? 1U : 0U,
                 .open_ended = !options.expected_size,
                 .replaced = before->present.amount.bytes};
  const std::uint64_t size = start + std::min(options.expected_size.value_or(0), ByteRange::unbounded - start);
  wish.bytes = grown_by(size, before->present);
  if (start > 0) wish.resumes = before->resumable;
  auto answer = co_await begin(std::move(wish));
  if (!answer) co_return fail(std::move(answer.error()));
  auto upload = co_await base_->open_upload(path, options);
  if (!upload) {
    co_await quota_.book->settle(quota_.tree, answer->ticket, {});
    co_return upload;
  }
  const bool continued = before->present.held && goes_on;
  co_return make_quota_upload(std::move(*upload), {.quota = quota_,
                                                   .ticket = answer->ticket,
                                                   .promised = answer->promised,
                                                   .present = before->present,
                                                   .held = continued ? QuotaHeld::continued : QuotaHeld::beside,
                                                   .in_tree = !base_->capabilities(path).held_on_record});
}

Task<Result<void>> QuotaFileSystem::rename(Path from, Path to, Existing existing) {
  auto replaced = co_await look(base_, to);
  if (!replaced) co_return fail(std::move(replaced.error()));
  auto answer = co_await begin({.path = to.text(), .moving = true});
  if (!answer) co_return fail(std::move(answer.error()));
  auto done = co_await base_->rename(from, to, existing);
  QuotaChange change;
  if (from != to) change.shrunk = replaced->present.amount;
  co_return co_await settled(std::move(answer->ticket), std::move(done), change);
}

Task<Result<void>> QuotaFileSystem::copy(Path from, Path to) {
  auto source = co_await look(base_, from);
  if (!source) co_return fail(std::move(source.error()));
  auto replaced = co_await look(base_, to);
  if (!replaced) co_return fail(std::move(replaced.error()));
  if (from == to || source->directory || replaced->directory) co_return co_await base_->copy(from, to);
  auto answer = co_await begin({.path = to.text(),
                                .bytes = grown_by(source->size, replaced->present),
                                .files = replaced->present.amount.files == 0 ? 1U : 0U});
  if (!answer) co_return fail(std::move(answer.error()));
  auto done = co_await base_->copy(from, to);
  co_return co_await settled(std::move(answer->ticket), std::move(done),
                             {.grown = {source->size, 1}, .shrunk = replaced->present.amount});
}

/// The joined file takes the room that its sources leave, so nothing is asked for; while both are there they count
/// once. Each source is a change of its own, as if it were removed: when somebody else has a hand in one, its bytes
/// must not be given back twice.
Task<Result<Combined>> QuotaFileSystem::combine(Path target, std::vector<Path> sources, CombineOptions options) {
  auto replaced = co_await look(base_, target);
  if (!replaced) co_return fail(std::move(replaced.error()));
  std::vector<std::string> tickets;  // of the sources, then of the target
  Result<Combined> done;
  for (std::size_t i = 0; i <= sources.size() && done; ++i) {
    auto answer = co_await begin({.path = (i < sources.size() ? sources[i] : target).text()});
    if (answer)
      tickets.push_back(std::move(answer->ticket));
    else
      done = fail(std::move(answer.error()));
  }
  const bool begun = done.has_value();
  if (begun) done = co_await base_->combine(target, sources, std::move(options));
  const bool doubtful = begun && !done && !left_alone(done.error()) && done.error().code != Errc::cancelled;
  // The target first: what the sources gave back must not be promised to others before it is counted.
  for (std::size_t i = tickets.size(); i-- > 0;) {
    QuotaChange change;
    if (done && i == sources.size())
      change = {.grown = {done->entry.size, 1}, .shrunk = replaced->present.amount};
    else if (done && std::ranges::find(done->left, i) == done->left.end())
      change.shrunk = {done->sizes[i], 1};
    if (doubtful)
      co_await quota_.book->doubt(quota_.tree, std::move(tickets[i]));
    else
      co_await quota_.book->settle(quota_.tree, std::move(tickets[i]), change);
  }
  co_return done;
}

Task<Result<void>> QuotaFileSystem::remove_file(Path path) {
  auto before = co_await look(base_, path);
  if (!before) co_return fail(std::move(before.error()));
  if (before->present.amount.files == 0) co_return co_await base_->remove_file(std::move(path));
  auto answer = co_await begin({.path = path.text()});
  if (!answer) co_return fail(std::move(answer.error()));
  auto done = co_await base_->remove_file(path);
  co_return co_await settled(std::move(answer->ticket), std::move(done), {.shrunk = before->present.amount});
}

Task<Result<std::uint64_t>> QuotaFileSystem::free_space(Path path) {
  auto space = co_await base_->free_space(std::move(path));
  if (quota_.limits.bytes == 0 || (!space && space.error().code != Errc::unsupported)) co_return space;
  auto use = co_await quota_.book->use(quota_.tree);
  if (use && !use->known) use = co_await count_now();
  if (!use) co_return fail(std::move(use.error()));
  if (!use->known) co_return fail(Errc::unsupported, "free space", "the files are not counted yet");
  const std::uint64_t left = left_of(quota_.limits, use->used).bytes.value_or(0);
  co_return space ? std::min(*space, left) : left;
}

}  // namespace gantry::vfs
