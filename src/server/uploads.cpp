#include "server/uploads.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>

#include "async/child.hpp"
#include "server/storage.hpp"
#include "server/wire.hpp"

namespace gantry::server {
namespace {

std::string_view name_of(vfs::UploadLedger::State state) {
  switch (state) {
    case vfs::UploadLedger::State::open:
      return "open";
    case vfs::UploadLedger::State::held:
      return "held";
    case vfs::UploadLedger::State::doomed:
      return "doomed";
  }
  return "";
}

/// Runs `work` on a storage of its own, with the ledger of the configuration.
template <class T>
Result<T> with_storage(const config::Config& config, std::function<Task<Result<T>>(Storage&)> work) {
  asio::io_context context(1);
  Shared shared(config);  // its pool posts to the context and must be gone before it
  if (auto opened = open_state(config, shared); !opened) return fail(std::move(opened.error()));
  auto storage = Storage::create(config, shared, context.get_executor());
  if (!storage) return fail(std::move(storage.error()));
  Result<T> result = fail(Errc::internal, "uploads");
  auto run = [&]() -> Task<void> { result = co_await work(**storage); };
  async::Child child(context.get_executor(), "uploads", run());
  context.run();
  return result;
}

}  // namespace

Result<std::vector<UploadLine>> list_uploads(const config::Config& config) {
  if (!has_state(config)) return std::vector<UploadLine>();
  auto records = with_storage<std::vector<RecordedUpload>>(config, [](Storage& storage) { return storage.uploads(); });
  if (!records) return fail(std::move(records.error()));
  std::vector<UploadLine> lines;
  for (const auto& [store, record] : *records)
    lines.push_back({.ticket = record.upload.ticket,
                     .store = store,
                     .owner = record.name.owner,
                     .key = record.name.key,
                     .state = std::string(name_of(record.state)),
                     .bytes = record.upload.safe_size(),
                     .since = record.upload.since});
  std::ranges::sort(lines, {}, &UploadLine::since);
  return lines;
}

Result<void> abort_upload(const config::Config& config, const std::string& ticket) {
  if (!has_state(config)) return fail(Errc::not_found, "abort upload", "there is no state database");
  return with_storage<void>(config, [&](Storage& storage) { return storage.abort_upload(ticket); });
}

}  // namespace gantry::server
