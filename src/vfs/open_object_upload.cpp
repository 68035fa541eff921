#include "vfs/open_object_upload.hpp"

#include "vfs/held_uploads.hpp"
#include "vfs/object_lookup.hpp"
#include "vfs/object_upload.hpp"

namespace gantry::vfs {
namespace {

struct Target {
  std::optional<object::ObjectInfo> object;
};

/// The present object of a continuation, when there is one.
Task<Result<Target>> present_object(ObjectContextPtr context, Path path, std::string key) {
  auto info = co_await context->store->head(std::move(key));
  if (info) co_return Target{std::move(*info)};
  if (info.error().code != Errc::not_found) co_return fail(std::move(info.error()));
  auto free = co_await check_target(context, std::move(path));
  if (!free) co_return fail(std::move(free.error()));
  co_return Target{};
}

Task<Result<void>> open_continuation(ObjectUpload& upload, ObjectContextPtr context, Path path, UploadOptions options) {
  const std::string key = context->keys.file(path).value();
  auto target = co_await present_object(context, path, key);
  if (!target) co_return fail(std::move(target.error()));
  const bool append = options.mode == UploadMode::append;
  const std::uint64_t size = target->object ? target->object->size : 0;
  const bool stays = options.existing == Existing::stays;
  if (stays && !target->object) upload.must_be_new();
  if (stays && target->object) {
    if (!append && options.offset < size)
      co_return fail(Errc::already_exists, "upload", path.text() + ": would be cut");
    upload.must_grow(target->object->etag);
  }
  const bool may_be_held = !target->object || !stays;
  if (may_be_held && (append ? !target->object.has_value() : options.offset > size)) {
    auto held = co_await take_held(context, key, append ? std::nullopt : std::optional(options.offset));
    if (!held) co_return fail(std::move(held.error()));
    if (*held) {
      HeldUpload& taken = **held;
      taken.options.create_only = taken.options.create_only || stays;
      const std::uint64_t from = append ? taken.safe_size() : options.offset;
      upload.resume(std::move(taken), from);
      co_return Result<void>();
    }
    // Whoever continues now knows of bytes that somebody else has just gone on with: what it sends is no whole file.
    if (auto alone = co_await check_alone(context, key); !alone) co_return fail(std::move(alone.error()));
  }
  const std::uint64_t kept = append ? size : options.offset;
  if (kept > size) co_return fail(Errc::bad_offset, "upload", path.text());
  if (kept == 0) co_return Result<void>();
  co_return co_await upload.keep_front(Kept{kept, std::move(*target->object)});
}

/// What must be known before the first byte comes.
Task<Result<void>> check_first(ObjectUpload& upload, ObjectContextPtr context, Path path, UploadOptions options) {
  if (must_be_new(options)) co_return co_await check_free(context, path);
  co_return co_await open_continuation(upload, context, path, options);
}

}  // namespace

Task<Result<std::unique_ptr<Upload>>> open_object_upload(ObjectContextPtr context, Path path, UploadOptions options) {
  auto key = context->keys.file(path);
  if (!key) co_return fail(std::move(key.error()));
  if (options.expected_size.value_or(0) > context->largest_file())
    co_return fail(Errc::too_large, "upload", path.text());
  if (auto still = co_await check_not_moving(context, path); !still) co_return fail(std::move(still.error()));
  auto upload = std::make_unique<ObjectUpload>(co_await asio::this_coro::executor, context, path, options);
  const bool restart = options.mode == UploadMode::at_offset && options.offset == 0;
  const bool fresh = options.existing == Existing::may_go && (options.mode == UploadMode::replace || restart);
  if (fresh) {
    upload->check_meanwhile();
  } else if (auto opened = co_await check_first(*upload, context, path, options); !opened) {
    co_await upload->abort();
    co_return fail(std::move(opened.error()));
  }
  co_return std::unique_ptr<Upload>(std::move(upload));
}

}  // namespace gantry::vfs
