#include "vfs/settled_store.hpp"

#include <algorithm>
#include <iterator>

namespace gantry::vfs {
namespace {

/// Who asks for no more than this asks whether something is there, and must not be told "nothing, but go on".
constexpr std::uint32_t few_keys = 32;
constexpr std::uint32_t page_size = 1000;

/// Such refusals come before the store does anything.
bool changed_nothing(Errc code) {
  switch (code) {
    case Errc::denied:
    case Errc::bad_name:
    case Errc::too_large:
    case Errc::invalid:
    case Errc::unsupported:
    case Errc::already_exists:
      return true;
    default:
      return false;
  }
}

}  // namespace

void SettledStore::note(object::ObjectInfo written, RecentWrites::Moment begun,
                        const Result<object::PutResult>& outcome) {
  if (!outcome) {
    if (!changed_nothing(outcome.error().code)) recent_->doubt(written.key);
    return;
  }
  written.etag = outcome->etag;
  written.crc64 = outcome->crc64;
  recent_->wrote(written, begun);
}

void SettledStore::note_removal(const std::string& key, RecentWrites::Moment begun, const Error* error) {
  if (error == nullptr) {
    recent_->removed(key, begun);
  } else if (!changed_nothing(error->code)) {
    recent_->doubt(key);
  }
}

Task<Result<object::ObjectInfo>> SettledStore::head(std::string key) {
  const auto asked = recent_->now();
  auto info = co_await store_->head(key);
  if (info) {
    recent_->found(*info, asked);
  } else if (info.error().code == Errc::not_found) {
    recent_->missing(key, asked);
  }
  co_return info;
}

Task<Result<std::unique_ptr<object::Body>>> SettledStore::get(std::string key, object::GetOptions options) {
  const auto asked = recent_->now();
  auto body = co_await store_->get(key, std::move(options));
  if (body) {
    recent_->found((*body)->info(), asked);
  } else if (body.error().code == Errc::not_found) {
    recent_->missing(key, asked);
  }
  co_return body;
}

Task<Result<object::PutResult>> SettledStore::put(std::string key, Chunks body, object::Integrity integrity,
                                                  object::PutOptions options) {
  object::ObjectInfo written;
  written.key = key;
  written.size = total_size(body);
  written.metadata = options.metadata;
  const auto begun = recent_->now();
  auto outcome = co_await store_->put(std::move(key), std::move(body), std::move(integrity), std::move(options));
  note(std::move(written), begun, outcome);
  co_return outcome;
}

Task<Result<object::ListPage>> SettledStore::list(object::ListRequest request) {
  object::ListRequest asked = request;
  if (request.max <= few_keys) {
    const auto removals = static_cast<std::uint32_t>(recent_->removals_near(request, few_keys));
    asked.max = std::min(few_keys, request.max + removals);
  }
  auto page = co_await store_->list(std::move(asked));
  if (!page) co_return fail(std::move(page.error()));
  std::size_t dropped = recent_->lay_over(*page, request);
  auto count = [&] { return page->objects.size() + page->prefixes.size(); };
  while (dropped > 0 && !page->cursor.empty() && request.max <= few_keys && count() < request.max) {
    object::ListRequest rest = request;
    rest.cursor = page->cursor;
    rest.max = page_size;
    auto next = co_await store_->list(rest);
    if (!next) co_return fail(std::move(next.error()));
    rest.max = request.max - static_cast<std::uint32_t>(count());
    dropped = recent_->lay_over(*next, rest);
    std::ranges::move(next->objects, std::back_inserter(page->objects));
    std::ranges::move(next->prefixes, std::back_inserter(page->prefixes));
    page->cursor = std::move(next->cursor);
  }
  co_return page;
}

Task<Result<void>> SettledStore::remove(std::string key) {
  const auto begun = recent_->now();
  auto removed = co_await store_->remove(key);
  note_removal(key, begun, removed ? nullptr : &removed.error());
  co_return removed;
}

Task<Result<std::vector<object::KeyFailure>>> SettledStore::remove_many(std::vector<std::string> keys) {
  const auto begun = recent_->now();
  auto failures = co_await store_->remove_many(keys);
  for (const std::string& key : keys) {
    const Error* error = failures ? nullptr : &failures.error();
    if (failures) {
      auto failed = std::ranges::find(*failures, key, &object::KeyFailure::key);
      if (failed != failures->end()) error = &failed->error;
    }
    note_removal(key, begun, error);
  }
  co_return failures;
}

Task<Result<object::PutResult>> SettledStore::copy(object::CopyRequest request) {
  object::ObjectInfo written;
  written.key = request.to;
  const auto source = request.origin.empty() ? recent_->find(request.from) : std::nullopt;
  if (request.size) {
    written.size = *request.size;
  } else if (source) {
    written.size = source->size;
  }
  if (request.replace) {
    written.metadata = request.replace->metadata;
  } else if (source && (request.if_match.empty() || source->etag == request.if_match)) {
    written.metadata = source->metadata;
  }
  const bool known = request.size || source;
  const auto begun = recent_->now();
  auto outcome = co_await store_->copy(std::move(request));
  if (outcome && !known) {
    recent_->doubt(written.key);
  } else {
    note(std::move(written), begun, outcome);
  }
  co_return outcome;
}

Task<Result<object::PutResult>> SettledStore::finish_parts(std::string key, std::string upload_id,
                                                           std::vector<object::PartInfo> parts, bool create_only) {
  object::ObjectInfo written;
  written.key = key;
  for (const auto& part : parts) written.size += part.size;
  const auto begun = recent_->now();
  auto outcome = co_await store_->finish_parts(std::move(key), std::move(upload_id), std::move(parts), create_only);
  note(std::move(written), begun, outcome);
  co_return outcome;
}

}  // namespace gantry::vfs
